//! What is known of event types.

use std::sync::Arc;

use expression::{Program, Template};

use crate::input::{InputCheck, InputError};
use crate::workflow::Duration;

/// The longest event type, in bytes.
pub const MAX_EVENT_TYPE: usize = 256;

/// How long an event is kept for a wait that comes after it, where its type does not say, in milliseconds.
pub const DEFAULT_KEEP_MS: u64 = 3_600_000;

/// The longest key by which a wait finds an event, in bytes.
pub const MAX_EVENT_KEY: usize = 256;

/// Deadlines that a workflow may have.
pub const MAX_DEADLINES: usize = 16;

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

/// An event that a step or a deadline publishes.
#[derive(Debug)]
pub struct Emit {
    /// Its type.
    pub event_type: String,
    /// What it carries; none: null.
    pub data: Option<Template>,
    /// Whom it is about; none: as the instance.
    pub subject: Option<Template>,
}

/// An event that is published when an instance is still open after a time.
#[derive(Debug)]
pub struct Deadline {
    /// How long after it began.
    pub after: Duration,
    /// The event.
    pub emit: Emit,
}

/// An event that a step waits for.
#[derive(Debug)]
pub struct AwaitedEvent {
    /// Its type.
    pub event_type: String,
    /// Its key; none: the instance's subject, else its correlation id.
    pub key: Option<Template>,
    /// Whether a candidate will do; none: each does.
    pub when: Option<Program>,
    /// At most so long; none: without an end.
    pub timeout: Option<Duration>,
    /// The time-out ends the step well, without output, instead of failing it with `wait.timeout`.
    pub continue_on_timeout: bool,
}

/// Whether an event may be found by this key.
pub fn is_event_key(key: &str) -> bool {
    (1..=MAX_EVENT_KEY).contains(&key.len())
}

/// Whether an event may have this type.
pub fn is_event_type(text: &str) -> bool {
    let length = 1..=MAX_EVENT_TYPE;
    length.contains(&text.len()) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
