//! JSON read in place: all values of a document lie in one list, and its texts stay where they stand.

mod parse;

use std::fmt;

use bytes::Bytes;
use serde_json::{Map, Number, Value};

use crate::guard::Constant;

/// A JSON document that expressions read, parsed once.
///
/// It says what a [`Value`] of the same text says (of members with one name the last counts, and they are in the order
/// of their names), but is made with two allocations instead of several for each text and each object.
pub struct Document {
    source: Bytes,
    /// What texts with escapes mean, one behind the other.
    unescaped: String,
    /// The elements of a list lie side by side, so do the members of an object, each as name and value. What holds others
    /// lies behind them, the whole last.
    nodes: Vec<Node>,
    depth: usize,
}

/// A value, or the name of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    /// Bytes of the source.
    Text(Span),
    /// Bytes of what was unescaped.
    Unescaped(Span),
    /// Its elements.
    List(Span),
    /// Its names and values.
    Map(Span),
}

/// A part of a text, or of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    at: u32,
    length: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.length as usize
    }
}

impl Document {
    /// Reads a text that is one JSON document, up to 4 GiB.
    ///
    /// # Errors
    /// When it is not, or is nested more than 127 levels deep.
    pub fn parse(text: Bytes) -> Result<Self, serde_json::Error> {
        parse::parse(text)
    }

    /// The text that it was read from.
    #[must_use]
    pub fn text(&self) -> Bytes {
        self.source.clone()
    }

    /// How deep lists and objects are nested; 0 of a value that is neither.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The text of a member of the whole, where that is an object and the member a text.
    #[must_use]
    pub fn member_text(&self, name: &str) -> Option<&str> {
        let node = Members::of(self, self.root()).get(name)?;
        matches!(node, Node::Text(_) | Node::Unescaped(_)).then(|| self.text_of(node))
    }

    /// The constant that a field equals, if it is there and can equal any; the path leads to it from outside to inside.
    #[must_use]
    pub fn constant_at(&self, path: &[String]) -> Option<Constant> {
        let mut node = self.root();
        for name in path {
            let Node::Map(_) = node else { return None };
            node = Members::of(self, node).get(name)?;
        }
        match node {
            Node::Bool(it) => Some(Constant::Bool(it)),
            Node::Int(it) => Constant::of_int(it),
            Node::Double(it) => Constant::of_double(it),
            Node::Text(_) | Node::Unescaped(_) => {
                Some(Constant::Text(self.text_of(node).to_owned()))
            }
            Node::Null | Node::Uint(_) | Node::List(_) | Node::Map(_) => None,
        }
    }

    /// The same as a tree of values.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.value(self.root())
    }

    pub(crate) fn root(&self) -> Node {
        self.nodes.last().copied().unwrap_or(Node::Null)
    }

    pub(crate) fn value(&self, node: Node) -> Value {
        match node {
            Node::Null => Value::Null,
            Node::Bool(it) => Value::Bool(it),
            Node::Int(it) => Value::from(it),
            Node::Uint(it) => Value::from(it),
            Node::Double(it) => Number::from_f64(it).map_or(Value::Null, Value::Number),
            Node::Text(_) | Node::Unescaped(_) => Value::from(self.text_of(node)),
            Node::List(span) => {
                let items = self.nodes[span.range()].iter();
                Value::Array(items.map(|item| self.value(*item)).collect())
            }
            Node::Map(_) => {
                let members = Members::of(self, node);
                let values = members.iter();
                let values = values.map(|(name, value)| (name.to_owned(), self.value(value)));
                Value::Object(values.collect::<Map<_, _>>())
            }
        }
    }

    /// The text of a node that is one; else nothing.
    pub(crate) fn text_of(&self, node: Node) -> &str {
        match node {
            // Parsing has checked it.
            Node::Text(span) => std::str::from_utf8(&self.source[span.range()]).unwrap_or_default(),
            Node::Unescaped(span) => &self.unescaped[span.range()],
            _ => "",
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.source))
    }
}

/// The elements of a list in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements<'a> {
    pub(crate) document: &'a Document,
    nodes: &'a [Node],
}

impl<'a> Elements<'a> {
    /// Of a node that is a list; any other has none.
    pub(crate) fn of(document: &'a Document, node: Node) -> Self {
        let nodes = match node {
            Node::List(span) => &document.nodes[span.range()],
            _ => &[],
        };
        Self { document, nodes }
    }

    pub(crate) fn len(self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn get(self, index: usize) -> Option<Node> {
        self.nodes.get(index).copied()
    }

    pub(crate) fn value(self) -> Value {
        let items = self.nodes.iter().map(|item| self.document.value(*item));
        Value::Array(items.collect())
    }
}

/// The members of an object in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    pub(crate) document: &'a Document,
    node: Node,
    pairs: &'a [Node],
}

impl<'a> Members<'a> {
    /// Of a node that is an object; any other has none.
    pub(crate) fn of(document: &'a Document, node: Node) -> Self {
        let pairs = match node {
            Node::Map(span) => &document.nodes[span.range()],
            _ => &[],
        };
        Self {
            document,
            node,
            pairs,
        }
    }

    pub(crate) fn len(self) -> usize {
        self.pairs.len() / 2
    }

    pub(crate) fn get(self, name: &str) -> Option<Node> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.document.text_of(*self.pairs.get(2 * middle)?);
            match found.cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.pairs.get(2 * middle + 1).copied(),
            }
        }
        None
    }

    /// In the order of the names.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, Node)> {
        let pairs = self.pairs.chunks_exact(2);
        pairs.map(move |pair| (self.document.text_of(pair[0]), pair[1]))
    }

    pub(crate) fn value(self) -> Value {
        self.document.value(self.node)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(Bytes::copy_from_slice(text.as_bytes())).expect(text)
    }

    #[test]
    fn it_says_what_a_tree_of_values_says() {
        for text in [
            "null",
            " [ 1 , -2.5e3, true,null ] ",
            "[]",
            "{}",
            r#"{"b":1,"a":{"d":[{}, [[]]],"c":""},"":0}"#,
            r#"{"a":1,"b":2,"a":{"a":3,"a":[4]},"b":5}"#,
            r#"{"plain":"grün","escaped\n":"a\"\u00fc\\","\u0061":1}"#,
            "[9223372036854775807, 9223372036854775808, 18446744073709551616, -9223372036854775809]",
            "1.0",
            r#""text""#,
        ] {
            let value: Value = serde_json::from_str(text).expect(text);
            assert_eq!(document(text).to_value(), value, "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused_as_it_is_elsewhere() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for text in [
            "",
            "{",
            "[1,]",
            "1 2",
            r#"{"a" 1}"#,
            "\"\u{1}\"",
            "nul",
            &deep,
        ] {
            let expected = serde_json::from_slice::<Value>(text.as_bytes()).expect_err(text);
            let found = Document::parse(Bytes::copy_from_slice(text.as_bytes())).expect_err(text);
            assert_eq!(found.to_string(), expected.to_string(), "{text}");
        }
        assert!(Document::parse(Bytes::from_static(b"\"\xff\"")).is_err());
    }

    #[test]
    fn a_field_is_the_constant_that_its_value_is() {
        let read = document(r#"{"a":{"b":[1],"c":"x\n","d":3.0,"e":1e300,"f":true},"g":null}"#);
        let at = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
            read.constant_at(&path)
        };
        assert_eq!(at(&["a", "c"]), Some(Constant::Text("x\n".to_owned())));
        assert_eq!(at(&["a", "d"]), Some(Constant::Int(3)));
        assert_eq!(at(&["a", "f"]), Some(Constant::Bool(true)));
        for path in [
            &["a"][..],
            &["a", "b"],
            &["a", "e"],
            &["g"],
            &["a", "c", "x"],
            &["z"],
        ] {
            assert_eq!(at(path), None, "{path:?}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,9}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 60, 24, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..24).prop_map(Value::from),
                prop::collection::hash_map(".{0,4}", inner, 0..24)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_reads_as_its_values(value in any_value(), pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let expected: Value = serde_json::from_str(&text).expect("it was written as JSON");
            let read = document(&text);
            prop_assert_eq!(&read.to_value(), &expected);
            if let Value::Object(members) = &expected {
                let found = Members::of(&read, read.root());
                prop_assert_eq!(found.len(), members.len());
                for (name, value) in members {
                    let node = found.get(name).expect(name);
                    prop_assert_eq!(&read.value(node), value);
                }
            }
        }
    }
}
