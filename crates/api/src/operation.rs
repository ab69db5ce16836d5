//! One verb on many instances, tracked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dead_letter::DeadLetter;
use crate::instance::InstanceSummary;
use crate::json::Json;
use crate::list::Behind;
use crate::time::Time;

/// Something to do with many instances: those named, or all that a filter takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperationRequest {
    /// `cancel`, `pause`, `resume`, `signal`, `retry`, `restore`, `replay`, `migrate`, `delete`,
    /// `skip-step`, `complete-step`, `fail-step` or `retry-step`; `reprocess` or `discard` of dead
    /// letters.
    #[schema(example = "cancel")]
    pub action: String,
    /// Those that were there when the operation was made and fit when their turn comes: the
    /// parameters of `GET /workflows` (of dead letters: of `GET /dead-letters`), at least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<BTreeMap<String, OneOrMany>>,
    /// These, at most 10,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Why; kept in the history of each and in the audit.
    pub reason: String,
    /// Only say how many there are, and show 20 of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Refuse unless there are exactly so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_count: Option<u64>,
    /// How many at most in what time, such as `20/s`; as fast as they take it without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "20/s")]
    pub rate: Option<String>,
    /// Of `cancel`: false leaves what was done as it is. Of `restore`: true undoes what was done since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<bool>,
    /// Of `restore`: the time at which each was as it is to be again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Of `signal`: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of `signal`: its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// Of `replay`: another version of the workflow. Of `migrate`: the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of `migrate`: steps that have another id there, the old one and the new one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Of the verbs of steps: the step's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Of the verbs of steps: the path of its lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Of `complete-step`: the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Of `fail-step`: the error's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Of `fail-step`: the error's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A value, or several any of which fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

/// What an operation would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperationPreview {
    /// What is done with each.
    pub action: String,
    /// How many there are.
    pub count: u64,
    /// The first 20.
    #[serde(default)]
    pub samples: Vec<InstanceSummary>,
    /// Of dead letters: the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead_letters: Vec<DeadLetter>,
    /// Partitions whose newest changes the count may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

/// One operation, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// What is done with each.
    pub action: String,
    /// `running`, `paused`, `cancelling`, `cancelled` or `completed`.
    pub status: String,
    /// With which; absent where they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<BTreeMap<String, OneOrMany>>,
    /// How many at most in what time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// How many there were when it was made.
    pub total: u64,
    /// So many took it.
    pub done: u64,
    /// So many refused it.
    pub refused: u64,
    /// So many could not be reached.
    pub failed: u64,
    /// Why, of the first 20.
    pub findings: Vec<OperationFinding>,
    /// When it was made.
    pub created_at: Time,
    /// When something was last noted of it.
    pub updated_at: Time,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}

/// Why one did not take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperationFinding {
    /// Which.
    pub id: String,
    /// `refused`, or `failed` where it could not be reached.
    pub outcome: String,
    /// Why.
    pub message: String,
}
