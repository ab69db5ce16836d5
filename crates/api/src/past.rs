//! Acts on the past of an instance, and what they come to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A request to have an instance go on from the steps that failed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryRequest {
    /// Why; kept in the history and in the audit.
    pub reason: String,
    /// Only tell what it would come to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// A request to have an instance go back to how it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreRequest {
    /// After this record; this or `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// At this time; this or `seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// What was done since is undone first, in reverse order, as far as the definition says how.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compensate: bool,
    /// Why; kept in the history and in the audit.
    pub reason: String,
    /// Only tell what it would come to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// A request to have an instance go on with another version of its workflow.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrateRequest {
    /// The version.
    #[schema(example = "1.1.0")]
    pub version: String,
    /// Steps that have another id there: the old one and the new one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Why; kept in the history and in the audit.
    pub reason: String,
    /// Only tell whether it fits, and why not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// What an act on the past would come to; nothing was changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastOutlook {
    /// The instance.
    pub workflow_id: String,
    /// Its workflow.
    pub workflow: String,
    /// The version on which it, or the new one, would run.
    pub version: String,
    /// Of a restore: the record after which it would be as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_seq: Option<u64>,
    /// Steps that would run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<StepAgain>,
    /// Of a replay from a step: the steps that would count as done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<String>,
    /// Of a restore: what was done outside since, at most a thousand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<EffectSince>,
    /// Of a restore: how much was done outside since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_count: Option<u64>,
    /// Of a migration: whether it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fits: Option<bool>,
    /// Of a migration: why it does not fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Of a migration: the steps that have begun, and what they are called there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapped: BTreeMap<String, String>,
}

/// A step that would run again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepAgain {
    /// Its id.
    pub step: String,
    /// Its lane's path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lane: String,
    /// How it is: `failed`, `cancelled`, `undone`, `under-way`, `completed`.
    pub why: String,
    /// Who would be called: `ADAPTER/ACTION`, or a workflow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub calls: String,
    /// What it did, or may have done, is not undone: the effect would be repeated.
    pub repeats: bool,
    /// The call would have the same idempotency key as before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_key: bool,
}

/// Something that was done outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EffectSince {
    /// The record that says so.
    pub seq: u64,
    /// When.
    pub at: Time,
    /// The step.
    pub step: String,
    /// The path of the step's lane.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lane: String,
    /// What: `done`, `unknown`, `undone`.
    pub kind: String,
    /// Who was called: `ADAPTER/ACTION`, or a workflow.
    pub calls: String,
    /// The definition says how it is undone.
    pub undoable: bool,
}
