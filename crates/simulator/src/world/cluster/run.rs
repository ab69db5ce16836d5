//! A run of several nodes: a storm, then calm, then the reckoning.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use runtime::{Bounds, Config, TokioClock};
use store::MemoryStore;

use super::calm;
use super::fleet::Fleet;
use super::network::Network;
use super::storm::Storm;
use crate::finding::Finding;
use crate::random::Random;
use crate::workload::generate;
use crate::world::clients;
use crate::world::faults::Faults;
use crate::world::lives::{
    BEGINNING, INSIDE, WorldPlan, WorldRun, apply, config, report, run_paused, unfit,
};
use crate::world::outside::Outside;
use crate::world::surroundings::{Parts, World, lock};
use crate::world::truth::{Limits, Truth};

/// How long a client waits for an answer, in milliseconds.
const PATIENCE_MS: (u64, u64) = (2_000, 20_000);
/// The nodes a run begins with.
const NODES: (u64, u64) = (2, 4);

/// Runs several nodes under a seed.
///
/// # Errors
/// With what must never be.
pub fn run_cluster(seed: u64, plan: WorldPlan) -> Result<WorldRun, Finding> {
    run_paused(live(seed, plan))
}

async fn live(seed: u64, plan: WorldPlan) -> Result<WorldRun, Finding> {
    let mut random = Random::new(seed);
    let (fleet, nodes) = fleet(&mut random, plan)?;
    found_cluster(&fleet, &mut random).await?;
    for _ in 1..nodes {
        let (joining, random) = (Arc::clone(&fleet), random.fork());
        fleet.beside(async move { joining.start(random).await });
    }
    let storm_ms = random.between(3_000, 60_000);
    clients::send(&fleet.world, &mut random, storm_ms);
    let mut storm = Storm::new(&fleet, random.fork(), nodes);
    storm.rage(storm_ms).await;
    calm::begin(&fleet, &mut random);
    calm::come_to_an_end(&fleet, &mut random).await?;
    calm::reckon(&fleet, &mut random).await?;
    Ok(report(&fleet.world))
}

fn fleet(random: &mut Random, plan: WorldPlan) -> Result<(Arc<Fleet>, u64), Finding> {
    let workload = generate(&mut random.fork());
    let catalog = workload.catalog().map_err(|found| unfit(&found))?;
    let lease_ms = random.between(1_000, 5_000);
    let drawn = config(random);
    let config = Config {
        partitions: u16::try_from(random.between(1, 6)).unwrap_or(1),
        bounds: Bounds {
            leave_wait_ms: random.between(1_000, 15_000),
            owner_wait_ms: random.between(1_000, 10_000),
            shutdown_grace_ms: random.between(100, 5_000),
            ..drawn.bounds
        },
        ..drawn
    };
    let faults = Faults::draw_for_cluster(random);
    if plan.talk {
        println!(
            "{}\n{faults:?}\n{config:?}, lease {lease_ms}",
            workload.text
        );
    }
    let limits = Limits {
        partitions: config.partitions,
        batch_commands: config.bounds.batch_commands + config.bounds.waiting_per_instance + INSIDE,
        on_its_way_ms: i64::try_from(8 * lease_ms).unwrap_or(0) + 10_000,
        calls_repeat: true,
    };
    let (low, high) = PATIENCE_MS;
    let clock = TokioClock::starting_at(BEGINNING);
    let world = World::new(Parts {
        plan,
        faults,
        workload,
        clock,
        truth: Truth::new(catalog, limits, plan.talk),
        outside: Outside::new(random.fork()),
        chance: random.fork(),
        patience: Some(Duration::from_millis(random.between(low, high))),
    });
    let store = MemoryStore::with_clock(move || runtime::Clock::now_ms(&clock));
    lock(&world.disk).live = store;
    let zones = if random.chance(50) {
        vec![""]
    } else {
        vec!["a", "b"]
    };
    let (low, high) = NODES;
    let fleet = Fleet {
        network: Network::new(Arc::clone(&world), random.fork()),
        world,
        config,
        lease_ms,
        salt: random.bits(),
        zones,
        coming: AtomicU64::new(0),
        busy: AtomicU64::new(0),
    };
    Ok((Arc::new(fleet), random.between(low, high)))
}

/// The first node, and the workload.
async fn found_cluster(fleet: &Arc<Fleet>, random: &mut Random) -> Result<(), Finding> {
    loop {
        fleet.start(random.fork()).await;
        for life in fleet.world.lives() {
            if let Some(runtime) = life.runtime()
                && apply(&fleet.world, &life, &runtime).await?
            {
                return Ok(());
            }
            fleet.world.crash(&life, "cluster: node crashed");
        }
        if let Some(finding) = fleet.world.truth().finding.clone() {
            return Err(finding);
        }
    }
}
