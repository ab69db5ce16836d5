//! Facts about events.

use bytes::Bytes;
use prost::Message;

use super::{Failure, StartMessage, StepRef, WindowOutcome};
use crate::payload::Payload;

/// An event was taken: from here on it is kept, and what follows from it has begun.
#[derive(Clone, PartialEq, Message)]
pub struct EventTaken {
    /// Its id (16 bytes), whose slot is the event's.
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub at: i64,
    /// What it says of itself: an object with the attributes of CloudEvents.
    #[prost(message, optional, tag = "3")]
    pub meta: Option<Payload>,
    /// What it carries.
    #[prost(message, optional, tag = "4")]
    pub data: Option<Payload>,
    /// Persists over everything that it sets in motion.
    #[prost(string, tag = "5")]
    pub correlation_id: String,
    /// Its type.
    #[prost(string, tag = "6")]
    pub event_type: String,
    /// Where it happened.
    #[prost(string, tag = "7")]
    pub source: String,
    /// Whom it is about; may be empty.
    #[prost(string, tag = "8")]
    pub subject: String,
    /// Under which name a repeat of it is known; empty: it is not.
    #[prost(string, tag = "9")]
    pub key: String,
    /// When that name may be forgotten, milliseconds since the epoch.
    #[prost(int64, tag = "10")]
    pub key_expires_at: i64,
    /// Through what it came (`events`, `hook:NAME`, `instance:ID`).
    #[prost(string, tag = "11")]
    pub cause: String,
    /// Who sent it; empty for the engine itself.
    #[prost(string, tag = "12")]
    pub actor: String,
    /// Where it went.
    #[prost(message, repeated, tag = "13")]
    pub routes: Vec<EventRoute>,
    /// The step that published it, as a path, or `deadlines/N`; empty where it came from outside.
    #[prost(string, tag = "110")]
    pub step: String,
    /// By what those who wait for such events find it; empty where nobody could.
    #[prost(string, tag = "111")]
    pub wait_key: String,
    /// Routers that saw it and sent it nowhere themselves: what is counted of them beside `routes`.
    #[prost(message, repeated, tag = "112")]
    pub passed: Vec<EventPassed>,
}

impl EventTaken {
    /// Whether it led to something, or is kept for those who wait for it.
    pub fn is_routed(&self) -> bool {
        !self.routes.is_empty() || !self.wait_key.is_empty()
    }
}

/// See [`super::Body::EventEmitted`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EventEmitted {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The event (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub event: Bytes,
    /// Its type.
    #[prost(string, tag = "3")]
    pub event_type: String,
}

/// See [`super::Body::DeadlinePassed`].
#[derive(Clone, PartialEq, Message)]
pub struct DeadlinePassed {
    /// Its place among those of the workflow.
    #[prost(uint32, tag = "1")]
    pub deadline: u32,
    /// The event (16 bytes); empty where none could be made.
    #[prost(bytes = "bytes", tag = "2")]
    pub event: Bytes,
    /// Its type.
    #[prost(string, tag = "3")]
    pub event_type: String,
    /// Why none could be made.
    #[prost(message, optional, tag = "4")]
    pub error: Option<Failure>,
}

/// A router that saw an event and sent it nowhere itself.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EventPassed {
    /// The router.
    #[prost(string, tag = "1")]
    pub router: String,
    /// The rule that led on to another router; empty where no rule took it.
    #[prost(string, tag = "2")]
    pub rule: String,
}

/// One thing that an event led to.
#[derive(Clone, PartialEq, Message)]
pub struct EventRoute {
    /// The router that sent it there; empty where a trigger took it.
    #[prost(string, tag = "1")]
    pub router: String,
    /// The router's rule, or the trigger's id.
    #[prost(string, tag = "2")]
    pub rule: String,
    /// The workflow.
    #[prost(string, tag = "3")]
    pub workflow: String,
    /// The adapter that its one step calls, where a router sent it to one; with the action behind `/`.
    #[prost(string, tag = "4")]
    pub adapter: String,
    /// The instance (16 bytes); empty where nothing was started.
    #[prost(bytes = "bytes", tag = "5")]
    pub instance: Bytes,
    /// Why nothing was started.
    #[prost(message, optional, tag = "6")]
    pub error: Option<Failure>,
    /// The key of the trigger's window that it came to; none where the trigger has no windows.
    #[prost(string, optional, tag = "130")]
    pub window_key: Option<String>,
    /// That window (16 bytes), where it lives beside the event.
    #[prost(bytes = "bytes", tag = "131")]
    pub window: Bytes,
    /// What came of it there; only where the window is known.
    #[prost(enumeration = "WindowOutcome", tag = "132")]
    pub window_outcome: i32,
}

/// What an event should have started was refused, and is kept as a dead letter.
#[derive(Clone, PartialEq, Message)]
pub struct EventRefused {
    /// The letter's id (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// The event (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub event: Bytes,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// What was to be started.
    #[prost(message, optional, boxed, tag = "4")]
    pub start: Option<Box<StartMessage>>,
    /// Why it was not.
    #[prost(message, optional, tag = "5")]
    pub error: Option<Failure>,
}
