//! A guard against slower code that is no timed test: how many instructions fixed workloads take, beside the numbers
//! checked in. A count hardly depends on what else the machine does.

mod callgrind;
mod expected;
mod order;
mod report;
mod workloads;

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::options::Options;

pub(crate) use expected::Comparison;
pub(crate) use report::table;
use workloads::{WORKLOADS, Workload};

/// The numbers checked in, from the repository's root.
const EXPECTED: &str = "crates/benches/instructions.json";

/// Counts all workloads and prints the comparison; with `accept` the counts become the numbers checked in.
pub(crate) fn run(options: &Options, accept: bool) -> Result<()> {
    std::fs::create_dir_all(&options.data)?;
    let compared = compare(&options.data)?;
    println!("{}", table(&compared).markdown());
    if accept {
        expected::write(Path::new(EXPECTED), &compared)?;
        return Ok(());
    }
    let worse: Vec<&str> = compared
        .iter()
        .filter(|one| one.is_worse())
        .map(|one| one.workload)
        .collect();
    if !worse.is_empty() {
        bail!(
            "more instructions than checked in: {}; accept them with --accept if they are worth it",
            worse.join(", ")
        );
    }
    Ok(())
}

/// Counts all workloads. Counter files lie in the folder while it works.
pub(crate) fn compare(folder: &Path) -> Result<Vec<Comparison>> {
    let known = expected::read(Path::new(EXPECTED))?;
    let mut compared = Vec::new();
    for workload in WORKLOADS {
        eprintln!("counting the instructions of {}", workload.name);
        // The difference of two runs leaves out what is done once.
        let [once, twice] =
            [1, 2].map(|times| callgrind::count(folder, workload.name, workload.times * times));
        let counted = twice?.saturating_sub(once?) as f64 / workload.times as f64;
        compared.push(Comparison {
            workload: workload.name,
            unit: workload.unit,
            expected: known.get(workload.name).copied(),
            counted: counted.round(),
        });
    }
    Ok(compared)
}

/// Runs one workload so often, and nothing else: what the counter looks at.
pub(crate) fn workload(name: &str, times: usize) -> Result<()> {
    let found = WORKLOADS.iter().find(|workload| workload.name == name);
    let Workload { prepare, .. } =
        found.with_context(|| format!("expected a workload, but got `{name}`"))?;
    let mut once = prepare()?;
    for number in 0..times {
        black_box(once(number as u64)?);
    }
    Ok(())
}
