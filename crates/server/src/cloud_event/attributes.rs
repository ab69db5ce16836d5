//! The attributes of an event, checked.

use std::borrow::Cow;

use api::{Code, Finding, Time};
use engine::Payload;
use runtime::Incoming;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::door::Refusal;

/// The longest value of an attribute, in bytes.
const MAX_VALUE: usize = 4096;
/// Attributes of one event at most.
const MAX_ATTRIBUTES: usize = 64;
/// The longest name of an attribute, in bytes.
const MAX_NAME: usize = 64;
/// The extension that carries a correlation id.
const CORRELATION: &str = "correlationid";

/// What an event says of itself, in the order of the names. Texts are borrowed from what came where that can be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes<'a>(Vec<(Cow<'a, str>, Attribute<'a>)>);

/// The value of an attribute.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Attribute<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Anything else.
    Other(Value),
}

impl<'a> Attributes<'a> {
    /// Adds an attribute; one of its name that was there is given back.
    pub(crate) fn insert(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: Attribute<'a>,
    ) -> Option<Attribute<'a>> {
        let name = name.into();
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (name, value));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    /// The text of an attribute that is there and is one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let place = self.place(name).ok()?;
        match &self.0[place].1 {
            Attribute::Text(text) => Some(text),
            Attribute::Other(_) => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(found, _)| (**found).cmp(name))
    }

    /// A JSON object of them.
    fn to_json(&self) -> Payload {
        // Names and scalars can always be written.
        Payload::from_bytes(serde_json::to_vec(self).unwrap_or_default().into())
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// An event that came, its attributes checked.
#[derive(Clone, Debug)]
pub(crate) struct Arrived<'a> {
    /// What it says of itself.
    pub(crate) meta: Attributes<'a>,
    /// What it carries.
    pub(crate) data: Payload,
    /// Whether its `id` is its sender's, and not made up.
    pub(crate) named: bool,
}

impl<'a> Arrived<'a> {
    /// A CloudEvent with these attributes.
    ///
    /// # Errors
    /// When one lacks or does not fit.
    pub(crate) fn cloud_event(meta: Attributes<'a>, data: Payload) -> Result<Self, Refusal> {
        if meta.0.len() > MAX_ATTRIBUTES {
            let message = format!("expected at most {MAX_ATTRIBUTES} attributes");
            return Err(refused("", &message));
        }
        for (name, value) in &meta.0 {
            check(name, value)?;
        }
        for name in ["specversion", "id", "source", "type"] {
            match meta.text(name) {
                None | Some("") => {
                    let message =
                        format!("expected the attribute `{name}`, a text that is not empty");
                    return Err(refused(name, &message));
                }
                Some(version) if name == "specversion" && version != "1.0" => {
                    let message = format!("expected `1.0`, but got {version:?}");
                    return Err(refused(name, &message));
                }
                Some(_) => {}
            }
        }
        let time = meta.text("time");
        let is_time = |time: &str| time.parse::<Time>().is_ok();
        if meta.has("time") && !time.is_some_and(is_time) {
            let message = "expected a time as RFC 3339 has it (2026-11-27T18:00:00Z)";
            return Err(refused("time", message));
        }
        Ok(Self {
            meta,
            data,
            named: true,
        })
    }

    /// The same for the runtime.
    pub(crate) fn incoming(self, correlation_id: Option<&str>, actor: &str) -> Incoming {
        let text = |name: &str| self.meta.text(name).unwrap_or_default().to_owned();
        let own = self.meta.text(CORRELATION).filter(|own| !own.is_empty());
        Incoming {
            event_type: text("type"),
            source: text("source"),
            subject: text("subject"),
            sender_id: self.named.then(|| text("id")),
            correlation_id: own.or(correlation_id).unwrap_or_default().to_owned(),
            actor: actor.to_owned(),
            cause: "events".to_owned(),
            meta: self.meta.to_json(),
            data: self.data,
        }
    }
}

fn check(name: &str, value: &Attribute<'_>) -> Result<(), Refusal> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_part) {
        let message = "expected a name of 1 to 64 lower-case letters and digits";
        return Err(refused(name, message));
    }
    match value {
        Attribute::Text(text) if text.len() > MAX_VALUE => {
            let message = format!("expected at most {MAX_VALUE} bytes, but got {}", text.len());
            Err(refused(name, &message))
        }
        Attribute::Text(text) if text.contains(char::is_control) => {
            Err(refused(name, "expected no control characters"))
        }
        Attribute::Text(_) | Attribute::Other(Value::Bool(_) | Value::Number(_)) => Ok(()),
        Attribute::Other(_) => Err(refused(name, "expected text, a number, true or false")),
    }
}

/// An attribute that does not fit.
pub(super) fn refused(name: &str, message: &str) -> Refusal {
    let detail = match name {
        "" => format!("the event: {message}"),
        name => format!("the attribute `{name}`: {message}"),
    };
    let pointer = if name.is_empty() {
        String::new()
    } else {
        format!("/{name}")
    };
    Refusal::new(Code::BAD_EVENT, detail).with(Finding::at(pointer, message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_are_written_in_the_order_of_their_names_and_escaped() {
        let mut attributes = Attributes::default();
        assert_eq!(attributes.to_json().bytes(), "{}");
        for (name, value) in [
            ("type", json!("a")),
            ("id", json!("\"\u{1}\\é")),
            ("number", json!(1.5)),
        ] {
            let value = match value {
                Value::String(text) => Attribute::Text(text.into()),
                other => Attribute::Other(other),
            };
            assert!(attributes.insert(name, value).is_none());
        }
        let written = attributes.to_json();
        assert_eq!(
            *written.value(),
            json!({ "id": "\"\u{1}\\é", "number": 1.5, "type": "a" })
        );
        assert!(written.bytes().starts_with(b"{\"id\":\"\\\""));
        let again = attributes.insert("type", Attribute::Text("b".into()));
        assert!(again.is_some(), "it stood there");
        attributes.remove("id");
        assert_eq!(attributes.to_json().bytes(), r#"{"number":1.5,"type":"b"}"#);
    }
}
