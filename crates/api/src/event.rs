//! Events: what is answered to who sends one, and what is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::problem::Problem;
use crate::time::Time;
use crate::window::CameToWindow;

/// An event that was taken, durably.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventAccepted {
    /// Its id here; of a repeat, that of the first.
    pub id: String,
    /// Of everything that it set in motion.
    pub correlation_id: String,
    /// Set when the same event was taken before: nothing was started.
    pub duplicate: bool,
    /// Where it went.
    pub routed_to: Vec<Routed>,
    /// Whether the same event is recognised when it comes again within 24 hours; without an id of
    /// its sender it is not.
    pub deduplicated: bool,
}

/// One thing that an event led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Routed {
    /// The router; absent where a trigger took the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// The router's rule, or the trigger.
    pub rule: String,
    /// The workflow; absent where an adapter is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The adapter that is called, with its action behind a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// The instance that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// Why nothing was started: it is kept as a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The window to which it came, of a trigger with `debounce`, `batch` or `throttle`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<CameToWindow>,
}

/// What came of many events.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventBatchAnswer {
    /// How many were taken, repeats among them.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// One per event of the request, in its order.
    pub items: Vec<EventItem>,
}

/// What came of one event of many.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventItem {
    /// Its place in the request, from 0.
    pub index: u64,
    /// What was taken.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<EventAccepted>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// An event that was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its id here.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Where it happened.
    pub source: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was taken.
    pub at: Time,
    /// Of everything that it set in motion.
    pub correlation_id: String,
    /// Through what it came (`events`, `hook:NAME`, `instance:ID`).
    pub cause: String,
    /// Who sent it.
    pub actor: String,
    /// What it says of itself: the attributes of CloudEvents.
    pub meta: Json,
    /// What it carries.
    pub data: Json,
    /// Where it went; empty where no trigger and no router took it further.
    pub routed_to: Vec<Routed>,
}
