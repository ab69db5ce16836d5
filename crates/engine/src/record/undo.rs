//! Facts about a roll-back.

use prost::{Enumeration, Message};

use super::{ChildStart, Plan, Shared, StepRef, TaskKey};
use crate::payload::Payload;

/// See [`super::Body::UndoStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct UndoStarted {
    /// The lanes, from the first on.
    #[prost(uint32, tag = "1")]
    pub first_lane: u32,
    /// How many.
    #[prost(uint32, tag = "2")]
    pub lanes: u32,
}

/// See [`super::Body::UndoScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct UndoScheduled {
    /// The first attempt.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// Its input.
    #[prost(message, optional, tag = "2")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, tag = "3")]
    pub plan: Option<Shared<Plan>>,
    /// The workflow that undoes it, or the child that is asked to undo itself.
    #[prost(message, optional, boxed, tag = "4")]
    pub child: Option<Box<ChildStart>>,
}

/// How an undo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum UndoOutcome {
    /// The step is undone (or a block's lanes are).
    Done = 0,
    /// It had not taken effect.
    Nothing = 1,
    /// A person skipped it.
    Skipped = 2,
    /// It failed and a person left it so.
    Failed = 3,
    /// It had taken effect, says `verify`: the undo follows.
    Found = 4,
}

/// See [`super::Body::UndoEnded`].
#[derive(Clone, PartialEq, Message)]
pub struct UndoEnded {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// How.
    #[prost(enumeration = "UndoOutcome", tag = "2")]
    pub outcome: i32,
    /// What `verify` found, or what the undo answered.
    #[prost(message, optional, tag = "3")]
    pub output: Option<Payload>,
}
