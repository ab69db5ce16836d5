//! What is asked of an instance, what a decision answers, and what must follow outside.

use std::borrow::Cow;
use std::collections::BTreeMap;

use definition::Catalog;
use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::payload::Payload;
use crate::plans::Plans;
use crate::record::{
    CancelRequested, ChildEnded, Choice, DecisionMade, EventCame, Failure, Held, MessageBody,
    Origin, Record, StepRef, TaskKey, WaitRefused,
};
use crate::state::Instance;
use crate::wire;

/// A request to an instance that exists. (A start makes one: see [`crate::start`].)
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A task's result.
    Result {
        /// Which call.
        #[serde(with = "wire::message")]
        task: TaskKey,
        /// What came of it.
        outcome: TaskOutcome,
    },
    /// A timer is due.
    Timer(TimerKey),
    /// Someone, or the parent, cancels it.
    Cancel(#[serde(with = "wire::message")] CancelRequested),
    /// A person answers a decision.
    Decide {
        /// Which decision.
        id: Id,
        /// The answer.
        answer: Answer,
    },
    /// A person hands a decision on.
    Delegate {
        /// Which decision.
        id: Id,
        /// To whom: `user:NAME`, `role:NAME`.
        to: String,
        /// Why.
        comment: String,
        /// Who hands it on.
        by: Authority,
    },
    /// A child ended.
    ChildEnded(#[serde(with = "wire::message")] ChildEnded),
    /// A child undid itself, or could not.
    ChildCompensated(#[serde(with = "wire::message")] ChildEnded),
    /// The parent undoes this completed child.
    Compensate,
    /// A decision that was cut goes on.
    Continue,
    /// Someone sends it a signal.
    Signal(Signal),
    /// Someone holds it: nothing new begins.
    Pause(#[serde(with = "wire::message")] Held),
    /// It goes on.
    Resume(#[serde(with = "wire::message")] Held),
    /// An operator does something about one step.
    Step(StepOrder),
    /// Its turn under the limit of its workflow has come.
    TakeTurn,
    /// Its time has come, but its turn would be one too many, and it does not wait for it.
    RefuseTurn,
    /// One that ended without success goes on from the steps that failed.
    Retry(#[serde(with = "wire::message")] Held),
    /// It goes back to an earlier state.
    Restore(Box<RestoreOrder>),
    /// It goes on with another version of its workflow.
    Migrate(MigrateOrder),
    /// An event comes to a step that waits for one.
    Event(#[serde(with = "wire::message")] Box<EventCame>),
    /// So many wait for such events that one of its steps may not.
    WaitRefused(#[serde(with = "wire::message")] WaitRefused),
}

/// To which earlier state an instance goes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreOrder {
    /// The record after which it was so.
    pub to_seq: u64,
    /// What was done since is undone first.
    pub compensate: bool,
    /// Why.
    pub reason: String,
    /// The instance as it was then. Whoever owns it looks that up: payloads do not travel.
    #[serde(skip)]
    pub target: Option<Instance>,
}

/// With which version of its workflow an instance goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MigrateOrder {
    /// The version.
    pub version: semver::Version,
    /// Steps that have another id there: the old one and the new one.
    pub map: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
}

/// What an operator does about one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepOrder {
    /// Its id.
    pub step: String,
    /// The path of its lane (empty: the root's); none: the only one in which it is open.
    pub lane: Option<String>,
    /// What.
    pub verb: StepVerb,
    /// Why.
    pub reason: String,
    /// What the one who orders it may decide.
    pub authority: Authority,
}

/// What can be done about one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum StepVerb {
    /// It is left out.
    Skip,
    /// It counts as done, with this output.
    Complete(#[serde(with = "wire::payload")] Payload),
    /// It fails with this error.
    Fail(#[serde(with = "wire::message")] Failure),
    /// Its next attempt is made at once.
    Retry,
}

/// What someone tells an instance; a step that waits for its name takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Its data.
    #[serde(with = "wire::payload")]
    pub data: Payload,
    /// The sender's key.
    pub key: Option<SignalKey>,
}

/// A sender's key: a second signal under it is a repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalKey {
    /// The key, scoped to its sender (16 bytes).
    #[serde(with = "wire::bytes")]
    pub key: bytes::Bytes,
    /// Tells requests under one key apart (16 bytes).
    #[serde(with = "wire::bytes")]
    pub digest: bytes::Bytes,
}

/// A person's answer to a decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// What.
    pub choice: Choice,
    /// Why.
    pub comment: String,
    /// Other data than the decision's own, or a supplied output.
    #[serde(with = "wire::optional_payload")]
    pub data: Option<Payload>,
    /// What the one who answers may do.
    pub authority: Authority,
}

/// By what someone may answer decisions; who it is, the context says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authority {
    /// A known caller.
    Caller {
        /// The permission to decide where nobody is named.
        may_decide: bool,
        /// Roles and groups.
        roles: Vec<String>,
    },
    /// A signed link of this notice (see [`crate::record::NoticeScheduled::place`]).
    Link(u32),
}

impl Answer {
    /// An answer of a caller with the permission to decide and without roles.
    pub fn plain(choice: Choice) -> Self {
        Self {
            choice,
            comment: String::new(),
            data: None,
            authority: Authority::Caller {
                may_decide: true,
                roles: Vec::new(),
            },
        }
    }
}

/// What came of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TaskOutcome {
    /// It took effect.
    Completed {
        /// Its output.
        #[serde(with = "wire::payload")]
        output: Payload,
        /// The target called; empty if none.
        target: String,
        /// The masked request and response, JSON text; empty if none.
        exchange: String,
        /// The instance whose kept output it is; none: the call was made.
        #[serde(default)]
        kept_by: Option<Id>,
    },
    /// It was taken; the result comes by callback until `expires_at`.
    Accepted {
        /// When it is given up, milliseconds since the epoch.
        expires_at: i64,
    },
    /// It failed.
    Failed {
        /// Why.
        #[serde(with = "wire::message")]
        error: Failure,
        /// Not before so many milliseconds, said the other side.
        retry_after_ms: Option<u64>,
        /// The target called; empty if none.
        target: String,
        /// The masked request and response, JSON text; empty if none.
        exchange: String,
    },
}

/// What a timer is for; a timer that no longer fits the state changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerKey {
    /// When it is due, milliseconds since the epoch.
    pub due_at: i64,
    /// What for.
    pub kind: TimerKind,
    /// The step (zero for the instance's own).
    #[serde(with = "wire::message")]
    pub at: StepRef,
}

/// Kinds of timers. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TimerKind {
    /// A decision was cut and goes on at once.
    Continue = 0,
    /// The next attempt of a step.
    Retry = 1,
    /// The next attempt of an undo or verify.
    UndoRetry = 2,
    /// The end of a wait, or of a loop's delay.
    Wait = 3,
    /// The time-out of a block, wait or child.
    StepTimeout = 4,
    /// The end of patience for a callback.
    Callback = 5,
    /// The time-out of the instance.
    InstanceTimeout = 6,
    /// The end of a decision's time.
    DecisionTimeout = 7,
    /// The next reminder of a decision.
    DecisionReminder = 8,
    /// The next attempt of notices of a decision.
    NoticeRetry = 9,
    /// The steps of a queued instance begin.
    Start = 10,
    /// The instance is late; the step is the deadline's place among those of the workflow.
    Deadline = 11,
}

impl TimerKind {
    /// Whether it is nothing to a lane that nobody needs any more.
    pub const fn is_of_lane(self) -> bool {
        match self {
            Self::Retry
            | Self::Wait
            | Self::StepTimeout
            | Self::DecisionTimeout
            | Self::DecisionReminder
            | Self::NoticeRetry => true,
            Self::UndoRetry
            | Self::Continue
            | Self::Callback
            | Self::InstanceTimeout
            | Self::Start
            | Self::Deadline => false,
        }
    }

    /// Whether it would make calls, and so waits while someone holds the instance. Time-outs of steps
    /// and of the instance run on.
    pub(crate) const fn waits_in_a_pause(self) -> bool {
        match self {
            Self::Retry
            | Self::UndoRetry
            | Self::DecisionTimeout
            | Self::DecisionReminder
            | Self::NoticeRetry => true,
            Self::Continue
            | Self::Wait
            | Self::StepTimeout
            | Self::Callback
            | Self::InstanceTimeout
            | Self::Start
            | Self::Deadline => false,
        }
    }
}

impl TimerKey {
    /// Bytes that order by due time.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[..8].copy_from_slice(&self.due_at.to_be_bytes());
        bytes[8] = self.kind as u8;
        bytes[9..13].copy_from_slice(&self.at.lane.to_be_bytes());
        bytes[13..].copy_from_slice(&self.at.step.to_be_bytes());
        bytes
    }

    /// The timer in these bytes.
    pub fn from_bytes(bytes: [u8; 17]) -> Option<Self> {
        let word = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let kind = match bytes[8] {
            0 => TimerKind::Continue,
            1 => TimerKind::Retry,
            2 => TimerKind::UndoRetry,
            3 => TimerKind::Wait,
            4 => TimerKind::StepTimeout,
            5 => TimerKind::Callback,
            6 => TimerKind::InstanceTimeout,
            7 => TimerKind::DecisionTimeout,
            8 => TimerKind::DecisionReminder,
            9 => TimerKind::NoticeRetry,
            10 => TimerKind::Start,
            11 => TimerKind::Deadline,
            _ => return None,
        };
        let due_at = (i64::from(word(0)) << 32) | i64::from(word(4));
        Some(Self {
            due_at,
            kind,
            at: StepRef {
                lane: word(9),
                step: word(13),
            },
        })
    }
}

/// What must be done outside once a decision's records are durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Hand this task to its adapter (see [`crate::Instance::call`]).
    Dispatch(TaskKey),
    /// Wake the instance with [`Command::Timer`] (or [`Command::Continue`]).
    Timer(TimerKey),
    /// Send this message; the runtime numbers and journals it with the decision's records.
    Send {
        /// The addressee.
        to: Id,
        /// The message.
        body: Box<MessageBody>,
    },
}

/// A decision: facts, and what follows from them.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// In order; already applied to the state that decided them.
    pub records: Vec<Record>,
    /// Released when the records are durable.
    pub effects: Vec<Effect>,
}

/// Why a command was refused; no record is written.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The instance has ended.
    #[error("expected an open instance, but it has already ended as {0}")]
    Ended(String),
    /// No such decision was ever asked.
    #[error("expected a decision of this instance, but there is none with id {0}")]
    UnknownDecision(Id),
    /// The decision was made before.
    #[error("expected a pending decision, but it was already made")]
    AlreadyDecided(#[serde(with = "wire::message")] Box<DecisionMade>),
    /// The decision does not offer this choice.
    #[error("expected one of the decision's choices, but it does not offer {0}")]
    ChoiceNotOffered(Cow<'static, str>),
    /// The time of the decision is over.
    #[error("expected an answer in time, but the decision's time is over")]
    DecisionExpired,
    /// Who answers is none of those who may.
    #[error("expected {expected} to answer, but {user} is not among them")]
    NotAnApprover {
        /// Who asks.
        user: String,
        /// Who may, in words.
        expected: String,
    },
    /// The same person answered before.
    #[error("expected another person to agree, but {0} has already answered")]
    AlreadyAnswered(String),
    /// Whoever started the instance cannot be the only one who approves.
    #[error("expected a second person to approve, but {0} started the instance")]
    FourEyes(String),
    /// The answer lacks the comment that is required.
    #[error("expected a comment with the answer, but there is none")]
    CommentRequired,
    /// The data does not fit the decision's form.
    #[error("the data does not fit the decision's form")]
    Form(Vec<InputError>),
    /// The answer brings data where it cannot, or other data than the first approval did.
    #[error("{0}")]
    Data(Cow<'static, str>),
    /// The decision cannot be handed on.
    #[error("{0}")]
    NotDelegable(String),
    /// The definition has no such step.
    #[error("expected a step of the workflow, but there is no `{0}`")]
    UnknownStep(String),
    /// The state forbids it, for this reason.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// What was asked for would make a call, and someone holds the instance.
    #[error("the instance is paused; resume it first")]
    Paused,
    /// As many run as the limit of the workflow allows, and one more does not wait.
    #[error("there is no room: {0}")]
    OverLimit(String),
    /// The signal came before, under the same key.
    #[error("the signal came before, under the same idempotency key")]
    SignalRepeated,
    /// The key was used before with another request.
    #[error("the idempotency key was used before with another request")]
    KeyReused,
    /// Too many signals wait for a step that takes them.
    #[error(
        "expected a step to take the signals that came before, but {kept} of them ({bytes} bytes) are still kept"
    )]
    TooManySignals {
        /// How many are kept.
        kept: usize,
        /// Bytes of their data.
        bytes: usize,
    },
    /// The instance has no such record.
    #[error("expected a record from 1 to {latest}, but got {seq}")]
    NoSuchRecord {
        /// Which was asked for.
        seq: u64,
        /// The last one.
        latest: u64,
    },
    /// The other version of the workflow has no place for what the instance is at.
    #[error("it does not fit version {version}: {}", .reasons.join("; "))]
    Misfit {
        /// The version.
        version: String,
        /// Why not, each with its step.
        reasons: Vec<String>,
    },
    /// The timer, task or message no longer fits the state; nothing to do.
    #[error("nothing to do: {0}")]
    Stale(Cow<'static, str>),
    /// The start names a definition that is not there.
    #[error("expected a workflow in the catalog, but {0} is not there")]
    UnknownWorkflow(String),
    /// A header expression failed on this input.
    #[error("the workflow's {place} could not be computed: {message}")]
    Header {
        /// Which header key.
        place: String,
        /// What went wrong.
        message: String,
    },
    /// The input does not fit the workflow's schema.
    #[error("the input does not fit the workflow's schema")]
    Input(Vec<InputError>),
}

/// One way in which an input does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    /// JSON pointer into the input.
    pub pointer: String,
    /// What was expected.
    pub message: String,
}

/// What a decision may look at beside the state.
pub struct Context<'a> {
    /// The owner's time, milliseconds since the epoch; never below the last record's.
    pub now: i64,
    /// Definitions, adapters, policies.
    pub catalog: &'a Catalog,
    /// Calls that were resolved before.
    pub plans: &'a mut Plans,
    /// The place of an instance that begins to wait for its turn.
    pub place: u64,
    /// The only source of randomness.
    pub entropy: &'a mut Entropy,
    /// The command's id.
    pub command_id: Id,
    /// Who sent it; empty for the engine itself.
    pub actor: &'a str,
    /// What led to it (`api`, `task`, `timer`, `message:ID`).
    pub cause: &'a str,
}

impl Context<'_> {
    /// What the first record of the decision says.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            command_id: self.command_id,
            cause: self.cause.to_owned(),
            actor: self.actor.to_owned(),
        }
    }
}

/// A seeded source of random numbers (SplitMix64, Steele et al. 2014): decisions stay pure and a
/// simulated run repeats exactly.
#[derive(Clone, Debug)]
pub struct Entropy(u64);

impl Entropy {
    /// A source with this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` inclusive.
    pub fn up_to(&mut self, bound: u64) -> u64 {
        match bound.checked_add(1) {
            Some(span) => self.next_u64() % span,
            None => self.next_u64(),
        }
    }
}
