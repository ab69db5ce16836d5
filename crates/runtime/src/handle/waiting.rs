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
    pub(super) async fn fresh(&self, consistency: Consistency) -> Vec<Behind> {
        if consistency == Consistency::Eventual {
            return vec![];
        }
        let (mut behind, elsewhere) = tokio::join!(self.all_fresh_here(), self.fresh_elsewhere());
        behind.extend(elsewhere);
        behind
    }

    /// The same, of what other nodes have made durable.
    pub(super) async fn fresh_elsewhere(&self) -> Vec<Behind> {
        match &self.shared.cluster {
            Some(cluster) => cluster.fresh_elsewhere(&self.shared).await,
            None => vec![],
        }
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
                    Routed::Here => Ok(self.fresh_here(slot).await),
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

    /// The same, of a partition of this process.
    pub(crate) async fn fresh_here(&self, slot: engine::Slot) -> bool {
        let port = self.shared.port(slot);
        let head = port.head.get();
        let reached = self.reach_one(port, head);
        tokio::time::timeout(self.read_wait(), reached)
            .await
            .is_ok()
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

    pub(super) fn behind(&self, heads: &[u64]) -> Vec<Behind> {
        let now = self.shared.clock.now_ms();
        let ports = (0..).zip(self.shared.ports.iter().zip(heads));
        let late = ports.filter(|(_, (port, head))| port.reached.get() < **head);
        late.map(|(partition, (port, _))| {
            let since = port.behind_since.load(Ordering::Relaxed);
            Behind {
                partition,
                behind_ms: u64::try_from(now - since).unwrap_or(0),
            }
        })
        .collect()
    }
}
