//! What the parts of one runtime have in common.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use adapter::{Registry, Secrets};
use engine::{Entropy, Id, SLOTS, Slot};
use futures_util::FutureExt;
use store::{NodeId, Store};
use tokio::sync::mpsc;

use crate::catalog::{CatalogCell, CatalogJournal};
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::config::{Config, OnFatal};
use crate::dispatch::{Dispatcher, Tokens};
use crate::error::Unavailable;
use crate::events::RoutingCell;
use crate::handle::LogFilter;
use crate::health::Stats;
use crate::level::Level;
use crate::limits::Homes;
use crate::partition::{Internal, Port};
use crate::placement::Placement;
use crate::projector::{Asked, Awaited, Committed, News};
use crate::sizes::Sizes;
use crate::tasks::Tasks;

/// What the parts of one runtime have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) kinds: Registry,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) incarnation: u32,
    pub(crate) placement: Placement,
    pub(crate) stats: Stats,
    pub(crate) sizes: Sizes,
    pub(crate) catalog: CatalogCell,
    /// Where events go, by the catalog.
    pub(crate) routing: RoutingCell,
    pub(crate) catalog_journal: Arc<tokio::sync::Mutex<CatalogJournal>>,
    /// Those with whom the store is shared; none when it is this process's alone.
    pub(crate) cluster: Option<Arc<Cluster>>,
    pub(crate) ports: Vec<Port>,
    pub(crate) catalog_port: Port,
    pub(crate) projector: mpsc::UnboundedSender<News>,
    pub(crate) awaited: Awaited,
    /// Where lists ask for what the tables lack.
    pub(crate) overlay: mpsc::Sender<Asked>,
    pub(crate) dispatcher: Dispatcher,
    /// What holds calls back of the adapters whose home is here.
    pub(crate) homes: Homes,
    pub(crate) tokens: Tokens,
    pub(crate) tasks: Tasks,
    pub(crate) entropy: Mutex<Entropy>,
    pub(crate) phase: Phase,
    pub(crate) log_filter: Option<Arc<dyn LogFilter>>,
    pub(crate) on_fatal: OnFatal,
}

/// Where a runtime is in its life; it only moves forward.
#[derive(Default)]
pub(crate) struct Phase(Level);

impl Phase {
    const OPEN: u64 = 0;
    const CLOSING: u64 = 1;
    const ENDED: u64 = 2;

    /// The door is open.
    pub(crate) fn is_open(&self) -> bool {
        self.0.get() == Self::OPEN
    }

    /// Closes the door; says whether this call did.
    pub(crate) fn close_door(&self) -> bool {
        self.0.raise(Self::CLOSING)
    }

    /// The end; says whether this call reached it.
    pub(crate) fn end(&self) -> bool {
        self.0.raise(Self::ENDED)
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        self.0.reach(Self::ENDED).await;
    }
}

impl Shared {
    /// This node among those that share the store; nil without a cluster.
    pub(crate) fn node(&self) -> NodeId {
        let cluster = self.cluster.as_ref();
        cluster.map_or(NodeId::from_u128(0), |cluster| cluster.me())
    }

    /// The port of the partition that owns a slot.
    pub(crate) fn port(&self, slot: Slot) -> &Port {
        &self.ports[self.placement.of(slot)]
    }

    /// Puts something on the internal lane of a slot's partition, wherever that is. What does not
    /// arrive is sent again from the state: messages by their sender, results as the repeat of
    /// their call.
    pub(crate) fn tell(self: &Arc<Self>, slot: Slot, internal: Internal) {
        if let Err(back) = self.port(slot).send(internal)
            && let Some(cluster) = &self.cluster
        {
            cluster.tell(self, slot, *back);
        }
    }

    /// The format that batches are written in: one that every node reads.
    pub(crate) fn format(&self) -> u32 {
        let newest = self.config.format;
        match &self.cluster {
            Some(cluster) => cluster.format.load(Ordering::Acquire).clamp(1, newest),
            None => newest,
        }
    }

    /// Whether this process may answer for a partition without a commit that shows it.
    pub(crate) fn may_answer(&self, partition: u16) -> bool {
        let cluster = self.cluster.as_ref();
        cluster.is_none_or(|cluster| cluster.may_answer(self, partition))
    }

    /// Hands a batch to the projector and counts it as not projected yet.
    pub(crate) fn project(&self, committed: Committed) {
        let lag = i64::try_from(committed.bytes).unwrap_or(i64::MAX);
        let stats = &self.stats;
        stats.projection_lag_bytes.fetch_add(lag, Ordering::Relaxed);
        // Without a projector the process is going down.
        let _gone = self.projector.send(News::Committed(committed));
    }

    /// A new id in `slot`.
    pub(crate) fn new_id(&self, slot: Slot) -> Id {
        Id::new(self.clock.now_ms(), slot, self.random())
    }

    /// A slot for what may live in any.
    pub(crate) fn any_slot(&self) -> Slot {
        Slot::try_from(self.random() % u64::from(SLOTS)).unwrap_or_default()
    }

    /// 64 random bits.
    pub(crate) fn random(&self) -> u64 {
        self.entropy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next_u64()
    }

    /// Refuses when the server goes down.
    pub(crate) fn check_open(&self) -> Result<(), Unavailable> {
        if self.phase.is_open() {
            Ok(())
        } else {
            Err(Unavailable::ShuttingDown)
        }
    }

    /// Nothing more can be made durable, or a part broke: the process must end.
    pub(crate) fn fatal(&self, reason: String) {
        if self.phase.end() {
            tracing::error!(%reason, "the runtime stops");
            (self.on_fatal)(reason);
        }
    }

    /// Spawns a part without which the node cannot go on: its panic ends the process.
    pub(crate) fn spawn_vital(
        self: &Arc<Self>,
        name: String,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                shared.fatal(format!("{name} broke; see the log for its panic"));
            }
        });
    }
}
