//! The life cycle of a step in a lane.
//!
//! | from | record | to |
//! | --- | --- | --- |
//! | pending | step-scheduled | out |
//! | pending | step-started | running (block, child), waiting (wait) |
//! | pending | signal-awaited, event-awaited | waiting |
//! | pending | step-completed, step-skipped, step-failed | completed, skipped, failed |
//! | out | task-accepted | accepted |
//! | out, accepted, running (child) | attempt-failed | retrying |
//! | retrying | retry-scheduled, attempt-started | retrying, out |
//! | retrying | decision-requested | deciding |
//! | pending | approval-requested | deciding |
//! | deciding | decision-resolved (approved) | pending |
//! | deciding | step-rescheduled | out (pending, where it never was out) |
//! | any open | step-completed, step-failed, step-skipped, step-cancelled | ended |
//! | pending, waiting, retrying, deciding | lane-closing | cancelled |

use prost::{Enumeration, Message};

use crate::payload::Payload;
use crate::record::{AttemptNote, ChildStart, Exhausted, Failure, Plan, Shared};

/// Where a step is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum StepStatus {
    /// Not begun.
    Pending = 0,
    /// A block or a child is at work.
    Running = 1,
    /// A call is out.
    Out = 2,
    /// A call was taken and answers by callback.
    Accepted = 3,
    /// The next attempt is due later.
    Retrying = 4,
    /// A wait.
    Waiting = 5,
    /// A person is asked.
    Deciding = 6,
    /// Ended well.
    Completed = 7,
    /// Ended with an error (or its catch is at work).
    Failed = 8,
    /// Its condition did not hold, or a person skipped it.
    Skipped = 9,
    /// Not needed any more.
    Cancelled = 10,
}

impl StepStatus {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running | Self::Out => "running",
            Self::Accepted | Self::Waiting | Self::Deciding => "waiting",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A step in a lane.
#[derive(Clone, PartialEq, Message)]
pub struct StepState {
    /// Where it is in its life.
    #[prost(enumeration = "StepStatus", tag = "1")]
    pub status: i32,
    /// The latest attempt; 0 before the first.
    #[prost(uint32, tag = "2")]
    pub attempt: u32,
    /// Rises when it is run anew on purpose, from 0.
    #[prost(uint32, tag = "3")]
    pub generation: u32,
    /// The attempt before the present run's first, when a person asked for another run.
    #[prost(uint32, tag = "4")]
    pub attempt_base: u32,
    /// Its input; none means the instance's.
    #[prost(message, optional, tag = "5")]
    pub input: Option<Payload>,
    /// Its output.
    #[prost(message, optional, tag = "6")]
    pub output: Option<Payload>,
    /// Its latest error.
    #[prost(message, optional, boxed, tag = "7")]
    pub error: Option<Box<Failure>>,
    /// The call and its retries, while it may still be needed.
    #[prost(message, optional, tag = "8")]
    pub plan: Option<Shared<Plan>>,
    /// Replaces the built-in idempotency key.
    #[prost(string, tag = "9")]
    pub idempotency_key: String,
    /// When it began; 0 before.
    #[prost(int64, tag = "10")]
    pub started_at: i64,
    /// When it ended; 0 before.
    #[prost(int64, tag = "11")]
    pub ended_at: i64,
    /// When the present run's first attempt began.
    #[prost(int64, tag = "12")]
    pub first_attempt_at: i64,
    /// When the next attempt, the end of the wait or of patience, or the next round is due.
    #[prost(int64, tag = "13")]
    pub due_at: i64,
    /// When the whole step times out; 0 means never.
    #[prost(int64, tag = "14")]
    pub timeout_at: i64,
    /// The record that ended it: the order of undoing.
    #[prost(uint64, tag = "15")]
    pub ended_seq: u64,
    /// An attempt may have taken effect without a success.
    #[prost(bool, tag = "16")]
    pub unknown: bool,
    /// A catch took its failure.
    #[prost(bool, tag = "17")]
    pub caught: bool,
    /// The catch's lane; 0 if none.
    #[prost(uint32, tag = "18")]
    pub catch_lane: u32,
    /// A parallel step's winners.
    #[prost(uint32, repeated, tag = "19")]
    pub winners: Vec<u32>,
    /// The child that it started.
    #[prost(message, optional, boxed, tag = "20")]
    pub child: Option<Box<ChildStart>>,
    /// Its lanes.
    #[prost(message, optional, boxed, tag = "21")]
    pub block: Option<Box<Block>>,
    /// Its undoing.
    #[prost(message, optional, boxed, tag = "22")]
    pub undo: Option<Box<StepUndo>>,
    /// The target of the latest call.
    #[prost(string, tag = "23")]
    pub target: String,
    /// A person approved it: it runs with the input that they saw.
    #[prost(bool, tag = "24")]
    pub approved: bool,
    /// A wait that went on without what it waited for.
    #[prost(bool, tag = "25")]
    pub expired: bool,
    /// Its latest attempts that failed, where its call is to be kept when it fails for good.
    #[prost(message, repeated, tag = "80")]
    pub attempts: Vec<AttemptNote>,
    /// It ended in the instance that this one repeats, which alone undoes it.
    #[prost(bool, tag = "26")]
    pub taken: bool,
    /// The generation whose intention its call goes on with, where that is an earlier one: what became of
    /// that call is not known, so it is made again under the same idempotency key. Its own generation is
    /// new all the same: attempts of the earlier one may have been made that the state does not know, since
    /// it went back behind them, and their late results fit none of this.
    #[prost(uint32, optional, tag = "104")]
    pub same_as: Option<u32>,
    /// When a later attempt than the run's first began; 0 before there was one. One that is below
    /// `first_attempt_at` is of an earlier run.
    #[prost(int64, tag = "150")]
    pub attempt_at: i64,
    /// Its lanes of before it began anew, the earliest first: what was done in them is undone with it.
    #[prost(message, repeated, tag = "105")]
    pub earlier: Vec<Block>,
    /// The event that it published, or took (16 bytes); empty if none.
    #[prost(bytes = "vec", tag = "110")]
    pub event: Vec<u8>,
}

/// Attempts that a step remembers at most.
const ATTEMPTS: usize = 20;

impl StepState {
    /// Remembers an attempt that failed, where that is asked for.
    pub(super) fn note_attempt(&mut self, note: AttemptNote) {
        let kept = self.plan.as_deref();
        if kept.is_some_and(|plan| plan.on_exhausted() == Exhausted::DeadLetter) {
            let surplus = (self.attempts.len() + 1).saturating_sub(ATTEMPTS);
            self.attempts.drain(..surplus);
            self.attempts.push(note);
        }
    }

    /// Whether what follows it may start: its end, its catch's end included.
    pub fn has_ended(&self) -> bool {
        match self.status() {
            StepStatus::Completed | StepStatus::Skipped | StepStatus::Cancelled => true,
            StepStatus::Failed => self.ended_at > 0,
            StepStatus::Pending
            | StepStatus::Running
            | StepStatus::Out
            | StepStatus::Accepted
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding => false,
        }
    }

    /// Whether something outside the instance works for it: a call, or a child that is waited for.
    pub fn in_flight(&self) -> bool {
        match self.status() {
            StepStatus::Out | StepStatus::Accepted => true,
            StepStatus::Running => self.child.is_some(),
            StepStatus::Pending
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding
            | StepStatus::Completed
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Cancelled => false,
        }
    }

    /// The block to which one of its lanes belongs.
    pub(crate) fn block_of(&self, lane: u32) -> Option<&Block> {
        let earlier = self.earlier.iter().find(|block| block.holds(lane));
        earlier.or(self.block.as_deref())
    }

    /// The generation that tells what its call is meant to do from what others are.
    pub fn intention(&self) -> u32 {
        self.same_as.unwrap_or(self.generation)
    }

    /// When the latest attempt began.
    pub fn latest_attempt_at(&self) -> i64 {
        self.attempt_at.max(self.first_attempt_at)
    }

    /// The error with its type, if there is one.
    pub fn failure(&self) -> Option<&Failure> {
        self.error.as_deref()
    }
}

/// A block's lanes.
#[derive(Clone, PartialEq, Message)]
pub struct Block {
    /// The first lane's id; lane `i` of a parallel, for-each, switch or group is `first_lane + i`.
    #[prost(uint32, tag = "1")]
    pub first_lane: u32,
    /// How many there will be; 0 for a repeat.
    #[prost(uint32, tag = "2")]
    pub total: u32,
    /// How many were opened.
    #[prost(uint32, tag = "3")]
    pub opened: u32,
    /// How many ended well (`break` included).
    #[prost(uint32, tag = "4")]
    pub completed: u32,
    /// How many failed.
    #[prost(uint32, tag = "5")]
    pub failed: u32,
    /// How many were cancelled.
    #[prost(uint32, tag = "6")]
    pub cancelled: u32,
    /// How many count (`accept`).
    #[prost(uint32, tag = "7")]
    pub accepted: u32,
    /// One of them ended by `break`.
    #[prost(bool, tag = "8")]
    pub broken: bool,
    /// A for-each's items; a repeat's next state while it is delayed.
    #[prost(message, optional, tag = "9")]
    pub items: Option<Payload>,
    /// A repeat's latest round's lane.
    #[prost(uint32, tag = "10")]
    pub round_lane: u32,
    /// The first lane that failed, plus one; 0 if none did.
    #[prost(uint32, tag = "11")]
    pub first_failed: u32,
    /// What a for-each's lanes have used up of its rate.
    #[prost(uint64, tag = "86")]
    pub paced: u64,
}

impl Block {
    /// Whether a lane is one of its own. (Of a loop only the latest round may still be open.)
    pub(crate) const fn holds(&self, lane: u32) -> bool {
        let behind = self.first_lane.saturating_add(self.opened);
        lane == self.round_lane || (self.first_lane <= lane && lane < behind)
    }

    /// How many lanes have ended.
    pub const fn settled(&self) -> u32 {
        self.completed + self.failed + self.cancelled
    }
}

/// Where a step's undoing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum UndoPhase {
    /// Its lanes are being undone.
    Lanes = 0,
    /// `verify` is out.
    Verifying = 1,
    /// It had taken effect: the undo is to be scheduled.
    Found = 2,
    /// The undo is out.
    Out = 3,
    /// A call of it was taken and answers by callback.
    Accepted = 4,
    /// Its next attempt is due later.
    Retrying = 5,
    /// A person is asked.
    Deciding = 6,
    /// A child does it.
    Child = 7,
    /// Undone.
    Done = 8,
    /// There was nothing to undo.
    Nothing = 9,
    /// A person skipped it.
    Skipped = 10,
    /// It failed and a person left it so.
    Failed = 11,
}

/// A step's undoing.
#[derive(Clone, PartialEq, Message)]
pub struct StepUndo {
    /// Where it is.
    #[prost(enumeration = "UndoPhase", tag = "1")]
    pub phase: i32,
    /// What its latest task does: [`crate::record::TaskKind`].
    #[prost(int32, tag = "2")]
    pub kind: i32,
    /// The latest attempt.
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    /// Rises when a person asks for another run.
    #[prost(uint32, tag = "4")]
    pub generation: u32,
    /// The attempt before the present run's first.
    #[prost(uint32, tag = "5")]
    pub attempt_base: u32,
    /// Its input.
    #[prost(message, optional, tag = "6")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, tag = "7")]
    pub plan: Option<Shared<Plan>>,
    /// The workflow or child that does it.
    #[prost(message, optional, boxed, tag = "8")]
    pub child: Option<Box<ChildStart>>,
    /// When its next attempt or the end of patience is due.
    #[prost(int64, tag = "9")]
    pub due_at: i64,
    /// When the present run's first attempt began.
    #[prost(int64, tag = "10")]
    pub first_attempt_at: i64,
    /// Its latest error.
    #[prost(message, optional, boxed, tag = "11")]
    pub error: Option<Box<Failure>>,
    /// What `verify` found.
    #[prost(message, optional, tag = "12")]
    pub found: Option<Payload>,
    /// Lanes whose undoing has begun.
    #[prost(uint32, tag = "13")]
    pub lanes_started: u32,
    /// Lanes that are undone.
    #[prost(uint32, tag = "14")]
    pub lanes_done: u32,
    /// A person approved it: it is called with the input that they saw.
    #[prost(bool, tag = "96")]
    pub approved: bool,
    /// As [`StepState::attempt_at`].
    #[prost(int64, tag = "150")]
    pub attempt_at: i64,
}

impl StepUndo {
    /// When the latest attempt began.
    pub fn latest_attempt_at(&self) -> i64 {
        self.attempt_at.max(self.first_attempt_at)
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        match self.phase() {
            UndoPhase::Done | UndoPhase::Nothing | UndoPhase::Skipped | UndoPhase::Failed => true,
            UndoPhase::Lanes
            | UndoPhase::Verifying
            | UndoPhase::Found
            | UndoPhase::Out
            | UndoPhase::Accepted
            | UndoPhase::Retrying
            | UndoPhase::Deciding
            | UndoPhase::Child => false,
        }
    }

    /// The word that the API shows beside the step.
    pub fn as_str(&self) -> &'static str {
        match self.phase() {
            UndoPhase::Done | UndoPhase::Nothing => "done",
            // Its losers are undone, and nothing else of it was asked for.
            UndoPhase::Lanes if self.lanes_done >= self.lanes_started => "done",
            UndoPhase::Skipped | UndoPhase::Failed => "failed",
            UndoPhase::Lanes
            | UndoPhase::Verifying
            | UndoPhase::Found
            | UndoPhase::Out
            | UndoPhase::Accepted
            | UndoPhase::Retrying
            | UndoPhase::Deciding
            | UndoPhase::Child => "running",
        }
    }
}
