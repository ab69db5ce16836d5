//! What a node knows of its cluster, and whom it talks to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use engine::Slot;
use store::{Node, NodeId};
use tokio::sync::Notify;

use super::link::{Link, Peers};
use super::ownership::Stages;
use super::permits::Permits;
use super::standing::Standing;
use super::view::{NodeView, View};
use super::wire::Ask;
use crate::level::Level;
use crate::partition::Internal;
use crate::shared::Shared;

/// What makes a runtime one node of several.
#[derive(Clone)]
pub struct Membership {
    /// What the nodes share.
    pub store: Arc<dyn store::Cluster>,
    /// How they reach each other.
    pub peers: Arc<dyn Peers>,
    /// This node.
    pub node: Node,
    /// After how long another node may take over from one that does not move, in milliseconds
    /// (1,000 to 60,000).
    pub lease_ms: u64,
}

/// What a node knows of its cluster.
pub(crate) struct Cluster {
    pub(super) store: Arc<dyn store::Cluster>,
    peers: Arc<dyn Peers>,
    pub(super) lease_ms: u64,
    /// The newest format that all nodes read; it is never lowered. 0: not known yet.
    pub(crate) format: AtomicU32,
    /// This node, and why it must own nothing for now.
    node: Mutex<Node>,
    pub(super) me: NodeId,
    /// Where this node stands.
    pub(crate) zone: String,
    view: RwLock<Arc<View>>,
    /// Rises with every change of the view.
    pub(super) changed: Level,
    links: Mutex<BTreeMap<NodeId, Arc<Link>>>,
    pub(super) standing: Standing,
    pub(super) permits: Permits,
    /// The partitions that are here, or about to be.
    pub(super) stages: Mutex<Stages>,
    /// Has the node's loop look again at once.
    pub(super) wake: Notify,
    /// Streams of all records, which want to know soon how far other nodes' journals are.
    pub(crate) streams: AtomicUsize,
    /// 1 once every partition had an owner.
    pub(super) settled: Level,
    /// When the store last answered, by the boot-time clock; 0 before it did.
    pub(super) answered_at: Level,
}

impl Cluster {
    /// The cluster as a node sees it that has just begun.
    pub(crate) fn new(membership: Membership, partitions: u16) -> Self {
        let Membership {
            store,
            peers,
            node,
            lease_ms,
        } = membership;
        Self {
            store,
            peers,
            lease_ms,
            format: AtomicU32::new(0),
            me: node.id,
            zone: node.zone.clone(),
            node: Mutex::new(node),
            view: RwLock::default(),
            changed: Level::default(),
            links: Mutex::default(),
            standing: Standing::new(partitions, lease_ms),
            permits: Permits::default(),
            stages: Mutex::default(),
            wake: Notify::new(),
            streams: AtomicUsize::new(0),
            settled: Level::default(),
            answered_at: Level::default(),
        }
    }

    /// Between two looks of the node's loop.
    pub(super) fn tick(&self) -> Duration {
        Duration::from_millis(self.lease_ms / 5)
    }

    /// This node's id.
    pub(crate) fn me(&self) -> NodeId {
        self.me
    }

    /// This node as it describes itself.
    pub(super) fn node(&self) -> Node {
        lock(&self.node).clone()
    }

    /// What people call this node.
    pub(crate) fn name(&self) -> String {
        lock(&self.node).name.clone()
    }

    /// Why this node must own nothing, which the next look writes down. Empty: it may.
    pub(super) fn set_unfit(&self, reason: &str) {
        reason.clone_into(&mut lock(&self.node).unfit);
    }

    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what was seen; ends links to nodes that are gone.
    pub(super) fn show(&self, view: View) {
        let mut links = lock(&self.links);
        links.retain(|id, link| {
            let there = view.nodes.get(id).is_some_and(|seen| seen.live);
            if !there {
                link.end();
            }
            there
        });
        drop(links);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.changed.rise();
    }

    /// All nodes, as they were last seen.
    pub(crate) fn nodes(&self) -> Vec<NodeView> {
        self.view().nodes.values().cloned().collect()
    }

    /// The owner of each partition, as last seen.
    pub(crate) fn owners(&self) -> Vec<Option<NodeId>> {
        self.view().owners.clone()
    }

    /// Whether this node may answer for a partition now.
    pub(crate) fn may_answer(&self, shared: &Shared, partition: u16) -> bool {
        self.standing.lasts(partition, shared.clock.boot_ms())
    }

    /// The link to a node that lives.
    pub(super) fn link(&self, shared: &Shared, to: NodeId) -> Option<Arc<Link>> {
        let view = self.view();
        let seen = view.nodes.get(&to).filter(|seen| seen.live)?;
        let mut links = lock(&self.links);
        if let Some(link) = links.get(&to) {
            return Some(Arc::clone(link));
        }
        let (link, asked) = Link::new();
        let running = Arc::clone(&link);
        let run = running.run(Arc::clone(&self.peers), seen.node.clone(), asked);
        shared.tasks.spawn(run);
        links.insert(to, Arc::clone(&link));
        Some(link)
    }

    /// The nodes that live, but for this one.
    pub(super) fn others(&self) -> Vec<NodeId> {
        let view = self.view();
        let live = view.nodes.values().filter(|seen| seen.live);
        live.map(|seen| seen.node.id)
            .filter(|id| *id != self.me)
            .collect()
    }

    /// For how long the store has not answered, in milliseconds, if that is longer than a lease: what is asked here
    /// is then better asked elsewhere.
    pub(super) fn cut_off_ms(&self, shared: &Shared) -> Option<u64> {
        let answered_at = self.answered_at.get();
        let silent_ms = shared.clock.boot_ms().saturating_sub(answered_at);
        (answered_at > 0 && silent_ms > self.lease_ms).then_some(silent_ms)
    }

    /// What keeps this node from taking requests; empty if nothing does.
    pub(crate) fn hindrance(&self, shared: &Shared) -> String {
        let unfit = lock(&self.node).unfit.clone();
        if self.answered_at.get() == 0 {
            "the node has not joined its cluster yet".to_owned()
        } else if let Some(silent_ms) = self.cut_off_ms(shared) {
            format!("the database has not answered for {silent_ms} ms")
        } else if !unfit.is_empty() {
            unfit
        } else if self.settled.get() == 0 {
            "some partitions have no owner yet".to_owned()
        } else {
            String::new()
        }
    }

    /// Has the other nodes look at the leases at once.
    pub(super) fn have_others_look(&self, shared: &Shared) {
        for node in self.others() {
            if let Some(link) = self.link(shared, node) {
                link.tell(0, Ask::Look(true));
            }
        }
    }

    /// Sends on what is for a partition of another node, if that is known and can be reached.
    pub(crate) fn tell(&self, shared: &Shared, slot: Slot, internal: Internal) {
        let Some(owner) = self.view().owner(shared.placement.of(slot)) else {
            return;
        };
        if owner == self.me {
            return;
        }
        let asks: Vec<Ask> = match internal {
            Internal::Message(message) => vec![Ask::Message(*message)],
            Internal::Acknowledged(taken) => vec![Ask::Acknowledged(taken)],
            Internal::Results(results) => {
                results.into_iter().map(super::serve::result_ask).collect()
            }
            // The others matter to one opening of a partition only.
            _ => return,
        };
        if let Some(link) = self.link(shared, owner) {
            let version = shared.catalog.current().version;
            asks.into_iter().for_each(|ask| link.tell(version, ask));
        }
    }

    /// Counts a stream of all records for as long as the answer is held.
    pub(crate) fn streaming(self: &Arc<Self>) -> Streaming {
        self.streams.fetch_add(1, Ordering::AcqRel);
        self.wake.notify_one();
        Streaming(Arc::clone(self))
    }
}

/// A stream of all records that runs.
pub(crate) struct Streaming(Arc<Cluster>);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
