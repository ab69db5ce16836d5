//! Records: the facts of the journal, as protobuf messages.
//!
//! A record's body is a `oneof`: a body that this binary does not know decodes to none, and the
//! partition is refused, since a skipped fact would fold into another state. Tags are for ever;
//! the meaning of a record version's apply never changes.

mod approval;
mod dead_letter;
mod envelope;
mod event;
mod instance;
mod lane;
mod operation;
mod past;
mod schedule;
mod shared;
mod slot;
mod step;
mod turn;
mod undo;
mod wait;
mod window;

use prost::{Message, Oneof};

pub use approval::{
    ApprovalRequested, Asked, DecisionAnswered, DecisionDelegated, DecisionEscalated,
    DecisionOverdue, DecisionReminded, DecisionResolved, NoticeEnded, NoticeScheduled, OnTimeout,
    StepAudited,
};
pub use dead_letter::{AttemptNote, DeadLetterSettled, DeadLettered, Settled};
pub use envelope::{Origin, Record};
pub use event::{DeadlinePassed, EventEmitted, EventPassed, EventRefused, EventRoute, EventTaken};
pub use instance::{
    CancelRequested, Choice, DecisionKind, DecisionMade, DecisionRequested, Ended, Failing,
    FinallyStarted, Held, InstanceEnded, InstanceQueued, InstanceStarted, Parent,
};
pub use lane::{
    Closing, LaneClosing, LaneEnded, LaneList, LaneOutcome, LaneUndone, LanesOpened, LanesPaced,
    Role,
};
pub use operation::{
    OperationFinding, OperationMade, OperationTaken, OperationTurn, OperationTurned,
    OperationWorked,
};
pub use past::{Rewritten, StepsTaken, TakenStep};
pub use schedule::{ScheduleTicked, ScheduleTurn, ScheduleTurned, TickBy, TickOutcome};
pub use shared::Shared;
pub use slot::{
    CatalogChanged, ChildEnded, DecisionChained, Envelope, InstanceDeleted, KeyTaken, MessageBody,
    MessageSent, MessageTaken, OutputKept, OwnerOpened, SlotBody, SlotFact, StartMessage,
};
pub use step::{
    AttemptFailed, AttemptStarted, CacheUse, CallLimit, ChildStart, Exhausted, Failure, Handling,
    Overruling, Plan, ResultIgnored, RetryScheduled, RoundDelayed, StepCompleted, StepFailed,
    StepOverruled, StepRef, StepRescheduled, StepScheduled, StepStarted, TaskAccepted, TaskKey,
    TaskKind,
};
pub use turn::{KeyReleased, OverLimit, Share, StartRefused, TurnAwaited, TurnLimit};
pub use undo::{UndoEnded, UndoOutcome, UndoScheduled, UndoStarted};
pub use wait::{
    EventAwaited, EventCame, EventMet, EventOffered, SignalAwaited, SignalReceived, SignalTaken,
    WaitPlaced, WaitRefused,
};
pub use window::{
    WindowClosed, WindowKind, WindowOffered, WindowOutcome, WindowReleased, WindowTerms, WindowTook,
};

/// The version of record bodies that this binary writes.
pub const RECORD_VERSION: u32 = 1;

/// What happened.
#[derive(Clone, PartialEq, Oneof)]
pub enum Body {
    /// An instance began.
    #[prost(message, tag = "20")]
    InstanceStarted(Shared<InstanceStarted>),
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
    /// A loop waits before its next round.
    #[prost(message, tag = "53")]
    RoundDelayed(RoundDelayed),
    /// An ended instance was deleted for good (kept by the runtime; no entity).
    #[prost(message, tag = "54")]
    InstanceDeleted(InstanceDeleted),
    /// A person must approve before a step goes on, or is asked by a step.
    #[prost(message, tag = "55")]
    ApprovalRequested(Box<ApprovalRequested>),
    /// One of several who must agree answered.
    #[prost(message, tag = "56")]
    DecisionAnswered(DecisionAnswered),
    /// A decision was made, by people or by the end of its time.
    #[prost(message, tag = "57")]
    DecisionResolved(Box<DecisionResolved>),
    /// Those who may answer are reminded.
    #[prost(message, tag = "58")]
    DecisionReminded(DecisionReminded),
    /// The time of a decision is over: others are asked.
    #[prost(message, tag = "59")]
    DecisionEscalated(DecisionEscalated),
    /// Someone who may answer handed that on.
    #[prost(message, tag = "60")]
    DecisionDelegated(DecisionDelegated),
    /// The time of a decision is over, and it is waited on all the same.
    #[prost(message, tag = "61")]
    DecisionOverdue(DecisionOverdue),
    /// A step ran that a policy wants reviewed.
    #[prost(message, tag = "62")]
    StepAudited(StepAudited),
    /// A call that tells of a decision is out.
    #[prost(message, tag = "63")]
    NoticeScheduled(NoticeScheduled),
    /// A call that tells of a decision got through, or never will.
    #[prost(message, tag = "64")]
    NoticeEnded(NoticeEnded),
    /// A step waits for a signal.
    #[prost(message, tag = "65")]
    SignalAwaited(SignalAwaited),
    /// A signal came; it is kept until a step takes it.
    #[prost(message, tag = "66")]
    SignalReceived(SignalReceived),
    /// A step takes a signal: the step's end follows.
    #[prost(message, tag = "67")]
    SignalTaken(SignalTaken),
    /// No signal came in time, and the step ends well all the same: its end follows.
    #[prost(message, tag = "68")]
    WaitExpired(StepRef),
    /// Its steps begin later.
    #[prost(message, tag = "69")]
    InstanceQueued(InstanceQueued),
    /// The time, or its turn, has come: its steps begin.
    #[prost(message, tag = "70")]
    InstanceBegun(Empty),
    /// Someone holds it: nothing new begins.
    #[prost(message, tag = "71")]
    InstancePaused(Held),
    /// It goes on.
    #[prost(message, tag = "72")]
    InstanceResumed(Held),
    /// An operator ends a step, or has it tried at once; what follows says the rest.
    #[prost(message, tag = "73")]
    StepOverruled(StepOverruled),
    /// It ended without success, and goes on from the steps that failed.
    #[prost(message, tag = "74")]
    InstanceRetried(Box<Rewritten>),
    /// It goes back to an earlier state (which this carries) once what was done since is undone.
    #[prost(message, tag = "75")]
    RestoreRequested(Box<Rewritten>),
    /// It went back to an earlier state.
    #[prost(message, tag = "76")]
    InstanceRestored(Box<Rewritten>),
    /// It goes on with another version of its workflow.
    #[prost(message, tag = "77")]
    InstanceMigrated(Box<Rewritten>),
    /// Steps count as ended because they ended in the instance that this one repeats.
    #[prost(message, tag = "78")]
    StepsTaken(StepsTaken),
    /// A call failed for good and is kept whole.
    #[prost(message, tag = "80")]
    DeadLettered(Box<DeadLettered>),
    /// It waits for its turn under the limit of its workflow.
    #[prost(message, tag = "86")]
    TurnAwaited(TurnAwaited),
    /// A loop opens lanes no faster than its rate.
    #[prost(message, tag = "87")]
    LanesPaced(LanesPaced),
    /// A person must approve before a step is undone.
    #[prost(message, tag = "96")]
    UndoHeldBack(Box<ApprovalRequested>),
    /// A step waits for an event.
    #[prost(message, tag = "110")]
    EventAwaited(EventAwaited),
    /// A step takes an event: the step's end follows.
    #[prost(message, tag = "111")]
    EventMet(EventMet),
    /// A step publishes an event: the step's end follows.
    #[prost(message, tag = "112")]
    EventEmitted(EventEmitted),
    /// The instance is late, which an event says.
    #[prost(message, tag = "113")]
    DeadlinePassed(DeadlinePassed),
}

impl Body {
    /// Whether there is a body of this tag.
    const fn has_tag(tag: u32) -> bool {
        matches!(tag, 20..=78 | 80 | 86 | 87 | 96 | 110..=113)
    }
}

/// Nothing to say.
#[derive(Clone, PartialEq, Message)]
pub struct Empty {}
