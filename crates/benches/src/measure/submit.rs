//! Starts over HTTP: what is accepted, durably, in a second. The workflow only waits, so that a start is all there is.

use anyhow::Result;

use super::cases::{Case, cases};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::report::{Section, Table, cell};

/// What only waits.
pub(super) const WAITING: &str = include_str!("../workflows/waiting.yaml");
const SHAPES: [Shape; 5] = [
    Shape::single(1),
    Shape::single(64),
    Shape::batches(4, 10),
    Shape::batches(4, 100),
    Shape::batches(4, 1_000),
];

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let sample = async |shape| {
        let stage = bench.stage(WAITING).await?;
        let requests = Requests::new("hold", shape, Expect::Accepted);
        steady(&stage.served, shape, &requests, bench.short_times()).await
    };
    let told = |one: &Steady| format!("{:.0} accepted/s", one.per_second);
    let cases = cases(bench, SHAPES, sample, told).await?;
    Ok(Section::of(&cases)?.table(table(&cases)))
}

fn table(cases: &[Case<Steady>]) -> Table {
    let mut table = Table::new([
        "starts under way",
        "accepted/s",
        "request p50 ms",
        "request p99 ms",
        "server CPU ms each",
    ]);
    for Case { shape, samples } in cases {
        let all = |figure: fn(&Steady) -> Option<f64>| cell(samples.iter().filter_map(figure));
        table.row([
            shape.clone(),
            all(|one| Some(one.per_second)),
            all(|one| Some(one.latency.p50_ms)),
            all(|one| Some(one.latency.p99_ms)),
            all(|one| one.server_cpu_ms),
        ]);
    }
    table
}
