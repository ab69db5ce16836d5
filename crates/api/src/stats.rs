//! What was counted, and what stands as failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::list::Behind;
use crate::operation::OneOrMany;
use crate::time::Time;

/// Counts and latencies of a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// What is counted: `workflows`, `steps`, `targets`, `routers` or `rules`.
    pub about: String,
    /// From here on: what was asked for, down to a whole minute or span.
    pub from: Time,
    /// Before this: what was asked for, up to a whole minute or span.
    pub to: Time,
    /// How long a span is; absent without spans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_seconds: Option<u64>,
    /// The groups, the busiest first; one without `group_by`, none where nothing was counted.
    pub series: Vec<StatsSeries>,
    /// Groups beyond the limit.
    pub left_out: u64,
    /// Partitions whose newest changes the counts may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

/// One group's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsSeries {
    /// What the group has in common (`workflow`, `version`, `step`, `adapter`, `target`, `router`, `rule`).
    pub group: BTreeMap<String, String>,
    /// Of the whole time.
    pub total: StatsFigures,
    /// Of each span in which something was counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<StatsPoint>,
}

/// One span's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsPoint {
    /// When the span began.
    pub at: Time,
    /// Its figures.
    #[serde(flatten)]
    pub figures: StatsFigures,
}

/// What was counted; what does not fit what it is about is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StatsFigures {
    /// Workflows: instances that began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// Workflows and steps: ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<u64>,
    /// Workflows and steps: failed for good. Routers and rules: events that a rule could not send on, kept as dead letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// Workflows: ended with an error after something was undone. Steps: undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensated: Option<u64>,
    /// Workflows: ended by request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<u64>,
    /// Steps: skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// Steps: attempts of calls and children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// Steps: of these, those behind a first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Targets: calls that got a result, undoing included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Targets: of these, those that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Routers: events that they saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// Routers: of these, those that no rule took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrouted: Option<u64>,
    /// Rules: events that they took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<u64>,
    /// Rules: of these, those that they sent on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// Workflows and steps: from start to end. Targets: from when a call was due until its result.
    /// Absent where nothing ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// How long something took, in milliseconds. The shares are right to about a sixteenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// On average.
    pub mean_ms: f64,
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: u64,
}

/// What stands as failed, alike with alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failures {
    /// From here on: what was asked for, down to a whole hour.
    pub from: Time,
    /// Before this: what was asked for, up to a whole hour.
    pub to: Time,
    /// The groups, the largest first.
    pub items: Vec<FailureGroup>,
    /// All failures, those of groups beyond the limit included.
    pub total: u64,
    /// Groups beyond the limit.
    pub left_out: u64,
    /// Partitions whose newest changes the counts may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

/// Failures that are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FailureGroup {
    /// What they have in common (`workflow`, `version`, `step`, `error`, `adapter`, `target`); a step
    /// or target that is not known is empty.
    pub group: BTreeMap<String, String>,
    /// How many stand.
    pub count: u64,
    /// Of these, instances that ended, nothing undone.
    pub failed: u64,
    /// Of these, instances that ended, and were undone.
    pub compensated: u64,
    /// Of these, questions to people about open instances.
    pub open: u64,
    /// When the first came, whether or not it still stands.
    pub first_at: Time,
    /// When the last came, whether or not it still stands.
    pub last_at: Time,
    /// What the last one said.
    pub message: String,
    /// Instances of the group that stand as failed, the latest first, at most 5.
    pub samples: Vec<String>,
    /// What `POST /operations` takes to act on the ended ones. It knows workflow, version and the
    /// error's type: where the group says more, it takes more than the group, so look at a dry run.
    /// Absent where none has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<BTreeMap<String, OneOrMany>>,
}
