//! Facts about waits for signals.

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
