//! A fresh server with nothing to do.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::bench::{Bench, THREE_STEPS};
use crate::report::{Section, Table, cell};

/// After the start, until it is at rest.
const SETTLING: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Sample {
    /// Share of one core, in percent.
    cpu_percent: f64,
    resident_mib: f64,
    ready_ms: f64,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let lasting = Duration::from_secs(bench.scaled(20, 5));
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let stage = bench.stage(THREE_STEPS).await?;
        tokio::time::sleep(SETTLING).await;
        let process = stage.served.process();
        let before = process.cpu_ms().unwrap_or_default();
        tokio::time::sleep(lasting).await;
        let used = process.cpu_ms().unwrap_or_default() - before;
        let sample = Sample {
            cpu_percent: used / lasting.as_secs_f64() / 10.0,
            resident_mib: process.resident_mib().unwrap_or_default(),
            ready_ms: stage.served.ready_after.as_secs_f64() * 1e3,
        };
        let Sample {
            cpu_percent,
            resident_mib,
            ..
        } = sample;
        bench.tell(
            "idle",
            repeat,
            &format!("{cpu_percent:.2} % of a core, {resident_mib:.0} MiB"),
        );
        samples.push(sample);
    }
    Ok(Section::of(&samples)?.table(table(&samples)))
}

fn table(samples: &[Sample]) -> Table {
    let mut table = Table::new([
        "idle: % of one core",
        "MiB",
        "start to ready, empty store, ms",
    ]);
    let all = |figure: fn(&Sample) -> f64| cell(samples.iter().map(figure));
    table.row([
        all(|one| one.cpu_percent),
        all(|one| one.resident_mib),
        all(|one| one.ready_ms),
    ]);
    table
}
