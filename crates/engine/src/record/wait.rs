//! Facts about waits for signals and events.

use prost::Message;

use super::StepRef;
use crate::payload::Payload;

/// See [`super::Body::SignalAwaited`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SignalAwaited {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The signal's name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// When it is given up, milliseconds since the epoch; 0 means never.
    #[prost(int64, tag = "3")]
    pub until: i64,
    /// When the whole step times out, milliseconds since the epoch; 0 means never.
    #[prost(int64, tag = "4")]
    pub timeout_at: i64,
}

/// See [`super::Body::SignalReceived`].
#[derive(Clone, PartialEq, Message)]
pub struct SignalReceived {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its data; none means null.
    #[prost(message, optional, tag = "2")]
    pub data: Option<Payload>,
    /// Of whoever sent it: the same key delivers once (16 bytes); empty if there is none.
    #[prost(bytes = "bytes", tag = "3")]
    pub key: bytes::Bytes,
    /// Tells what else would be sent under that key from this (16 bytes).
    #[prost(bytes = "bytes", tag = "4")]
    pub digest: bytes::Bytes,
}

/// See [`super::Body::SignalTaken`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SignalTaken {
    /// The step that waited.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The signal's name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The record that it came with.
    #[prost(uint64, tag = "3")]
    pub received: u64,
}

/// See [`super::Body::EventAwaited`]. Its place in the history is the number of the wait.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EventAwaited {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The event's type.
    #[prost(string, tag = "2")]
    pub event_type: String,
    /// Its key.
    #[prost(string, tag = "3")]
    pub key: String,
    /// When it is given up, milliseconds since the epoch; 0 means never.
    #[prost(int64, tag = "4")]
    pub until: i64,
    /// When the whole step times out, milliseconds since the epoch; 0 means never.
    #[prost(int64, tag = "5")]
    pub timeout_at: i64,
}

/// See [`super::Body::EventMet`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EventMet {
    /// The step that waited.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The event (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub event: bytes::Bytes,
    /// Its type.
    #[prost(string, tag = "3")]
    pub event_type: String,
    /// Until when a wait that begins later could take it, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub kept_until: i64,
}

/// A step of an instance that waits for an event, where the two meet.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct WaitPlaced {
    /// The instance (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub instance: bytes::Bytes,
    /// The step.
    #[prost(message, required, tag = "2")]
    pub at: StepRef,
    /// The number of the wait in its instance.
    #[prost(uint64, tag = "3")]
    pub wait: u64,
    /// The event's type.
    #[prost(string, tag = "4")]
    pub event_type: String,
    /// Its key.
    #[prost(string, tag = "5")]
    pub key: String,
    /// Since when it waits, milliseconds since the epoch.
    #[prost(int64, tag = "6")]
    pub since: i64,
}

/// An event, where those who wait for it are known. Its row lies among the idempotency keys, whose end of time has the
/// same tag, so that one sweep forgets both.
#[derive(Clone, PartialEq, Message)]
pub struct EventOffered {
    /// Its key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The event (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub event: bytes::Bytes,
    /// When it may be forgotten, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub forget_at: i64,
    /// What it says of itself.
    #[prost(message, optional, tag = "5")]
    pub meta: Option<Payload>,
    /// What it carries.
    #[prost(message, optional, tag = "6")]
    pub data: Option<Payload>,
    /// Its type.
    #[prost(string, tag = "7")]
    pub event_type: String,
    /// When it was taken, milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub at: i64,
    /// A wait that begins later does not take it, milliseconds since the epoch.
    #[prost(int64, tag = "9")]
    pub kept_until: i64,
}

/// An event comes to a step that waits.
#[derive(Clone, PartialEq, Message)]
pub struct EventCame {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The number of the wait.
    #[prost(uint64, tag = "2")]
    pub wait: u64,
    /// The event.
    #[prost(message, required, tag = "3")]
    pub event: EventOffered,
}

/// Too many wait for events of one key: one more does not.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct WaitRefused {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The number of the wait.
    #[prost(uint64, tag = "2")]
    pub wait: u64,
    /// How many wait.
    #[prost(uint32, tag = "3")]
    pub waits: u32,
}
