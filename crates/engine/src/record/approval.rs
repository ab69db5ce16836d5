//! Facts about MAN Mode: what is asked of people, and what they answer.

use prost::{Enumeration, Message};

use super::{Choice, Plan, Shared, StepRef, TaskKey};
use crate::payload::Payload;

/// See [`super::Body::ApprovalRequested`].
#[derive(Clone, PartialEq, Message)]
pub struct ApprovalRequested {
    /// Its id (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// What it is about.
    #[prost(enumeration = "super::DecisionKind", tag = "2")]
    pub kind: i32,
    /// The step that waits (the root's first for the instance itself).
    #[prost(message, required, tag = "3")]
    pub task: TaskKey,
    /// What is asked, with everything resolved.
    #[prost(message, required, tag = "4")]
    pub ask: Asked,
}

/// What is asked: everything that a later answer, reminder or time-out needs.
#[derive(Clone, PartialEq, Message)]
pub struct Asked {
    /// The question in words; empty if the definition has none.
    #[prost(string, tag = "1")]
    pub prompt: String,
    /// What a person needs to see.
    #[prost(message, optional, tag = "2")]
    pub show: Option<Payload>,
    /// The JSON Schema of an answer's data.
    #[prost(message, optional, tag = "3")]
    pub form: Option<Payload>,
    /// What is approved and may be amended.
    #[prost(message, optional, tag = "4")]
    pub data: Option<Payload>,
    /// The input that the step will run with; none means the instance's input.
    #[prost(message, optional, tag = "5")]
    pub input: Option<Payload>,
    /// `user:NAME`, `role:NAME`; empty: any caller with the permission to decide.
    #[prost(string, repeated, tag = "6")]
    pub approvers: Vec<String>,
    /// How many must approve, at least 1.
    #[prost(uint32, tag = "7")]
    pub quorum: u32,
    /// An answer needs a comment.
    #[prost(bool, tag = "8")]
    pub comment_required: bool,
    /// The requester cannot be the only one who approves.
    #[prost(bool, tag = "9")]
    pub four_eyes: bool,
    /// Who started the instance.
    #[prost(string, tag = "10")]
    pub requester: String,
    /// How long is waited, in milliseconds; 0 means without an end.
    #[prost(uint64, tag = "11")]
    pub timeout_ms: u64,
    /// What the end of the time does.
    #[prost(enumeration = "OnTimeout", tag = "12")]
    pub on_timeout: i32,
    /// Who decides after an escalation.
    #[prost(string, repeated, tag = "13")]
    pub escalate_to: Vec<String>,
    /// When is reminded, in order, milliseconds since the epoch.
    #[prost(int64, repeated, tag = "14")]
    pub reminders: Vec<i64>,
    /// Someone who may answer may hand that on.
    #[prost(bool, tag = "15")]
    pub delegate: bool,
    /// `low`, `medium`, `high` or `critical`; empty if nothing says.
    #[prost(string, tag = "16")]
    pub risk: String,
    /// What demands the approval, in words.
    #[prost(string, repeated, tag = "17")]
    pub reasons: Vec<String>,
    /// Choices beside `approve` and `reject`: for the instance itself.
    #[prost(enumeration = "Choice", repeated, tag = "18")]
    pub choices: Vec<i32>,
}

/// What the end of the time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum OnTimeout {
    /// It counts as rejected.
    Reject = 0,
    /// It counts as approved.
    Approve = 1,
    /// Others are asked for the same time once more.
    Escalate = 2,
    /// It is waited on without an end.
    Pause = 3,
}

/// See [`super::Body::DecisionAnswered`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionAnswered {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// What.
    #[prost(enumeration = "Choice", tag = "2")]
    pub choice: i32,
    /// Why.
    #[prost(string, tag = "3")]
    pub comment: String,
    /// Who.
    #[prost(string, tag = "4")]
    pub by: String,
    /// The data, where the answer brings some.
    #[prost(message, optional, tag = "5")]
    pub data: Option<Payload>,
    /// When, milliseconds since the epoch.
    #[prost(int64, tag = "6")]
    pub at: i64,
}

/// See [`super::Body::DecisionResolved`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionResolved {
    /// The last answer; by nobody when the time decided.
    #[prost(message, required, tag = "1")]
    pub answer: DecisionAnswered,
    /// The data that stands.
    #[prost(message, optional, tag = "2")]
    pub data: Option<Payload>,
    /// What it was about.
    #[prost(enumeration = "super::DecisionKind", tag = "3")]
    pub kind: i32,
    /// The step.
    #[prost(message, required, tag = "4")]
    pub task: TaskKey,
    /// BLAKE3 of what they saw: prompt, data, what was shown, the error.
    #[prost(bytes = "bytes", tag = "5")]
    pub seen: bytes::Bytes,
    /// Everybody who approved before, in order.
    #[prost(string, repeated, tag = "6")]
    pub before: Vec<String>,
}

/// See [`super::Body::DecisionReminded`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionReminded {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Reminders so far, this one included.
    #[prost(uint32, tag = "2")]
    pub count: u32,
}

/// See [`super::Body::DecisionEscalated`].
#[derive(Clone, PartialEq, Message)]
pub struct DecisionEscalated {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Who decides now.
    #[prost(string, repeated, tag = "2")]
    pub approvers: Vec<String>,
    /// Until when.
    #[prost(int64, tag = "3")]
    pub expires_at: i64,
}

/// See [`super::Body::DecisionDelegated`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DecisionDelegated {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Who hands it on.
    #[prost(string, tag = "2")]
    pub by: String,
    /// To whom: `user:NAME`, `role:NAME`.
    #[prost(string, tag = "3")]
    pub to: String,
    /// Why.
    #[prost(string, tag = "4")]
    pub comment: String,
}

/// See [`super::Body::DecisionOverdue`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DecisionOverdue {
    /// Which (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
}

/// See [`super::Body::StepAudited`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StepAudited {
    /// Which step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// `low`, `medium`, `high` or `critical`; empty if nothing says.
    #[prost(string, tag = "2")]
    pub risk: String,
    /// The policies, in words.
    #[prost(string, repeated, tag = "3")]
    pub policies: Vec<String>,
}

/// See [`super::Body::NoticeScheduled`].
#[derive(Clone, PartialEq, Message)]
pub struct NoticeScheduled {
    /// The decision (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Its first attempt; the generation numbers the instance's notices.
    #[prost(message, required, tag = "2")]
    pub task: TaskKey,
    /// Its input.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Payload>,
    /// The call and its retries.
    #[prost(message, optional, tag = "4")]
    pub plan: Option<Shared<Plan>>,
    /// Its place among the decision's notices, from 1: who answers by its links.
    #[prost(uint32, tag = "5")]
    pub place: u32,
}

/// See [`super::Body::NoticeEnded`].
#[derive(Clone, PartialEq, Message)]
pub struct NoticeEnded {
    /// The decision (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Which call.
    #[prost(message, required, tag = "2")]
    pub task: TaskKey,
    /// Why it did not get through; none if it did.
    #[prost(message, optional, tag = "3")]
    pub error: Option<super::Failure>,
}
