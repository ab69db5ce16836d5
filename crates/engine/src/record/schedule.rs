//! Facts about schedules. A schedule lives in the slot of its name.

use bytes::Bytes;
use prost::{Enumeration, Message};

use super::Failure;

/// A schedule went on: by a tick, or because its definition began, changed or went.
#[derive(Clone, PartialEq, Message)]
pub struct ScheduleTicked {
    /// The workflow.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The trigger's id.
    #[prost(string, tag = "2")]
    pub trigger: String,
    /// Rises by one with each fact of the schedule.
    #[prost(uint64, tag = "3")]
    pub number: u64,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub at: i64,
    /// What came of it.
    #[prost(enumeration = "TickOutcome", tag = "5")]
    pub outcome: i32,
    /// What it comes from.
    #[prost(enumeration = "TickBy", tag = "6")]
    pub by: i32,
    /// The tick, milliseconds since the epoch.
    #[prost(int64, tag = "7")]
    pub tick: i64,
    /// Ticks of the clock up to here are done, milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub cursor: i64,
    /// So many ticks before it were passed over because they were missed.
    #[prost(uint64, tag = "9")]
    pub missed: u64,
    /// The instance that it starts (16 bytes); empty where nothing was started.
    #[prost(bytes = "bytes", tag = "10")]
    pub instance: Bytes,
    /// Why nothing was started.
    #[prost(message, optional, tag = "11")]
    pub error: Option<Failure>,
    /// When the schedule ticks; only where it began.
    #[prost(string, tag = "12")]
    pub told: String,
    /// The request that a person's start came by (16 bytes); it is known again by it.
    #[prost(bytes = "bytes", tag = "13")]
    pub request: Bytes,
    /// Why a person had it started.
    #[prost(string, tag = "14")]
    pub reason: String,
}

/// What came of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum TickOutcome {
    /// There was none: the schedule begins, as it is defined now.
    Begun = 0,
    /// An instance was started.
    Started = 1,
    /// An earlier instance was open.
    Skipped = 2,
    /// An earlier instance is open: it waits for the end.
    Queued = 3,
    /// It was missed.
    Missed = 4,
    /// The condition does not hold.
    Unmet = 5,
    /// The start was refused.
    Refused = 6,
    /// There was none: the definition has the schedule no more, and it is forgotten.
    Gone = 7,
}

/// What a tick comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum TickBy {
    /// The clock.
    Clock = 0,
    /// The end of the instance that it waited for.
    Queue = 1,
    /// A span of the past that a person asked for.
    Backfill = 2,
    /// A person.
    Person = 3,
}

/// A person held a schedule, let it go on, or had a span of the past made up for.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ScheduleTurned {
    /// The workflow.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The trigger's id.
    #[prost(string, tag = "2")]
    pub trigger: String,
    /// See [`ScheduleTicked::number`].
    #[prost(uint64, tag = "3")]
    pub number: u64,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub at: i64,
    /// How.
    #[prost(enumeration = "ScheduleTurn", tag = "5")]
    pub turn: i32,
    /// Why.
    #[prost(string, tag = "6")]
    pub reason: String,
    /// Of a span: ticks after this moment, milliseconds since the epoch.
    #[prost(int64, tag = "7")]
    pub after: i64,
    /// Of a span: ticks up to this moment, milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub until: i64,
    /// Of a span: so many ticks.
    #[prost(uint64, tag = "9")]
    pub ticks: u64,
    /// See [`ScheduleTicked::request`].
    #[prost(bytes = "bytes", tag = "10")]
    pub request: Bytes,
    /// Who.
    #[prost(string, tag = "11")]
    pub actor: String,
}

/// What a person does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum ScheduleTurn {
    /// The clock does not start anything.
    Pause = 0,
    /// It does again; what was held is not made up for.
    Resume = 1,
    /// The ticks of a span of the past are started.
    Backfill = 2,
}
