//! Facts about a step and its attempts.

use prost::{Enumeration, Message};

use super::Shared;
use crate::id::Id;
use crate::payload::Payload;

/// An error, as it is recorded and shown.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Failure {
    /// The error's type (`http.503`, `timeout`, `expression` ... or a worker's own).
    #[prost(string, tag = "1")]
    pub error_type: String,
    /// What happened, in a sentence.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Whether another attempt could succeed.
    #[prost(bool, tag = "3")]
    pub retryable: bool,
    /// Whether the call may have taken effect.
    #[prost(bool, tag = "4")]
    pub effect_unknown: bool,
    /// Further facts, JSON text; empty if none.
    #[prost(string, tag = "5")]
    pub details: String,
    /// The step where it arose, when the error has travelled.
    #[prost(string, tag = "6")]
    pub step: String,
}

/// A step in a lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Message)]
pub struct StepRef {
    /// The lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
    /// The step's place in the lane's list.
    #[prost(uint32, tag = "2")]
    pub step: u32,
}

/// A resolved call: what a retry needs no catalog for.
#[derive(Clone, PartialEq, Message)]
pub struct Plan {
    /// The adapter.
    #[prost(string, tag = "1")]
    pub adapter: String,
    /// Its action; empty means its default.
    #[prost(string, tag = "2")]
    pub action: String,
    /// Attempts in total; 0 means unlimited.
    #[prost(uint32, tag = "3")]
    pub max_attempts: u32,
    /// Before the second attempt, in milliseconds.
    #[prost(uint64, tag = "4")]
    pub initial_interval_ms: u64,
    /// Growth between intervals.
    #[prost(double, tag = "5")]
    pub multiplier: f64,
    /// No interval is longer, in milliseconds.
    #[prost(uint64, tag = "6")]
    pub max_interval_ms: u64,
    /// Intervals are drawn between zero and their length.
    #[prost(bool, tag = "7")]
    pub full_jitter: bool,
    /// No attempt begins later than this after the first, in milliseconds; 0 means no limit.
    #[prost(uint64, tag = "8")]
    pub max_elapsed_ms: u64,
    /// Only these errors are retried; empty means all retryable ones.
    #[prost(string, repeated, tag = "9")]
    pub retry_on: Vec<String>,
    /// These errors are never retried.
    #[prost(string, repeated, tag = "10")]
    pub never_on: Vec<String>,
    /// What follows the last attempt.
    #[prost(enumeration = "Exhausted", tag = "11")]
    pub on_exhausted: i32,
    /// Of one attempt, in milliseconds.
    #[prost(uint64, tag = "12")]
    pub timeout_ms: u64,
    /// How many such calls may be under way at once; none: as many as may be.
    #[prost(message, optional, tag = "86")]
    pub limit: Option<CallLimit>,
    /// How urgent it is; empty: as the instance is.
    #[prost(string, tag = "87")]
    pub priority: String,
    /// A kept output is used instead of calling, and this call's is kept; none: neither.
    #[prost(message, optional, tag = "96")]
    pub cache: Option<CacheUse>,
    /// How many calls of its action may be under way at once; none: as many as may be.
    #[prost(message, optional, tag = "97")]
    pub action_limit: Option<CallLimit>,
}

impl Plan {
    /// The limits that the call stands under beside its adapter's, in the order in which they are taken.
    pub fn limits(&self) -> impl Iterator<Item = &CallLimit> {
        self.limit.iter().chain(&self.action_limit)
    }
}

/// What a call's output is kept under.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct CacheUse {
    /// Found by all steps of the namespace; never empty.
    #[prost(string, tag = "1")]
    pub key: String,
    /// How long it is kept, in milliseconds.
    #[prost(uint64, tag = "2")]
    pub ttl_ms: u64,
}

/// The limit that a call stands under beside its adapter's.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct CallLimit {
    /// Calls under the same name count together.
    #[prost(string, tag = "1")]
    pub name: String,
    /// So many at once.
    #[prost(uint32, tag = "2")]
    pub limit: u32,
}

/// What follows the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Exhausted {
    /// The step fails.
    Fail = 0,
    /// The step is failed, the list goes on.
    Continue = 1,
    /// A person decides.
    Man = 2,
    /// The step fails, and the call is kept whole.
    DeadLetter = 3,
}

/// See [`super::Body::StepScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct StepScheduled {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Its input; none means the instance's input.
    #[prost(message, optional, tag = "2")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, tag = "3")]
    pub plan: Option<Shared<Plan>>,
    /// Replaces the built-in idempotency key; empty if not.
    #[prost(string, tag = "4")]
    pub idempotency_key: String,
}

/// See [`super::Body::StepStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct StepStarted {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Lanes that it will have; their ids are reserved from `first_lane` on.
    #[prost(uint32, tag = "2")]
    pub lanes: u32,
    /// The first reserved lane id.
    #[prost(uint32, tag = "3")]
    pub first_lane: u32,
    /// A loop's items, a repeat's first state, or a child's input.
    #[prost(message, optional, tag = "4")]
    pub payload: Option<Payload>,
    /// When it times out; 0 means never.
    #[prost(int64, tag = "5")]
    pub timeout_at: i64,
    /// When a wait is over; 0 if it is none.
    #[prost(int64, tag = "6")]
    pub wait_until: i64,
    /// The child.
    #[prost(message, optional, boxed, tag = "7")]
    pub child: Option<Box<ChildStart>>,
}

/// A child to be started.
#[derive(Clone, PartialEq, Message)]
pub struct ChildStart {
    /// The child's id (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Its workflow.
    #[prost(string, tag = "2")]
    pub workflow: String,
    /// The version that was resolved.
    #[prost(string, tag = "3")]
    pub version: String,
    /// The parent does not wait.
    #[prost(bool, tag = "4")]
    pub detached: bool,
    /// The plan of its retries.
    #[prost(message, optional, tag = "5")]
    pub plan: Option<Shared<Plan>>,
    /// The key of its limit, as it was computed for its slot; none: it stands under none.
    #[prost(string, optional, tag = "86")]
    pub turn_key: Option<String>,
}

impl ChildStart {
    /// The child's id.
    pub fn child_id(&self) -> Id {
        Id::from_slice(&self.id).unwrap_or_default()
    }
}

/// What a task does for its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
#[repr(i32)]
pub enum TaskKind {
    /// Runs it.
    Run = 0,
    /// Undoes it.
    Undo = 1,
    /// Asks whether it took effect.
    Verify = 2,
    /// Tells people of a decision about it.
    Notify = 3,
}

/// One attempt's call; its generation and number tell it from older ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Message)]
pub struct TaskKey {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// What it does for the step.
    #[prost(enumeration = "TaskKind", tag = "2")]
    pub kind: i32,
    /// The step's generation.
    #[prost(uint32, tag = "3")]
    pub generation: u32,
    /// The attempt, from 1.
    #[prost(uint32, tag = "4")]
    pub attempt: u32,
}

/// See [`super::Body::AttemptFailed`].
#[derive(Clone, PartialEq, Message)]
pub struct AttemptFailed {
    /// Which call (or, for a child, which start).
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// Why.
    #[prost(message, required, tag = "2")]
    pub error: Failure,
    /// The target called; empty if not known.
    #[prost(string, tag = "3")]
    pub target: String,
    /// The masked request and response, JSON text; empty if none.
    #[prost(string, tag = "4")]
    pub exchange: String,
}

/// See [`super::Body::RetryScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct RetryScheduled {
    /// The attempt that is to come.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// When.
    #[prost(int64, tag = "2")]
    pub due_at: i64,
}

/// See [`super::Body::AttemptStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct AttemptStarted {
    /// The attempt.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// A child's new start.
    #[prost(message, optional, boxed, tag = "2")]
    pub child: Option<Box<ChildStart>>,
}

/// See [`super::Body::TaskAccepted`].
#[derive(Clone, PartialEq, Message)]
pub struct TaskAccepted {
    /// Which call.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// When it is given up.
    #[prost(int64, tag = "2")]
    pub expires_at: i64,
}

/// See [`super::Body::StepCompleted`].
#[derive(Clone, PartialEq, Message)]
pub struct StepCompleted {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Its output; none means null.
    #[prost(message, optional, tag = "2")]
    pub output: Option<Payload>,
    /// A parallel step's winners: branch indexes.
    #[prost(uint32, repeated, tag = "3")]
    pub winners: Vec<u32>,
    /// The target called; empty if none.
    #[prost(string, tag = "4")]
    pub target: String,
    /// The masked request and response, JSON text; empty if none.
    #[prost(string, tag = "5")]
    pub exchange: String,
    /// The instance whose kept output this is (16 bytes); empty: it was called.
    #[prost(bytes = "bytes", tag = "96")]
    pub kept_by: bytes::Bytes,
}

/// See [`super::Body::StepFailed`].
#[derive(Clone, PartialEq, Message)]
pub struct StepFailed {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Why.
    #[prost(message, required, tag = "2")]
    pub error: Failure,
    /// What follows.
    #[prost(enumeration = "Handling", tag = "3")]
    pub handling: i32,
    /// What it has to show all the same (`collect`).
    #[prost(message, optional, tag = "4")]
    pub output: Option<Payload>,
}

/// What follows a step's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Handling {
    /// Its list fails.
    Fails = 0,
    /// Its list goes on.
    Continues = 1,
    /// A catch takes it.
    Caught = 2,
}

/// See [`super::Body::ResultIgnored`].
#[derive(Clone, PartialEq, Message)]
pub struct ResultIgnored {
    /// Which call.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// Why it was ignored.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// See [`super::Body::StepOverruled`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StepOverruled {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// What is done with it.
    #[prost(enumeration = "Overruling", tag = "2")]
    pub how: i32,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// What an operator does with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Overruling {
    /// It is left out.
    Skip = 0,
    /// It counts as done, with an output of theirs.
    Complete = 1,
    /// It fails.
    Fail = 2,
    /// Its next attempt is made at once.
    Retry = 3,
}

impl Overruling {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Retry => "retry",
        }
    }
}

/// See [`super::Body::RoundDelayed`].
#[derive(Clone, PartialEq, Message)]
pub struct RoundDelayed {
    /// The loop.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// When the next round begins.
    #[prost(int64, tag = "2")]
    pub due_at: i64,
    /// Its state.
    #[prost(message, optional, tag = "3")]
    pub state: Option<Payload>,
}

/// See [`super::Body::StepRescheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct StepRescheduled {
    /// The first task of the new run; attempt 0 starts the step from its condition on.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// A child's new start.
    #[prost(message, optional, boxed, tag = "2")]
    pub child: Option<Box<ChildStart>>,
}
