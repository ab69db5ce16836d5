//! What belongs together: by correlation, and by subject.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::list::Behind;
use crate::time::Time;

/// Everything that one cause set in motion, as a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Genealogy {
    /// The correlation id.
    pub correlation_id: String,
    /// What happened, in the order of its times.
    pub nodes: Vec<GenealogyNode>,
    /// What led to what.
    pub edges: Vec<GenealogyEdge>,
    /// Set when there is more than is shown: the newest instances, or steps, are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Partitions that may lack their newest; absent when the graph is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GenealogyNode {
    /// Of an event or an instance its own id; of a step `INSTANCE/STEP`, behind it `/LANE` where it runs in a lane, and
    /// of an attempt `#NUMBER` behind that.
    pub id: String,
    /// `event`, `window`, `schedule`, `workflow`, `step` or `attempt`.
    pub kind: String,
    /// The event's type, the workflow's name, the step's id, what was called.
    pub name: String,
    /// Where it stands; absent of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// That one thing led to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct GenealogyEdge {
    /// The cause.
    pub from: String,
    /// What it led to.
    pub to: String,
    /// `started` (an event, a window or a step started a workflow), `came` (an event to a window), `ran` (a workflow its step), `tried` (a
    /// step its attempt), `emitted` (a step, or an instance that is late, an event) or `ended` (an event the wait of a step).
    pub kind: String,
}

/// What happened for one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JourneyEntry {
    /// When.
    pub at: Time,
    /// `event` or `workflow`.
    pub kind: String,
    /// The event's or the instance's id.
    pub id: String,
    /// The event's type, or the workflow's name.
    pub name: String,
    /// Where the instance stands; absent of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When the instance ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// The instance's error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it belongs to.
    pub correlation_id: String,
}
