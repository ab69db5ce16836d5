//! Plain JSON, whose attributes stand in the query.

use std::borrow::Cow;

use super::attributes::{Arrived, Attribute, Attributes};
use crate::door::{Query, Refusal, not_json, read_json};
use crate::state::now;
use api::Time;
use bytes::Bytes;

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
pub(crate) fn plain<'a>(named: &'a Named, body: &Bytes) -> Result<Arrived<'a>, Refusal> {
    let data = read_json(body.clone()).map_err(|error| not_json(&error))?;
    let mut meta = Attributes::default();
    let mut put = |name: &'static str, value: Cow<'a, str>| {
        meta.insert(name, Attribute::Text(value));
    };
    put("specversion", "1.0".into());
    put("type", named.event_type.as_deref().unwrap_or(TYPE).into());
    put("source", named.source.as_deref().unwrap_or(SOURCE).into());
    let at: Time = now();
    put("time", at.to_string().into());
    if let Some(subject) = &named.subject {
        put("subject", subject.into());
    }
    // Checked like any other; the runtime gives one to what has none.
    put("id", named.id.as_deref().unwrap_or("-").into());
    let mut arrived = Arrived::cloud_event(meta, data)?;
    if named.id.is_none() {
        arrived.named = false;
        arrived.meta.remove("id");
    }
    Ok(arrived)
}
