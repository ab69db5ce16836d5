//! What a finished workflow takes on the disk, history kept, after a checkpoint.

use anyhow::Result;
use serde::Serialize;

use crate::bench::{Bench, THREE_STEPS};
use crate::disk::allocated_bytes;
use crate::load::{Expect, Requests, Shape, Until, counted};
use crate::report::{Section, Table, cell};

const SHAPE: Shape = Shape::batches(4, 500);

#[derive(Serialize)]
struct Sample {
    finished: usize,
    /// All files of the store, in bytes.
    bytes: u64,
    /// Those of a store in which nothing ever ran.
    empty_bytes: u64,
    /// The difference, for each.
    bytes_each: f64,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let finished = bench.scaled(200_000, 20_000);
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let empty_bytes = once(bench, 0).await?;
        let bytes = once(bench, finished).await?;
        let bytes_each = bytes.saturating_sub(empty_bytes) as f64 / finished as f64;
        bench.tell("disk", repeat, &format!("{bytes_each:.0} bytes each"));
        samples.push(Sample {
            finished,
            bytes,
            empty_bytes,
            bytes_each,
        });
    }
    Ok(Section::of(&samples)?.table(table(&samples)))
}

async fn once(bench: &Bench, finished: usize) -> Result<u64> {
    let stage = bench.stage(THREE_STEPS).await?;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    counted(
        &stage.served,
        SHAPE,
        &requests,
        Until::Sent(finished / SHAPE.batch),
    )
    .await?;
    let serve = stage.served.stop()?;
    allocated_bytes(&serve.data())
}

fn table(samples: &[Sample]) -> Table {
    let mut table = Table::new([
        "finished 3-step workflows",
        "store MB",
        "empty store MB",
        "bytes each",
    ]);
    let all = |figure: fn(&Sample) -> f64| cell(samples.iter().map(figure));
    table.row([
        samples.first().map_or(0, |one| one.finished).to_string(),
        all(|one| one.bytes as f64 / 1e6),
        all(|one| one.empty_bytes as f64 / 1e6),
        all(|one| one.bytes_each),
    ]);
    table
}
