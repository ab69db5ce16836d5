//! Records: the facts of the journal, as protobuf messages.
//!
//! A record's body is a `oneof`: a body that this binary does not know decodes to none, and the
//! partition is refused, since a skipped fact would fold into another state. Tags are for ever;
//! the meaning of a record version's apply never changes.

use prost::{Enumeration, Message, Oneof};

use crate::payload::Payload;

/// The version of record bodies that this binary writes.
pub const RECORD_VERSION: u32 = 1;

/// One fact about one entity.
#[derive(Clone, PartialEq, Message)]
pub struct Record {
    /// The entity's id (16 bytes), whose lowest 12 bits are its slot.
    #[prost(bytes = "bytes", tag = "1")]
    pub entity: bytes::Bytes,
    /// Its place in the entity's history, from 1; 0 for records of a slot or the catalog.
    #[prost(uint64, tag = "2")]
    pub seq: u64,
    /// When it happened, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// The version of its body.
    #[prost(uint32, tag = "4")]
    pub version: u32,
    /// The command that caused it (16 bytes), on the first record of a decision.
    #[prost(bytes = "bytes", tag = "5")]
    pub command_id: bytes::Bytes,
    /// What led to it, on the first record of a decision (`api`, `task`, `timer`, `parent:ID` ...);
    /// the others follow from the record before them.
    #[prost(string, tag = "6")]
    pub cause: String,
    /// Who sent the command, on the first record of a decision; empty for the engine itself.
    #[prost(string, tag = "7")]
    pub actor: String,
    /// Empty means `default`.
    #[prost(string, tag = "8")]
    pub namespace: String,
    /// What happened.
    #[prost(
        oneof = "Body",
        tags = "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, \
                40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52"
    )]
    pub body: Option<Body>,
}

/// What happened.
#[derive(Clone, PartialEq, Oneof)]
pub enum Body {
    /// An instance began.
    #[prost(message, tag = "20")]
    InstanceStarted(InstanceStarted),
    /// A call was scheduled: its first attempt is out.
    #[prost(message, tag = "21")]
    StepScheduled(StepScheduled),
    /// A block, wait or child began.
    #[prost(message, tag = "22")]
    StepStarted(StepStarted),
    /// Lanes of a block were opened.
    #[prost(message, tag = "23")]
    LanesOpened(LanesOpened),
    /// An attempt failed.
    #[prost(message, tag = "24")]
    AttemptFailed(AttemptFailed),
    /// The next attempt is due later.
    #[prost(message, tag = "25")]
    RetryScheduled(RetryScheduled),
    /// A further attempt is out.
    #[prost(message, tag = "26")]
    AttemptStarted(AttemptStarted),
    /// The call was taken; its result comes by callback.
    #[prost(message, tag = "27")]
    TaskAccepted(TaskAccepted),
    /// A step ended well.
    #[prost(message, tag = "28")]
    StepCompleted(StepCompleted),
    /// A step's condition did not hold, or a person skipped it.
    #[prost(message, tag = "29")]
    StepSkipped(StepRef),
    /// A step failed for good.
    #[prost(message, tag = "30")]
    StepFailed(StepFailed),
    /// A step in a closing lane ended without success.
    #[prost(message, tag = "31")]
    StepCancelled(StepRef),
    /// A catch ran to its end: the failure is over.
    #[prost(message, tag = "32")]
    CatchCompleted(StepCompleted),
    /// A lane takes no new step and waits for what is in flight.
    #[prost(message, tag = "33")]
    LaneClosing(LaneClosing),
    /// A lane ended.
    #[prost(message, tag = "34")]
    LaneEnded(LaneEnded),
    /// A result came late, twice, or from an older generation; it changes nothing.
    #[prost(message, tag = "35")]
    ResultIgnored(ResultIgnored),
    /// A person is asked.
    #[prost(message, tag = "36")]
    DecisionRequested(DecisionRequested),
    /// A person answered.
    #[prost(message, tag = "37")]
    DecisionMade(DecisionMade),
    /// Someone, or the parent, cancelled the instance.
    #[prost(message, tag = "38")]
    CancelRequested(CancelRequested),
    /// The instance failed; roll-back may follow.
    #[prost(message, tag = "39")]
    InstanceFailing(Failing),
    /// A lane's completed steps are being undone.
    #[prost(message, tag = "40")]
    UndoStarted(UndoStarted),
    /// The undo (or the question whether there is something to undo) of a step is out.
    #[prost(message, tag = "41")]
    UndoScheduled(UndoScheduled),
    /// A step's undo ended.
    #[prost(message, tag = "42")]
    UndoEnded(UndoEnded),
    /// A lane is undone.
    #[prost(message, tag = "43")]
    LaneUndone(LaneUndone),
    /// `finally` began.
    #[prost(message, tag = "44")]
    FinallyStarted(FinallyStarted),
    /// The instance ended.
    #[prost(message, tag = "45")]
    InstanceEnded(InstanceEnded),
    /// The decision was cut at its bound; an internal command goes on.
    #[prost(message, tag = "46")]
    DecisionCut(Empty),
    /// The cut decision goes on.
    #[prost(message, tag = "47")]
    DecisionContinued(Empty),
    /// A step's generation rises: it is run anew on purpose.
    #[prost(message, tag = "48")]
    StepRescheduled(StepRescheduled),
    /// A completed instance is undone because its parent is.
    #[prost(message, tag = "49")]
    CompensationRequested(CancelRequested),
    /// The owner opened the partition (kept by the runtime; no entity).
    #[prost(message, tag = "50")]
    OwnerOpened(OwnerOpened),
    /// A slot's own facts: keys and messages (kept by the runtime).
    #[prost(message, tag = "51")]
    Slot(SlotFact),
    /// The catalog changed (kept by the runtime).
    #[prost(message, tag = "52")]
    CatalogChanged(CatalogChanged),
}

/// Nothing to say.
#[derive(Clone, PartialEq, Message)]
pub struct Empty {}

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

/// See [`Body::InstanceStarted`].
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

/// A step in a lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Message)]
pub struct StepRef {
    /// The lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
    /// The step's index in the definition.
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
}

/// See [`Body::StepScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct StepScheduled {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Its input; none means the instance's input.
    #[prost(message, optional, tag = "2")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, boxed, tag = "3")]
    pub plan: Option<Box<Plan>>,
    /// Replaces the built-in idempotency key; empty if not.
    #[prost(string, tag = "4")]
    pub idempotency_key: String,
}

/// See [`Body::StepStarted`].
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
    #[prost(message, optional, boxed, tag = "5")]
    pub plan: Option<Box<Plan>>,
}

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

/// See [`Body::LanesOpened`].
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

/// See [`Body::AttemptFailed`].
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

/// See [`Body::RetryScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct RetryScheduled {
    /// The attempt that is to come.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// When.
    #[prost(int64, tag = "2")]
    pub due_at: i64,
}

/// See [`Body::AttemptStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct AttemptStarted {
    /// The attempt.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// A child's new start.
    #[prost(message, optional, boxed, tag = "2")]
    pub child: Option<Box<ChildStart>>,
}

/// See [`Body::TaskAccepted`].
#[derive(Clone, PartialEq, Message)]
pub struct TaskAccepted {
    /// Which call.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// When it is given up.
    #[prost(int64, tag = "2")]
    pub expires_at: i64,
}

/// See [`Body::StepCompleted`].
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
}

/// See [`Body::StepFailed`].
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

/// See [`Body::LaneClosing`].
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

/// See [`Body::LaneEnded`].
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

/// See [`Body::ResultIgnored`].
#[derive(Clone, PartialEq, Message)]
pub struct ResultIgnored {
    /// Which call.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// Why it was ignored.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum DecisionKind {
    /// No attempt is left.
    Exhausted = 0,
    /// An undo failed for good.
    CompensationFailed = 1,
}

/// See [`Body::DecisionRequested`].
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Choice {
    /// Try again.
    Retry = 0,
    /// Go on without it.
    Skip = 1,
    /// Let it fail.
    Fail = 2,
}

/// See [`Body::DecisionMade`].
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

/// See [`Body::StepRescheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct StepRescheduled {
    /// The first task of the new run.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// A child's new start.
    #[prost(message, optional, boxed, tag = "2")]
    pub child: Option<Box<ChildStart>>,
}

/// See [`Body::CancelRequested`].
#[derive(Clone, PartialEq, Message)]
pub struct CancelRequested {
    /// Why.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Completed steps are left as they are.
    #[prost(bool, tag = "2")]
    pub skip_compensation: bool,
}

/// See [`Body::InstanceFailing`].
#[derive(Clone, PartialEq, Message)]
pub struct Failing {
    /// Why.
    #[prost(message, required, tag = "1")]
    pub error: Failure,
}

/// See [`Body::UndoStarted`].
#[derive(Clone, PartialEq, Message)]
pub struct UndoStarted {
    /// The lanes, from the first on.
    #[prost(uint32, tag = "1")]
    pub first_lane: u32,
    /// How many.
    #[prost(uint32, tag = "2")]
    pub lanes: u32,
}

/// See [`Body::UndoScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct UndoScheduled {
    /// The first attempt.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// Its input.
    #[prost(message, optional, tag = "2")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, boxed, tag = "3")]
    pub plan: Option<Box<Plan>>,
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

/// See [`Body::UndoEnded`].
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

/// See [`Body::LaneUndone`].
#[derive(Clone, PartialEq, Message)]
pub struct LaneUndone {
    /// Which lane.
    #[prost(uint32, tag = "1")]
    pub lane: u32,
}

/// See [`Body::FinallyStarted`].
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

/// See [`Body::InstanceEnded`].
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

/// See [`Body::OwnerOpened`].
#[derive(Clone, PartialEq, Message)]
pub struct OwnerOpened {
    /// The owner's epoch.
    #[prost(uint64, tag = "1")]
    pub epoch: u64,
    /// The node that opened it.
    #[prost(string, tag = "2")]
    pub node: String,
}

/// A fact about a slot: keys and messages.
#[derive(Clone, PartialEq, Message)]
pub struct SlotFact {
    /// What.
    #[prost(oneof = "SlotBody", tags = "1, 2, 3, 4")]
    pub body: Option<SlotBody>,
}

/// What happened in a slot.
#[derive(Clone, PartialEq, Oneof)]
pub enum SlotBody {
    /// An idempotency key was taken.
    #[prost(message, tag = "1")]
    KeyTaken(KeyTaken),
    /// A message to another slot waits to be delivered.
    #[prost(message, tag = "2")]
    MessageSent(MessageSent),
    /// A message was taken; older ones from that slot are repeats.
    #[prost(message, tag = "3")]
    MessageTaken(MessageTaken),
    /// The receiver has taken everything up to this number.
    #[prost(message, tag = "4")]
    MessageAcknowledged(MessageTaken),
}

/// An idempotency key and what it stands for.
#[derive(Clone, PartialEq, Message)]
pub struct KeyTaken {
    /// The scoped key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The instance that it started (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub id: bytes::Bytes,
    /// BLAKE3 of the request's body.
    #[prost(bytes = "bytes", tag = "3")]
    pub digest: bytes::Bytes,
    /// When it may be forgotten.
    #[prost(int64, tag = "4")]
    pub expires_at: i64,
}

/// A numbered message from one slot to another.
#[derive(Clone, PartialEq, Message)]
pub struct MessageSent {
    /// From.
    #[prost(uint32, tag = "1")]
    pub from_slot: u32,
    /// To.
    #[prost(uint32, tag = "2")]
    pub to_slot: u32,
    /// Rises by one per pair of slots.
    #[prost(uint64, tag = "3")]
    pub number: u64,
    /// The addressee (16 bytes).
    #[prost(bytes = "bytes", tag = "4")]
    pub to: bytes::Bytes,
    /// What it says.
    #[prost(message, optional, boxed, tag = "5")]
    pub message: Option<Box<Envelope>>,
}

/// A mark in the sequence of messages between two slots.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MessageTaken {
    /// From.
    #[prost(uint32, tag = "1")]
    pub from_slot: u32,
    /// To.
    #[prost(uint32, tag = "2")]
    pub to_slot: u32,
    /// The number.
    #[prost(uint64, tag = "3")]
    pub number: u64,
}

/// What one instance (or key) tells another.
#[derive(Clone, PartialEq, Message)]
pub struct Envelope {
    /// What.
    #[prost(oneof = "MessageBody", tags = "1, 2, 3, 4, 5")]
    pub body: Option<MessageBody>,
}

/// The messages there are.
#[derive(Clone, PartialEq, Oneof)]
pub enum MessageBody {
    /// Start this child, or this instance whose key lives elsewhere.
    #[prost(message, tag = "1")]
    Start(StartMessage),
    /// A child ended.
    #[prost(message, tag = "2")]
    ChildEnded(ChildEnded),
    /// The parent cancels its child.
    #[prost(message, tag = "3")]
    CancelChild(CancelRequested),
    /// The parent undoes its completed child.
    #[prost(message, tag = "4")]
    CompensateChild(Empty),
    /// The child undid itself (or could not).
    #[prost(message, tag = "5")]
    ChildCompensated(ChildEnded),
}

/// A start that travels.
#[derive(Clone, PartialEq, Message)]
pub struct StartMessage {
    /// The workflow.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The version; empty means what a start without a version takes.
    #[prost(string, tag = "2")]
    pub version: String,
    /// The input.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Payload>,
    /// The correlation id.
    #[prost(string, tag = "4")]
    pub correlation_id: String,
    /// Whom it is about; empty if the definition says.
    #[prost(string, tag = "5")]
    pub subject: String,
    /// Attributes given by the caller.
    #[prost(btree_map = "string, string", tag = "6")]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// The priority; empty means `normal`.
    #[prost(string, tag = "7")]
    pub priority: String,
    /// The parent.
    #[prost(message, optional, tag = "8")]
    pub parent: Option<Parent>,
    /// The triggering event's data where it is not the input.
    #[prost(message, optional, tag = "9")]
    pub event: Option<Payload>,
    /// The triggering event's attributes.
    #[prost(message, optional, tag = "10")]
    pub meta: Option<Payload>,
    /// The trigger.
    #[prost(string, tag = "11")]
    pub trigger: String,
}

/// How a child ended.
#[derive(Clone, PartialEq, Message)]
pub struct ChildEnded {
    /// The parent's step and the start this answers.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// How.
    #[prost(enumeration = "Ended", tag = "2")]
    pub how: i32,
    /// Its output.
    #[prost(message, optional, tag = "3")]
    pub output: Option<Payload>,
    /// Its error.
    #[prost(message, optional, tag = "4")]
    pub error: Option<Failure>,
}

/// The catalog changed.
#[derive(Clone, PartialEq, Message)]
pub struct CatalogChanged {
    /// The catalog's version after it.
    #[prost(uint64, tag = "1")]
    pub version: u64,
    /// The changed resources, each the JSON of a stored resource.
    #[prost(string, repeated, tag = "2")]
    pub resources: Vec<String>,
    /// Why, as the caller said.
    #[prost(string, tag = "3")]
    pub reason: String,
}
