//! Nodes and leases in memory.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use async_trait::async_trait;

use super::store::MemoryStore;
use crate::{Cluster, Lease, Node, NodeId, PartitionId, Position, SeenNode, StoreError};

/// What the nodes wrote down.
#[derive(Default)]
pub(super) struct Members {
    nodes: BTreeMap<NodeId, Member>,
    leases: BTreeMap<PartitionId, Lease>,
    format: u32,
}

struct Member {
    node: Node,
    counter: u64,
    beat_at: i64,
}

/// Where a [`MemoryStore`] takes the time from; the system's clock unless it is told otherwise.
pub(super) fn system_clock() -> i64 {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Cluster for MemoryStore {
    async fn register_node(&self, node: &Node) -> Result<(), StoreError> {
        let beat_at = self.now();
        let members = &mut self.content().members;
        let counter = members.nodes.get(&node.id).map_or(1, |m| m.counter + 1);
        let node = node.clone();
        let member = Member {
            node,
            counter,
            beat_at,
        };
        members.nodes.insert(member.node.id, member);
        Ok(())
    }

    async fn heartbeat(&self, node: NodeId) -> Result<bool, StoreError> {
        let now = self.now();
        Ok(match self.content().members.nodes.get_mut(&node) {
            Some(member) => {
                member.counter += 1;
                member.beat_at = now;
                true
            }
            None => false,
        })
    }

    async fn remove_node(&self, node: NodeId) -> Result<bool, StoreError> {
        Ok(self.content().members.nodes.remove(&node).is_some())
    }

    async fn nodes(&self) -> Result<Vec<SeenNode>, StoreError> {
        let now = self.now();
        let seen = |member: &Member| SeenNode {
            node: member.node.clone(),
            counter: member.counter,
            silent_ms: u64::try_from(now - member.beat_at).unwrap_or(0),
        };
        Ok(self.content().members.nodes.values().map(seen).collect())
    }

    async fn clock(&self) -> Result<i64, StoreError> {
        Ok(self.now())
    }

    async fn format(&self) -> Result<u32, StoreError> {
        Ok(self.content().members.format)
    }

    async fn raise_format(&self, to: u32) -> Result<(), StoreError> {
        let format = &mut self.content().members.format;
        *format = to.max(*format);
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        Ok(self.content().members.leases.values().copied().collect())
    }

    async fn acquire_lease(
        &self,
        partition: PartitionId,
        node: NodeId,
        seen: Option<Lease>,
    ) -> Result<Option<Lease>, StoreError> {
        let leases = &mut self.content().members.leases;
        if leases.get(&partition).copied() != seen {
            return Ok(None);
        }
        let lease = Lease {
            partition,
            owner: Some(node),
            epoch: seen.map_or(0, |seen| seen.epoch) + 1,
            counter: seen.map_or(0, |seen| seen.counter) + 1,
        };
        leases.insert(partition, lease);
        Ok(Some(lease))
    }

    async fn bump_leases(&self, node: NodeId) -> Result<Vec<Lease>, StoreError> {
        let leases = &mut self.content().members.leases;
        let own = leases
            .values_mut()
            .filter(|lease| lease.owner == Some(node));
        Ok(own
            .map(|lease| {
                lease.counter += 1;
                *lease
            })
            .collect())
    }

    async fn release_lease(&self, lease: Lease) -> Result<bool, StoreError> {
        let leases = &mut self.content().members.leases;
        let held = leases.get_mut(&lease.partition);
        let held = held.filter(|held| held.owner == lease.owner && held.epoch == lease.epoch);
        Ok(held.is_some_and(|held| {
            held.owner = None;
            held.counter += 1;
            true
        }))
    }

    async fn heads(&self) -> Result<Vec<(PartitionId, Position)>, StoreError> {
        let content = self.content();
        let journals = content.journals.iter();
        Ok(journals
            .map(|(partition, journal)| (*partition, journal.head()))
            .collect())
    }
}
