//! Facts about an instance as a whole, and about decisions of people.

use prost::{Enumeration, Message};

use super::{Failure, LaneList, Share, StepRef, TaskKey, TurnLimit};
use crate::payload::Payload;

/// See [`super::Body::InstanceStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct InstanceStarted {
    /// The workflow's name.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// Its version.
    #[prost(string, tag = "2")]
    pub version: String,
    /// Its input.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Payload>,
    /// The triggering event's data where it is not the input itself.
    #[prost(message, optional, tag = "4")]
    pub event: Option<Payload>,
    /// The triggering event's attributes.
    #[prost(message, optional, tag = "5")]
    pub meta: Option<Payload>,
    /// Persists over everything that one cause set in motion.
    #[prost(string, tag = "6")]
    pub correlation_id: String,
    /// Whom it is about; empty if none.
    #[prost(string, tag = "7")]
    pub subject: String,
    /// Searchable attributes.
    #[prost(btree_map = "string, string", tag = "8")]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// `low`, `normal`, `high` or `critical`; empty means `normal`.
    #[prost(string, tag = "9")]
    pub priority: String,
    /// The parent that waits for it (or started it, when detached).
    #[prost(message, optional, tag = "10")]
    pub parent: Option<Parent>,
    /// When it times out; 0 means never.
    #[prost(int64, tag = "11")]
    pub timeout_at: i64,
    /// Steps of the root list.
    #[prost(uint32, tag = "12")]
    pub steps: u32,
    /// The trigger that started it; empty for API and CLI.
    #[prost(string, tag = "13")]
    pub trigger: String,
    /// The server's environment at the start.
    #[prost(string, tag = "14")]
    pub environment: String,
    /// Who set it in motion, where that is not who sent the start: of a child, its root's.
    #[prost(string, tag = "15")]
    pub requester: String,
    /// The limit that it stands under.
    #[prost(message, optional, boxed, tag = "86")]
    pub turn: Option<Box<TurnLimit>>,
    /// Whose share it takes where work waits.
    #[prost(message, optional, boxed, tag = "87")]
    pub share: Option<Box<Share>>,
    /// When it is late, milliseconds since the epoch, in the order of the workflow's deadlines.
    #[prost(int64, repeated, tag = "110")]
    pub deadlines: Vec<i64>,
}

/// Who started a child.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Parent {
    /// The parent instance (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// The step's place there.
    #[prost(message, optional, tag = "2")]
    pub at: Option<StepRef>,
    /// The step's generation.
    #[prost(uint32, tag = "3")]
    pub generation: u32,
    /// The step's attempt.
    #[prost(uint32, tag = "4")]
    pub attempt: u32,
    /// It does not wait.
    #[prost(bool, tag = "5")]
    pub detached: bool,
    /// The child undoes a step of the parent.
    #[prost(bool, tag = "6")]
    pub undo: bool,
}

/// See [`super::Body::InstanceQueued`].
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct InstanceQueued {
    /// When its steps begin, milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub start_at: i64,
}

/// See [`super::Body::InstancePaused`] and [`super::Body::InstanceResumed`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Held {
    /// Why.
    #[prost(string, tag = "1")]
    pub reason: String,
}

/// See [`super::Body::CancelRequested`].
#[derive(Clone, PartialEq, Message)]
pub struct CancelRequested {
    /// Why.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Completed steps are left as they are.
    #[prost(bool, tag = "2")]
    pub skip_compensation: bool,
}

/// See [`super::Body::InstanceFailing`].
#[derive(Clone, PartialEq, Message)]
pub struct Failing {
    /// Why.
    #[prost(message, required, tag = "1")]
    pub error: Failure,
}

/// See [`super::Body::FinallyStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct FinallyStarted {
    /// Its lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
    /// The list.
    #[prost(message, required, tag = "2")]
    pub list: LaneList,
    /// The output that the instance will end with.
    #[prost(message, optional, tag = "3")]
    pub output: Option<Payload>,
}

/// See [`super::Body::InstanceEnded`].
#[derive(Clone, PartialEq, Message)]
pub struct InstanceEnded {
    /// How: completed, failed, compensated or cancelled.
    #[prost(enumeration = "Ended", tag = "1")]
    pub how: i32,
    /// Its output.
    #[prost(message, optional, tag = "2")]
    pub output: Option<Payload>,
}

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Ended {
    /// Well.
    Completed = 0,
    /// With an error, nothing undone.
    Failed = 1,
    /// With an error, and something was undone.
    Compensated = 2,
    /// By request.
    Cancelled = 3,
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum DecisionKind {
    /// No attempt is left.
    Exhausted = 0,
    /// An undo failed for good.
    CompensationFailed = 1,
    /// A step may not run before.
    Approval = 2,
    /// A step that is a question.
    Question = 3,
    /// The instance failed: is what it did undone?
    InstanceFailed = 4,
    /// A step may not be undone before.
    UndoApproval = 5,
}

/// See [`super::Body::DecisionRequested`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionRequested {
    /// Its id (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// What it is about.
    #[prost(enumeration = "DecisionKind", tag = "2")]
    pub kind: i32,
    /// The task that failed.
    #[prost(message, required, tag = "3")]
    pub task: TaskKey,
    /// Its last error.
    #[prost(message, required, tag = "4")]
    pub error: Failure,
}

/// A person's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration, serde::Serialize, serde::Deserialize)]
#[repr(i32)]
pub enum Choice {
    /// Try again.
    Retry = 0,
    /// Go on without it.
    Skip = 1,
    /// Let it fail.
    Fail = 2,
    /// Go on.
    Approve = 3,
    /// Do not go on.
    Reject = 4,
    /// Go on with other data.
    Amend = 5,
    /// Go on with this output.
    Supply = 6,
    /// End the instance and undo what it did.
    Compensate = 7,
    /// It was done by hand.
    Done = 8,
    /// The time decided: as a rejection.
    Expire = 9,
}

/// See [`super::Body::DecisionMade`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionMade {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// What was chosen.
    #[prost(enumeration = "Choice", tag = "2")]
    pub choice: i32,
    /// Why.
    #[prost(string, tag = "3")]
    pub comment: String,
    /// Who.
    #[prost(string, tag = "4")]
    pub by: String,
}
