//! Events over HTTP: what is accepted, routed and durable in a second. Each has an id of its own, so that each is
//! looked up and remembered.

use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

use crate::bench::Bench;
use crate::load::{Requests, Shape, Until, closed_loop};
use crate::report::{Section, Table, cell};
use crate::spread::Latency;

const THREE_STEPS: &str = include_str!("../workflows/three-steps.yaml");
const ROUTING: &str = include_str!("../workflows/routing.yaml");

/// A load: what it is called, the source of its events, and how they come.
const LOADS: [(&str, &str, Shape); 5] = [
    (
        "routed over 10 rules",
        "/bench/routed",
        Shape::batches(4, 100),
    ),
    ("routed over 10 rules", "/bench/routed", Shape::single(64)),
    (
        "no router is for them",
        "/bench/kept",
        Shape::batches(4, 100),
    ),
    (
        "each starts 3 steps",
        "/bench/starting",
        Shape::batches(4, 100),
    ),
    (
        "gathered under 1,600 keys",
        "/bench/gathered",
        Shape::batches(4, 100),
    ),
];

/// What one load showed.
#[derive(Clone, Copy, Debug, Serialize)]
struct Sample {
    per_second: f64,
    latency: Latency,
    server_cpu_ms: Option<f64>,
}

#[derive(Serialize)]
struct Row {
    what: &'static str,
    shape: String,
    samples: Vec<Sample>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut rows: Vec<Row> = Vec::new();
    for (what, source, shape) in LOADS {
        let mut samples = Vec::new();
        for repeat in 0..bench.options.repeats {
            let sample = sample(bench, source, shape).await?;
            let told = format!("{:.0} events/s", sample.per_second);
            bench.tell(&format!("{what}, {}", shape.name()), repeat, &told);
            samples.push(sample);
        }
        rows.push(Row {
            what,
            shape: shape.name(),
            samples,
        });
    }
    Ok(Section::of(&rows)?.table(table(&rows)))
}

async fn sample(bench: &Bench, source: &str, shape: Shape) -> Result<Sample> {
    let stage = bench.stage(&format!("{THREE_STEPS}---\n{ROUTING}")).await?;
    let served = &stage.served;
    let requests = |run| Requests::events(source, shape, run);
    let (warming, lasting) = bench.short_times();
    let (warm, measured) = (Until::Over(warming), Until::Over(lasting));
    closed_loop(served.address, shape.connections, &requests(1), warm).await?;
    let (begun, before) = (Instant::now(), served.process().cpu_ms());
    let loaded = closed_loop(served.address, shape.connections, &requests(2), measured).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let count = loaded.count.max(1) as f64;
    let spent = served.process().cpu_ms().zip(before);
    Ok(Sample {
        per_second: count / seconds,
        latency: Latency::of(loaded.latency),
        server_cpu_ms: spent.map(|(now, before)| (now - before) / count),
    })
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "events",
        "under way",
        "accepted/s",
        "request p50 ms",
        "request p99 ms",
        "server CPU ms each",
    ]);
    for row in rows {
        let all = |figure: fn(&Sample) -> Option<f64>| cell(row.samples.iter().filter_map(figure));
        table.row([
            row.what.to_owned(),
            row.shape.clone(),
            all(|one| Some(one.per_second)),
            all(|one| Some(one.latency.p50_ms)),
            all(|one| Some(one.latency.p99_ms)),
            all(|one| one.server_cpu_ms),
        ]);
    }
    table
}
