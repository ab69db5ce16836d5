//! A store that counts and times what is asked of the store behind it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use store::{
    Append, Appended, Batch, BlobHash, Count, CountBy, EntityId, HistorySegment, InstanceFilter,
    InstanceRow, ListCursor, Page, PartitionHead, PartitionId, Position, Projection, Row, Scan,
    Slot, Store, StoreError, StoredInstance, Table,
};

use crate::machine::nanos;

/// What was asked since the counts were last taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// How long each append took, in nanoseconds.
    pub(crate) appends: Vec<u64>,
    /// Bytes of their bodies.
    pub(crate) bytes: u64,
    /// Writes of the projector.
    pub(crate) projections: u64,
    /// How long those took together, in nanoseconds.
    pub(crate) projecting: u64,
}

/// The store with a meter.
pub(crate) struct Metered<S> {
    inner: S,
    counts: Mutex<Counts>,
}

impl<S> Metered<S> {
    pub(crate) fn new(inner: S) -> Arc<Self> {
        let counts = Mutex::default();
        Arc::new(Self { inner, counts })
    }

    /// The counts since this was last called.
    pub(crate) fn take(&self) -> Counts {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl<S: Store> Store for Metered<S> {
    async fn append(&self, append: Append) -> Answer<Appended> {
        let (begun, bytes) = (Instant::now(), append.body.len() as u64);
        let answer = self.inner.append(append).await;
        let mut counts = self.lock();
        counts.appends.push(nanos(begun.elapsed()));
        counts.bytes += bytes;
        answer
    }

    async fn project(&self, projections: Vec<Projection>) -> Answer<()> {
        let begun = Instant::now();
        let answer = self.inner.project(projections).await;
        let mut counts = self.lock();
        counts.projections += 1;
        counts.projecting += nanos(begun.elapsed());
        answer
    }

    async fn incarnation(&self) -> Answer<u32> {
        self.inner.incarnation().await
    }

    async fn take_over(&self, partition: PartitionId) -> Answer<PartitionHead> {
        self.inner.take_over(partition).await
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Answer<Vec<Batch>> {
        self.inner.read_journal(partition, from, limit_bytes).await
    }

    async fn blob(&self, hash: BlobHash) -> Answer<Option<Bytes>> {
        self.inner.blob(hash).await
    }

    async fn reached(&self, partition: PartitionId) -> Answer<Position> {
        self.inner.reached(partition).await
    }

    async fn checkpoint(&self) -> Answer<()> {
        self.inner.checkpoint().await
    }

    async fn instance(&self, slot: Slot, id: EntityId) -> Answer<Option<StoredInstance>> {
        self.inner.instance(slot, id).await
    }

    async fn history(
        &self,
        slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Answer<Vec<HistorySegment>> {
        self.inner.history(slot, id, after_seq, limit_bytes).await
    }

    async fn get(&self, table: Table, slot: Slot, key: Bytes) -> Answer<Option<Bytes>> {
        self.inner.get(table, slot, key).await
    }

    async fn scan(&self, scan: Scan) -> Answer<Vec<Row>> {
        self.inner.scan(scan).await
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Answer<Page<InstanceRow>> {
        self.inner.list(filter, after, limit).await
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Answer<Vec<Count>> {
        self.inner.count(filter, by).await
    }

    async fn drop_ended_before(&self, before: i64) -> Answer<u64> {
        self.inner.drop_ended_before(before).await
    }
}
