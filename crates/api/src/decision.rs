//! Decisions: questions to people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Its id.
    pub id: String,
    /// The instance that waits for it.
    pub workflow_id: String,
    /// The instance's workflow.
    pub workflow: String,
    /// The step; empty where the whole instance is meant.
    pub step: String,
    /// `approval` (a step may not run before), `question` (a `decision` step), `exhausted` (no attempt
    /// is left), `compensation-approval` (a step may not be undone before), `compensation-failed` (an undo
    /// failed for good) or `instance-failed` (what becomes of what a failed instance did).
    pub kind: String,
    /// `pending`, `answered` or `withdrawn`.
    pub status: String,
    /// The question in words.
    pub prompt: String,
    /// What a person needs to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Json>,
    /// The JSON Schema that an answer's data must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Json>,
    /// What is approved and may be amended; of a failure the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// `low`, `medium`, `high` or `critical`, if anything says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
    /// What demands the approval, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Who may answer (`user:NAME`, `role:NAME`); empty: any caller with the permission to decide.
    pub approvers: Vec<String>,
    /// How many must agree.
    pub quorum: u32,
    /// An answer needs a comment.
    #[serde(default)]
    pub comment_required: bool,
    /// Whoever set the instance in motion cannot be the only one who approves.
    #[serde(default)]
    pub four_eyes: bool,
    /// Who set the instance in motion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// Someone who may answer may hand that on.
    #[serde(default)]
    pub delegate: bool,
    /// What can be answered: `approve`, `amend`, `reject`; of a failure `retry`, `amend`, `skip`,
    /// `supply`, `compensate`, `done`, `fail`, as it offers. Empty once it does not wait any more.
    pub choices: Vec<String>,
    /// The answers so far, the one that decided last.
    pub answers: Vec<Answer>,
    /// Who handed it on to whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
    /// Calls that tell of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// When it was asked.
    pub requested_at: Time,
    /// When its time is over, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// Its time is over, and it is waited on all the same.
    #[serde(default)]
    pub overdue: bool,
    /// Others were asked when its time was over.
    #[serde(default)]
    pub escalated: bool,
    /// Reminders so far.
    #[serde(default)]
    pub reminded: u32,
}

/// An answer to a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Who; empty when the time decided.
    pub by: String,
    /// What: one of the choices, or `expire`.
    pub choice: String,
    /// Why.
    pub comment: String,
    /// When.
    pub at: Time,
    /// The data that it brings; of the last answer the data that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// A decision handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delegation {
    /// By whom.
    pub by: String,
    /// To whom: `user:NAME`, `role:NAME`.
    pub to: String,
    /// Why.
    pub comment: String,
}

/// A call that tells of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// The adapter.
    pub adapter: String,
    /// `running`, `retrying`, `completed` or `failed`.
    pub status: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Why it does not get through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
}

/// A request to answer a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerRequest {
    /// With `approve` where a failure offers more than one way to go on: `retry` (the default),
    /// `skip`, `supply`, `compensate`, `done`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Why.
    pub comment: String,
    /// The amended data, or the supplied output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// A request to hand a decision on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateRequest {
    /// To whom: `user:NAME`, `role:NAME`.
    pub to: String,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

/// Answers to many decisions at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BulkAnswerRequest {
    /// `approve`, `reject` or `amend`.
    pub action: String,
    /// These decisions; else all that the filter takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Pending decisions that fit all of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<DecisionFilter>,
    /// As in one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Why.
    pub comment: String,
    /// As in one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// Only say which ones it would be.
    pub dry_run: bool,
    /// Refuse unless the filter takes exactly so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_count: Option<usize>,
}

/// Which pending decisions; what is left out fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionFilter {
    /// Of this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Of this instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Of this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of this risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
}

/// What came of answering many decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BulkAnswers {
    /// How many there are.
    pub count: usize,
    /// How many of them took the answer; none in a dry run.
    pub answered: usize,
    /// Each of them.
    pub items: Vec<BulkAnswer>,
}

/// What came of answering one of many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BulkAnswer {
    /// The decision.
    pub id: String,
    /// Its status after it; empty where it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::problem::Problem>,
}

/// The heads of the chains of decisions, signed, for keeping elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditHeads {
    /// When, RFC 3339.
    pub at: String,
    /// Of every slot that has decisions.
    pub heads: Vec<AuditHead>,
    /// Over all of this, under a key that only the store has; hexadecimal.
    pub signature: String,
    /// Over the same, under the key of the configuration, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<AuditSeal>,
}

impl AuditHeads {
    /// What is signed and sealed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.at.clone();
        for AuditHead { slot, number, hash } in &self.heads {
            text.push_str(&format!("\n{slot} {number} {hash}"));
        }
        text
    }
}

/// A seal under a key that does not lie in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditSeal {
    /// Ed25519; hexadecimal.
    pub public_key: String,
    /// Ed25519 over the time and a line `SLOT NUMBER HASH` for each head; hexadecimal.
    pub signature: String,
}

/// The end of one slot's chain of decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditHead {
    /// The slot.
    pub slot: u16,
    /// How many decisions its chain holds.
    pub number: u64,
    /// The hash of the last one, hexadecimal.
    pub hash: String,
}

/// What a check of the log of decisions found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditCheck {
    /// Decisions in the log.
    pub decisions: u64,
    /// What is wrong; empty is well.
    pub findings: Vec<AuditFinding>,
}

/// Something that is wrong with the log of decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFinding {
    /// The slot.
    pub slot: u16,
    /// The decision's number in the slot's chain.
    pub number: u64,
    /// What is wrong.
    pub what: String,
}
