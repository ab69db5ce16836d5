//! The projector's task.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::Instance;
use engine::codec::RecordBatch;
use store::{Change, PartitionId, Position, StoreError};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::merge::{Merger, Write};
use super::overlay::{Asked, Overlay};
use super::segments::Segments;
use super::sweep::Sweep;
use crate::clock::steady_now;
use crate::partition::{Delta, Internal, Port};
use crate::rollup::Rollups;
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
    /// Instances that it deletes, as they were.
    pub(crate) deleted: Vec<Arc<Instance>>,
    /// What its slot facts and catalog changes come to.
    pub(crate) changes: Vec<Change>,
    /// Of its records.
    pub(crate) bytes: usize,
}

/// What the projector is told.
pub(crate) enum News {
    /// A batch is durable.
    Committed(Committed),
    /// A partition is not this process's any more: what was not written of it is its new owner's to
    /// write.
    Lost(PartitionId),
}

/// What the projector's task holds.
pub(crate) struct Projector {
    shared: Arc<Shared>,
    news: mpsc::UnboundedReceiver<News>,
    asked: mpsc::Receiver<Asked>,
    merger: Merger,
    /// What is being written.
    writing: Arc<Write>,
    segments: Segments,
    rollups: Rollups,
    /// The last batch that came, by partition.
    seen: BTreeMap<PartitionId, Position>,
    /// Partitions that were lost, to be told when nothing of them is being written.
    lost: Vec<PartitionId>,
    checkpoints: Checkpoints,
}

impl Projector {
    /// One that gets durable batches and lists' questions.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        news: mpsc::UnboundedReceiver<News>,
        asked: mpsc::Receiver<Asked>,
    ) -> Self {
        let slot = shared.any_slot();
        Self {
            news,
            asked,
            merger: Merger::default(),
            writing: Arc::default(),
            segments: Segments::default(),
            rollups: Rollups::new(shared.new_id(slot)),
            seen: BTreeMap::new(),
            lost: Vec::new(),
            checkpoints: Checkpoints::new(shared),
            shared: Arc::clone(shared),
        }
    }

    /// Projects until the runtime goes.
    pub(crate) async fn run(mut self) {
        let mut sweep = Sweep::new();
        loop {
            self.tell_forgotten();
            let held = self.merger.bytes() > 0;
            let gather_ms = self.shared.config.bounds.projection_gather_ms;
            let again = steady_now() + Duration::from_millis(gather_ms);
            let worked = tokio::select! {
                biased;
                Some(asked) = self.asked.recv() => {
                    self.answer(asked).await;
                    Ok(())
                }
                first = self.news.recv() => match first {
                    Some(first) => {
                        self.hear(first);
                        self.project().await
                    }
                    None => return,
                },
                () = self.shared.awaited.news(), if held => self.project().await,
                () = tokio::time::sleep_until(again), if held => self.project().await,
                () = tokio::time::sleep_until(sweep.next_at()) => sweep.page(&self.shared).await,
            };
            match worked {
                Ok(()) => {}
                // The new owner sweeps it.
                Err(StoreError::TakenOver(_)) => {}
                Err(StoreError::Unavailable(reason)) => {
                    tracing::warn!(%reason, "expired keys could not be swept; the next round will do");
                }
                Err(error) => {
                    self.shared
                        .fatal(format!("the state could not be written: {error}"));
                    return;
                }
            }
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Committed(batch) => {
                self.seen.insert(batch.partition, batch.position);
                self.merger.add(batch, steady_now());
            }
            News::Lost(partition) => self.lose(partition),
        }
    }

    /// Forgets what was gathered of a partition that is another's.
    fn lose(&mut self, partition: PartitionId) {
        self.seen.remove(&partition);
        self.lost.push(partition);
        let bytes = self.merger.lose(partition);
        no_longer_behind(&self.shared, bytes);
    }

    /// Nothing is being written: what was gathered of lost partitions is gone.
    fn tell_forgotten(&mut self) {
        for partition in self.lost.drain(..) {
            port_of(&self.shared, partition).forgotten.rise();
        }
    }

    /// Writes what was gathered, and with it what comes soon.
    async fn project(&mut self) -> Result<(), StoreError> {
        let begun = steady_now();
        self.gather().await;
        let hurried = self.shared.awaited.is_awaited() || self.merger.bytes() >= WRITE_BYTES;
        let mut write = self.merger.take((!hurried).then_some(begun));
        let begun = steady_now();
        let written = loop {
            let writing = Arc::new(write);
            self.writing = Arc::clone(&writing);
            let done = self.write(&writing).await;
            self.writing = Arc::default();
            match done {
                Ok(()) => break writing,
                Err(StoreError::TakenOver(partition)) => {
                    tracing::warn!(
                        partition = partition.0,
                        "another process projects the partition now"
                    );
                    port_of(&self.shared, partition).refused.rise();
                    // What was gathered meanwhile may be of a later ownership, and is kept.
                    write = Write::without(writing, partition);
                }
                Err(error) => return Err(error),
            }
        };
        let took = begun.elapsed();
        let stats = &self.shared.stats;
        stats.histograms.projection_us.add_duration(took);
        note(&self.shared, &written);
        self.checkpoints.written(written.bytes);
        Ok(())
    }

    /// Takes what comes until the time for gathering is over, there is enough, or somebody waits for
    /// the state. What several batches changed of one instance is then written once.
    async fn gather(&mut self) {
        let shared = Arc::clone(&self.shared);
        let gather_ms = shared.config.bounds.projection_gather_ms;
        let over = steady_now() + Duration::from_millis(gather_ms);
        let enough = self.merger.bytes() + ENOUGH_BYTES;
        while self.merger.bytes() < WRITE_BYTES {
            let next = match self.news.try_recv() {
                Ok(next) => next,
                Err(_) if shared.awaited.is_awaited() || self.merger.bytes() >= enough => break,
                Err(_) => tokio::select! {
                    biased;
                    Some(asked) = self.asked.recv() => {
                        self.answer(asked).await;
                        continue;
                    }
                    next = self.news.recv() => match next {
                        Some(next) => next,
                        None => break,
                    },
                    () = shared.awaited.news() => continue,
                    () = tokio::time::sleep_until(over) => break,
                },
            };
            self.hear(next);
        }
    }

    /// Writes, and answers lists meanwhile.
    async fn write(&mut self, write: &Write) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut pause = FIRST_PAUSE;
        loop {
            let catalog = shared.catalog.current();
            self.segments.write_format(shared.format());
            let (mut projections, counting) = write.projections(&catalog, &mut self.segments).await;
            let (staged, rows) = self.rollups.stage(&counting);
            // In the transaction of what it counts, whichever partition's name it goes under.
            if let Some(first) = projections.first_mut() {
                first.changes.extend(rows);
            }
            let written = self.meanwhile_answer(shared.store.project(projections));
            match written.await {
                Ok(()) => {
                    crate::health::add(&shared.stats.rollups_beyond, staged.beyond);
                    self.rollups.written(staged);
                    return Ok(());
                }
                Err(StoreError::Unavailable(reason)) => {
                    tracing::warn!(%reason, "the store does not take the state; trying again");
                    self.meanwhile_answer(tokio::time::sleep(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn meanwhile_answer<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(asked) = self.asked.recv() => self.answer(asked).await,
            }
        }
    }

    /// Answers a list with what the tables lack.
    async fn answer(&mut self, asked: Asked) {
        while let Ok(news) = self.news.try_recv() {
            self.hear(news);
        }
        // A partition shows how far it is a moment before its batch comes here.
        while self.lacks(&asked.heads) {
            match self.news.recv().await {
                Some(news) => self.hear(news),
                None => return,
            }
        }
        let instances = self.merger.instances().chain(self.writing.instances());
        let deleted = self.merger.deleted().chain(self.writing.deleted());
        let overlay = Overlay::of(instances, deleted, &asked);
        // Who asked may have gone.
        let _gone = asked.reply.send(overlay);
    }

    fn lacks(&self, heads: &[Position]) -> bool {
        let mut heads = (0..).zip(heads.iter().zip(&self.shared.ports));
        // What became another's meanwhile will not come.
        heads.any(|(partition, (head, port))| {
            let seen = self.seen.get(&PartitionId(partition));
            port.is_open() && port.reached.get().max(seen.copied().unwrap_or(0)) < *head
        })
    }
}

/// Tells partitions and waiting reads how far the state is.
fn note(shared: &Shared, written: &Write) {
    crate::health::add(&shared.stats.projections, 1);
    no_longer_behind(shared, written.bytes);
    for (partition, reached) in written.reached() {
        let port = port_of(shared, partition);
        port.behind_since
            .store(shared.clock.now_ms(), Ordering::Relaxed);
        if port.reached.raise(reached) {
            port.notify(Internal::Projected(reached));
        }
    }
}

fn no_longer_behind(shared: &Shared, bytes: usize) {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let lag = &shared.stats.projection_lag_bytes;
    lag.fetch_sub(bytes, Ordering::Relaxed);
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
