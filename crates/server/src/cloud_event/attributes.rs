//! The attributes of an event, checked.

use api::{Code, Finding, Time};
use engine::Payload;
use runtime::Incoming;
use serde_json::{Map, Value};

use crate::door::Refusal;

/// The longest value of an attribute, in bytes.
const MAX_VALUE: usize = 4096;
/// Attributes of one event at most.
const MAX_ATTRIBUTES: usize = 64;
/// The longest name of an attribute, in bytes.
const MAX_NAME: usize = 64;
/// The extension that carries a correlation id.
const CORRELATION: &str = "correlationid";

/// An event that came, its attributes checked.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// What it says of itself.
    pub(crate) meta: Map<String, Value>,
    /// What it carries.
    pub(crate) data: Payload,
    /// Whether its `id` is its sender's, and not made up.
    pub(crate) named: bool,
}

impl Arrived {
    /// A CloudEvent with these attributes.
    ///
    /// # Errors
    /// When one lacks or does not fit.
    pub(crate) fn cloud_event(meta: Map<String, Value>, data: Payload) -> Result<Self, Refusal> {
        if meta.len() > MAX_ATTRIBUTES {
            let message = format!("expected at most {MAX_ATTRIBUTES} attributes");
            return Err(refused("", &message));
        }
        for (name, value) in &meta {
            check(name, value)?;
        }
        for name in ["specversion", "id", "source", "type"] {
            match meta.get(name).and_then(Value::as_str) {
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
        if let Some(time) = meta.get("time") {
            let fits = time
                .as_str()
                .is_some_and(|time| time.parse::<Time>().is_ok());
            if !fits {
                let message = "expected a time as RFC 3339 has it (2026-11-27T18:00:00Z)";
                return Err(refused("time", message));
            }
        }
        Ok(Self {
            meta,
            data,
            named: true,
        })
    }

    /// The same for the runtime.
    pub(crate) fn incoming(self, correlation_id: Option<&str>, actor: &str) -> Incoming {
        let text = |name: &str| {
            let value = self.meta.get(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let own = text(CORRELATION);
        let correlation_id = match own.as_str() {
            "" => correlation_id.unwrap_or_default().to_owned(),
            _ => own,
        };
        Incoming {
            event_type: text("type"),
            source: text("source"),
            subject: text("subject"),
            sender_id: self.named.then(|| text("id")),
            correlation_id,
            actor: actor.to_owned(),
            cause: "events".to_owned(),
            meta: Payload::from_value(Value::Object(self.meta)),
            data: self.data,
        }
    }
}

fn check(name: &str, value: &Value) -> Result<(), Refusal> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_part) {
        let message = "expected a name of 1 to 64 lower-case letters and digits";
        return Err(refused(name, message));
    }
    match value {
        Value::String(text) if text.len() > MAX_VALUE => {
            let message = format!("expected at most {MAX_VALUE} bytes, but got {}", text.len());
            Err(refused(name, &message))
        }
        Value::String(text) if text.contains(char::is_control) => {
            Err(refused(name, "expected no control characters"))
        }
        Value::String(_) | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(refused(name, "expected text, a number, true or false"))
        }
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
