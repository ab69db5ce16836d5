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
    /// Why they wait, and who said so; absent when they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<String>,
    /// Rises with each change of the definitions.
    pub catalog_version: u64,
    /// The caller, as the server sees it.
    pub caller: String,
    /// Its partitions.
    pub partitions: Vec<PartitionHealth>,
    /// How much room the store takes, all nodes' data together, as it was 10 seconds ago at most. Absent where the
    /// store does not say so soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreSizes>,
}

/// How much room a store takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreSizes {
    /// The journal, as far back as it is kept.
    pub journal_bytes: u64,
    /// What is derived from it, but for ended instances: open instances, events, what lists are read from.
    pub state_bytes: u64,
    /// Ended instances.
    pub ended_bytes: u64,
    /// Payloads too large to lie in the others. Absent of the embedded store, where they lie in journal and state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob_bytes: Option<u64>,
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

/// Some of the open instances, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemCheck {
    /// How many were looked at.
    pub checked: u64,
    /// Those that wait for nothing that will come.
    pub findings: Vec<CheckFinding>,
    /// Where the next ones begin; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An instance that waits for nothing that will come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckFinding {
    /// The instance.
    pub workflow_id: String,
    /// What is wrong.
    pub what: String,
}

/// Why an operator does something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In a sentence, for those who look later.
    #[serde(default)]
    pub reason: String,
}

/// The nodes of a cluster, as the one that was asked sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nodes {
    /// Each; none when the server is alone on its store.
    pub items: Vec<Node>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Which process.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The zone that it runs in.
    pub zone: String,
    /// The region that it runs in.
    pub region: String,
    /// Where other nodes reach it.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// Its heartbeat moves.
    pub live: bool,
    /// It is the one that was asked.
    pub asked: bool,
    /// Milliseconds since its last heartbeat, by the database's clock.
    pub silent_ms: u64,
    /// How many partitions it owns.
    pub partitions: u64,
    /// Why it must own none; absent when it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
}

/// Who owns which partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partitions {
    /// Each.
    pub items: Vec<PartitionOwner>,
}

/// The owner of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartitionOwner {
    /// The partition.
    pub id: u16,
    /// The name of the node that owns it; absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// It is open here.
    pub here: bool,
    /// The journal's last position, as far as the node that was asked knows.
    pub head: u64,
    /// The position that lists have reached, if it is open here.
    pub reached: u64,
}

/// What the nodes log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLevels {
    /// Each node that lives, the one that was asked first.
    pub items: Vec<NodeLogLevels>,
}

/// What a node logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeLogLevels {
    /// The node's name.
    pub node: String,
    /// It is the one that was asked.
    pub asked: bool,
    /// A level, or levels by part: `info,runtime=debug`. Absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<String>,
    /// Why not, or why it was not changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What nodes are to log until they are started again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogLevelsRequest {
    /// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`), or levels by part: `info,runtime=debug`. Absent:
    /// what the node was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<String>,
    /// Of this node, by name or id. Absent: of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why, in a sentence, for those who look later.
    pub reason: String,
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
