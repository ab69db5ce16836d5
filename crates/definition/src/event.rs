//! What is known of event types.

use std::sync::Arc;

use expression::Template;

use crate::input::{InputCheck, InputError};

/// The longest event type, in bytes.
pub const MAX_EVENT_TYPE: usize = 256;

/// How long an event is kept for a wait that comes after it, where its type does not say, in milliseconds.
pub const DEFAULT_KEEP_MS: u64 = 3_600_000;

/// What an event type may be, in words.
pub(crate) const EVENT_TYPE: &str =
    "an event type (1 to 256 bytes, without spaces and control characters)";

/// What is known of an event type.
#[derive(Debug)]
pub struct EventType {
    /// The type, as events bear it.
    pub name: String,
    /// By what waits find an event; sees `event`, `meta`, `env` and `now`. None: its subject.
    pub key: Option<Template>,
    /// JSON Schema of the data.
    pub schema: Option<Arc<serde_json::Value>>,
    /// That schema, compiled.
    pub(crate) check: InputCheck,
    /// How long an event that comes before its wait is kept for it, in milliseconds.
    pub keep_ms: u64,
    /// The resolved document, as stored in the catalog.
    pub document: Arc<serde_json::Value>,
}

impl EventType {
    /// What is wrong with an event's data, by the schema; nothing where it fits or there is no schema.
    pub fn check_data(&self, data: &serde_json::Value) -> Vec<InputError> {
        self.check.check(data)
    }
}

/// Whether an event may have this type.
pub fn is_event_type(text: &str) -> bool {
    let length = 1..=MAX_EVENT_TYPE;
    length.contains(&text.len()) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
