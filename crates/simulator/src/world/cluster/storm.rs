//! What befalls the nodes of a run, drawn one after the other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::Cluster;

use super::fleet::{Fleet, small_offset};
use super::network::Closed;
use crate::finding::demand;
use crate::random::Random;
use crate::world::Planted;
use crate::world::life::Life;
use crate::world::surroundings::lock;

/// What may befall a node, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// It is killed.
    Crash,
    /// It hands over and goes.
    Retire,
    /// It stands still, and goes on as if no time had passed.
    Freeze,
    /// It does not reach the store.
    CutOff,
    /// Two nodes do not reach each other, in one direction or both.
    Partition,
    /// The connections of two nodes break.
    Sever,
    /// The store answers nobody.
    Outage,
    /// Its clock is off by more than is borne.
    Clock,
    /// One more node comes.
    Join,
}

const TROUBLES: [(Trouble, u64); 9] = [
    (Trouble::Crash, 10),
    (Trouble::Retire, 8),
    (Trouble::Freeze, 10),
    (Trouble::CutOff, 8),
    (Trouble::Partition, 12),
    (Trouble::Sever, 6),
    (Trouble::Outage, 5),
    (Trouble::Clock, 4),
    (Trouble::Join, 5),
];

/// No run has more nodes at once.
const MOST_NODES: u64 = 4;
/// What a clock may be off at most when it is off, in milliseconds.
const CLOCK_OFF_MS: (u64, u64) = (1_500, 6_000);
/// A node whose clock is off gives everything up within three leases and so long, in milliseconds.
const GIVES_UP_MS: u64 = 10_000;

/// Planted faults need the weather in which they show.
fn weather(planted: Option<Planted>) -> Option<Trouble> {
    match planted? {
        Planted::StoppedClock => Some(Trouble::CutOff),
        Planted::UntoldClock => Some(Trouble::Clock),
        Planted::LostFrames => Some(Trouble::Sever),
        _ => None,
    }
}

/// The storm of a run.
pub(super) struct Storm {
    fleet: Arc<Fleet>,
    random: Random,
    weights: Vec<u64>,
    wanted: u64,
}

impl Storm {
    /// Some kinds of trouble, each as often as it will be in this run.
    pub(super) fn new(fleet: &Arc<Fleet>, mut random: Random, wanted: u64) -> Self {
        let weather = weather(fleet.world.plan.planted);
        let weights = TROUBLES.iter().map(|(trouble, weight)| {
            let comes = random.chance(70);
            match weather {
                Some(only) => u64::from(*trouble == only),
                None if comes => random.between(1, *weight),
                None => 0,
            }
        });
        let mut weights: Vec<u64> = weights.collect();
        if weather.is_none() {
            // At least something.
            weights[0] = weights[0].max(1);
        }
        Self {
            fleet: Arc::clone(fleet),
            weights,
            wanted,
            random,
        }
    }

    /// Rages until the storm is over or something is found.
    pub(super) async fn rage(&mut self, over_ms: u64) {
        let ends = tokio::time::Instant::now() + Duration::from_millis(over_ms);
        while tokio::time::Instant::now() < ends && !self.fleet.world.has_found() {
            let most_ms = if self.random.chance(30) { 400 } else { 4_000 };
            sleep(self.random.between(20, most_ms)).await;
            self.top_up();
            let (trouble, _) = TROUBLES[self.random.weighted(&self.weights)];
            self.befall(trouble);
        }
    }

    /// Whoever fell is replaced, sooner or later.
    fn top_up(&mut self) {
        let fleet = &self.fleet;
        let coming = fleet.coming.load(Ordering::Relaxed);
        if fleet.world.lives().len() as u64 + coming >= self.wanted {
            return;
        }
        let random = self.random.fork();
        let after_ms = self.random.between(0, 2 * self.fleet.lease_ms);
        self.begin_one(random, after_ms);
    }

    fn begin_one(&self, random: Random, after_ms: u64) {
        let fleet = Arc::clone(&self.fleet);
        // It counts from now on.
        fleet.coming.fetch_add(1, Ordering::Relaxed);
        self.fleet.beside(async move {
            sleep(after_ms).await;
            fleet.coming.fetch_sub(1, Ordering::Relaxed);
            fleet.start(random).await;
        });
    }

    fn befall(&mut self, trouble: Trouble) {
        let lives = self.fleet.world.lives();
        if trouble == Trouble::Join {
            self.wanted = MOST_NODES.min(self.wanted + 1);
            return;
        }
        if trouble == Trouble::Outage {
            return self.outage();
        }
        if lives.is_empty() || self.one_at_a_time() && lives.iter().any(|life| life.is_held_up()) {
            return;
        }
        let life = Arc::clone(self.random.pick(&lives));
        let other = Arc::clone(self.random.pick(&lives));
        self.log(trouble, &life, &other);
        match trouble {
            Trouble::Crash => self.fleet.world.crash(&life, "cluster: node crashed"),
            Trouble::Retire => {
                let fleet = Arc::clone(&self.fleet);
                self.fleet.beside(async move { fleet.retire(&life).await });
            }
            Trouble::Freeze => self.hold_up(life, "cluster: node stood still", Life::freeze),
            Trouble::CutOff => self.hold_up(life, "cluster: node cut off the store", Life::cut_off),
            Trouble::Partition => self.part(&life, &other),
            Trouble::Sever => self.fleet.network.sever((life.number, other.number)),
            Trouble::Clock => self.set_clock_off(life),
            Trouble::Outage | Trouble::Join => {}
        }
    }

    fn log(&self, trouble: Trouble, life: &Life, other: &Life) {
        let (one, other) = (life.number, other.number);
        let line = format!("trouble: {trouble:?} of process {one} ({other})");
        self.fleet.world.log(&line);
    }

    /// What a node does that thinks the time stands still shows where others take over from it.
    fn one_at_a_time(&self) -> bool {
        self.fleet.world.plan.planted == Some(Planted::StoppedClock)
    }

    /// A while that is shorter or longer than a lease.
    fn while_ms(&mut self) -> u64 {
        let lease_ms = self.fleet.lease_ms;
        if self.one_at_a_time() {
            4 * lease_ms
        } else if self.random.chance(40) {
            self.random.between(10, lease_ms)
        } else {
            self.random.between(lease_ms, 3 * lease_ms)
        }
    }

    fn hold_up(&mut self, life: Arc<Life>, what: &'static str, hold: fn(&Life, bool)) {
        let for_ms = self.while_ms();
        let world = Arc::clone(&self.fleet.world);
        hold(&life, true);
        self.fleet.beside(async move {
            sleep(for_ms).await;
            hold(&life, false);
            world.log(&format!("process {} goes on", life.number));
            world.truth().coverage.hit(what);
        });
    }

    fn part(&mut self, one: &Life, other: &Life) {
        let how = *self.random.pick(&[Closed::Breaks, Closed::Holds]);
        let both = self.random.chance(60);
        let there = (one.number, other.number);
        let back = (other.number, one.number);
        let ways = if both { vec![there, back] } else { vec![there] };
        let for_ms = self.random.between(50, 10_000);
        let fleet = Arc::clone(&self.fleet);
        ways.iter().for_each(|way| fleet.network.close(*way, how));
        let what = match how {
            Closed::Breaks => "network: parted, connections break",
            Closed::Holds => "network: parted, frames wait",
        };
        fleet.world.truth().coverage.hit(what);
        self.fleet.beside(async move {
            sleep(for_ms).await;
            ways.iter().for_each(|way| fleet.network.open(*way));
        });
    }

    fn outage(&mut self) {
        let for_ms = self.while_ms();
        let world = Arc::clone(&self.fleet.world);
        world.log("trouble: Outage");
        world.set_outage(true);
        self.fleet.beside(async move {
            sleep(for_ms).await;
            world.set_outage(false);
            world.log("the store is back");
            world.truth().coverage.hit("cluster: store outage");
        });
    }

    /// The clock of a node is off for a while: then it must own nothing.
    fn set_clock_off(&mut self, life: Arc<Life>) {
        let (low, high) = CLOCK_OFF_MS;
        let off = i64::try_from(self.random.between(low, high)).unwrap_or(0);
        let off = if self.random.chance(50) { off } else { -off };
        let gives_up_ms = 3 * self.fleet.lease_ms + GIVES_UP_MS;
        let short = self.random.chance(40);
        let short_ms = self.random.between(10, gives_up_ms);
        let (fleet, mut random) = (Arc::clone(&self.fleet), self.random.fork());
        life.set_clock_off(off);
        self.fleet.beside(async move {
            let troubles = (life.troubles(), fleet.world.outages());
            sleep(if short { short_ms } else { gives_up_ms }).await;
            // It may have been put wrong once more, or right, by another such trouble or by the calm.
            if life.clock_off_ms() != off {
                return;
            }
            let undisturbed = troubles == (life.troubles(), fleet.world.outages());
            if !short && undisturbed && !life.has_ended() && !fleet.world.is_calm() {
                owns_nothing(&fleet, &life, off).await;
            }
            life.set_clock_off(small_offset(&mut random));
            fleet.world.truth().coverage.hit("cluster: clock off");
        });
    }
}

async fn owns_nothing(fleet: &Fleet, life: &Life, off: i64) {
    let store = lock(&fleet.world.disk).live.clone();
    let leases = store.leases().await.unwrap_or_default();
    let me = Some(fleet.node_id(life.number));
    let owned: Vec<u16> = leases
        .iter()
        .filter(|lease| lease.owner == me)
        .map(|lease| lease.partition.0)
        .collect();
    let process = life.number;
    fleet
        .world
        .truth()
        .coverage
        .hit("cluster: clock off, owns nothing");
    fleet.world.judge(demand(owned.is_empty(), || {
        format!("process {process}, whose clock is {off} ms off, owns {owned:?}")
    }));
}

async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
