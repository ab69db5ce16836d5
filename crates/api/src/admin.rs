//! Audit and tasks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// Who changed what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at: Time,
    /// Who.
    pub who: String,
    /// What was done: a record's type (`cancel-requested`, `decision-made`, `catalog-changed`).
    pub kind: String,
    /// To what: an instance, an operation, `catalog`, or `system`.
    pub subject: String,
    /// Through what it came (`api`, `hook:NAME`).
    pub cause: String,
    /// Why, as the caller said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Further facts: before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// A task that is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskSummary {
    /// The instance.
    pub workflow_id: String,
    /// Its workflow.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// `task`, or `callback` when the other side took it and answers later.
    pub kind: String,
    /// What it waits for, in words.
    pub what: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Until when at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// The result of a task that was answered 202.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskCompletion {
    /// Its output; `null` without it.
    pub output: Json,
}

/// The failure of a task that was answered 202.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFailure {
    /// The error's type; `callback` without it.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// What happened.
    pub message: String,
    /// Whether another attempt could succeed; false without it.
    #[serde(default)]
    pub retryable: bool,
    /// Further facts.
    #[serde(default)]
    pub details: Option<Json>,
}
