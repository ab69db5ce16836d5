//! A loop over a thousand items, each a lane with one call in process.

use anyhow::Result;

use super::cases::{Case, cases};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::report::{Section, Table, cell};

/// The loop.
const FAN_OUT: &str = include_str!("../workflows/fan-out.yaml");
/// Its lanes.
const LANES: f64 = 1_000.0;
const SHAPES: [Shape; 2] = [Shape::single(1), Shape::single(8)];

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let sample = async |shape| {
        let stage = bench.stage(FAN_OUT).await?;
        let requests = Requests::new("fan-out", shape, Expect::Completed);
        steady(&stage.served, shape, &requests, bench.short_times()).await
    };
    let told = |one: &Steady| format!("{:.0} lanes/s", one.per_second * LANES);
    let cases = cases(bench, SHAPES, sample, told).await?;
    Ok(Section::of(&cases)?.table(table(&cases)))
}

fn table(cases: &[Case<Steady>]) -> Table {
    let mut table = Table::new([
        "instances of 1,000 lanes in flight",
        "instances/s",
        "lanes/s",
        "p50 ms",
        "p99 ms",
        "server CPU ms a lane",
    ]);
    for Case { shape, samples } in cases {
        let all = |figure: fn(&Steady) -> Option<f64>| cell(samples.iter().filter_map(figure));
        table.row([
            shape.clone(),
            all(|one| Some(one.per_second)),
            all(|one| Some(one.per_second * LANES)),
            all(|one| Some(one.latency.p50_ms)),
            all(|one| Some(one.latency.p99_ms)),
            all(|one| Some(one.server_cpu_ms? / LANES)),
        ]);
    }
    table
}
