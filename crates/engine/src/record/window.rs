//! Facts about windows of triggers. A window lives in the slot of its workflow, trigger and key.

use bytes::Bytes;
use prost::{Enumeration, Message};

use super::{Failure, StartMessage};

/// What a window does, as the trigger said when an event came to it.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct WindowTerms {
    /// How.
    #[prost(enumeration = "WindowKind", tag = "1")]
    pub kind: i32,
    /// It closes when no event came for so long, in milliseconds; 0: that does not close it.
    #[prost(uint64, tag = "2")]
    pub quiet_ms: u64,
    /// It lasts so long from its first event at most, in milliseconds.
    #[prost(uint64, tag = "3")]
    pub longest_ms: u64,
    /// So many events (or starts of a throttle) at most; 0: any number.
    #[prost(uint32, tag = "4")]
    pub most: u32,
    /// Of a throttle: what is above waits.
    #[prost(bool, tag = "5")]
    pub queue: bool,
}

/// What a window does with its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum WindowKind {
    /// One start, as the last event says.
    Debounce = 0,
    /// One start with all events, after a quiet time.
    DebounceAll = 1,
    /// One start with all events.
    Batch = 2,
    /// A start for each, but only so many in a time.
    Throttle = 3,
}

/// Something that happened comes to its window, which lives in another slot.
#[derive(Clone, PartialEq, Message)]
pub struct WindowOffered {
    /// The workflow.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The trigger's id.
    #[prost(string, tag = "2")]
    pub trigger: String,
    /// What the trigger's `key` says of it; empty without one.
    #[prost(string, tag = "3")]
    pub key: String,
    /// What the window does.
    #[prost(message, required, tag = "4")]
    pub terms: WindowTerms,
    /// The event (16 bytes); empty where it was none.
    #[prost(bytes = "bytes", tag = "5")]
    pub event: Bytes,
    /// The id (16 bytes) that its instance has, where it starts one of its own.
    #[prost(bytes = "bytes", tag = "6")]
    pub instance: Bytes,
    /// What it starts; where several become one start, its input is the event's data.
    #[prost(message, optional, boxed, tag = "7")]
    pub start: Option<Box<StartMessage>>,
}

/// Something came to a window.
#[derive(Clone, PartialEq, Message)]
pub struct WindowTook {
    /// The window (16 bytes), whose slot is the fact's.
    #[prost(bytes = "bytes", tag = "1")]
    pub window: Bytes,
    /// Rises by one with each fact of the window.
    #[prost(uint64, tag = "2")]
    pub number: u64,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// What came of it.
    #[prost(enumeration = "WindowOutcome", tag = "4")]
    pub outcome: i32,
    /// When the window closes, milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub due_at: i64,
    /// The next event opens a window of its own.
    #[prost(bool, tag = "6")]
    pub full: bool,
    /// What it weighs, in bytes.
    #[prost(uint64, tag = "7")]
    pub bytes: u64,
    /// What came; without its start where that is not kept.
    #[prost(message, required, tag = "8")]
    pub offered: WindowOffered,
}

/// What came of something that came to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum WindowOutcome {
    /// The window has it, and starts one instance when it closes.
    Kept = 0,
    /// There was room: its instance starts at once.
    Passed = 1,
    /// There was none: it waits.
    Queued = 2,
    /// There was none: it starts nothing.
    Dropped = 3,
}

/// A window closed: what it kept is started, or it has nothing left to hold back.
#[derive(Clone, PartialEq, Message)]
pub struct WindowClosed {
    /// The window (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub window: Bytes,
    /// See [`WindowTook::number`].
    #[prost(uint64, tag = "2")]
    pub number: u64,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// The instance that it starts (16 bytes); empty where it starts none.
    #[prost(bytes = "bytes", tag = "4")]
    pub instance: Bytes,
    /// Why it starts none.
    #[prost(message, optional, tag = "5")]
    pub error: Option<Failure>,
}

/// The next few of what a window held back are started.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct WindowReleased {
    /// The window (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub window: Bytes,
    /// See [`WindowTook::number`].
    #[prost(uint64, tag = "2")]
    pub number: u64,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// When there is room again, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub due_at: i64,
    /// So many.
    #[prost(uint32, tag = "5")]
    pub count: u32,
    /// What they weighed, in bytes.
    #[prost(uint64, tag = "6")]
    pub bytes: u64,
}
