//! Schedules: what starts workflows by the time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A schedule: a trigger of the version of a workflow that a start takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Its name: the workflow and the trigger's id, with a dot between them.
    #[schema(example = "nightly-report.0-schedule")]
    pub name: String,
    /// The workflow.
    pub workflow: String,
    /// The version that it starts.
    pub version: String,
    /// The trigger's id.
    pub trigger: String,
    /// When it ticks, as a cron expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone whose calendar counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How often it ticks, where that is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// By how much each start is delayed at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
    /// What about ticks that were missed: `none`, `last` or `all`.
    pub catch_up: String,
    /// What about ticks while an instance is open: `skip`, `queue` or `allow`.
    pub overlap: String,
    /// Held since, by whom and why; absent: it ticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<SchedulePaused>,
    /// When the next five starts are; none while it is paused.
    pub next: Vec<Time>,
    /// What came of the last tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ScheduleTick>,
    /// The instance that it started last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_workflow_id: Option<String>,
    /// A tick that waits for that instance's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Time>,
    /// Ticks of the past that are still to be started, as somebody asked for.
    pub backfill: u64,
    /// Instances started.
    pub started: u64,
    /// Ticks passed over because an instance was open.
    pub skipped: u64,
    /// Ticks that were missed and passed over.
    pub missed: u64,
    /// Ticks at which the trigger's condition did not hold.
    pub unmet: u64,
    /// Ticks whose start was refused.
    pub refused: u64,
}

/// Since when a schedule is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchedulePaused {
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What came of a tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleTick {
    /// When it was due, by the calendar.
    pub scheduled_at: Time,
    /// When it was taken.
    pub at: Time,
    /// `started`, `skipped`, `queued`, `missed`, `unmet` or `refused`.
    pub outcome: String,
    /// The instance that it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Why it started none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a person does with a schedule, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleRequest {
    /// Why; kept in the audit.
    pub reason: String,
    /// Of `backfill`, which needs it: ticks from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Of `backfill`, which needs it: ticks before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
}

/// A schedule after somebody turned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleTurned {
    /// The schedule.
    pub schedule: Schedule,
    /// Of `trigger`: the instance that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
}

/// The next starts of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleNext {
    /// When they are.
    pub next: Vec<Time>,
}
