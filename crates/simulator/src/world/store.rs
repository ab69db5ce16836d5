//! The store of one process: the disk, with faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::record::OutputKept;
use prost::Message;
use store::{
    Append, Appended, Batch, BlobHash, Change, Count, CountBy, Dropped, EntityId, Epoch, Expiry,
    HistorySegment, InstanceFilter, InstanceRow, ListCursor, MemoryStore, Page, PartitionHead,
    PartitionId, Position, Projection, Row, Scan, Slot, Store, StoreError, StoreSizes,
    StoredInstance, Swept, Table,
};

use super::Planted;
use super::double::one_record_less;
use super::life::Life;
use super::surroundings::{World, lock};

/// The disk as one process sees it.
pub(super) struct SimulatedStore {
    pub(super) world: Arc<World>,
    pub(super) life: Arc<Life>,
    /// This process's handle.
    pub(super) live: MemoryStore,
    /// Told to be durable, but not yet: only where that is planted.
    early: std::sync::Mutex<Vec<Append>>,
}

impl SimulatedStore {
    /// The store of a process.
    pub(super) fn of(world: &Arc<World>, life: &Arc<Life>) -> Self {
        Self {
            live: lock(&world.disk).live.clone(),
            world: Arc::clone(world),
            life: Arc::clone(life),
            early: std::sync::Mutex::default(),
        }
    }

    fn hit(&self, what: &'static str) {
        self.world.truth().coverage.hit(what);
    }

    pub(super) fn strikes(&self, percent: u64, what: &'static str) -> bool {
        let strikes = self.world.strikes(percent);
        if strikes {
            self.hit(what);
        }
        strikes
    }

    /// A call arrives, if the process goes on and the store can be reached.
    pub(super) async fn arrives(&self) -> Result<(), StoreError> {
        self.life.goes_on().await;
        if self.world.is_out() || self.life.is_cut_off() {
            // As long as it takes to see that nobody answers.
            self.pause(300).await;
            return Err(unavailable());
        }
        Ok(())
    }

    /// Its answer comes back, if nothing happened meanwhile.
    pub(super) async fn comes_back(&self) -> Result<(), StoreError> {
        self.life.goes_on().await;
        if self.life.is_cut_off() {
            return Err(unavailable());
        }
        Ok(())
    }

    /// The process may end here.
    async fn may_crash(&self, place: &'static str) {
        let crash = self.world.faults.crash;
        if crash > 0 && !self.world.is_calm() && self.world.draw(0, 999) < crash {
            self.world.crash(&self.life, place);
        }
        self.life.goes_on().await;
    }

    pub(super) async fn pause(&self, most_ms: u64) {
        let pause = self.world.draw(1, most_ms);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        self.life.goes_on().await;
    }

    pub(super) async fn readable(&self) -> Result<(), StoreError> {
        self.arrives().await?;
        if self.strikes(
            self.world.faults.read_unavailable,
            "store: read unavailable",
        ) {
            return Err(unavailable());
        }
        Ok(())
    }

    /// The answer of a read, if it comes back.
    pub(super) async fn read<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.readable().await?;
        let answer = answer.await;
        self.comes_back().await?;
        answer
    }

    /// Makes an append durable and folds it into the truth at once.
    async fn commit(&self, append: Append) -> Result<Appended, StoreError> {
        let planted = self.world.plan.planted;
        if planted == Some(Planted::ForgottenBatch) && self.strikes(3, "planted") {
            return Ok(Appended::Committed);
        }
        let before = self
            .live
            .read_journal(append.partition, append.expected_head + 1, 1)
            .await;
        let new = before.is_ok_and(|batches| batches.is_empty());
        let appended = self.live.append(append.clone()).await?;
        if appended == Appended::Fenced && planted == Some(Planted::NoFence) {
            return Ok(self.acknowledge(&append));
        }
        if appended == Appended::Committed {
            self.acknowledge(&append);
        }
        if appended == Appended::Committed && new {
            let now = self.world.now_ms();
            let judged = self.world.truth().committed(now, &append);
            lock(&self.world.disk).appended(append);
            self.world.judge(judged);
        }
        Ok(appended)
    }

    fn acknowledge(&self, append: &Append) -> Appended {
        let number = self.life.number;
        let judged = self.world.truth().ledger.acknowledged(number, append);
        self.world.judge(judged);
        Appended::Committed
    }

    async fn commit_early(&self, append: Append) -> Result<Appended, StoreError> {
        let held = std::mem::replace(&mut *lock(&self.early), vec![append]);
        for append in held {
            self.commit(append).await?;
        }
        Ok(Appended::Committed)
    }

    async fn intrude(&self, partition: PartitionId) {
        if let Ok(head) = self.live.clone().take_over(partition).await {
            self.taken_over(NOBODY, partition, head.epoch);
        }
    }

    fn taken_over(&self, process: u64, partition: PartitionId, epoch: Epoch) {
        lock(&self.world.disk).taken_over(partition, epoch);
        let judged = self
            .world
            .truth()
            .ledger
            .taken_over(process, partition, epoch);
        self.world.judge(judged);
    }
}

/// The number of a process that does nothing but take over.
const NOBODY: u64 = 0;

pub(super) fn unavailable() -> StoreError {
    StoreError::Unavailable("simulated".to_owned())
}

fn broken(what: &str) -> StoreError {
    StoreError::Io {
        what: what.to_owned(),
        source: std::io::Error::other("simulated"),
        cure: "none".to_owned(),
    }
}

#[async_trait]
impl Store for SimulatedStore {
    async fn incarnation(&self) -> Result<u32, StoreError> {
        self.arrives().await?;
        self.live.incarnation().await
    }

    async fn paused(&self) -> Result<Option<String>, StoreError> {
        self.arrives().await?;
        self.live.paused().await
    }

    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError> {
        self.arrives().await?;
        self.live.set_paused(why).await
    }

    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError> {
        self.arrives().await?;
        let mut head = self.live.take_over(partition).await?;
        self.taken_over(self.life.number, partition, head.epoch);
        if self.world.plan.planted == Some(Planted::TrimPastSynced) {
            let trimmed = lock(&self.world.disk).trimmed.get(&partition).copied();
            head.first = head.first.max(trimmed.unwrap_or(0) + 1);
        }
        self.comes_back().await?;
        Ok(head)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.may_crash("crash: before an append").await;
        self.arrives().await?;
        let faults = &self.world.faults;
        if self.strikes(faults.slow_append, "store: append slow") {
            self.pause(80).await;
        }
        if self.strikes(faults.append_unavailable, "store: append unavailable") {
            return Err(unavailable());
        }
        if self.strikes(faults.append_io, "store: append broken") {
            return Err(broken("an append"));
        }
        if self.strikes(faults.append_lost, "store: append unknown, lost") {
            return Ok(Appended::Unknown);
        }
        if self.strikes(faults.fenced, "store: append fenced") {
            self.intrude(append.partition).await;
        }
        if self.world.plan.planted == Some(Planted::EarlyRelease) {
            return self.commit_early(append).await;
        }
        let appended = self.commit(append).await?;
        self.may_crash("crash: after an append").await;
        let lost = self.comes_back().await.is_err();
        if appended == Appended::Committed
            && (lost || self.strikes(faults.append_done, "store: append unknown, done"))
        {
            return Ok(Appended::Unknown);
        }
        Ok(appended)
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        self.arrives().await?;
        let trimmed = lock(&self.world.disk)
            .trimmed
            .get(&partition)
            .copied()
            .unwrap_or(0);
        if self.world.plan.planted == Some(Planted::TrimPastSynced) && from <= trimmed {
            return Err(StoreError::Gap {
                partition: partition.0,
                reached: from - 1,
                first: trimmed + 1,
            });
        }
        self.live.read_journal(partition, from, limit_bytes).await
    }

    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError> {
        self.arrives().await?;
        self.live.blob(hash).await
    }

    async fn project(&self, mut projections: Vec<Projection>) -> Result<(), StoreError> {
        self.may_crash("crash: before a projection").await;
        self.arrives().await?;
        let faults = &self.world.faults;
        if self.strikes(faults.slow_project, "store: projection slow") {
            self.pause(900).await;
        }
        if self.strikes(faults.project_unavailable, "store: projection unavailable") {
            return Err(unavailable());
        }
        if self.strikes(faults.project_io, "store: projection broken") {
            return Err(broken("a projection"));
        }
        plant(self.world.plan.planted, &mut projections);
        self.live.project(projections.clone()).await?;
        lock(&self.world.disk).projected(projections);
        self.may_crash("crash: after a projection").await;
        self.comes_back().await
    }

    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError> {
        self.arrives().await?;
        self.live.reached(partition).await
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        self.may_crash("crash: before a checkpoint").await;
        self.arrives().await?;
        if self.strikes(
            self.world.faults.checkpoint_unavailable,
            "store: checkpoint unavailable",
        ) {
            return Err(unavailable());
        }
        if self.world.plan.planted == Some(Planted::TrimPastSynced) {
            lock(&self.world.disk).note_trimmed();
            return Ok(());
        }
        self.live.checkpoint().await?;
        lock(&self.world.disk).synced();
        self.hit("store: checkpoint");
        self.may_crash("crash: after a checkpoint").await;
        Ok(())
    }

    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        self.read(self.live.instance(slot, id)).await
    }

    async fn history(
        &self,
        slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        self.read(self.live.history(slot, id, after_seq, limit_bytes))
            .await
    }

    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        if self.world.plan.planted == Some(Planted::ForgottenKeys) && table == Table::Key {
            return Ok(vec![None; keys.len()]);
        }
        let rows = self.read(self.live.get_many(table, keys)).await?;
        let stale = self.world.plan.planted == Some(Planted::StaleOutputs) && table == Table::Key;
        let seen = |row: Option<Bytes>| if stale { row.map(for_ever) } else { row };
        Ok(rows.into_iter().map(seen).collect())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError> {
        self.read(self.live.scan(scan)).await
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        self.read(self.live.list(filter, after, limit)).await
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError> {
        self.read(self.live.count(filter, by)).await
    }

    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError> {
        self.arrives().await?;
        self.live.drop_ended(expiry).await
    }

    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError> {
        self.may_crash("crash: before a sweep").await;
        self.arrives().await?;
        let swept = self.live.sweep_blobs(now_ms, keep_ms).await?;
        if swept.blobs > 0 {
            self.hit("store: blobs swept");
        }
        self.comes_back().await?;
        Ok(swept)
    }

    async fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.live.sizes().await
    }
}

/// What the projector writes, with a planted fault in it.
fn plant(planted: Option<Planted>, projections: &mut [Projection]) {
    for projection in projections {
        match planted {
            Some(Planted::LostTimer) => projection.changes.retain(|change| {
                !matches!(
                    change,
                    Change::Put {
                        table: Table::Timer,
                        ..
                    }
                )
            }),
            Some(Planted::UnnamedBlobs) => projection
                .changes
                .retain(|change| !matches!(change, Change::NameBlobs { .. })),
            Some(Planted::DoubleApply) => {
                for change in &mut projection.changes {
                    if let Change::PutInstance(row) = change {
                        row.snapshot = one_record_less(&row.snapshot);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A kept output whose time is never over.
fn for_ever(row: Bytes) -> Bytes {
    let kept = OutputKept::decode(row.clone()).ok();
    let kept = kept.filter(|kept| !kept.output.is_empty());
    kept.map_or(row, |kept| {
        let kept = OutputKept {
            expires_at: i64::MAX,
            ..kept
        };
        kept.encode_to_vec().into()
    })
}
