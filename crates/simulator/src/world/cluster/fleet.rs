//! The nodes of a run: how they begin and end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::{Config, Membership, OpenError, Runtime, Surroundings};
use store::{Node, NodeId, StoreError};

use super::network::{Network, SimulatedPeers, url_of};
use crate::finding::Finding;
use crate::random::Random;
use crate::world::Planted;
use crate::world::life::{Life, LifeClock};
use crate::world::lives::surroundings;
use crate::world::store::SimulatedStore;
use crate::world::surroundings::World;

/// Clocks of healthy nodes differ by no more, in milliseconds.
const CLOCKS_DIFFER_MS: u64 = 300;
/// A node that did not open is tried again after so long.
const AGAIN: Duration = Duration::from_millis(200);

/// The nodes, and what they have in common.
pub(super) struct Fleet {
    pub(super) world: Arc<World>,
    pub(super) network: Arc<Network>,
    pub(super) config: Config,
    pub(super) lease_ms: u64,
    /// Makes the nodes' ids.
    pub(super) salt: u64,
    pub(super) zones: Vec<&'static str>,
    /// Nodes that are about to begin.
    pub(super) coming: AtomicU64,
    /// Whatever the storm began and has not ended.
    pub(super) busy: AtomicU64,
}

impl Fleet {
    /// The id of the node that a process is.
    pub(super) fn node_id(&self, process: u64) -> NodeId {
        NodeId::from_u128(u128::from(self.salt) << 64 | u128::from(process))
    }

    /// Begins a node as soon as the store lets it.
    pub(super) async fn start(self: &Arc<Self>, mut random: Random) {
        self.coming.fetch_add(1, Ordering::Relaxed);
        while !self.world.has_found() {
            let life = self.world.begin();
            life.set_clock_off(small_offset(&mut random));
            if self.open(&life, &mut random).await {
                break;
            }
            life.end();
            tokio::time::sleep(AGAIN).await;
        }
        self.coming.fetch_sub(1, Ordering::Relaxed);
    }

    async fn open(self: &Arc<Self>, life: &Arc<Life>, random: &mut Random) -> bool {
        let zone = *random.pick(&self.zones);
        let with = self.surroundings(life, zone, random.bits());
        let config = Config {
            node: format!("node-{}", life.number),
            ..self.config.clone()
        };
        match life.unless_ended(Runtime::open(config, with)).await {
            Some(Ok(runtime)) => {
                let number = life.number;
                self.world.log(&format!("process {number} begins"));
                self.world.opened(life, runtime);
                true
            }
            Some(Err(
                OpenError::Fenced(_)
                | OpenError::Store(StoreError::Unavailable(_) | StoreError::Io { .. }),
            ))
            | None => false,
            Some(Err(error)) => {
                let finding = Finding(format!("a node does not open: {error}"));
                self.world.judge(Err(finding));
                false
            }
        }
    }

    fn surroundings(self: &Arc<Self>, life: &Arc<Life>, zone: &str, seed: u64) -> Surroundings {
        let world = &self.world;
        let store = Arc::new(SimulatedStore::of(world, life));
        let node = Node {
            id: self.node_id(life.number),
            name: format!("node-{}", life.number),
            zone: zone.to_owned(),
            region: String::new(),
            url: url_of(life.number),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            format: engine::codec::FORMAT,
            unfit: String::new(),
        };
        let peers = SimulatedPeers {
            network: Arc::clone(&self.network),
            life: Arc::clone(life),
        };
        let clock = LifeClock {
            life: Arc::clone(life),
            true_time: world.clock,
            stops: world.plan.planted == Some(Planted::StoppedClock),
            stopped_at: Mutex::default(),
        };
        let membership = Membership {
            store: Arc::<SimulatedStore>::clone(&store),
            peers: Arc::new(peers),
            node,
            lease_ms: self.lease_ms,
        };
        Surroundings {
            store,
            clock: Arc::new(clock),
            cluster: Some(membership),
            ..surroundings(world, life, seed)
        }
    }

    /// A node hands over and goes.
    pub(super) async fn retire(&self, life: &Arc<Life>) {
        let Some(runtime) = life.runtime() else {
            return;
        };
        let going = async {
            runtime.leave().await;
            self.world.closed(life);
            runtime.shutdown().await;
        };
        if life.unless_ended(going).await.is_some() {
            self.world.truth().coverage.hit("cluster: node retired");
        }
        self.world.closed(life);
        life.end();
        runtime.abort();
    }

    /// Runs something beside the storm, which waits for it in the end.
    pub(super) fn beside(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let fleet = Arc::clone(self);
        fleet.busy.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            work.await;
            fleet.busy.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// How far a healthy clock is off.
pub(super) fn small_offset(random: &mut Random) -> i64 {
    let off = random.between(0, 2 * CLOCKS_DIFFER_MS);
    i64::try_from(off).unwrap_or(0) - i64::try_from(CLOCKS_DIFFER_MS).unwrap_or(0)
}
