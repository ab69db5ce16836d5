//! Records as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// One fact about one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryRecord {
    /// Its place in the instance's history, from 1.
    pub seq: u64,
    /// Its place in the partition's journal, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// When it happened.
    pub at: Time,
    /// What happened, past tense (`step-completed`).
    #[serde(rename = "type")]
    pub kind: String,
    /// The step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The path of the step's lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// What led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Who sent the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What else there is to say, by type.
    pub data: Json,
}

/// A record on the stream of all instances; or, of the type `event-taken`, an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamRecord {
    /// The instance; empty where it is an event.
    pub workflow_id: String,
    /// Its workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Its correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The record.
    pub record: HistoryRecord,
    /// Go on after it with `?cursor=`.
    pub cursor: String,
}
