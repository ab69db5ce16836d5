//! Adapters: what was applied, how they stand, and what is switched on them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::time::Time;

/// A connection to an outside system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// `http`, `builtin`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The names of its actions.
    pub actions: Vec<String>,
    /// Taken when a step names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_action: Option<String>,
    /// How it stands, over all nodes that answered.
    pub status: AdapterStatus,
    /// The document as applied; secrets stand there by name only.
    pub document: Json,
}

/// How an adapter stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdapterStatus {
    /// `running`, `paused`, `draining` (calls are still under way), `drained`.
    pub state: String,
    /// Who paused or drained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Switched>,
    /// Calls under way.
    pub in_flight: u64,
    /// Calls that wait.
    pub waiting: u64,
    /// What the first of those that wait does so for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Calls at once that hold now; without it, 64 on each node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Calls per time that hold now, such as `100/s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Other limits than those of the document, while they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<LimitsOverridden>,
    /// Its targets, in the order of the document.
    pub targets: Vec<AdapterTarget>,
}

/// How one target stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdapterTarget {
    /// Its name: the address without what differs from call to call.
    pub name: String,
    /// Of its breaker: `closed`, `open`, `half-open`, or `none`.
    pub breaker: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// When probes are sent to an open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why it opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Calls within the breaker's window.
    pub calls: u32,
    /// The share of them that failed, from 0 to 1.
    pub failure_rate: f64,
    /// Calls under way.
    pub in_flight: u64,
    /// Who paused or drained it, or opened its breaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Switched>,
}

/// Something that was switched by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Switched {
    /// `pause`, `drain` or `open-breaker`.
    pub action: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// Other limits than those of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsOverridden {
    /// Until when.
    pub until: Time,
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// A request to switch something on an adapter.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchRequest {
    /// Why; it stands in the audit, and where calls wait.
    pub reason: String,
}

/// A request for other limits, for a while. Without both limits, those of the document hold again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OverrideRequest {
    /// Calls at once, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Calls per time, such as `100/s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Calls at once after a quiet time, with `rate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// For how long, such as `30m`; at most `30d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// Why.
    pub reason: String,
}

/// A call of an adapter, made once to try it out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdapterCall {
    /// The action; absent: the adapter's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// What it is given; null without it.
    #[schema(value_type = Option<Value>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// Persists over everything that it sets in motion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Why, in a sentence, for those who look later.
    pub reason: String,
}
