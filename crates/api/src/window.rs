//! Windows of triggers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A window of a trigger: `debounce`, `batch` or `throttle`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// Its id.
    pub id: String,
    /// The workflow that it starts.
    pub workflow: String,
    /// The trigger.
    pub trigger: String,
    /// What the trigger's `key` says of its events; empty without one.
    pub key: String,
    /// `debounce`, `batch` or `throttle`.
    pub kind: String,
    /// When it opened.
    pub opened_at: Time,
    /// When its last event came.
    pub last_at: Time,
    /// When it closes as things stand; of a throttle, when it has room again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
    /// When it closed; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
    /// Events that are, or became, one start.
    pub count: u64,
    /// What they weigh, in bytes, while they are kept.
    pub bytes: u64,
    /// Of a throttle: instances that it started.
    pub started: u64,
    /// Of a throttle: events that wait until it has room.
    pub queued: u64,
    /// Of a throttle: events that started nothing.
    pub dropped: u64,
    /// The instance that it started when it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Why it started none: it is kept as a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The first 1,000 of the events that are, or became, one start; only of one window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

/// The window to which an event came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameToWindow {
    /// What the trigger's `key` says of the event; empty without one.
    pub key: String,
    /// The window's id; absent while the event is on its way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `kept` (it is one of several that become one start), `started` (a throttle had room for it), `queued` (it waits for
    /// room) or `dropped` (it started nothing); absent while the event is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}
