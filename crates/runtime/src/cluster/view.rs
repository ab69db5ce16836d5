//! What this node last saw of the cluster.

use std::collections::BTreeMap;

use store::{Node, NodeId};

/// Nodes and owners as they were last seen.
#[derive(Default)]
pub(crate) struct View {
    /// All that are written down.
    pub(super) nodes: BTreeMap<NodeId, NodeView>,
    /// By partition.
    pub(super) owners: Vec<Option<NodeId>>,
}

/// A node as this one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// What it says of itself.
    pub node: Node,
    /// Its heartbeat moves.
    pub live: bool,
    /// It is the one that was asked.
    pub is_this: bool,
    /// Milliseconds since its last heartbeat, by the store's clock.
    pub silent_ms: u64,
    /// How many partitions it owns.
    pub partitions: usize,
}

impl View {
    /// The owner of a partition, if one is known that lives.
    pub(super) fn owner(&self, partition: usize) -> Option<NodeId> {
        let owner = self.owners.get(partition).copied().flatten()?;
        self.nodes
            .get(&owner)
            .is_some_and(|seen| seen.live)
            .then_some(owner)
    }
}
