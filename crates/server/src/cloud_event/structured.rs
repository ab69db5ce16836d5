//! CloudEvents as JSON objects: one, or an array of them.

use std::borrow::Cow;

use api::Code;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use engine::Payload;
use serde_json::value::RawValue;

pub(crate) use self::members::Item;
use self::members::{Members, Text};
use super::attributes::{Arrived, Attribute, Attributes, refused};
use crate::door::{Refusal, check_json, not_json, parse_json, read_json};

/// One event.
///
/// # Errors
/// When it is not a CloudEvent; the error names the attribute.
pub(crate) fn structured(text: &str) -> Result<Arrived<'_>, Refusal> {
    event(parse_json(text)?)
}

/// The events of a batch.
///
/// # Errors
/// When it is not a JSON array.
pub(crate) fn batch(text: &str) -> Result<Vec<Item<'_>>, Refusal> {
    let items: Result<Vec<Item<'_>>, _> = serde_json::from_str(text);
    items.map_err(|error| match check_json(text) {
        Err(error) => not_json(&error),
        Ok(()) => {
            let detail = format!("expected a JSON array of CloudEvents, but: {error}");
            Refusal::new(Code::BAD_EVENT, detail)
        }
    })
}

impl<'a> Item<'a> {
    /// Its length in bytes, but for blanks beside its braces; 0 of what is no object.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Object(members) => members.length(),
            Self::Other => 0,
        }
    }

    /// The event that it is.
    ///
    /// # Errors
    /// As [`structured`].
    pub(crate) fn read(self) -> Result<Arrived<'a>, Refusal> {
        match self {
            Self::Object(members) => event(members),
            Self::Other => {
                let message = "expected a CloudEvent, which is a JSON object";
                Err(refused("", message))
            }
        }
    }
}

fn event(members: Members<'_>) -> Result<Arrived<'_>, Refusal> {
    let Members(members) = members;
    let (mut meta, mut data, mut encoded) = (Attributes::default(), None, None);
    for (name, raw) in members {
        match &*name {
            "data" => data = Some(raw),
            "data_base64" => encoded = Some(raw),
            // An attribute that is null is one that is not there.
            _ if raw.get() == "null" => {}
            _ => {
                let value = attribute(raw)?;
                if meta.insert(name.clone(), value).is_some() {
                    return Err(refused(&name, "it stands there twice"));
                }
            }
        }
    }
    let data = match (data, encoded) {
        (Some(_), Some(_)) => {
            return Err(refused(
                "data",
                "expected `data` or `data_base64`, but both are there",
            ));
        }
        (Some(raw), None) => {
            let bytes = Bytes::copy_from_slice(raw.get().as_bytes());
            read_json(bytes).map_err(|error| not_json(&error))?
        }
        (None, Some(raw)) => decoded(raw, meta.text("datacontenttype"))?,
        (None, None) => Payload::null(),
    };
    Arrived::cloud_event(meta, data)
}

fn attribute(raw: &RawValue) -> Result<Attribute<'_>, Refusal> {
    Ok(if raw.get().starts_with('"') {
        let Text(text) = parse_json(raw.get())?;
        Attribute::Text(text)
    } else {
        Attribute::Other(parse_json(raw.get())?)
    })
}

/// What stands in Base64: JSON where its type says so, else the text itself.
fn decoded(raw: &RawValue, kind: Option<&str>) -> Result<Payload, Refusal> {
    let text: Cow<'_, str> = parse_json(raw.get())?;
    let bytes = BASE64_STANDARD
        .decode(text.as_bytes())
        .map_err(|error| refused("data_base64", &format!("expected Base64, but: {error}")))?;
    super::binary::data_of(kind.unwrap_or("application/octet-stream"), &bytes.into())
}

mod members {
    //! An object's members as they stand there, unread.

    use std::borrow::Cow;
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
    use serde_json::value::RawValue;

    /// The members of an object.
    pub(crate) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

    impl Members<'_> {
        /// Bytes from the first name to the end of the last value, and the braces.
        pub(super) fn length(&self) -> usize {
            let Self(members) = self;
            let (Some((name, first)), Some((_, last))) = (members.first(), members.last()) else {
                return 2;
            };
            let (first, last) = (first.get().as_bytes(), last.get().as_bytes());
            // All values are parts of one text.
            let values = last.as_ptr_range().end as usize - first.as_ptr() as usize;
            name.len() + values + r#"{"":}"#.len()
        }
    }

    /// An element of a list: an object, or anything else.
    pub(crate) enum Item<'a> {
        Object(Members<'a>),
        Other,
    }

    /// A text, borrowed where it stands without escapes.
    pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Read;
            impl<'de> Visitor<'de> for Read {
                type Value = Members<'de>;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("a CloudEvent, which is a JSON object")
                }

                fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                    members(map)
                }
            }
            deserializer.deserialize_map(Read)
        }
    }

    fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(Text(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }

    impl<'de> Deserialize<'de> for Item<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Read;
            impl<'de> Visitor<'de> for Read {
                type Value = Item<'de>;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("any valid JSON value")
                }

                fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                    members(map).map(Item::Object)
                }

                fn visit_seq<A: SeqAccess<'de>>(
                    self,
                    mut items: A,
                ) -> Result<Self::Value, A::Error> {
                    while items.next_element::<IgnoredAny>()?.is_some() {}
                    Ok(Item::Other)
                }

                fn visit_unit<E>(self) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }

                fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }

                fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }

                fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }

                fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }

                fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                    Ok(Item::Other)
                }
            }
            deserializer.deserialize_any(Read)
        }
    }

    impl<'de> Deserialize<'de> for Text<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Read;
            impl<'de> Visitor<'de> for Read {
                type Value = Text<'de>;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("a text")
                }

                fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                    Ok(Text(Cow::Borrowed(text)))
                }

                fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                    Ok(Text(Cow::Owned(text.to_owned())))
                }
            }
            deserializer.deserialize_str(Read)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_event_of_a_batch_is_that_of_its_text() {
        for text in [
            r#"{}"#,
            r#"{"id":1}"#,
            r#"{"id":"1", "data": [1, {"a" : 2}], "n":null}"#,
            r#"{"\u0069d":1,"data":"x"}"#,
        ] {
            let list = format!("[ 7, {text} ,[1]]");
            let lengths: Vec<usize> = batch(&list).unwrap().iter().map(Item::length).collect();
            let escapes = text.matches("\\u0069").count() * 5;
            assert_eq!(lengths, [0, text.len() - escapes, 0], "{text}");
        }
    }
}
