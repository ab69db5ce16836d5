//! What nodes write down for each other, with faults.

use async_trait::async_trait;
use store::{Cluster, Lease, Node, NodeId, PartitionId, Position, SeenNode, StoreError};

use crate::world::Planted;
use crate::world::store::{SimulatedStore, unavailable};

impl SimulatedStore {
    /// A call that changes something: it may be slow, refused, or done and not answered.
    async fn changes<T>(
        &self,
        change: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let faults = &self.world.faults;
        self.arrives().await?;
        if self.strikes(faults.slow_append, "cluster: slow") {
            self.pause(80).await;
        }
        if self.strikes(faults.append_unavailable, "cluster: unavailable") {
            return Err(unavailable());
        }
        let done = change.await;
        self.comes_back().await?;
        if self.strikes(faults.append_done, "cluster: done, not answered") {
            return Err(unavailable());
        }
        done
    }
}

#[async_trait]
impl Cluster for SimulatedStore {
    async fn register_node(&self, node: &Node) -> Result<(), StoreError> {
        self.changes(self.live.register_node(node)).await
    }

    async fn heartbeat(&self, node: NodeId) -> Result<bool, StoreError> {
        self.changes(self.live.heartbeat(node)).await
    }

    async fn remove_node(&self, node: NodeId) -> Result<bool, StoreError> {
        self.changes(self.live.remove_node(node)).await
    }

    async fn nodes(&self) -> Result<Vec<SeenNode>, StoreError> {
        self.read(self.live.nodes()).await
    }

    async fn clock(&self) -> Result<i64, StoreError> {
        let untold = self.world.plan.planted == Some(Planted::UntoldClock);
        let off = if untold { self.life.clock_off_ms() } else { 0 };
        Ok(self.read(self.live.clock()).await? + off)
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        let leases = self.read(self.live.leases()).await?;
        if self.world.plan.planted == Some(Planted::GhostLease) {
            for owner in leases.iter().filter_map(|lease| lease.owner) {
                self.live.bump_leases(owner).await?;
            }
        }
        Ok(leases)
    }

    async fn format(&self) -> Result<u32, StoreError> {
        self.read(self.live.format()).await
    }

    async fn raise_format(&self, to: u32) -> Result<(), StoreError> {
        self.changes(self.live.raise_format(to)).await
    }

    async fn acquire_lease(
        &self,
        partition: PartitionId,
        node: NodeId,
        seen: Option<Lease>,
    ) -> Result<Option<Lease>, StoreError> {
        let acquired = self.changes(self.live.acquire_lease(partition, node, seen));
        let acquired = acquired.await?;
        let (process, now) = (self.life.number, self.world.now_ms());
        if acquired.is_some() {
            let mut truth = self.world.truth();
            truth.coverage.hit("cluster: lease taken");
            truth.line(now, || format!("process {process} takes {partition:?}"));
        }
        Ok(acquired)
    }

    async fn bump_leases(&self, node: NodeId) -> Result<Vec<Lease>, StoreError> {
        self.changes(self.live.bump_leases(node)).await
    }

    async fn release_lease(&self, lease: Lease) -> Result<bool, StoreError> {
        self.changes(self.live.release_lease(lease)).await
    }

    async fn heads(&self) -> Result<Vec<(PartitionId, Position)>, StoreError> {
        self.read(self.live.heads()).await
    }
}
