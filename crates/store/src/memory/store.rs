//! The store itself: one lock around journals, blobs and state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::blobs::MemoryBlobs;
use super::cluster::{Members, system_clock};
use super::journal::PartitionJournal;
use super::state::MemoryState;
use crate::{
    Append, Appended, Batch, BlobHash, Count, CountBy, Dropped, EntityId, Epoch, Expiry,
    HistorySegment, InstanceFilter, InstanceRow, ListCursor, Page, PartitionHead, PartitionId,
    Position, Projection, Row, Scan, Slot, Store, StoreError, StoreSizes, StoredInstance, Swept,
    Table,
};

/// Ended instances are dropped by whole days, as the stores on disk do.
const BUCKET_MS: i64 = 24 * 60 * 60 * 1000;

/// A store in memory. A clone is another process's handle to the same content, so that a simulated
/// crash drops one handle and opens the next, and simulated nodes have one each. No call ever waits.
pub struct MemoryStore {
    content: Arc<Mutex<Content>>,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The epochs under which this handle took partitions over.
    held: Mutex<BTreeMap<PartitionId, Epoch>>,
}

#[derive(Default)]
pub(super) struct Content {
    pub(super) journals: BTreeMap<PartitionId, PartitionJournal>,
    blobs: MemoryBlobs,
    reached: BTreeMap<PartitionId, Position>,
    state: MemoryState,
    paused: Option<String>,
    pub(super) members: Members,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(system_clock)
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self {
            content: Arc::clone(&self.content),
            clock: Arc::clone(&self.clock),
            held: Mutex::default(),
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose nodes read this clock, in milliseconds since the epoch.
    pub fn with_clock(clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            content: Arc::default(),
            clock: Arc::new(clock),
            held: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A panic of another holder cannot leave the content half changed in a way that matters more
    /// than the panic itself, so the lock is taken regardless.
    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<PartitionId, Epoch>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn incarnation(&self) -> Result<u32, StoreError> {
        Ok(1)
    }

    async fn paused(&self) -> Result<Option<String>, StoreError> {
        Ok(self.content().paused.clone())
    }

    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError> {
        self.content().paused = why.map(str::to_owned);
        Ok(())
    }

    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError> {
        let mut content = self.content();
        let reached = content.reached.get(&partition).copied().unwrap_or(0);
        let head = content.journals.entry(partition).or_default().take_over();
        if reached + 1 < head.first {
            return Err(StoreError::Gap {
                partition: partition.0,
                reached,
                first: head.first,
            });
        }
        self.held().insert(partition, head.epoch);
        Ok(head)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let mut content = self.content();
        let Some(journal) = content.journals.get_mut(&append.partition) else {
            return Ok(Appended::Fenced);
        };
        let appended = journal.append(&append);
        if appended == Appended::Committed {
            content.blobs.keep(append.blobs);
        }
        Ok(appended)
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        match self.content().journals.get(&partition) {
            Some(journal) => journal.read(partition, from, limit_bytes),
            None => Ok(vec![]),
        }
    }

    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError> {
        Ok(self.content().blobs.get(&hash))
    }

    async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError> {
        let mut content = self.content();
        for projection in &projections {
            let partition = projection.partition;
            let stale = |epoch: &Epoch| {
                let journal = content.journals.get(&partition);
                journal.is_some_and(|journal| journal.epoch() != *epoch)
            };
            let reached = content.reached.get(&partition).copied().unwrap_or(0);
            if self.held().get(&partition).is_some_and(stale) || projection.reached < reached {
                return Err(StoreError::TakenOver(partition));
            }
        }
        for projection in projections {
            for change in projection.changes {
                content.state.apply(change);
            }
            let reached = content.reached.entry(projection.partition).or_default();
            *reached = projection.reached.max(*reached);
        }
        Ok(())
    }

    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError> {
        Ok(self.content().reached.get(&partition).copied().unwrap_or(0))
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        let content = &mut *self.content();
        for (partition, journal) in &mut content.journals {
            journal.trim(content.reached.get(partition).copied().unwrap_or(0));
        }
        Ok(())
    }

    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        Ok(self.content().state.instance(slot, id))
    }

    async fn history(
        &self,
        _slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        Ok(self.content().state.history(id, after_seq, limit_bytes))
    }

    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        let state = &self.content().state;
        let keys = keys.into_iter();
        Ok(keys
            .map(|(slot, key)| state.get(table, slot, key))
            .collect())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError> {
        Ok(self.content().state.scan(&scan))
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        let limit = limit.clamp(1, 1000);
        Ok(self.content().state.list(filter, after, limit))
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError> {
        Ok(self.content().state.count(filter, by))
    }

    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError> {
        Ok(self.content().state.drop_ended(expiry, BUCKET_MS))
    }

    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError> {
        let content = &mut *self.content();
        let heads = content.journals.iter();
        let heads = heads.map(|(partition, journal)| (*partition, journal.head()));
        let (heads, reached) = (heads.collect(), &content.reached);
        let named = content.state.named();
        Ok(content
            .blobs
            .sweep((now_ms, keep_ms), heads, reached, &named))
    }

    async fn sizes(&self) -> Result<StoreSizes, StoreError> {
        let content = self.content();
        let (state, ended) = content.state.bytes();
        Ok(StoreSizes {
            journal: content.journals.values().map(PartitionJournal::bytes).sum(),
            state,
            ended,
            blobs: Some(content.blobs.bytes()),
        })
    }
}
