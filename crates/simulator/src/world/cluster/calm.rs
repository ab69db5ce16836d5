//! The end of a run of several nodes: nothing fails any more, every partition has one owner, and
//! everything has to come to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime::Runtime;
use store::{Cluster, NodeId};

use super::fleet::{Fleet, small_offset};
use crate::finding::{Finding, demand};
use crate::random::Random;
use crate::world::life::Life;
use crate::world::settle::{all_ended, check_all};
use crate::world::surroundings::lock;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Looks before something is called endless.
const LOOKS: usize = 400;
/// Nodes that end in the calm for what befell them before, at most.
const TRIES: usize = 20;

/// A node and its runtime.
type Open = (Arc<Life>, Runtime);

/// Nothing fails from here on.
pub(super) fn begin(fleet: &Fleet, random: &mut Random) {
    let world = &fleet.world;
    world.calm.store(true, Ordering::Relaxed);
    world.set_outage(false);
    fleet.network.heal();
    for life in world.lives() {
        life.freeze(false);
        life.cut_off(false);
        life.set_clock_off(small_offset(random));
    }
    world.log("calm");
}

/// Waits until everything has ended, and checks it at every node.
pub(super) async fn come_to_an_end(fleet: &Arc<Fleet>, random: &mut Random) -> Result<(), Finding> {
    let world = &fleet.world;
    for _ in 0..TRIES {
        let open = settled(fleet, random).await?;
        let (life, runtime) = random.pick(&open);
        let ended = life.unless_ended(all_ended(world, runtime, random));
        if ended.await.unwrap_or(Ok(false))? {
            let open = settled(fleet, random).await?;
            streams_complete(fleet).await?;
            world.truth().check_commands()?;
            for (life, runtime) in &open {
                let checked = life.unless_ended(check_all(world, runtime)).await;
                checked.unwrap_or_else(|| Err(ends_in_calm()))?;
            }
            return Ok(());
        }
        found(fleet)?;
    }
    Err(Finding(format!("not over after {TRIES} tries")))
}

fn ends_in_calm() -> Finding {
    Finding("a node ends when all is calm".to_owned())
}

fn found(fleet: &Fleet) -> Result<(), Finding> {
    match &fleet.world.truth().finding {
        Some(finding) => Err(finding.clone()),
        None => Ok(()),
    }
}

/// Waits until the storm's works are done and each partition has exactly one owner, which has it
/// open; answers the nodes.
pub(super) async fn settled(fleet: &Arc<Fleet>, random: &mut Random) -> Result<Vec<Open>, Finding> {
    let mut reason = String::new();
    for _ in 0..LOOKS {
        found(fleet)?;
        let open = open_nodes(fleet);
        if fleet.busy.load(Ordering::Relaxed) > 0 {
            "the storm's works are not done".clone_into(&mut reason);
        } else if open.is_empty() {
            fleet.start(random.fork()).await;
        } else {
            match unsettled(fleet, &open).await {
                None => return Ok(open),
                Some(what) => reason = what,
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Finding(format!("the nodes do not settle: {reason}")))
}

fn open_nodes(fleet: &Fleet) -> Vec<Open> {
    let lives = fleet.world.lives().into_iter();
    lives
        .filter_map(|life| Some((Arc::clone(&life), life.runtime()?)))
        .collect()
}

/// Why not every partition has exactly one owner that has it open, as all nodes see it.
async fn unsettled(fleet: &Fleet, open: &[Open]) -> Option<String> {
    let store = lock(&fleet.world.disk).live.clone();
    let leases = store.leases().await.unwrap_or_default();
    for partition in 0..fleet.config.partitions {
        let lease = leases.iter().find(|lease| lease.partition.0 == partition);
        let owner = lease.and_then(|lease| lease.owner);
        let holders: Vec<NodeId> = open
            .iter()
            .filter(|(_, runtime)| holds(runtime, partition))
            .map(|(life, _)| fleet.node_id(life.number))
            .collect();
        if owner.is_none() || holders != Vec::from_iter(owner) {
            return Some(format!(
                "partition {partition} is owned by {owner:?}, and open at {holders:?}"
            ));
        }
    }
    let unready = |(life, runtime): &Open| {
        let health = runtime.health();
        (!health.ready).then(|| format!("process {}: {}", life.number, health.reason))
    };
    open.iter().find_map(unready)
}

fn holds(runtime: &Runtime, partition: u16) -> bool {
    let partitions = runtime.health().partitions;
    let it = partitions.iter().find(|one| one.id == partition);
    it.is_some_and(|one| one.open)
}

/// Whoever follows an instance at a node that lives has got all of its records by now.
async fn streams_complete(fleet: &Fleet) -> Result<(), Finding> {
    let mut behind = Vec::new();
    for _ in 0..LOOKS {
        behind = lagging(fleet);
        if behind.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Finding(behind.join("\n")))
}

fn lagging(fleet: &Fleet) -> Vec<String> {
    let lives = fleet.world.lives();
    let truth = fleet.world.truth();
    let lives_on = |process: u64| lives.iter().any(|life| life.number == process);
    let streams = truth.streams.values();
    let behind =
        streams.filter(|stream| lives_on(stream.process) && stream.got < truth.durable(stream.id));
    behind
        .map(|stream| {
            let (id, got, all) = (stream.id, stream.got, truth.durable(stream.id));
            format!("{id}: a stream gave {got} of {all} records")
        })
        .collect()
}

/// All nodes end, and one more reads everything from what is stored alone.
pub(super) async fn reckon(fleet: &Arc<Fleet>, random: &mut Random) -> Result<(), Finding> {
    for life in fleet.world.lives() {
        if random.chance(50) {
            fleet.retire(&life).await;
        } else {
            fleet.world.crash(&life, "cluster: node crashed");
        }
    }
    found(fleet)?;
    for (life, runtime) in settled(fleet, random).await? {
        let checked = life.unless_ended(check_all(&fleet.world, &runtime)).await;
        checked.unwrap_or_else(|| Err(ends_in_calm()))?;
    }
    let alone = fleet.world.lives().len();
    demand(alone == 1, || format!("{alone} nodes remain, not one"))?;
    found(fleet)
}
