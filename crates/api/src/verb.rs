//! What can be asked of one instance beside its early end.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;

/// A signal to an instance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalRequest {
    /// The name that a step waits for: 1 to 128 bytes, without control characters.
    #[schema(example = "payment-received")]
    pub name: String,
    /// What the step that takes it has as its output; `null` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// Something to do about one step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepRequest {
    /// The path of its lane, as the step shows it (empty: the root list's); without it the only one in
    /// which the step is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Why; kept in the history and in the audit.
    pub reason: String,
    /// Of `complete`: the output that the step has; `null` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Of `fail`: the error's type, which `catch` matches; `overruled` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Of `fail`: the error's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A request to start an instance again, as a new one.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayRequest {
    /// The workflow's version; without it the one that the instance ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A step of the workflow's own list: it, and what waits for it, runs; of the others those that ended
    /// well count as done, with the outputs that they had. Without it all steps run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only tell what it would come to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}
