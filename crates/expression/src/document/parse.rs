//! From a text to its nodes.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Document, Node, Span};

/// A node comes of so many bytes, about; more make the list grow.
const BYTES_OF_NODE: usize = 10;

pub(super) fn parse(text: Bytes) -> Result<Document, serde_json::Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(serde_json::Error::custom("expected at most 4 GiB"));
    }
    let mut reading = Reading {
        text: &text,
        unescaped: String::new(),
        nodes: Vec::with_capacity(text.len() / BYTES_OF_NODE + 4),
        open: Vec::with_capacity(32),
        pairs: Vec::new(),
        depth: 0,
        deepest: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(&text);
    let root = Any(&mut reading).deserialize(&mut deserializer)?;
    deserializer.end()?;
    reading.nodes.push(root);
    let Reading {
        nodes,
        unescaped,
        deepest: depth,
        ..
    } = reading;
    Ok(Document {
        source: text,
        unescaped,
        nodes,
        depth,
    })
}

struct Reading<'a> {
    text: &'a [u8],
    unescaped: String,
    nodes: Vec<Node>,
    /// What belongs to lists and objects that have not ended.
    open: Vec<Node>,
    /// Kept to spare an allocation for each object.
    pairs: Vec<[Node; 2]>,
    /// Lists and objects that have not ended.
    depth: usize,
    deepest: usize,
}

impl Reading<'_> {
    /// A text that stands in the source as it is.
    fn in_source(&self, text: &str) -> Node {
        let at = text.as_ptr() as usize - self.text.as_ptr() as usize;
        Node::Text(span(at, text.len()))
    }

    /// A text that stands there with escapes.
    fn unescaped(&mut self, text: &str) -> Node {
        let at = self.unescaped.len();
        self.unescaped.push_str(text);
        Node::Unescaped(span(at, text.len()))
    }

    /// Begins a list or an object; answers where what belongs to it begins.
    fn begin(&mut self) -> usize {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.open.len()
    }

    fn list(&mut self, from: usize) -> Node {
        self.depth -= 1;
        let at = self.nodes.len();
        self.nodes.extend(self.open.drain(from..));
        Node::List(span(at, self.nodes.len() - at))
    }

    fn map(&mut self, from: usize) -> Node {
        self.depth -= 1;
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.clear();
        let (open, _) = self.open[from..].as_chunks::<2>();
        pairs.extend_from_slice(open);
        self.open.truncate(from);
        let name = |pair: &[Node; 2]| match pair[0] {
            Node::Text(span) => &self.text[span.range()],
            Node::Unescaped(span) => &self.unescaped.as_bytes()[span.range()],
            _ => &[],
        };
        pairs.sort_by(|a, b| name(a).cmp(name(b)));
        let at = self.nodes.len();
        for (place, pair) in pairs.iter().enumerate() {
            // Of several with one name the last counts.
            let next = pairs.get(place + 1);
            if next.is_none_or(|next| name(next) != name(pair)) {
                self.nodes.extend_from_slice(pair);
            }
        }
        self.pairs = pairs;
        Node::Map(span(at, self.nodes.len() - at))
    }
}

/// Nothing is larger than the text, which is not larger than 4 GiB.
fn span(at: usize, length: usize) -> Span {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Span {
        at: number(at),
        length: number(length),
    }
}

/// Reads any value.
struct Any<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Any<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_, '_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Node, E> {
        Ok(Node::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Node, E> {
        Ok(Node::Int(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Node, E> {
        Ok(i64::try_from(it).map_or(Node::Uint(it), Node::Int))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Node, E> {
        Ok(Node::Double(it))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node, E> {
        Ok(self.0.in_source(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(self.0.unescaped(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let Self(reading) = self;
        let from = reading.begin();
        while let Some(item) = items.next_element_seed(Any(reading))? {
            reading.open.push(item);
        }
        Ok(reading.list(from))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let Self(reading) = self;
        let from = reading.begin();
        while let Some(name) = members.next_key_seed(Any(reading))? {
            reading.open.push(name);
            let value = members.next_value_seed(Any(reading))?;
            reading.open.push(value);
        }
        Ok(reading.map(from))
    }
}
