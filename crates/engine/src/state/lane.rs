//! One execution path: the root, a branch, an item, a round, a catch.
//!
//! | from | record | to |
//! | --- | --- | --- |
//! | - | lanes-opened | running |
//! | running | lane-closing | closing (takes no new step, waits for what is in flight) |
//! | running, closing | lane-ended | completed, failed, cancelled, broken |
//! | ended | undo-started | undo wanted |
//! | undo wanted | lane-undone | undone |

use std::sync::Arc;

use prost::{Enumeration, Message};

use super::step::StepState;
use crate::payload::Payload;
use crate::record::{Failure, LaneClosing, Role, StepRef};

/// How many lanes a chunk holds.
pub const CHUNK: u32 = 256;

/// Where a lane is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum LaneStatus {
    /// Takes steps.
    Running = 0,
    /// Waits for what is in flight, takes no new step.
    Closing = 1,
    /// Ended well.
    Completed = 2,
    /// Ended with an error.
    Failed = 3,
    /// Was not needed any more.
    Cancelled = 4,
    /// Ended by `break`.
    Broken = 5,
}

impl LaneStatus {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running | Self::Closing => "running",
            Self::Completed | Self::Broken => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether a lane's completed steps are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum UndoStatus {
    /// Not asked for.
    None = 0,
    /// Under way.
    Wanted = 1,
    /// Over.
    Done = 2,
}

/// One execution path.
#[derive(Clone, PartialEq, Message)]
pub struct Lane {
    /// Its id; the root is 0.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// The block (or failed step) that it belongs to; the root and `finally` have none.
    #[prost(message, optional, tag = "2")]
    pub parent: Option<StepRef>,
    /// What it is to it.
    #[prost(enumeration = "Role", tag = "3")]
    pub role: i32,
    /// Its index there: branch, case, item, round (from 0).
    #[prost(uint32, tag = "4")]
    pub index: u32,
    /// The list that it runs.
    #[prost(uint32, tag = "5")]
    pub list: u32,
    /// Its steps, in the list's order.
    #[prost(message, repeated, tag = "6")]
    pub steps: Vec<StepState>,
    /// Where it is in its life.
    #[prost(enumeration = "LaneStatus", tag = "7")]
    pub status: i32,
    /// Why it closes.
    #[prost(message, optional, boxed, tag = "8")]
    pub closing: Option<Box<LaneClosing>>,
    /// Its output.
    #[prost(message, optional, tag = "9")]
    pub output: Option<Payload>,
    /// Its error.
    #[prost(message, optional, boxed, tag = "10")]
    pub error: Option<Box<Failure>>,
    /// A round's state.
    #[prost(message, optional, tag = "11")]
    pub state: Option<Payload>,
    /// A branch that counts.
    #[prost(bool, tag = "12")]
    pub accepted: bool,
    /// Whether its steps are undone.
    #[prost(enumeration = "UndoStatus", tag = "13")]
    pub undo: i32,
    /// The record that ended it.
    #[prost(uint64, tag = "14")]
    pub ended_seq: u64,
    /// The round before this one (its lane id; meaningful where `index > 0`), or the catch of an
    /// earlier run of the same step (0 if none).
    #[prost(uint32, tag = "15")]
    pub previous: u32,
}

impl Lane {
    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        match self.status() {
            LaneStatus::Running | LaneStatus::Closing => false,
            LaneStatus::Completed
            | LaneStatus::Failed
            | LaneStatus::Cancelled
            | LaneStatus::Broken => true,
        }
    }

    /// Whether the engine still has to look at it.
    pub fn is_active(&self) -> bool {
        !self.has_ended() || self.undo() == UndoStatus::Wanted
    }

    pub(crate) fn open(id: u32, parent: Option<StepRef>, role: Role, index: u32) -> Self {
        Self {
            id,
            parent,
            role: role as i32,
            index,
            ..Self::default()
        }
    }
}

/// Lanes `n * 256 ..= n * 256 + 255`; ids that are reserved but not opened are absent.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    pub(crate) lanes: Vec<Option<Arc<Lane>>>,
}

/// A chunk as it is stored.
#[derive(Clone, PartialEq, Message)]
pub struct StoredChunk {
    /// Its open and ended lanes.
    #[prost(message, repeated, tag = "1")]
    pub lanes: Vec<Lane>,
}
