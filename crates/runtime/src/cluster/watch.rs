//! The node's loop: shows that it lives, sees who else does, keeps its leases, takes what is its own
//! and free, hands over what should be another's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::{Lease, NodeId, PartitionId, SeenNode, StoreError};

use super::assignment::{Candidate, owner_of};
use super::catalog::follow;
use super::formats::Formats;
use super::ownership::{Stage, hand_over, lose, own};
use super::state::{Cluster, lock};
use super::view::{NodeView, View};
use crate::clock::steady_now;
use crate::partition::Internal;
use crate::shared::Shared;

/// A node whose clock is further off the store's owns nothing, in milliseconds.
const CLOCK_OFF_MS: i64 = 1_000;
/// So many looks after another messages without acknowledgement are sent again.
const REDELIVER_EVERY: u64 = 2;
/// Every how many looks it is checked that the store still has what was written of the state.
const STATE_CHECKED_EVERY: u64 = 10;
/// A node that has not moved for so many leases is struck out.
const STRUCK_OUT: u64 = 12;
/// For so many leases after the last node of an older version was seen, nothing is written that it could not read.
const OLDER_MAY_RETURN: u64 = 12;
/// How often other nodes' heads are read while somebody streams all records.
const HEADS: Duration = Duration::from_millis(100);
/// Between two looks at least.
const REST: Duration = Duration::from_millis(20);
/// What a node says of itself that is about to end.
const ENDING: &str = "it is shutting down";

/// What the loop remembers from look to look.
#[derive(Default)]
struct Watch {
    /// What the node last wrote down of why it must own nothing.
    registered: Option<String>,
    looks: u64,
    /// Counters of nodes, and when this node saw them move, by the boot-time clock.
    beats: BTreeMap<NodeId, (u64, u64)>,
    /// Nodes that were seen to move: one that is only written down may be dead for a moment.
    moved: BTreeSet<NodeId>,
    /// Leases of others as they were last seen to move, and when.
    seen: BTreeMap<PartitionId, (Lease, u64)>,
    formats: Formats,
}

/// Runs until the runtime goes.
pub(crate) async fn watch(shared: Arc<Shared>, cluster: Arc<Cluster>) {
    let mut watch = Watch::default();
    loop {
        let tick = cluster.tick();
        // A look that takes as long as a lease has learnt nothing.
        let lease = Duration::from_millis(cluster.lease_ms);
        match tokio::time::timeout(lease, watch.look(&shared, &cluster)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => watch.learnt_nothing(&error.to_string()),
            Err(_) => watch.learnt_nothing("it takes too long to answer"),
        }
        if cluster.streams.load(Ordering::Acquire) > 0 {
            follow_heads(&shared, &cluster, tick).await;
        } else {
            let _tick_over = tokio::time::timeout(tick, cluster.wake.notified()).await;
        }
        // However many wait for news, the store is not asked without pause.
        tokio::time::sleep(REST).await;
    }
}

/// Instead of resting: somebody wants to see other nodes' records soon.
async fn follow_heads(shared: &Shared, cluster: &Cluster, tick: Duration) {
    let until = steady_now() + tick;
    while steady_now() < until {
        let rested = tokio::time::timeout(HEADS, cluster.wake.notified()).await;
        // The next look says what is wrong.
        let _unknown = cluster.see_heads(shared).await;
        if rested.is_ok() {
            return;
        }
    }
}

/// Partitions that are here know better how far they are.
fn raise_heads(shared: &Shared, heads: &[(PartitionId, u64)]) {
    for (PartitionId(partition), head) in heads {
        if let Some(port) = shared.ports.get(usize::from(*partition))
            && !port.is_open()
        {
            port.head.raise(*head);
        }
    }
}

/// A database that crashed may have lost the end of the state, which is not synced with each write. Whoever writes next
/// finds out; where nothing happens, nobody would.
async fn check_states(shared: &Shared) -> Result<(), StoreError> {
    let ports = (0..).map(PartitionId).zip(&shared.ports);
    for (partition, port) in ports.filter(|(_, port)| port.is_open()) {
        match shared.store.reached(partition).await {
            Ok(_) => {}
            Err(StoreError::TakenOver(PartitionId(partition))) => {
                tracing::warn!(
                    partition,
                    "the state went back: it is made anew from the journal"
                );
                port.refused.rise();
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A node that does not read what others wrote must own nothing.
async fn check_format(cluster: &Cluster) -> Result<(), StoreError> {
    let written = cluster.store.format().await?;
    let node = cluster.node();
    if written > node.format && node.unfit.is_empty() {
        let reason = format!(
            "the cluster's records have format {written}, and it reads no newer one than {}; run the newer version",
            node.format
        );
        tracing::error!(%reason, "this node is too old for the cluster and owns nothing");
        cluster.set_unfit(&reason);
    }
    Ok(())
}

impl Watch {
    /// The store did not answer: what was seen to stand still may have moved meanwhile.
    fn learnt_nothing(&mut self, reason: &str) {
        tracing::warn!(%reason, "the cluster cannot be seen");
        self.seen.clear();
        self.beats.clear();
    }

    async fn look(
        &mut self,
        shared: &Arc<Shared>,
        cluster: &Arc<Cluster>,
    ) -> Result<(), StoreError> {
        self.looks += 1;
        self.check_clock(shared, cluster).await?;
        check_format(cluster).await?;
        self.beat(cluster).await?;
        self.renew(shared, cluster).await?;
        let store = &cluster.store;
        let (nodes, leases) = (store.nodes().await?, store.leases().await?);
        let heads = store.heads().await?;
        let paused = shared.store.paused().await?;
        shared.dispatcher.set_paused(shared, paused);
        let now = shared.clock.boot_ms();
        self.note(now, cluster, &nodes, &leases);
        self.strike_out(now, cluster, &nodes).await?;
        self.agree_on_format(now, cluster, &nodes).await?;
        let candidates = self.candidates(now, cluster, &nodes);
        let view = self.view(now, shared, cluster, nodes, &leases);
        let works = |owner: &Option<NodeId>| {
            owner.is_some_and(|id| id == cluster.me || self.moved.contains(&id))
        };
        if view.owners.iter().all(works) {
            cluster.settled.raise(1);
        }
        cluster.show(view);
        self.settle(shared, cluster, &leases, &candidates).await?;
        raise_heads(shared, &heads);
        if let Some((_, head)) = heads.iter().find(|(id, _)| *id == PartitionId::CATALOG) {
            follow(shared, *head).await?;
        }
        cluster.answered_at.raise(shared.clock.boot_ms());
        if self.looks.is_multiple_of(STATE_CHECKED_EVERY) {
            check_states(shared).await?;
        }
        if self.looks.is_multiple_of(REDELIVER_EVERY) {
            let open = shared.ports.iter().filter(|port| port.is_open());
            open.for_each(|port| port.notify(Internal::Redeliver));
        }
        Ok(())
    }

    /// A node whose clock is off would stamp records and fire timers wrongly.
    async fn check_clock(&self, shared: &Shared, cluster: &Cluster) -> Result<(), StoreError> {
        let before = shared.clock.now_ms();
        let theirs = cluster.store.clock().await?;
        let after = shared.clock.now_ms();
        // It was read at some moment between the two.
        let off = (before - theirs).max(theirs - after);
        let unfit = cluster.node().unfit;
        let ours = unfit.is_empty() || unfit.starts_with("its clock");
        if ours && off > CLOCK_OFF_MS {
            let reason = format!("its clock is {off} ms off the database's");
            if unfit.is_empty() {
                tracing::error!(%reason, "this node owns nothing until its clock is right");
            }
            cluster.set_unfit(&reason);
        } else if ours && !unfit.is_empty() {
            cluster.set_unfit("");
        }
        Ok(())
    }

    async fn beat(&mut self, cluster: &Cluster) -> Result<(), StoreError> {
        let node = cluster.node();
        let unchanged = self.registered.as_ref() == Some(&node.unfit);
        if !unchanged || !cluster.store.heartbeat(cluster.me).await? {
            cluster.store.register_node(&node).await?;
            self.registered = Some(node.unfit);
        }
        Ok(())
    }

    /// Keeps our leases; what is missing among them was lost.
    async fn renew(
        &mut self,
        shared: &Arc<Shared>,
        cluster: &Arc<Cluster>,
    ) -> Result<(), StoreError> {
        let sent_at = shared.clock.boot_ms();
        let held = cluster.store.bump_leases(cluster.me).await?;
        let ours: BTreeSet<u16> = held.iter().map(|lease| lease.partition.0).collect();
        for lease in &held {
            cluster.standing.renewed(lease.partition, sent_at);
        }
        let stages = lock(&cluster.stages).clone();
        for (index, stage) in stages {
            match stage {
                _ if ours.contains(&index) => {}
                Stage::Open => lose(shared, cluster, index),
                // It looks at its lease on the way.
                Stage::Opening => cluster.standing.ended(PartitionId(index)),
                Stage::Leaving | Stage::Failed => {}
            }
        }
        Ok(())
    }

    /// Notes what moved.
    fn note(&mut self, now: u64, cluster: &Cluster, nodes: &[SeenNode], leases: &[Lease]) {
        for seen in nodes {
            let beat = self.beats.entry(seen.node.id);
            // One that has been silent for long when it is first seen is not waited for.
            let silent = if self.looks > 1 { 0 } else { seen.silent_ms };
            let (counter, at) = beat.or_insert((seen.counter, now.saturating_sub(silent)));
            if *counter != seen.counter {
                (*counter, *at) = (seen.counter, now);
                self.moved.insert(seen.node.id);
            }
        }
        self.beats
            .retain(|id, _| nodes.iter().any(|seen| seen.node.id == *id));
        for lease in leases
            .iter()
            .filter(|lease| lease.owner != Some(cluster.me))
        {
            let seen = self.seen.entry(lease.partition).or_insert((*lease, now));
            if seen.0 != *lease {
                *seen = (*lease, now);
            }
        }
    }

    fn is_live(&self, now: u64, cluster: &Cluster, node: NodeId) -> bool {
        let moved = self.beats.get(&node);
        node == cluster.me || moved.is_some_and(|(_, at)| now < at + cluster.lease_ms)
    }

    /// Whoever sees it strikes a node out that is long gone.
    async fn strike_out(
        &self,
        now: u64,
        cluster: &Cluster,
        nodes: &[SeenNode],
    ) -> Result<(), StoreError> {
        let gone_ms = STRUCK_OUT * cluster.lease_ms;
        for seen in nodes {
            let moved = self.beats.get(&seen.node.id);
            let still = moved.is_some_and(|(_, at)| now >= at + gone_ms);
            if seen.node.id != cluster.me && (still || seen.silent_ms > 2 * gone_ms) {
                cluster.store.remove_node(seen.node.id).await?;
            }
        }
        Ok(())
    }

    /// A newer format is written once every node reads it that lives or did lately.
    async fn agree_on_format(
        &mut self,
        now: u64,
        cluster: &Cluster,
        nodes: &[SeenNode],
    ) -> Result<(), StoreError> {
        let live = nodes.iter().map(|seen| &seen.node);
        let live = live.filter(|node| self.is_live(now, cluster, node.id));
        let read: Vec<u32> = live.map(|node| node.format).collect();
        let away_ms = OLDER_MAY_RETURN * cluster.lease_ms;
        let agreed = self.formats.agreed(now, away_ms, read.into_iter());
        if let Some(newer) =
            agreed.filter(|format| *format > cluster.format.load(Ordering::Acquire))
        {
            // Whoever comes later and reads less must find it, though nothing of it may be left in the journal.
            cluster.store.raise_format(newer).await?;
            cluster.format.store(newer, Ordering::Release);
        }
        Ok(())
    }

    fn candidates(&self, now: u64, cluster: &Cluster, nodes: &[SeenNode]) -> Vec<Candidate> {
        let fit = nodes.iter().map(|seen| &seen.node).filter(|node| {
            let unfit = if node.id == cluster.me {
                cluster.node().unfit
            } else {
                node.unfit.clone()
            };
            unfit.is_empty() && self.is_live(now, cluster, node.id)
        });
        fit.map(|node| Candidate {
            id: node.id,
            zone: node.zone.clone(),
        })
        .collect()
    }

    fn view(
        &self,
        now: u64,
        shared: &Shared,
        cluster: &Cluster,
        nodes: Vec<SeenNode>,
        leases: &[Lease],
    ) -> View {
        let mut owners = vec![None; shared.ports.len()];
        for lease in leases {
            if let Some(owner) = owners.get_mut(usize::from(lease.partition.0)) {
                *owner = lease.owner;
            }
        }
        let seen = |seen: SeenNode| {
            let id = seen.node.id;
            let view = NodeView {
                live: self.is_live(now, cluster, id),
                is_this: id == cluster.me,
                silent_ms: seen.silent_ms,
                partitions: owners.iter().filter(|owner| **owner == Some(id)).count(),
                node: seen.node,
            };
            (id, view)
        };
        View {
            nodes: nodes.into_iter().map(seen).collect(),
            owners,
        }
    }

    /// Takes and hands over.
    async fn settle(
        &mut self,
        shared: &Arc<Shared>,
        cluster: &Arc<Cluster>,
        leases: &[Lease],
        candidates: &[Candidate],
    ) -> Result<(), StoreError> {
        let leases: BTreeMap<u16, Lease> = leases
            .iter()
            .map(|lease| (lease.partition.0, *lease))
            .collect();
        for index in 0..shared.placement.count() {
            let should = owner_of(index, candidates);
            let lease = leases.get(&index).copied();
            let stage = lock(&cluster.stages).get(&index).copied();
            let ours = lease.is_some_and(|lease| lease.owner == Some(cluster.me));
            if should == Some(cluster.me)
                && stage.is_none()
                && (ours || self.is_free(shared, cluster, lease))
            {
                self.take(shared, cluster, index, lease).await?;
            } else if ours && stage == Some(Stage::Open) && should != Some(cluster.me) {
                // Without anybody to hand it to this node is unfit, and does better to stop.
                hand_over(shared, cluster, index);
            } else if let Some(lease) = lease.filter(|_| ours && stage.is_none()) {
                // It was given up, but the store did not answer; our bumps would keep it for ever.
                cluster.store.release_lease(lease).await?;
            }
        }
        Ok(())
    }

    /// Released, never owned, or seen to stand still for a whole lease.
    fn is_free(&self, shared: &Shared, cluster: &Cluster, lease: Option<Lease>) -> bool {
        let Some(lease) = lease else { return true };
        let now = shared.clock.boot_ms();
        let stood = || {
            let seen = self.seen.get(&lease.partition);
            seen.is_some_and(|(seen, at)| *seen == lease && now >= at + cluster.lease_ms)
        };
        lease.owner.is_none() || stood()
    }

    async fn take(
        &mut self,
        shared: &Arc<Shared>,
        cluster: &Arc<Cluster>,
        index: u16,
        lease: Option<Lease>,
    ) -> Result<(), StoreError> {
        let sent_at = shared.clock.boot_ms();
        let partition = PartitionId(index);
        let acquired = cluster.store.acquire_lease(partition, cluster.me, lease);
        if let Some(lease) = acquired.await? {
            cluster.standing.renewed(partition, sent_at);
            own(shared, cluster, lease);
        }
        Ok(())
    }
}

impl Cluster {
    /// Reads how far the journals of other nodes are.
    pub(crate) async fn see_heads(&self, shared: &Shared) -> Result<(), StoreError> {
        raise_heads(shared, &self.store.heads().await?);
        Ok(())
    }

    /// Hands everything over, and goes from the list of nodes; waits until that is done, at most so
    /// long.
    pub(crate) async fn leave(&self, shared: &Shared, at_most: Duration) {
        self.set_unfit(ENDING);
        let gone = async {
            loop {
                // Written at once, so that the others take what is released.
                let written = self.store.register_node(&self.node()).await;
                if let Err(error) = written {
                    tracing::warn!(%error, "the other nodes cannot be told that this one ends");
                }
                self.wake.notify_one();
                if lock(&self.stages).is_empty() {
                    return;
                }
                tokio::time::sleep(self.tick() / 4).await;
            }
        };
        if tokio::time::timeout(at_most, gone).await.is_err() {
            tracing::warn!("not everything was handed over in time; leases end by themselves");
        }
        let open = shared.ports.iter().filter(|port| port.is_open()).count();
        tracing::info!(open, "the node has left its cluster");
    }

    /// Strikes this node out.
    pub(crate) async fn strike_out_this(&self) {
        if let Err(error) = self.store.remove_node(self.me).await {
            tracing::warn!(%error, "this node stays in the list until the others strike it out");
        }
    }
}
