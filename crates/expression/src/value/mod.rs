//! The values of an evaluation. JSON and literals are borrowed; what is computed is shared.

mod compare;
mod json;
mod text;

use crate::document::{Elements, Members};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

pub(crate) use compare::{compare, equal};
pub(crate) use json::{from_json, from_node, to_json};
pub(crate) use text::{double_text, text_of};

/// A value of the expression language. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Text<'a>),
    Bytes(Rc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Timestamp(Timestamp),
    /// Nanoseconds.
    Duration(i64),
    Type(&'static str),
    Optional(Option<Rc<Value<'a>>>),
}

/// A text, borrowed from the input or the program, or computed.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Owned(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum List<'a> {
    Json(&'a [Json]),
    Document(Elements<'a>),
    Owned(Rc<[Value<'a>]>),
}

impl<'a> List<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Document(items) => items.len(),
            Self::Owned(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(index).map(from_json),
            Self::Document(items) => items.get(index).map(|node| from_node(items.document, node)),
            Self::Owned(items) => items.get(index).cloned(),
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A map's key. Int and uint of the same value are the same key.
#[derive(Debug, Clone)]
pub(crate) enum Key<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Text<'a>),
}

impl<'a> Key<'a> {
    /// The key that a value is, or would find; a whole double finds the int of its value.
    pub(crate) fn of(value: &Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(it) => Some(Self::Bool(*it)),
            Value::Int(it) => Some(Self::Int(*it)),
            Value::Uint(it) => Some(Self::Uint(*it)),
            Value::String(it) => Some(Self::String(it.clone())),
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> Value<'a> {
        match self {
            Self::Bool(it) => Value::Bool(*it),
            Self::Int(it) => Value::Int(*it),
            Self::Uint(it) => Value::Uint(*it),
            Self::String(it) => Value::String(it.clone()),
        }
    }

    fn order(&self) -> (u8, i128, &str) {
        match self {
            Self::Bool(it) => (0, i128::from(*it), ""),
            Self::Int(it) => (1, i128::from(*it), ""),
            Self::Uint(it) => (1, i128::from(*it), ""),
            Self::String(it) => (2, 0, it),
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Map<'a> {
    Json(&'a serde_json::Map<String, Json>),
    Document(Members<'a>),
    Owned(Rc<BTreeMap<Key<'a>, Value<'a>>>),
}

impl<'a> Map<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(map) => map.len(),
            Self::Document(map) => map.len(),
            Self::Owned(map) => map.len(),
        }
    }

    pub(crate) fn get(&self, key: &Key<'a>) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Json(map), Key::String(key)) => map.get(&**key).map(from_json),
            (Self::Document(map), Key::String(key)) => member(map, key),
            (Self::Json(_) | Self::Document(_), _) => None,
            (Self::Owned(map), key) => map.get(key).cloned(),
        }
    }

    /// The entry of a text key, without making a key of it where that can be avoided.
    pub(crate) fn field(&self, name: &'a str) -> Option<Value<'a>> {
        match self {
            Self::Json(map) => map.get(name).map(from_json),
            Self::Document(map) => member(map, name),
            Self::Owned(map) => map.get(&Key::String(Text::Borrowed(name))).cloned(),
        }
    }

    pub(crate) fn entries(&self) -> Vec<(Key<'a>, Value<'a>)> {
        match self {
            Self::Json(map) => map
                .iter()
                .map(|(key, value)| (Key::String(Text::Borrowed(key)), from_json(value)))
                .collect(),
            Self::Document(map) => map
                .iter()
                .map(|(name, value)| {
                    let key = Key::String(Text::Borrowed(name));
                    (key, from_node(map.document, value))
                })
                .collect(),
            Self::Owned(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        }
    }
}

fn member<'a>(map: &Members<'a>, name: &str) -> Option<Value<'a>> {
    map.get(name).map(|node| from_node(map.document, node))
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::String(Text::Owned(text.into()))
    }

    pub(crate) fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::Owned(items.into()))
    }

    pub(crate) fn map(entries: BTreeMap<Key<'a>, Value<'a>>) -> Self {
        Self::Map(Map::Owned(Rc::new(entries)))
    }

    pub(crate) fn some(value: Value<'a>) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    /// The name of the value's type, as `type()` gives it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
        }
    }

    /// What the value is called in messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an int",
            Self::Uint(_) => "a uint",
            Self::Double(_) => "a double",
            Self::String(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Timestamp(_) => "a timestamp",
            Self::Duration(_) => "a duration",
            Self::Type(_) => "a type",
            Self::Optional(_) => "an optional",
        }
    }
}
