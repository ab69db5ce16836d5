//! The contract that every store keeps.

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Append, Appended, Batch, BlobHash, Count, CountBy, Dropped, EntityId, Epoch, Expiry,
    HistorySegment, InstanceFilter, InstanceRow, ListCursor, Page, PartitionId, Position,
    Projection, Row, Scan, Slot, StoreError, StoredInstance, Swept, Table,
};

/// The fence row of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionHead {
    /// The present owner's epoch.
    pub epoch: Epoch,
    /// The last durable position; 0 when nothing was appended yet.
    pub head: Position,
    /// The first position that the journal still holds; `head + 1` when it holds none.
    pub first: Position,
}

/// How much room a store takes, in bytes, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSizes {
    /// The journal, as far back as it is kept.
    pub journal: u64,
    /// What is derived from it, but for ended instances.
    pub state: u64,
    /// Ended instances.
    pub ended: u64,
    /// Payloads too large to lie in the others; none where they are not told apart from these.
    pub blobs: Option<u64>,
}

/// A fenced journal, the state derived from it, and queries over that state.
///
/// Calls are safe from many tasks at once and never block the async runtime. A batch that was
/// answered `Committed` survives the loss of the process and of power. A projection survives the
/// loss of the process; after a loss of power the state may be as it was at an earlier reached
/// position, never in between, and never before a checkpointed one.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Rises with each restore of the store from a backup.
    async fn incarnation(&self) -> Result<u32, StoreError>;

    /// Why nothing may leave the store until a person says so (no call, no timer), as it is with one
    /// that was restored; none when all goes on.
    async fn paused(&self) -> Result<Option<String>, StoreError>;

    /// Has all that use the store wait, and says why; or lets them go on (none). It is durable.
    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError>;

    /// Raises the partition's epoch and answers its head: from then on appends under an older
    /// epoch are fenced. A partition that was never seen is made, empty.
    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError>;

    /// Makes a batch durable, or says that it is fenced or unknown. Appends of several partitions
    /// may share one commit.
    async fn append(&self, append: Append) -> Result<Appended, StoreError>;

    /// Durable batches from `from` (inclusive) in order, at most `limit_bytes` of bodies (at least
    /// one batch if there is one). An error names a gap or damage.
    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError>;

    /// A blob by its hash.
    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError>;

    /// Writes changes of one or more partitions and the positions they reached, atomically. A store
    /// that several processes share answers `TakenOver`, and writes nothing, when one of the
    /// partitions is another process's by now.
    async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError>;

    /// The position that the partition's state has reached (0 if none). A store that several processes share answers
    /// `TakenOver` when that is less than this process wrote since it took the partition over.
    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError>;

    /// Makes the state durable against loss of power, then drops what of the journal lies wholly
    /// at or below each partition's reached position. Takes its time off the append path.
    async fn checkpoint(&self) -> Result<(), StoreError>;

    /// An instance with its snapshot and chunks, open or ended.
    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError>;

    /// An instance's history segments that hold records after `after_seq`, in order, until
    /// `limit_bytes` is passed (at least one if there is one).
    async fn history(
        &self,
        slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError>;

    /// Rows of a keyed table as of one moment, in the order of the question; none where there is no such row.
    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError>;

    /// One row of a keyed table.
    async fn get(&self, table: Table, slot: Slot, key: Bytes) -> Result<Option<Bytes>, StoreError> {
        let mut found = self.get_many(table, vec![(slot, key)]).await?;
        Ok(found.pop().flatten())
    }

    /// Rows of a keyed table in key order (then by slot).
    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError>;

    /// Instances, newest first by `(created_at, id)`, at most `limit` (1 to 1,000).
    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError>;

    /// How many instances there are, by group.
    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError>;

    /// Drops the buckets of ended instances whose time is over, one after another, and gives their
    /// space back. A bucket is dropped whole: its instances are kept until the last of its span may
    /// go. What is dropped stays dropped whatever happens then; after a crash or an error the next
    /// call goes on.
    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError>;

    /// Makes one step, of bounded size, towards removing the blobs that nothing names any more, and gives
    /// their space back. Steps make rounds, each of `keep_ms` at least by the clock that `now_ms` was read
    /// from. A blob goes at the end of a round if no batch named it since the round began, all that was
    /// durable at its beginning is in the state, and nothing there names it ([`crate::Change::NameBlobs`]).
    /// So one that is named is never missed, however far the state is behind, and one that is not goes
    /// after one to two rounds. In a store from before names were noted, all blobs that it then had stay.
    ///
    /// Several processes may sweep at once. While one of them does not note names yet, nothing is done.
    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError>;

    /// How much room the store takes. It reads no rows, but may look at every file or table: seldom enough is every few
    /// seconds.
    async fn sizes(&self) -> Result<StoreSizes, StoreError>;
}
