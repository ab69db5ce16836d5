//! How an event comes.

use api::Code;
use axum::http::{HeaderMap, header};

use crate::door::Refusal;

/// How events come, as the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One CloudEvent as a JSON object.
    Structured,
    /// Its attributes in headers, its data as the body.
    Binary,
    /// A JSON array of CloudEvents.
    Batch,
    /// One event a line: a CloudEvent, or plain JSON.
    Lines,
    /// JSON whose attributes stand in the query.
    Plain,
}

impl Mode {
    /// # Errors
    /// When the body is of another type.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        Ok(match kind.to_ascii_lowercase().as_str() {
            "application/cloudevents+json" => Self::Structured,
            "application/cloudevents-batch+json" => Self::Batch,
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Self::Lines,
            _ if headers.contains_key("ce-specversion") => Self::Binary,
            "application/json" => Self::Plain,
            kind if kind.ends_with("+json") && !kind.starts_with("application/cloudevents") => {
                Self::Plain
            }
            other => {
                let found = match other {
                    "" => "none".to_owned(),
                    other => format!("`{other}`"),
                };
                let detail = format!(
                    "expected the header Content-Type: application/cloudevents+json, \
                     application/cloudevents-batch+json, application/x-ndjson or application/json, \
                     or the headers of a binary CloudEvent (ce-specversion ...), but got {found}"
                );
                return Err(Refusal::new(Code::MEDIA_TYPE, detail));
            }
        })
    }
}
