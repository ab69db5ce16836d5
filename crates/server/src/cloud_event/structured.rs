//! CloudEvents as JSON objects: one, or an array of them.

use std::borrow::Cow;

use api::Code;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use engine::Payload;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::indexed::Members;
use super::attributes::{Arrived, refused};
use crate::door::{Refusal, check_json, not_json, parse_json};

/// One event.
///
/// # Errors
/// When it is not a CloudEvent; the error names the attribute.
pub(crate) fn structured(text: &str) -> Result<Arrived, Refusal> {
    let Members(members) = parse_json(text)?;
    let (mut meta, mut data, mut encoded) = (Map::new(), None, None);
    for (name, raw) in members {
        match &*name {
            "data" => data = Some(raw),
            "data_base64" => encoded = Some(raw),
            // An attribute that is null is one that is not there.
            _ if raw.get() == "null" => {}
            _ => {
                let value: Value = parse_json(raw.get())?;
                if meta.insert(name.clone().into_owned(), value).is_some() {
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
            check_json(raw.get()).map_err(|error| not_json(&error))?;
            Payload::from_bytes(Bytes::copy_from_slice(raw.get().as_bytes()))
        }
        (None, Some(raw)) => decoded(raw, &meta)?,
        (None, None) => Payload::null(),
    };
    Arrived::cloud_event(meta, data)
}

/// What stands in Base64: JSON where its type says so, else the text itself.
fn decoded(raw: &RawValue, meta: &Map<String, Value>) -> Result<Payload, Refusal> {
    let text: Cow<'_, str> = parse_json(raw.get())?;
    let bytes = BASE64_STANDARD
        .decode(text.as_bytes())
        .map_err(|error| refused("data_base64", &format!("expected Base64, but: {error}")))?;
    let kind = meta.get("datacontenttype").and_then(Value::as_str);
    super::binary::data_of(kind.unwrap_or("application/octet-stream"), &bytes.into())
}

/// The texts of the events of a batch, each to be read by itself.
///
/// # Errors
/// When it is not a JSON array.
pub(crate) fn batch(text: &str) -> Result<Vec<&RawValue>, Refusal> {
    let items: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
    items.map_err(|error| match check_json(text) {
        Err(error) => not_json(&error),
        Ok(()) => {
            let detail = format!("expected a JSON array of CloudEvents, but: {error}");
            Refusal::new(Code::BAD_EVENT, detail)
        }
    })
}

mod indexed {
    //! An object's members as they stand there, unread.

    use std::borrow::Cow;
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
    use serde_json::value::RawValue;

    pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Read;
            impl<'de> Visitor<'de> for Read {
                type Value = Members<'de>;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("a CloudEvent, which is a JSON object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut members = Vec::with_capacity(8);
                    while let Some(name) = map.next_key()? {
                        members.push((name, map.next_value()?));
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Read)
        }
    }
}
