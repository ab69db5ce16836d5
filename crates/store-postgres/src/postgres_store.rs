//! The store: journal and state behind the contract.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use store::{
    Append, Appended, Batch, BlobHash, Count, CountBy, Dropped, EntityId, Expiry, Gathered,
    HistorySegment, InstanceFilter, InstanceRow, ListCursor, Page, PartitionHead, PartitionId,
    Position, Projection, Row, Scan, Slot, Store, StoreError, StoreSizes, StoredInstance, Swept,
    Table,
};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::connection::{Pool, Session, with_session};
use crate::failure::Trouble;
use crate::identity::{self, Identity};
use crate::journal::{self, Request, Segments};
use crate::state::{self, BucketSpan, Epochs};

/// The cluster's store, for one node of it.
///
/// *The fence.* Each partition has a row with epoch, head and the head's batch id. An append moves
/// the row on from the head and under the epoch that its caller knows, and writes the batch only
/// if that changed the row, in one statement for all partitions that wait on the same lane.
///
/// *Unknown outcomes.* A connection lost in a commit, a deadline passed, or the server's warning
/// that it stopped waiting for its standby make an append `Unknown`. Its repeat finds its own
/// batch id in the row, writes the row once more, and is `Committed` when that commit is: what is
/// merely found may be on the primary alone. Connections that append never send a cancel.
///
/// *Stale owners.* What is projected for a partition that this handle took over is written only
/// while the epoch of that take-over holds; past it `project` answers `TakenOver`.
pub struct PostgresStore {
    pub(crate) lanes: Vec<mpsc::Sender<Request>>,
    /// Makes segments of the journal ahead of their time.
    pub(crate) ahead: AbortHandle,
    pub(crate) readers: Arc<Pool>,
    pub(crate) writers: Arc<Pool>,
    /// For heartbeats and leases, which must not wait behind a projection.
    pub(crate) control: Arc<Pool>,
    pub(crate) maintenance: Arc<Pool>,
    pub(crate) segments: Arc<Segments>,
    pub(crate) epochs: Epochs,
    pub(crate) span: BucketSpan,
    pub(crate) identity: Identity,
    /// One checkpoint at a time.
    pub(crate) checkpointing: Mutex<()>,
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.ahead.abort();
    }
}

impl PostgresStore {
    /// Which cluster this store is of: made with it, and the same for all its nodes.
    #[must_use]
    pub fn cluster_id(&self) -> Uuid {
        self.identity.cluster_id
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn incarnation(&self) -> Result<u32, StoreError> {
        Ok(self.identity.incarnation)
    }

    async fn paused(&self) -> Result<Option<String>, StoreError> {
        with_session!(self.control, "reading the pause", |session| {
            identity::paused(session)
        })
    }

    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError> {
        with_session!(self.control, "changing the pause", |session| {
            identity::set_paused(session, why)
        })
    }

    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError> {
        let what = "taking a partition over";
        let head = with_session!(self.writers, what, |session| journal::take_over(
            session, partition
        ))?;
        self.epochs.took_over(partition, head.epoch);
        Ok(head)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let lane = &self.lanes[usize::from(append.partition.0) % self.lanes.len()];
        let (answer, answered) = oneshot::channel();
        let closing = || StoreError::Unavailable("the store is closing".into());
        lane.send(Request { append, answer })
            .await
            .map_err(|_| closing())?;
        answered.await.map_err(|_| closing())?
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let what = "reading the journal";
        with_session!(self.readers, what, |session| {
            journal::read(session, partition, from, limit_bytes)
        })
    }

    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError> {
        with_session!(self.readers, "reading a blob", |session| journal::blob(
            session, hash
        ))
    }

    async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError> {
        let mut gathered = Gathered::default();
        for projection in projections {
            gathered.add(projection);
        }
        let (what, gathered) = ("writing the state", &gathered);
        with_session!(self.writers, what, |session| {
            state::project(session, self.span, &self.epochs, gathered)
        })
    }

    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError> {
        let what = "reading how far the state has come";
        let reached = with_session!(self.readers, what, |session| reached(session, partition))?;
        match self.epochs.went_back(partition, reached) {
            true => Err(StoreError::TakenOver(partition)),
            false => Ok(reached),
        }
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        let _alone = self.checkpointing.lock().await;
        let segments = &*self.segments;
        with_session!(self.maintenance, "a checkpoint", |session| journal::trim(
            session, segments
        ))?;
        let what = "closing a bucket of ended instances";
        with_session!(self.maintenance, what, |session| state::close_buckets(
            session, self.span
        ))
    }

    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        with_session!(self.readers, "reading an instance", |session| {
            state::instance(session, slot, id)
        })
    }

    async fn history(
        &self,
        _slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        with_session!(self.readers, "reading history", |session| {
            state::history(session, id, after_seq, limit_bytes)
        })
    }

    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = &keys;
        with_session!(self.readers, "reading rows", |session| state::get_many(
            session, table, keys
        ))
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError> {
        let scan = &scan;
        with_session!(self.readers, "reading rows", |session| state::scan(
            session, scan
        ))
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        let limit = limit.clamp(1, 1000);
        with_session!(self.readers, "listing instances", |session| {
            state::list(session, self.span, filter, after, limit)
        })
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError> {
        with_session!(self.readers, "counting instances", |session| {
            state::count(session, self.span, filter, by)
        })
    }

    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError> {
        let what = "dropping old buckets";
        with_session!(self.maintenance, what, |session| {
            state::drop_ended(session, self.span, expiry)
        })
    }

    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError> {
        with_session!(self.maintenance, "sweeping blobs", |session| {
            state::sweep(session, now_ms, keep_ms)
        })
    }

    async fn sizes(&self) -> Result<StoreSizes, StoreError> {
        let what = "asking how large the tables are";
        with_session!(self.readers, what, |session| sizes(session))
    }
}

/// Of all tables of the store's schema, with their indexes and what lies beside them.
async fn sizes(session: &Session) -> Result<StoreSizes, Trouble> {
    let sql = "SELECT CASE WHEN relname LIKE 'journal\\_%' THEN 'journal' \
               WHEN relname LIKE 'ended\\_%' THEN 'ended' \
               WHEN relname LIKE 'blob%' THEN 'blobs' ELSE 'state' END, \
               sum(pg_total_relation_size(class.oid))::bigint \
               FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace \
               WHERE relkind = 'r' AND nspname = current_schema() GROUP BY 1";
    let rows = session.client.query(sql, &[]).await?;
    let mut sizes = StoreSizes {
        blobs: Some(0),
        ..StoreSizes::default()
    };
    for row in rows {
        let (kind, bytes): (&str, Option<i64>) = (row.get(0), row.get(1));
        let bytes = u64::try_from(bytes.unwrap_or(0)).unwrap_or(0);
        match kind {
            "journal" => sizes.journal = bytes,
            "ended" => sizes.ended = bytes,
            "blobs" => sizes.blobs = Some(bytes),
            _ => sizes.state = bytes,
        }
    }
    Ok(sizes)
}

async fn reached(session: &Session, partition: PartitionId) -> Result<Position, Trouble> {
    let statement = session
        .prepared("SELECT position FROM reached WHERE partition = $1")
        .await?;
    let row = session
        .client
        .query_opt(&statement, &[&i32::from(partition.0)])
        .await?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0) as u64))
}
