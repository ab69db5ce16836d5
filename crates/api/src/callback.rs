//! Callbacks, and what became of what they were to deliver.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::instance::InstanceError;
use crate::json::Json;
use crate::time::Time;

/// Who is told of lifecycle events by a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Callback {
    /// Its name; of one that stands in a workflow, that workflow's name stands before its own.
    pub name: String,
    /// The type of the events, or the beginning of some with a trailing `*`.
    pub event: String,
    /// Where they are sent, as written.
    pub url: String,
    /// Only events of this workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Only events for which this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// One at a time, in order.
    pub ordered: bool,
    /// They bear a signature.
    pub signed: bool,
    /// The adapter that sends them: its breaker, its limits, and the switch that holds them.
    pub adapter: String,
    /// As it was applied; absent of one that stands in a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub document: Option<Json>,
}

/// One event on its way to one receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its id: that of the instance that delivers it.
    pub id: String,
    /// The event's id, which each of its deliveries bears.
    pub event_id: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The instance that it tells of.
    pub workflow_id: String,
    /// `pending`, `delivered`, `failed` or `cancelled`.
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the latest attempt failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<InstanceError>,
    /// When the event happened.
    pub at: Time,
    /// When it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}
