//! Instances as they are shown. (The API's word for an instance is workflow.)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// An instance in a list: all but input, output and steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceSummary {
    /// Its id.
    pub id: String,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// Open: `queued running waiting paused compensating stuck`; ended: `completed failed
    /// compensated cancelled`.
    pub status: String,
    /// Persists over everything that one cause set in motion.
    pub correlation_id: String,
    /// The instance that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `low`, `normal`, `high` or `critical`.
    pub priority: String,
    /// Searchable attributes.
    pub attributes: BTreeMap<String, String>,
    /// Type and message of its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Decisions that wait for a person.
    pub pending_decisions: u32,
    /// When it was started.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Its last record.
    pub seq: u64,
}

/// One instance, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its workflow's name.
    pub workflow: String,
    /// Its workflow's version.
    pub version: String,
    /// Open: `queued running waiting paused compensating stuck`; ended: `completed failed
    /// compensated cancelled`.
    pub status: String,
    /// What it waits for, oldest first, at most 20.
    pub waiting_for: Vec<Waiting>,
    /// How many things it waits for.
    pub waiting_count: u64,
    /// Decisions that wait for a person.
    pub pending_decisions: u32,
    /// Signals that no step has taken yet, oldest first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_signals: Vec<KeptSignal>,
    /// Persists over everything that one cause set in motion.
    pub correlation_id: String,
    /// What started it: `api`, `trigger:ID` or `parent:ID`.
    pub cause: String,
    /// The instance that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `low`, `normal`, `high` or `critical`.
    pub priority: String,
    /// Searchable attributes.
    pub attributes: BTreeMap<String, String>,
    /// What it was started with.
    pub input: Json,
    /// What it ended with; `null` while it is open.
    pub output: Json,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<InstanceError>,
    /// The first 200 steps; the others at `/workflows/{id}/steps`.
    pub steps: Vec<Step>,
    /// Whether completed steps were undone: `none`, `running`, `done` or `failed`.
    pub compensation: String,
    /// Rises when it is run anew on purpose.
    pub generation: u32,
    /// When its steps begin, of a queued one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Time>,
    /// Who holds it, of a paused one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// When it was started.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Its last record.
    pub seq: u64,
}

/// That someone holds an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Paused {
    /// Since when.
    pub since: Time,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An error of a step or an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InstanceError {
    /// `http.503`, `timeout`, `expression` ... or a worker's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened.
    pub message: String,
    /// Whether another attempt could succeed.
    pub retryable: bool,
    /// `none`, or `unknown`: the call may have taken effect.
    pub effect: String,
    /// Further facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
    /// The step where it arose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// A signal that came and that no step has taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptSignal {
    /// Its name.
    pub name: String,
    /// When it came.
    pub at: Time,
}

/// One thing that an instance waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// `task`, `retry`, `timer`, `signal`, `event`, `decision`, `child`, `callback`, `pause`, `start`; of a call that is held
    /// back, `breaker`, `rate`, `limit` or `paused`.
    pub kind: String,
    /// The signal's name, of a wait for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// In words.
    pub what: String,
    /// The step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Until when at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// What a person can do.
    pub can: Vec<String>,
}

/// A step in one lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Its id in the definition.
    pub id: String,
    /// The path of its lane; empty for the root list.
    pub lane: String,
    /// `pending queued running retrying waiting | completed failed skipped cancelled`.
    pub status: String,
    /// How many attempts were made.
    pub attempt_count: u32,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// Its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<InstanceError>,
    /// Its failure was caught: it is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub caught: bool,
    /// A wait ended by its time-out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// The branches that won, by name or index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub winners: Vec<Json>,
    /// Its undo: `none pending running done failed`.
    pub compensation: String,
    /// The lanes of a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<Lanes>,
}

/// The lanes of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lanes {
    /// How many.
    pub total: u64,
    /// How many there are of each status.
    pub by_status: BTreeMap<String, u64>,
}

/// One try of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// The lane of its step.
    pub lane: String,
    /// `run`, `undo` or `verify`.
    pub kind: String,
    /// From 1.
    pub attempt: u32,
    /// Rises when the step is run anew on purpose.
    pub generation: u32,
    /// When it was made.
    pub started_at: Time,
    /// When its result was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// The endpoint that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `running`, `accepted`, `completed`, `from-cache` (a kept output was used, no call was made), `failed` or
    /// `ignored`.
    pub outcome: String,
    /// `none`, or `unknown`: the call may have taken effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<InstanceError>,
    /// The masked request and response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Json>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Time>,
}
