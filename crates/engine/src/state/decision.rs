//! Decisions that wait for people.
//!
//! | from | record | to |
//! | --- | --- | --- |
//! | - | decision-requested, approval-requested | pending |
//! | pending | decision-answered, -delegated, -reminded, -escalated, -overdue | pending |
//! | pending | decision-made, decision-resolved | made (remembered) |
//! | pending | its step ended, its lane closed, its undo ended, the instance was cancelled | withdrawn |

use prost::{Enumeration, Message};

use crate::payload::Payload;
use crate::record::{
    Asked, DecisionAnswered, DecisionDelegated, DecisionKind, Failure, Plan, Shared, TaskKey,
};

/// A decision that waits for a person.
#[derive(Clone, PartialEq, Message)]
pub struct PendingDecision {
    /// Its id (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// What it is about.
    #[prost(enumeration = "DecisionKind", tag = "2")]
    pub kind: i32,
    /// The task that failed, or the step that waits.
    #[prost(message, required, tag = "3")]
    pub task: TaskKey,
    /// Its last error; empty where none led to it.
    #[prost(message, required, tag = "4")]
    pub error: Failure,
    /// When it was asked.
    #[prost(int64, tag = "5")]
    pub requested_at: i64,
    /// What is asked, where the definition or a policy says so.
    #[prost(message, optional, boxed, tag = "6")]
    pub asking: Option<Box<Asking>>,
}

/// How far the asking is.
#[derive(Clone, PartialEq, Message)]
pub struct Asking {
    /// What is asked.
    #[prost(message, required, tag = "1")]
    pub asked: Asked,
    /// Who may answer now; empty: any caller with the permission to decide.
    #[prost(string, repeated, tag = "2")]
    pub approvers: Vec<String>,
    /// Approvals so far, where several must agree.
    #[prost(message, repeated, tag = "3")]
    pub answers: Vec<DecisionAnswered>,
    /// When its time is over; 0 means never.
    #[prost(int64, tag = "4")]
    pub expires_at: i64,
    /// Reminders so far.
    #[prost(uint32, tag = "5")]
    pub reminded: u32,
    /// Others were asked when its time was over.
    #[prost(bool, tag = "6")]
    pub escalated: bool,
    /// Its time is over, and it is waited on all the same.
    #[prost(bool, tag = "7")]
    pub overdue: bool,
    /// Who handed it on to whom.
    #[prost(message, repeated, tag = "8")]
    pub delegations: Vec<DecisionDelegated>,
    /// Calls that tell of it.
    #[prost(message, repeated, tag = "9")]
    pub notices: Vec<NoticeState>,
}

/// Where a call that tells of a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum NoticePhase {
    /// It is out.
    Out = 0,
    /// Its next attempt is due later.
    Retrying = 1,
    /// It got through.
    Done = 2,
    /// It never will.
    Failed = 3,
}

impl NoticePhase {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Out => "running",
            Self::Retrying => "retrying",
            Self::Done => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A call that tells of a decision.
#[derive(Clone, PartialEq, Message)]
pub struct NoticeState {
    /// Its latest attempt.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// The call and its retries.
    #[prost(message, optional, tag = "2")]
    pub plan: Option<Shared<Plan>>,
    /// Its input.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Payload>,
    /// Where it is.
    #[prost(enumeration = "NoticePhase", tag = "4")]
    pub phase: i32,
    /// When its next attempt is due.
    #[prost(int64, tag = "5")]
    pub due_at: i64,
    /// When its first attempt began.
    #[prost(int64, tag = "6")]
    pub first_attempt_at: i64,
    /// Its place among the decision's notices, from 1.
    #[prost(uint32, tag = "7")]
    pub place: u32,
    /// Why it does not get through.
    #[prost(message, optional, boxed, tag = "8")]
    pub error: Option<Box<Failure>>,
}

impl Asking {
    /// When is reminded next; none if not any more.
    pub fn next_reminder(&self) -> Option<i64> {
        let left = !self.escalated && !self.overdue;
        let next = self.asked.reminders.get(self.reminded as usize).copied();
        next.filter(|_| left)
    }

    /// When its time is over, while that still decides.
    pub fn deadline(&self) -> Option<i64> {
        (self.expires_at > 0 && !self.overdue).then_some(self.expires_at)
    }

    /// The data that an answer has by default: what stands, else the decision's own.
    pub fn standing_data(&self) -> Option<&Payload> {
        let first = self.answers.first().and_then(|first| first.data.as_ref());
        first
            .or(self.asked.data.as_ref())
            .or(self.asked.input.as_ref())
    }
}

impl PendingDecision {
    /// Payloads that it holds.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Payload> {
        self.asking.iter().flat_map(|asking| {
            let asked = &asking.asked;
            let answers = asking.answers.iter().map(|answer| &answer.data);
            let notices = asking.notices.iter().map(|notice| &notice.input);
            [&asked.show, &asked.form, &asked.data, &asked.input]
                .into_iter()
                .chain(answers)
                .chain(notices)
                .flatten()
        })
    }

    pub(crate) fn notice(&self, task: TaskKey) -> Option<&NoticeState> {
        let notices = &self.asking.as_deref()?.notices;
        notices
            .iter()
            .find(|notice| notice.task.generation == task.generation)
    }
}
