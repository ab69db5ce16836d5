//! The server itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// What runs, and how it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct System {
    /// The product's version.
    pub version: String,
    /// The node's name.
    pub node: String,
    /// The environment that it runs as.
    pub environment: String,
    /// When the process started.
    pub started_at: Time,
    /// Whether it takes work.
    pub ready: bool,
    /// Whether calls and timers wait until someone resumes it, as after a restore.
    pub paused: bool,
    /// Rises with each change of the definitions.
    pub catalog_version: u64,
    /// The caller, as the server sees it.
    pub caller: String,
    /// Its partitions.
    pub partitions: Vec<PartitionHealth>,
}

/// How a partition does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartitionHealth {
    /// Which.
    pub id: u16,
    /// The journal's last position.
    pub head: u64,
    /// The position that lists have reached.
    pub reached: u64,
    /// Commands that wait.
    pub mailbox: u64,
}

/// The process lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// `ok`.
    pub status: String,
}

/// Whether it takes work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Whether it does.
    pub ready: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
