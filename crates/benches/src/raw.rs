//! The store alone: batches as large as those of a run, appended as fast as they become durable.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use serde::Serialize;
use store::{Append, Appended, PartitionId, Store};
use store_sqlite::{Options, SqliteStore};
use tokio::task::JoinSet;

use crate::machine::nanos;
use crate::spread::Latency;

/// What the store does when nothing else is asked of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Raw {
    /// Bytes of one batch.
    pub(crate) batch_bytes: usize,
    /// Batches a second, all partitions together.
    pub(crate) appends_per_second: f64,
    /// Megabytes (10^6 bytes) of batches a second.
    pub(crate) megabytes_per_second: f64,
    /// One append, with as many others under way as there are partitions.
    pub(crate) append: Latency,
}

/// Appends batches of that size for so long, one under way per writer, each writer a partition.
pub(crate) async fn measure(
    folder: &Path,
    writers: u16,
    batch_bytes: usize,
    lasting: Duration,
) -> Result<Raw> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &Options::default())?);
    let body = noise(batch_bytes);
    let begun = Instant::now();
    let mut running: JoinSet<Result<Vec<u64>>> = JoinSet::new();
    for writer in 0..writers {
        running.spawn(append_for(
            Arc::clone(&store),
            PartitionId(writer),
            body.clone(),
            lasting,
        ));
    }
    let mut timed = Vec::new();
    while let Some(writer) = running.join_next().await {
        timed.extend(writer??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let appends_per_second = timed.len() as f64 / seconds;
    Ok(Raw {
        batch_bytes,
        appends_per_second,
        megabytes_per_second: appends_per_second * batch_bytes as f64 / 1e6,
        append: Latency::of(timed),
    })
}

async fn append_for(
    store: Arc<dyn Store>,
    partition: PartitionId,
    body: Bytes,
    lasting: Duration,
) -> Result<Vec<u64>> {
    let owned = store.take_over(partition).await?;
    let (mut head, mut timed) = (owned.head, Vec::new());
    let all = Instant::now();
    while all.elapsed() < lasting {
        let begun = Instant::now();
        let append = Append {
            partition,
            epoch: owned.epoch,
            expected_head: head,
            batch_id: u128::from(head + 1).to_be_bytes(),
            body: body.clone(),
            blobs: vec![],
        };
        match store.append(append).await? {
            Appended::Committed => head += 1,
            other => bail!("expected the append to be committed, but it is {other:?}"),
        }
        timed.push(nanos(begun.elapsed()));
    }
    Ok(timed)
}

/// Bytes without a pattern, the same each time: a batch is packed already when it comes to the store.
fn noise(length: usize) -> Bytes {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(byte).collect()
}
