//! Calls that failed for good and are kept whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// `step`, `compensation` where it left its instance stuck, or `event` where one could not start
    /// an instance.
    pub kind: String,
    /// `pending`, `reprocessed`, `discarded` or `superseded` (its instance was retried or restored).
    pub status: String,
    /// The instance whose call it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// The event that could not start an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The workflow.
    pub workflow: String,
    /// The workflow's version.
    pub version: String,
    /// The step's id.
    pub step: String,
    /// What was called: the adapter, a slash, the action; or the workflow that was not started.
    pub what: String,
    /// What it was called with; gone once it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// Why it failed for good.
    pub error: DeadLetterError,
    /// Its attempts, the last at the end, at most 20; gone once it is settled.
    pub attempts: Vec<DeadLetterAttempt>,
    /// How many there were.
    pub attempt_count: u32,
    /// The instance's correlation id.
    pub correlation_id: String,
    /// When it failed for good.
    pub at: Time,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<DeadLetterSettled>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterError {
    /// Its type, such as `http.503`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened.
    pub message: String,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterAttempt {
    /// Which, from 1.
    pub attempt: u32,
    /// When it failed.
    pub at: Time,
    /// Why.
    pub error: DeadLetterError,
    /// `none`, or `unknown` where it may have taken effect.
    pub effect: String,
    /// The target called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
}

/// What became of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterSettled {
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Through what (`api`, `operation:ID`).
    pub cause: String,
    /// The instance that makes its call anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
}

/// A request to make a dead letter's call anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReprocessRequest {
    /// Another input than it was called with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// Why; kept in the audit.
    pub reason: String,
}
