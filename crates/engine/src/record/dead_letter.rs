//! Facts about operations that failed for good and are kept whole.

use bytes::Bytes;
use prost::{Enumeration, Message};

use super::{Failure, TaskKey};
use crate::payload::Payload;

/// An attempt that failed, as a dead letter keeps it.
#[derive(Clone, PartialEq, Message)]
pub struct AttemptNote {
    /// Which.
    #[prost(uint32, tag = "1")]
    pub attempt: u32,
    /// When.
    #[prost(int64, tag = "2")]
    pub at: i64,
    /// Why.
    #[prost(message, required, tag = "3")]
    pub error: Failure,
    /// The target called; empty if none.
    #[prost(string, tag = "4")]
    pub target: String,
}

/// See [`super::Body::DeadLettered`].
#[derive(Clone, PartialEq, Message)]
pub struct DeadLettered {
    /// The letter (16 bytes); of a compensation the id of its decision.
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// The call's last attempt.
    #[prost(message, required, tag = "2")]
    pub task: TaskKey,
    /// Its adapter; empty where a child was called.
    #[prost(string, tag = "3")]
    pub adapter: String,
    /// Its action; empty if it has none.
    #[prost(string, tag = "4")]
    pub action: String,
    /// Its input; none means the instance's.
    #[prost(message, optional, tag = "5")]
    pub input: Option<Payload>,
    /// Why it failed for good.
    #[prost(message, required, tag = "6")]
    pub error: Failure,
    /// Its latest attempts.
    #[prost(message, repeated, tag = "7")]
    pub attempts: Vec<AttemptNote>,
}

/// A dead letter needs nobody any more (a fact of its slot).
#[derive(Clone, PartialEq, Message)]
pub struct DeadLetterSettled {
    /// It (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// How.
    #[prost(enumeration = "Settled", tag = "2")]
    pub how: i32,
    /// When.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// Why.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// The row that stays, JSON.
    #[prost(string, tag = "5")]
    pub row: String,
}

/// How a dead letter was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Settled {
    /// Its operation was called anew, in an instance of its own.
    Reprocessed = 0,
    /// Someone threw it away.
    Discarded = 1,
    /// Its instance was taken up again, and makes the call itself.
    Superseded = 2,
}
