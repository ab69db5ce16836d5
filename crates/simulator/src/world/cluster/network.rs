//! The network between the nodes of a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use runtime::{Connection, Peers};
use store::Node;
use tokio::sync::mpsc;

use crate::random::Random;
use crate::world::Planted;
use crate::world::life::Life;
use crate::world::signal::Signal;
use crate::world::surroundings::{World, lock};

/// Frames that wait on each half of the way between two nodes.
const FRAMES: usize = 16;
/// After so long nobody waits any more for a connection that is not made, in milliseconds.
const CONNECT_MS: u64 = 3_000;

/// From one process to another, by number.
pub(super) type Way = (u64, u64);

/// How a way is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// What is sent breaks the connection.
    Breaks,
    /// What is sent waits until the way is open again.
    Holds,
}

/// The ways between all processes.
pub(super) struct Network {
    world: Arc<World>,
    random: Mutex<Random>,
    closed: Mutex<BTreeMap<Way, Closed>>,
    opened: Signal,
    /// Connections, and what breaks them.
    connections: Mutex<BTreeMap<u64, (Way, Arc<Signal>)>>,
}

/// The network as one node uses it.
pub(super) struct SimulatedPeers {
    pub(super) network: Arc<Network>,
    pub(super) life: Arc<Life>,
}

/// What other nodes are told to connect to.
pub(super) fn url_of(process: u64) -> String {
    format!("sim://{process}")
}

fn process_at(url: &str) -> Option<u64> {
    url.strip_prefix("sim://")?.parse().ok()
}

#[async_trait]
impl Peers for SimulatedPeers {
    async fn connect(&self, to: &Node) -> Result<Connection, String> {
        self.life.goes_on().await;
        let number = process_at(&to.url).ok_or("no such address")?;
        let mut lives = self.network.world.lives().into_iter();
        let there = lives.find(|life| life.number == number);
        self.network.connect(&self.life, there, number).await
    }
}

impl Network {
    pub(super) fn new(world: Arc<World>, random: Random) -> Arc<Self> {
        Arc::new(Self {
            world,
            random: Mutex::new(random),
            closed: Mutex::default(),
            opened: Signal::default(),
            connections: Mutex::default(),
        })
    }

    fn draw(&self, low: u64, high: u64) -> u64 {
        lock(&self.random).between(low, high)
    }

    /// Closes a way.
    pub(super) fn close(&self, way: Way, how: Closed) {
        lock(&self.closed).insert(way, how);
    }

    /// Opens a way again.
    pub(super) fn open(&self, way: Way) {
        lock(&self.closed).remove(&way);
        self.opened.raise();
    }

    /// Opens all ways.
    pub(super) fn heal(&self) {
        lock(&self.closed).clear();
        self.opened.raise();
    }

    /// Breaks every connection between two processes.
    pub(super) fn sever(&self, (one, other): Way) {
        let connections = lock(&self.connections);
        let between = |way: &Way| *way == (one, other) || *way == (other, one);
        let these = connections.values().filter(|(way, _)| between(way));
        these.for_each(|(_, broken)| broken.raise());
    }

    fn closed(&self, way: Way) -> Option<Closed> {
        lock(&self.closed).get(&way).copied()
    }

    async fn connect(
        self: &Arc<Self>,
        here: &Arc<Life>,
        there: Option<Arc<Life>>,
        number: u64,
    ) -> Result<Connection, String> {
        let way = (here.number, number);
        sleep(self.draw(0, 20)).await;
        let closed = self.closed(way).or(self.closed((way.1, way.0)));
        if closed == Some(Closed::Holds) {
            sleep(CONNECT_MS).await;
        }
        if closed.is_some() {
            self.world.truth().coverage.hit("network: not connected");
            return Err("simulated: no answer".to_owned());
        }
        let there = there.ok_or("simulated: nobody is there")?;
        let runtime = there.runtime().ok_or("simulated: nobody is there yet")?;
        let (ours, theirs) = self.join(here, &there);
        tokio::spawn(async move {
            there.unless_ended(runtime.serve_peer(theirs)).await;
        });
        self.world.truth().coverage.hit("network: connected");
        Ok(ours)
    }

    /// Both ends of a new connection.
    fn join(self: &Arc<Self>, here: &Arc<Life>, there: &Arc<Life>) -> (Connection, Connection) {
        let (broken, number) = (Arc::new(Signal::default()), lock(&self.random).bits());
        let way = (here.number, there.number);
        lock(&self.connections).insert(number, (way, Arc::clone(&broken)));
        let lane = |from: &Arc<Life>, to: &Arc<Life>| {
            let (outgoing, sent) = mpsc::channel(FRAMES);
            let (arrived, incoming) = mpsc::channel(FRAMES);
            let lane = Lane {
                network: Arc::clone(self),
                from: Arc::clone(from),
                to: Arc::clone(to),
                broken: Arc::clone(&broken),
                number,
            };
            tokio::spawn(lane.carry(sent, arrived));
            (outgoing, incoming)
        };
        let (to_there, from_here) = lane(here, there);
        let (to_here, from_there) = lane(there, here);
        let ours = Connection {
            outgoing: to_there,
            incoming: from_there,
        };
        let theirs = Connection {
            outgoing: to_here,
            incoming: from_here,
        };
        (ours, theirs)
    }
}

/// One direction of a connection.
struct Lane {
    network: Arc<Network>,
    from: Arc<Life>,
    to: Arc<Life>,
    broken: Arc<Signal>,
    number: u64,
}

impl Lane {
    /// Carries frames, in order, until the connection breaks or either side lets it go.
    async fn carry(self, mut sent: mpsc::Receiver<Bytes>, arrived: mpsc::Sender<Bytes>) {
        let carrying = async {
            while let Some(frame) = sent.recv().await {
                if !self.travels().await {
                    return;
                }
                if self.loses_it() {
                    continue;
                }
                if arrived.send(frame).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            () = self.broken.beyond(0) => {}
            _ended = self.from.unless_ended(self.to.unless_ended(carrying)) => {}
        }
        self.broken.raise();
        lock(&self.network.connections).remove(&self.number);
    }

    /// Whether a frame gets lost: only where that is planted, and not in the calm.
    fn loses_it(&self) -> bool {
        let world = &self.network.world;
        let planted = world.plan.planted == Some(Planted::LostFrames);
        planted && !world.is_calm() && self.network.draw(0, 3) == 0
    }

    /// A frame is under way; false when the connection breaks meanwhile.
    async fn travels(&self) -> bool {
        let network = &self.network;
        self.from.goes_on().await;
        let slow = !network.world.is_calm() && network.draw(0, 19) == 0;
        sleep(network.draw(0, if slow { 400 } else { 3 })).await;
        loop {
            let seen = network.opened.count();
            match network.closed((self.from.number, self.to.number)) {
                Some(Closed::Breaks) => return false,
                Some(Closed::Holds) => network.opened.beyond(seen).await,
                None => break,
            }
        }
        self.to.goes_on().await;
        true
    }
}

async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
