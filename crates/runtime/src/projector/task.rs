//! The projector's task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::codec::RecordBatch;
use store::{Change, PartitionId, Position, Projection, StoreError};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::merge::{Merger, Write};
use super::sweep::Sweep;
use crate::clock::steady_now;
use crate::partition::{Delta, Internal, Port};
use crate::shared::Shared;

/// Bytes of records that wait to be written at most; then nothing is held back.
const WRITE_BYTES: usize = 48 << 20;
/// Bytes of records with which gathering ends.
const ENOUGH_BYTES: usize = 16 << 20;
/// First pause before a write is repeated.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A durable batch, to be projected.
pub(crate) struct Committed {
    pub(crate) partition: PartitionId,
    pub(crate) position: Position,
    pub(crate) records: Arc<RecordBatch>,
    pub(crate) deltas: Vec<Delta>,
    /// What its slot facts and catalog changes come to.
    pub(crate) changes: Vec<Change>,
    /// Of its records.
    pub(crate) bytes: usize,
}

/// Projects until the runtime goes.
pub(crate) async fn run(shared: Arc<Shared>, mut committed: mpsc::UnboundedReceiver<Committed>) {
    let mut checkpoints = Checkpoints::new(&shared);
    let mut sweep = Sweep::new();
    let mut merger = Merger::default();
    loop {
        let held = merger.bytes() > 0;
        let again = steady_now() + Duration::from_millis(shared.config.bounds.projection_gather_ms);
        let worked = tokio::select! {
            biased;
            first = committed.recv() => match first {
                Some(first) => {
                    merger.add(first, steady_now());
                    project(&shared, &mut checkpoints, &mut merger, &mut committed).await
                }
                None => return,
            },
            () = shared.awaited.news(), if held => {
                project(&shared, &mut checkpoints, &mut merger, &mut committed).await
            }
            () = tokio::time::sleep_until(again), if held => {
                project(&shared, &mut checkpoints, &mut merger, &mut committed).await
            }
            () = tokio::time::sleep_until(sweep.next_at()) => sweep.page(&shared).await,
        };
        match worked {
            Ok(()) => {}
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "expired keys could not be swept; the next round will do");
            }
            Err(error) => {
                shared.fatal(format!("the state could not be written: {error}"));
                return;
            }
        }
    }
}

/// Writes what was gathered, and with it what comes soon.
async fn project(
    shared: &Shared,
    checkpoints: &mut Checkpoints,
    merger: &mut Merger,
    committed: &mut mpsc::UnboundedReceiver<Committed>,
) -> Result<(), StoreError> {
    let begun = steady_now();
    gather(shared, merger, committed).await;
    let hurried = shared.awaited.is_awaited() || merger.bytes() >= WRITE_BYTES;
    let written = merger.take((!hurried).then_some(begun));
    let begun = steady_now();
    write(shared, &written.projections).await?;
    let took = begun.elapsed();
    shared.stats.histograms.projection_us.add_duration(took);
    note(shared, &written);
    checkpoints.written(written.bytes);
    Ok(())
}

/// Takes what comes until the time for gathering is over, there is enough, or somebody waits for
/// the state. What several batches changed of one instance is then written once.
async fn gather(
    shared: &Shared,
    merger: &mut Merger,
    committed: &mut mpsc::UnboundedReceiver<Committed>,
) {
    let bounds = &shared.config.bounds;
    let over = steady_now() + Duration::from_millis(bounds.projection_gather_ms);
    let enough = merger.bytes() + ENOUGH_BYTES;
    while merger.bytes() < WRITE_BYTES {
        let next = match committed.try_recv() {
            Ok(next) => next,
            Err(_) if shared.awaited.is_awaited() || merger.bytes() >= enough => break,
            Err(_) => tokio::select! {
                biased;
                next = committed.recv() => match next {
                    Some(next) => next,
                    None => break,
                },
                () = shared.awaited.news() => continue,
                () = tokio::time::sleep_until(over) => break,
            },
        };
        merger.add(next, steady_now());
    }
}

async fn write(shared: &Shared, projections: &[Projection]) -> Result<(), StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match shared.store.project(projections.to_vec()).await {
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "the store does not take the state; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            written => return written,
        }
    }
}

/// Tells partitions and waiting reads how far the state is.
fn note(shared: &Shared, written: &Write) {
    crate::health::add(&shared.stats.projections, 1);
    let bytes = i64::try_from(written.bytes).unwrap_or(i64::MAX);
    shared
        .stats
        .projection_lag_bytes
        .fetch_sub(bytes, Ordering::Relaxed);
    for projection in &written.projections {
        let (port, reached) = (port_of(shared, projection.partition), projection.reached);
        port.behind_since
            .store(shared.clock.now_ms(), Ordering::Relaxed);
        if port.reached.raise(reached) {
            port.send(Internal::Projected(reached));
        }
    }
}

fn port_of(shared: &Shared, partition: PartitionId) -> &Port {
    match partition {
        PartitionId::CATALOG => &shared.catalog_port,
        PartitionId(index) => &shared.ports[usize::from(index)],
    }
}

/// Checkpoints follow so many bytes or so much time; one at a time, beside the projector.
struct Checkpoints {
    shared: Arc<Shared>,
    bytes: usize,
    last: Instant,
    running: Arc<AtomicBool>,
}

impl Checkpoints {
    fn new(shared: &Arc<Shared>) -> Self {
        let running = Arc::new(AtomicBool::new(false));
        Self {
            shared: Arc::clone(shared),
            bytes: 0,
            last: steady_now(),
            running,
        }
    }

    fn written(&mut self, bytes: usize) {
        self.bytes += bytes;
        let bounds = &self.shared.config.bounds;
        let every = Duration::from_millis(bounds.checkpoint_every_ms);
        let due = self.bytes >= bounds.checkpoint_bytes || self.last.elapsed() >= every;
        if !due || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        self.bytes = 0;
        self.last = steady_now();
        let (shared, running) = (Arc::clone(&self.shared), Arc::clone(&self.running));
        self.shared.tasks.spawn(async move {
            checkpoint(&shared).await;
            running.store(false, Ordering::Release);
        });
    }
}

/// Makes the state durable and lets the journal behind it go.
pub(crate) async fn checkpoint(shared: &Shared) {
    match shared.store.checkpoint().await {
        Ok(()) => crate::health::add(&shared.stats.checkpoints, 1),
        Err(StoreError::Unavailable(reason)) => {
            tracing::warn!(%reason, "no checkpoint could be made; the next one will do");
        }
        Err(error) => shared.fatal(format!("a checkpoint failed: {error}")),
    }
}
