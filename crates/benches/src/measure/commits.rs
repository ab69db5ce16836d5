//! Commits of three-step runs beside the disk's own limit: appends of the same size to a plain file with a sync after
//! each, and to the store alone, in the same run.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;
use serde::Serialize;
use store::{PartitionId, Store};
use store_sqlite::SqliteStore;

use super::cases::{Case, cases};
use crate::bench::{Bench, THREE_STEPS};
use crate::disk::{Appending, append_plainly, noise};
use crate::journal::Writer;
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::machine::nanos;
use crate::report::{Section, Table, cell};

const SHAPES: [Shape; 4] = [
    Shape::batches(4, 500),
    Shape::batches(4, 64),
    Shape::single(64),
    Shape::single(1),
];
/// How long each limit is measured.
const LASTING: Duration = Duration::from_secs(3);
/// How much of the journal is read at once, in bytes.
const READ: usize = 8 << 20;

#[derive(Serialize)]
struct Sample {
    ours: Steady,
    /// Bytes of a batch, on average over what the journal still held at the end.
    batch_bytes: f64,
    /// Megabytes (10^6 bytes) of batches that became durable in a second.
    megabytes_per_second: f64,
    /// A plain file, one write after the other.
    plain: Appending,
    /// The store alone, one batch under way for each partition.
    store: Appending,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let sample = async |shape| sample(bench, shape).await;
    let told = |one: &Sample| {
        let (ours, limit) = (one.megabytes_per_second, one.plain.megabytes_per_second);
        format!("{ours:.2} MB/s, the plain file {limit:.2} MB/s")
    };
    let cases = cases(bench, SHAPES, sample, told).await?;
    Ok(Section::of(&cases)?.table(table(&cases)))
}

async fn sample(bench: &Bench, shape: Shape) -> Result<Sample> {
    let stage = bench.stage(THREE_STEPS).await?;
    let requests = Requests::new("three-steps", shape, Expect::Completed);
    let ours = steady(&stage.served, shape, &requests, bench.short_times()).await?;
    // A crash leaves the journal as it is; an end in order would cut it.
    let serve = stage.served.kill();
    let batch_bytes = mean_batch(&serve.data(), serve.partitions).await?;
    let (folder, size) = (bench.folder()?, batch_bytes as usize);
    let plain = append_plainly(folder.path(), size, LASTING)?;
    // One at a time only one partition has something to commit.
    let writers = if shape.in_flight() == 1 {
        1
    } else {
        serve.partitions
    };
    Ok(Sample {
        ours,
        batch_bytes,
        megabytes_per_second: ours.commits_per_second * batch_bytes / 1e6,
        plain,
        store: store_alone(folder.path(), writers, size).await?,
    })
}

async fn mean_batch(data: &Path, partitions: u16) -> Result<f64> {
    let store = SqliteStore::open(data, &store_sqlite::Options::default())?;
    let (mut batches, mut bytes) = (0_usize, 0_usize);
    for partition in (0..partitions).map(PartitionId) {
        let mut from = store.take_over(partition).await?.first;
        loop {
            let read = store.read_journal(partition, from, READ).await?;
            let Some(last) = read.last() else { break };
            from = last.position + 1;
            batches += read.len();
            bytes += read.iter().map(|batch| batch.body.len()).sum::<usize>();
        }
    }
    Ok(bytes as f64 / batches.max(1) as f64)
}

async fn store_alone(folder: &Path, writers: u16, size: usize) -> Result<Appending> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(
        folder,
        &store_sqlite::Options::default(),
    )?);
    let body = bytes::Bytes::from(noise(size));
    let begun = Instant::now();
    let writer = |writer| append_for(&*store, PartitionId(writer), &body);
    let timed = try_join_all((0..writers).map(writer)).await?.concat();
    Ok(Appending::of(timed, size, begun.elapsed().as_secs_f64()))
}

async fn append_for(
    store: &dyn Store,
    partition: PartitionId,
    body: &bytes::Bytes,
) -> Result<Vec<u64>> {
    let mut writer = Writer::of(store, partition).await?;
    let (all, mut timed) = (Instant::now(), Vec::new());
    while all.elapsed() < LASTING {
        let begun = Instant::now();
        writer.append(body.clone()).await?;
        timed.push(nanos(begun.elapsed()));
    }
    Ok(timed)
}

fn table(cases: &[Case<Sample>]) -> Table {
    let mut table = Table::new([
        "in flight",
        "commits/s",
        "bytes each",
        "MB/s",
        "plain file: appends/s",
        "plain file: MB/s",
        "store alone: appends/s",
        "store alone: MB/s",
        "plain file beside ours, factor",
    ]);
    for Case { shape, samples } in cases {
        let all = |figure: fn(&Sample) -> f64| cell(samples.iter().map(figure));
        table.row([
            shape.clone(),
            all(|one| one.ours.commits_per_second),
            all(|one| one.batch_bytes),
            all(|one| one.megabytes_per_second),
            all(|one| one.plain.per_second),
            all(|one| one.plain.megabytes_per_second),
            all(|one| one.store.per_second),
            all(|one| one.store.megabytes_per_second),
            all(|one| one.plain.megabytes_per_second / one.megabytes_per_second),
        ]);
    }
    table
}
