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
    /// The step.
    pub step: String,
    /// `exhausted` (no attempt is left) or `compensation-failed` (an undo failed for good).
    pub kind: String,
    /// `pending` or `answered`.
    pub status: String,
    /// The question in words.
    pub prompt: String,
    /// Why it is asked: the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// Who may answer; empty: any caller with the permission to decide.
    pub approvers: Vec<String>,
    /// How many must agree.
    pub quorum: u32,
    /// What can be answered: `retry`, `skip`, `fail`.
    pub choices: Vec<String>,
    /// The answers so far.
    pub answers: Vec<Answer>,
    /// When it was asked.
    pub requested_at: Time,
    /// When it expires, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// An answer to a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Who.
    pub by: String,
    /// What.
    pub choice: String,
    /// Why.
    pub comment: String,
    /// When.
    pub at: Time,
}

/// A request to answer a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerRequest {
    /// With `approve`: `retry` (the default) or `skip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Why.
    pub comment: String,
}
