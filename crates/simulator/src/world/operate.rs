//! Operations on many: one that was answered must come to its end, and each signal of it once.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Id;
use engine::record::Body;
use runtime::{Action, Asked, Operation, OperationSet, Rate, Runtime};
use store::InstanceFilter;

use super::surroundings::World;
use crate::finding::{Finding, demand};
use crate::random::Random;
use crate::workload::{SIGNALS, VERSIONS};

/// Rounds of waiting before an operation is called endless.
const ROUNDS: usize = 200;

/// What is to be done with all that are there.
pub(super) fn drawn(random: &mut Random) -> Asked {
    let version = random.pick(&VERSIONS).parse().ok();
    let action = match (random.between(0, 6), version) {
        (0, _) => Action::Pause,
        (1, _) => Action::Resume,
        (2, _) => Action::Retry,
        (3, Some(version)) => Action::Migrate {
            version,
            map: BTreeMap::new(),
        },
        _ => Action::Signal {
            name: (*random.pick(&SIGNALS)).to_owned(),
            data: "1".to_owned(),
        },
    };
    let rate = random.chance(50).then_some(Rate {
        calls: 20,
        per_ms: 1_000,
    });
    let mut filter = InstanceFilter::default();
    if random.chance(50) {
        filter.statuses = vec![(*random.pick(&["waiting", "running", "failed"])).to_owned()];
    }
    Asked {
        action,
        set: OperationSet::Filter(Box::new(filter.into())),
        rate,
    }
}

/// Waits for the end of every operation that was answered, and judges them.
pub(super) async fn check_operations(world: &World, runtime: &Runtime) -> Result<(), Finding> {
    let made = world.truth().operations.clone();
    for id in made {
        let ended = end_of(runtime, id).await?;
        demand(
            ended.refused + ended.failed + ended.done == ended.worked(),
            || format!("operation {id} does not add up: {ended:?}"),
        )?;
        world.truth().coverage.hit("client: operation ended");
    }
    check_signals_once(world)
}

async fn end_of(runtime: &Runtime, id: Id) -> Result<Operation, Finding> {
    let mut last = None;
    for _ in 0..ROUNDS {
        match runtime.operation(id).await {
            Ok(Some(operation)) if operation.status.is_ended() => return Ok(operation),
            Ok(found) => last = found,
            Err(error) => return Err(Finding(format!("operation {id} cannot be read: {error}"))),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    Err(Finding(format!("operation {id} never ends: {last:?}")))
}

/// A signal of an operation bears the operation's id as its key.
fn check_signals_once(world: &World) -> Result<(), Finding> {
    let truth = world.truth();
    for (id, history) in &truth.histories {
        let mut received: BTreeMap<&[u8], usize> = BTreeMap::new();
        for record in &history.records {
            if let Some(Body::SignalReceived(signal)) = &record.body {
                *received.entry(&signal.key[..]).or_default() += 1;
            }
        }
        for operation in &truth.operations {
            let times = received.get(&operation.bytes()[..]).copied().unwrap_or(0);
            demand(times <= 1, || {
                format!("{id} got the signal of operation {operation} {times} times")
            })?;
        }
    }
    Ok(())
}
