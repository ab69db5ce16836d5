//! A partition of this node, from its lease to its release.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::{Lease, PartitionId, StoreError};

use super::state::{Cluster, lock};
use crate::error::OpenError;
use crate::partition::{Internal, Partition};
use crate::projector::News;
use crate::shared::Shared;

/// How long a partition that is handed over waits for its calls: those that take longer are made
/// again by the next owner.
const CALLS: Duration = Duration::from_secs(3);
/// How long it waits for its state, so that the next owner has no tail to replay.
const PROJECTED: Duration = Duration::from_secs(2);
/// Between two looks at the calls under way.
const LOOK: Duration = Duration::from_millis(20);
/// After so long a partition that could not be opened is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Where a partition of this node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being recovered.
    Opening,
    /// It works.
    Open,
    /// It is being handed over.
    Leaving,
    /// It could not be opened a moment ago.
    Failed,
}

/// By partition.
pub(super) type Stages = BTreeMap<u16, Stage>;

impl Cluster {
    fn set_stage(&self, partition: u16, stage: Stage) {
        lock(&self.stages).insert(partition, stage);
    }
}

/// Opens a partition whose lease is ours, and runs it until it is handed over or lost.
pub(super) fn own(shared: &Arc<Shared>, cluster: &Arc<Cluster>, lease: Lease) {
    let index = lease.partition.0;
    cluster.set_stage(index, Stage::Opening);
    let (owned, owned_cluster) = (Arc::clone(shared), Arc::clone(cluster));
    shared.spawn_vital(format!("partition {index}"), async move {
        let (shared, cluster) = (owned, owned_cluster);
        let owned = tokio::select! {
            biased;
            opened = opened(&shared, &cluster, lease) => opened,
            // Lost on the way: its state, for one, is never written.
            () = cluster.lapsed(&shared, usize::from(index)) => Err(OpenError::Fenced(index)),
        };
        let failed = match owned {
            Ok(partition) => {
                cluster.set_stage(index, Stage::Open);
                crate::health::add(&shared.stats.partitions_taken, 1);
                shared.homes.begin(&shared, index);
                cluster.have_others_look(&shared);
                let ran = tokio::select! {
                    ran = partition.run() => ran,
                    never = lose_when_refused(&shared, &cluster, index) => match never {},
                };
                if ran {
                    projected(&shared, index).await;
                }
                false
            }
            Err(error) => {
                not_opened(&cluster, index, &error);
                true
            }
        };
        give_up(&shared, &cluster, lease).await;
        if failed {
            cluster.set_stage(index, Stage::Failed);
            tokio::time::sleep(AGAIN).await;
        }
        lock(&cluster.stages).remove(&index);
        cluster.wake.notify_one();
    });
}

/// A partition that is ours still when it is open. A node that stood still between taking the lease and
/// taking the journal over may come late: another has the lease by then, and answers from memory. It
/// is fenced, and so must not go unnoticed that this one commits.
async fn opened(
    shared: &Arc<Shared>,
    cluster: &Cluster,
    lease: Lease,
) -> Result<Partition, OpenError> {
    let partition = crate::recovery::open_one(shared, lease.partition.0).await?;
    let leases = cluster.store.leases().await?;
    let ours = |held: &Lease| {
        (held.partition, held.owner, held.epoch) == (lease.partition, lease.owner, lease.epoch)
    };
    if leases.iter().any(ours) {
        Ok(partition)
    } else {
        Err(OpenError::Fenced(lease.partition.0))
    }
}

fn not_opened(cluster: &Cluster, partition: u16, error: &OpenError) {
    match error {
        OpenError::Fenced(_) => tracing::warn!(partition, "another node was faster"),
        OpenError::Store(StoreError::Unavailable(reason)) => {
            tracing::warn!(partition, %reason, "a partition cannot be opened for now");
        }
        OpenError::Newer { .. } => {
            tracing::error!(partition, %error, "this node is too old for the cluster's journal");
            cluster.set_unfit(&error.to_string());
        }
        error => tracing::error!(partition, %error, "a partition cannot be opened"),
    }
}

async fn projected(shared: &Shared, index: u16) {
    let port = &shared.ports[usize::from(index)];
    let _hurry = shared.awaited.hurry();
    let reached = port.reached.reach(port.head.get());
    if tokio::time::timeout(PROJECTED, reached).await.is_err() {
        tracing::warn!(partition = index, "handed over with a tail to replay");
    }
}

/// The partition is no more ours: another may take it at once.
async fn give_up(shared: &Shared, cluster: &Cluster, lease: Lease) {
    let PartitionId(index) = lease.partition;
    cluster.standing.ended(lease.partition);
    shared.homes.end(index);
    shared.ports[usize::from(index)].set_open(false);
    shared.ports[usize::from(index)].given_up.rise();
    // Without a projector the process is going down.
    let _gone = shared.projector.send(News::Lost(lease.partition));
    match cluster.store.release_lease(lease).await {
        Ok(true) => {
            tracing::info!(partition = index, "released");
            cluster.have_others_look(shared);
        }
        Ok(false) => {
            crate::health::add(&shared.stats.partitions_lost, 1);
            tracing::info!(partition = index, "another node owns it now");
        }
        Err(error) => {
            tracing::warn!(partition = index, %error, "not released; its lease ends by itself");
        }
    }
}

/// Hands a partition over: no further call is made for it, those under way come back, everything is
/// committed, and then its lease is released.
pub(super) fn hand_over(shared: &Arc<Shared>, cluster: &Cluster, index: u16) {
    cluster.set_stage(index, Stage::Leaving);
    tracing::info!(partition = index, "handing over");
    let owned = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let port = &owned.ports[usize::from(index)];
        port.leave();
        let idle = async {
            while port.calls.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(CALLS, idle).await.is_err() {
            tracing::warn!(
                partition = index,
                "calls under way are made again by the next owner"
            );
        }
        port.notify(Internal::Close);
    });
}

/// What is projected of the partition is not taken any more: another process has taken it over, or the database lost the
/// end of the state. Either way this ownership ends; the next one makes the state anew from the journal.
async fn lose_when_refused(shared: &Shared, cluster: &Cluster, index: u16) -> Infallible {
    let refused = &shared.ports[usize::from(index)].refused;
    refused.reach(refused.get() + 1).await;
    lose(shared, cluster, index);
    std::future::pending().await
}

/// The lease is lost: nothing of the partition may be answered any more.
pub(super) fn lose(shared: &Shared, cluster: &Cluster, index: u16) {
    tracing::warn!(partition = index, "the lease is lost");
    cluster.standing.ended(PartitionId(index));
    cluster.set_stage(index, Stage::Leaving);
    let port = &shared.ports[usize::from(index)];
    port.set_open(false);
    port.notify(Internal::Close);
}
