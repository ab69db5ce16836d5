//! What the nodes of a cluster write down for each other: who lives, who owns which partition, and
//! how far each journal is.
//!
//! Every change compares and sets. No clock is compared with another's: a holder raises a counter,
//! and who wants to take over must itself have seen that counter stand still for a whole lease
//! while the store answered. Watching, and stopping to answer in time, is the caller's.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{PartitionId, Position, StoreError};

/// A process of the cluster; made anew by each, so that a restarted node is not taken for the one
/// before.
pub type NodeId = Uuid;

/// A node as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which process.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// The zone it runs in; empty if none was said.
    pub zone: String,
    /// The region it runs in; empty if none was said.
    pub region: String,
    /// Where other nodes reach it.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// The newest record format that it reads and writes.
    pub format: u32,
    /// Why it must own nothing for the moment; empty when it may.
    pub unfit: String,
}

/// A node as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenNode {
    /// What it says of itself.
    pub node: Node,
    /// Rises with each heartbeat: it lives while this moves.
    pub counter: u64,
    /// Milliseconds since its last heartbeat by the store's clock; for people and for a first
    /// guess, not to decide a take-over by.
    pub silent_ms: u64,
}

/// The ownership of a partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The partition.
    pub partition: PartitionId,
    /// The node that owns it; none when it was released.
    pub owner: Option<NodeId>,
    /// Rises with each change of owner. (It is not the epoch of the journal's fence, which
    /// `take_over` raises.)
    pub epoch: u64,
    /// Raised by the owner while it lives.
    pub counter: u64,
}

/// The part of a store by which several nodes share it.
///
/// Every call fails with `Unavailable` when the store cannot be reached: nothing is known then of
/// nodes and leases, and what was asked may have been done nonetheless.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// Writes a node down, and counts as a heartbeat.
    async fn register_node(&self, node: &Node) -> Result<(), StoreError>;

    /// One heartbeat; false when the node is not written down (any more) and has to register.
    async fn heartbeat(&self, node: NodeId) -> Result<bool, StoreError>;

    /// Strikes a node out: itself when it goes, another when it is long gone. False when it was not
    /// there.
    async fn remove_node(&self, node: NodeId) -> Result<bool, StoreError>;

    /// All nodes that are written down, by id.
    async fn nodes(&self) -> Result<Vec<SeenNode>, StoreError>;

    /// The store's clock, in milliseconds since the epoch. A node whose own clock is far off it must
    /// own nothing.
    async fn clock(&self) -> Result<i64, StoreError>;

    /// The newest record format that any node wrote; 0 before it was raised. What a checkpoint trims tells nobody its
    /// format, and a state may be folded from such records.
    async fn format(&self) -> Result<u32, StoreError>;

    /// Raises that format before the first record of it is written; a lower one changes nothing.
    async fn raise_format(&self, to: u32) -> Result<(), StoreError>;

    /// All leases that ever were, by partition.
    async fn leases(&self) -> Result<Vec<Lease>, StoreError>;

    /// Makes a node the owner of a partition if its lease still is exactly what was `seen` (none for
    /// a partition that never had one). Answers the new lease, or none when it had moved. It is for
    /// the caller to have seen the lease released, or its counter stand still for a whole lease.
    async fn acquire_lease(
        &self,
        partition: PartitionId,
        node: NodeId,
        seen: Option<Lease>,
    ) -> Result<Option<Lease>, StoreError>;

    /// Raises the counters of all partitions that a node owns; answers its leases as they are now.
    /// One that is missing was lost. The owner counts its time from before this call.
    async fn bump_leases(&self, node: NodeId) -> Result<Vec<Lease>, StoreError>;

    /// Gives a partition up so that another node need not wait; false when it was lost already.
    async fn release_lease(&self, lease: Lease) -> Result<bool, StoreError>;

    /// The last durable position of each partition that was ever taken over, the catalog's among
    /// them.
    async fn heads(&self) -> Result<Vec<(PartitionId, Position)>, StoreError>;
}
