//! Waiting until the state has caught up with what was durable when a read began.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Runtime;
use crate::cluster::{Routed, Trip};
use crate::error::Unavailable;
use crate::partition::Port;
use crate::reads::{Behind, Consistency};

impl Runtime {
    /// Waits until the state holds everything that is durable now; answers with the partitions
    /// that were not in time.
    pub(crate) async fn fresh(&self, consistency: Consistency) -> Vec<Behind> {
        if consistency == Consistency::Eventual {
            return vec![];
        }
        let owned = self.owned_here();
        let elsewhere = self.fresh_elsewhere(&owned);
        let (mut behind, elsewhere) = tokio::join!(self.all_fresh_here(), elsewhere);
        behind.extend(elsewhere);
        behind
    }

    /// The same, of what other nodes have made durable: whatever is not `owned` by this one.
    pub(super) async fn fresh_elsewhere(&self, owned: &[u16]) -> Vec<Behind> {
        match &self.shared.cluster {
            Some(cluster) => cluster.fresh_elsewhere(&self.shared, owned).await,
            None => self.closed(owned),
        }
    }

    /// Nobody else knows what is durable of a partition that this process, the only one, has closed.
    fn closed(&self, owned: &[u16]) -> Vec<Behind> {
        let now = self.shared.clock.now_ms();
        let ports = (0..).zip(&self.shared.ports);
        let closed = ports.filter(|(partition, _)| !owned.contains(partition));
        let behind = |(partition, port): (u16, &Port)| Behind::since(partition, port, now);
        closed.map(behind).collect()
    }

    /// The same, of what this process has made durable.
    pub(crate) async fn all_fresh_here(&self) -> Vec<Behind> {
        let heads = self.heads();
        let in_time = tokio::time::timeout(self.read_wait(), self.reach(&heads))
            .await
            .is_ok();
        if in_time { vec![] } else { self.behind(&heads) }
    }

    /// Waits until the state of this slot's partition holds everything that is durable now; says
    /// whether it was in time.
    pub(super) async fn fresh_slot(&self, slot: engine::Slot) -> bool {
        let fresh = async {
            let mut trip = Trip::to(&self.shared, slot);
            loop {
                let outcome = match trip.next().await? {
                    Routed::Here => self.fresh_here(slot).await,
                    Routed::There(there) => there.fresh(slot).await,
                };
                if let Some(settled) = trip.settled::<bool, Unavailable>(outcome) {
                    return settled;
                }
            }
        };
        let fresh = tokio::time::timeout(self.read_wait(), fresh).await;
        matches!(fresh, Ok(Ok(true)))
    }

    /// The same, of a partition of this process; only its owner knows what is durable.
    pub(crate) async fn fresh_here(&self, slot: engine::Slot) -> Result<bool, Unavailable> {
        let shared = &self.shared;
        let port = shared.port(slot);
        let index = u16::try_from(shared.placement.of(slot)).unwrap_or_default();
        if shared.cluster.is_some() && !(port.is_open() && shared.may_answer(index)) {
            return Err(Unavailable::Closed);
        }
        let reached = self.reach_one(port, port.head.get());
        let reached = tokio::time::timeout(self.read_wait(), reached);
        Ok(reached.await.is_ok())
    }

    /// How long a read waits at most.
    pub(super) fn read_wait(&self) -> Duration {
        Duration::from_millis(self.shared.config.bounds.read_wait_ms)
    }

    pub(super) async fn projected_to_heads(&self) {
        self.reach(&self.heads()).await;
        let catalog = &self.shared.catalog_port;
        let head = catalog.head.get();
        self.reach_one(catalog, head).await;
    }

    /// What is durable of each partition of this process; nothing of the others.
    pub(super) fn heads(&self) -> Vec<u64> {
        let head = |(index, port): (u16, &Port)| {
            let ours = port.is_open() && self.shared.may_answer(index);
            if ours { port.head.get() } else { 0 }
        };
        (0..).zip(&self.shared.ports).map(head).collect()
    }

    /// The partitions of this process that it may answer for now.
    pub(crate) fn owned_here(&self) -> Vec<u16> {
        let heads = (0..).zip(self.heads());
        // What is open has a record that says so.
        let owned = heads.filter(|(_, head)| *head > 0);
        owned.map(|(partition, _)| partition).collect()
    }

    async fn reach(&self, heads: &[u64]) {
        for (port, head) in self.shared.ports.iter().zip(heads) {
            self.reach_one(port, *head).await;
        }
    }

    /// Waits until one partition's state has reached a position.
    async fn reach_one(&self, port: &Port, head: u64) {
        if port.reached.get() < head {
            let _hurry = self.shared.awaited.hurry();
            port.reached.reach(head).await;
        }
    }

    /// What is behind of partitions that went to another node meanwhile.
    pub(super) fn lost(&self, heads: &[u64]) -> Vec<Behind> {
        let behind = self.behind(heads).into_iter();
        let gone = |behind: &Behind| !self.shared.ports[usize::from(behind.partition)].is_open();
        behind.filter(gone).collect()
    }

    pub(super) fn behind(&self, heads: &[u64]) -> Vec<Behind> {
        let now = self.shared.clock.now_ms();
        let ports = (0..).zip(self.shared.ports.iter().zip(heads));
        let late = ports.filter(|(_, (port, head))| port.reached.get() < **head);
        let behind =
            |(partition, (port, _)): (u16, (&Port, _))| Behind::since(partition, port, now);
        late.map(behind).collect()
    }
}

impl Behind {
    fn since(partition: u16, port: &Port, now: i64) -> Self {
        let since = port.behind_since.load(Ordering::Relaxed);
        Self {
            partition,
            behind_ms: u64::try_from(now - since).unwrap_or(0),
        }
    }
}
