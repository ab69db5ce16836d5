//! A check of JSON that passes through unread, so that no reader behind the door stumbles.

use std::fmt;

use bytes::Bytes;
use engine::Payload;
use expression::Document;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Lists and objects nest no deeper.
pub(super) const MAX_DEPTH: usize = 100;

/// What the error of a document that nests too deep says.
pub(super) const TOO_DEEP: &str = "nests deeper than 100 levels";

/// Checks one JSON document: its numbers and escapes can be read, and it nests no deeper than 100
/// levels. Keeps nothing.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_json(text: &str) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // The own count stops earlier than the parser's would.
    Any { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// One JSON document that will be read soon, checked as [`check_json`] does.
///
/// # Errors
/// With the place of what is wrong.
pub fn read_json(bytes: Bytes) -> Result<Payload, serde_json::Error> {
    let document = Document::parse(bytes.clone())?;
    if document.depth() > MAX_DEPTH {
        check_json(std::str::from_utf8(&bytes).unwrap_or_default())?;
    }
    Ok(Payload::from_document(document))
}

#[derive(Clone, Copy)]
struct Any {
    depth: usize,
}

impl Any {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(TOO_DEEP));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while entries.next_key_seed(Key)?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// A key: any text.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, good: bool) {
        assert_eq!(check_json(text).is_ok(), good, "{:.60}", text);
        let read = read_json(Bytes::copy_from_slice(text.as_bytes()));
        assert_eq!(read.is_ok(), good, "{:.60}", text);
    }

    #[test]
    fn what_the_parser_could_not_read_later_is_refused() {
        check(r#"{"a": [1, 2.5, "x", null, true, {"b": "\u00e4"}]}"#, true);
        check("1e999", false);
        check(r#""\ud800""#, false);
        check(r#"{"\ud800": 1}"#, false);
        check("[1] 2", false);
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(MAX_DEPTH), true);
        check(&nested(MAX_DEPTH + 1), false);
        check(&nested(100_000), false);
    }
}
