//! Facts about lanes.

use prost::{Enumeration, Message};

use super::{Failure, StepRef};
use crate::payload::Payload;

/// What a lane is to its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Role {
    /// The instance's own list.
    Root = 0,
    /// A branch of a parallel step.
    Branch = 1,
    /// A case of a switch.
    Case = 2,
    /// A group's list.
    Group = 3,
    /// An item of a for-each.
    Item = 4,
    /// A round of a repeat.
    Round = 5,
    /// A catch of a failed step.
    Catch = 6,
    /// `finally`.
    Finally = 7,
}

/// See [`super::Body::LanesOpened`].
#[derive(Clone, PartialEq, Message)]
pub struct LanesOpened {
    /// The block.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// What they are to it.
    #[prost(enumeration = "Role", tag = "2")]
    pub role: i32,
    /// The first lane's id; the others follow.
    #[prost(uint32, tag = "3")]
    pub first_lane: u32,
    /// The first lane's index in the block.
    #[prost(uint32, tag = "4")]
    pub from: u32,
    /// Behind the last lane's index.
    #[prost(uint32, tag = "5")]
    pub to: u32,
    /// Each lane's list and its number of steps: one entry for all, or one per lane.
    #[prost(message, repeated, tag = "6")]
    pub lists: Vec<LaneList>,
    /// A round's state.
    #[prost(message, optional, tag = "7")]
    pub state: Option<Payload>,
    /// An earlier round (its lane's id) that is let go: nothing asks for it any more.
    #[prost(uint32, optional, tag = "104")]
    pub forgets: Option<u32>,
}

/// The list that a lane runs.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct LaneList {
    /// Its index in the definition.
    #[prost(uint32, tag = "1")]
    pub list: u32,
    /// How many steps it has.
    #[prost(uint32, tag = "2")]
    pub steps: u32,
}

/// Why a lane closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Closing {
    /// Nobody needs it any more.
    Cancelled = 0,
    /// One of its steps failed.
    Failed = 1,
    /// `break`.
    Broken = 2,
    /// `complete`.
    Completed = 3,
}

/// See [`super::Body::LanesPaced`].
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct LanesPaced {
    /// The loop.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// What its lanes have used up of its rate since it began: milliseconds times lanes per unit.
    #[prost(uint64, tag = "2")]
    pub used: u64,
    /// When the next lane may be opened, milliseconds since the epoch; 0 when its rate holds none back.
    #[prost(int64, tag = "3")]
    pub due_at: i64,
}

/// See [`super::Body::LaneClosing`].
#[derive(Clone, PartialEq, Message)]
pub struct LaneClosing {
    /// Which lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
    /// Why.
    #[prost(enumeration = "Closing", tag = "2")]
    pub why: i32,
    /// The error, when it failed.
    #[prost(message, optional, tag = "3")]
    pub error: Option<Failure>,
    /// The value of `break` or `complete`.
    #[prost(message, optional, tag = "4")]
    pub output: Option<Payload>,
    /// Its completed steps are undone as soon as it is quiet (a loser).
    #[prost(bool, tag = "5")]
    pub undo: bool,
}

/// How a lane ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum LaneOutcome {
    /// Well.
    Completed = 0,
    /// With an error.
    Failed = 1,
    /// Not needed any more.
    Cancelled = 2,
    /// By `break`.
    Broken = 3,
}

/// See [`super::Body::LaneEnded`].
#[derive(Clone, PartialEq, Message)]
pub struct LaneEnded {
    /// Which lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
    /// How.
    #[prost(enumeration = "LaneOutcome", tag = "2")]
    pub outcome: i32,
    /// Its output; none means null.
    #[prost(message, optional, tag = "3")]
    pub output: Option<Payload>,
    /// Its error, when it failed.
    #[prost(message, optional, tag = "4")]
    pub error: Option<Failure>,
    /// A branch that counts (`accept` held).
    #[prost(bool, tag = "5")]
    pub accepted: bool,
}

/// See [`super::Body::LaneUndone`].
#[derive(Clone, PartialEq, Message)]
pub struct LaneUndone {
    /// Which lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
}
