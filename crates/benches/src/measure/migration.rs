//! Ten thousand running instances go over to another version while other load runs; seventeen do not fit, and stay.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::Operation;
use serde::Serialize;

use crate::bench::Bench;
use crate::client::Client;
use crate::load::{Expect, Requests, Shape, Steady, fill, steady};
use crate::report::{Section, Table, cell};

const MOVING: &str = include_str!("../workflows/migration.yaml");
const MOVED: &str = include_str!("../workflows/migrated.yaml");
/// The load beside it: it leaves room.
const SHAPE: Shape = Shape::single(4);
/// Instances that do not fit.
const ODD: u64 = 17;
/// How long anything that is waited for may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks at an operation.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Serialize)]
struct Sample {
    instances: u64,
    /// From the request to the end of the operation.
    migrated_s: f64,
    /// From the signal to the end of all that fitted.
    finished_s: f64,
    done: u64,
    refused: u64,
    /// What ran beside it meanwhile.
    load: Steady,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let count = bench.scaled(10_000, 2_000);
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let sample = once(bench, count).await?;
        let told = format!(
            "{} went over in {:.1} s, {} stayed",
            sample.done, sample.migrated_s, sample.refused
        );
        bench.tell("migration", repeat, &told);
        samples.push(sample);
    }
    Ok(Section::of(&samples)?.table(table(&samples)))
}

async fn once(bench: &Bench, count: u64) -> Result<Sample> {
    let stage = bench.stage(MOVING).await?;
    let (served, client) = (&stage.served, stage.served.client());
    let every = count / ODD;
    let item = |number: u64| {
        let odd = number.is_multiple_of(every) && number / every < ODD;
        format!(r#"{{"workflow":"moving","input":{{"odd":{odd},"number":{number}}}}}"#)
    };
    fill(served.address, (0, count), item).await?;
    let waiting = "workflow=moving&status=waiting";
    client.until_count(waiting, count, PATIENCE).await?;
    client.apply(MOVED).await?;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    let (warming, lasting) = bench.short_times();
    let load = steady(served, SHAPE, &requests, (warming, lasting));
    let moved = async {
        tokio::time::sleep(warming).await;
        let begun = Instant::now();
        let operation = operate(client, MIGRATE).await?;
        anyhow::Ok((operation, begun.elapsed().as_secs_f64()))
    };
    let (load, moved) = tokio::join!(load, moved);
    let (operation, migrated_s) = moved?;
    let expected = (count - ODD, ODD, 0);
    let came = (operation.done, operation.refused, operation.failed);
    ensure!(came == expected, "expected {expected:?}, but got {came:?}");
    let named = operation.findings.iter();
    let named = named
        .filter(|one| one.message.contains("elsewhere"))
        .count();
    ensure!(
        named as u64 == ODD,
        "expected the reason of each that stays"
    );
    let begun = Instant::now();
    operate(client, SIGNAL).await?;
    let done = "workflow=moving&version=1.1.0&status=completed";
    client.until_count(done, count - ODD, PATIENCE).await?;
    let finished_s = begun.elapsed().as_secs_f64();
    let stay = client.count("workflow=moving&version=1.0.0&status=waiting");
    ensure!(
        stay.await? == ODD,
        "expected those that do not fit to wait on"
    );
    Ok(Sample {
        instances: count,
        migrated_s,
        finished_s,
        done: operation.done,
        refused: operation.refused,
        load: load?,
    })
}

const MIGRATE: &str = r#"{"action":"migrate","version":"1.1.0","reason":"measured",
    "filter":{"workflow":"moving","version":"1.0.0","status":"active"}}"#;
const SIGNAL: &str = r#"{"action":"signal","name":"go","data":null,"reason":"measured",
    "filter":{"workflow":"moving","version":"1.1.0","status":"active"}}"#;

/// Does something with many, and waits until that is over.
async fn operate(client: Client, request: &str) -> Result<Operation> {
    let begun = Instant::now();
    let mut operation: Operation = client.post("/operations", request).await?;
    while operation.ended_at.is_none() {
        ensure!(begun.elapsed() < PATIENCE, "an operation does not end");
        tokio::time::sleep(LOOK_EVERY).await;
        let path = format!("/operations/{}", operation.id);
        operation = client.get(&path).await.context("reading an operation")?;
    }
    Ok(operation)
}

fn table(samples: &[Sample]) -> Table {
    let mut table = Table::new([
        "running instances",
        "went over",
        "stayed, named with their reason",
        "all were asked within s",
        "workflows/s beside it",
        "p99 ms of these",
        "the rest finished within s",
    ]);
    let all = |figure: fn(&Sample) -> f64| cell(samples.iter().map(figure));
    let first = |figure: fn(&Sample) -> u64| samples.first().map_or(0, figure).to_string();
    table.row([
        first(|one| one.instances),
        first(|one| one.done),
        first(|one| one.refused),
        all(|one| one.migrated_s),
        all(|one| one.load.per_second),
        all(|one| one.load.latency.p99_ms),
        all(|one| one.finished_s),
    ]);
    table
}
