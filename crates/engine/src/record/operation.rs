//! Facts about operations on many instances. An operation lives in a slot of its own.

use bytes::Bytes;
use prost::{Enumeration, Message};

/// An operation was made.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperationMade {
    /// It (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// What is to be done, on which, how fast: JSON of the runtime's.
    #[prost(string, tag = "2")]
    pub asked: String,
    /// Who made it.
    #[prost(string, tag = "3")]
    pub actor: String,
    /// Why.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// When.
    #[prost(int64, tag = "5")]
    pub at: i64,
    /// How many there were then.
    #[prost(uint64, tag = "6")]
    pub total: u64,
}

/// The next few were taken in hand. Whatever happens then, these are the ones that are worked on.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperationTaken {
    /// The operation (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// Rises by one with each page that is taken and with each that is done.
    #[prost(uint64, tag = "2")]
    pub step: u64,
    /// When.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// They (16 bytes each).
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub items: Vec<Bytes>,
    /// Where the walk goes on; empty at the end.
    #[prost(string, tag = "5")]
    pub next: String,
}

/// What came of those that were taken in hand.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperationWorked {
    /// The operation (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// See [`OperationTaken::step`].
    #[prost(uint64, tag = "2")]
    pub step: u64,
    /// When.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// So many took it.
    #[prost(uint64, tag = "4")]
    pub done: u64,
    /// So many refused it.
    #[prost(uint64, tag = "5")]
    pub refused: u64,
    /// So many could not be reached.
    #[prost(uint64, tag = "6")]
    pub failed: u64,
    /// Why, of the first few.
    #[prost(message, repeated, tag = "7")]
    pub findings: Vec<OperationFinding>,
}

/// Why one did not take it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperationFinding {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub item: Bytes,
    /// It could not be reached; else it refused.
    #[prost(bool, tag = "2")]
    pub failed: bool,
    /// Why.
    #[prost(string, tag = "3")]
    pub message: String,
}

/// Someone held an operation, let it go on, or gave it up.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperationTurned {
    /// The operation (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// When.
    #[prost(int64, tag = "2")]
    pub at: i64,
    /// How it goes on.
    #[prost(enumeration = "OperationTurn", tag = "3")]
    pub turn: i32,
    /// Why.
    #[prost(string, tag = "4")]
    pub reason: String,
}

/// How an operation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum OperationTurn {
    /// It stands until it is resumed.
    Pause = 0,
    /// It goes on.
    Resume = 1,
    /// It ends; what it did stays.
    Cancel = 2,
}
