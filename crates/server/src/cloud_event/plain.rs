//! Plain JSON, whose attributes stand in the query.

use api::Time;
use bytes::Bytes;
use engine::Payload;
use serde_json::{Map, Value};

use super::attributes::Arrived;
use crate::door::{Query, Refusal, check_json, not_json};
use crate::state::now;

/// The type of an event that does not say.
const TYPE: &str = "event";
/// The source of an event that does not say.
const SOURCE: &str = "/api";

/// What the query says of plain events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    event_type: Option<String>,
    source: Option<String>,
    subject: Option<String>,
    id: Option<String>,
}

impl Named {
    /// Takes it from the query.
    ///
    /// # Errors
    /// When something stands there twice.
    pub(crate) fn take(query: &mut Query) -> Result<Self, Refusal> {
        Ok(Self {
            event_type: query.take("type")?,
            source: query.take("source")?,
            subject: query.take("subject")?,
            id: query.take("id")?,
        })
    }

    /// The same with an id, unless there is one.
    pub(crate) fn or_id(mut self, id: Option<&str>) -> Self {
        self.id = self.id.or_else(|| id.map(str::to_owned));
        self
    }
}

/// The event with this body.
///
/// # Errors
/// When it is no JSON, or an attribute does not fit.
pub(crate) fn plain(named: &Named, body: &Bytes) -> Result<Arrived, Refusal> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    check_json(text).map_err(|error| not_json(&error))?;
    let mut meta = Map::new();
    let mut put = |name: &str, value: &str| meta.insert(name.to_owned(), Value::from(value));
    put("specversion", "1.0");
    put("type", named.event_type.as_deref().unwrap_or(TYPE));
    put("source", named.source.as_deref().unwrap_or(SOURCE));
    let at: Time = now();
    put("time", &at.to_string());
    if let Some(subject) = &named.subject {
        put("subject", subject);
    }
    let id = named.id.clone();
    // Checked like any other; the runtime gives one to what has none.
    put("id", id.as_deref().unwrap_or("-"));
    let mut arrived = Arrived::cloud_event(meta, Payload::from_bytes(body.clone()))?;
    if id.is_none() {
        arrived.named = false;
        arrived.meta.remove("id");
    }
    Ok(arrived)
}
