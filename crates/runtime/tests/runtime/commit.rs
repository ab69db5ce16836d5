//! Nothing leaves a partition before it is durable.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use engine::{Entropy, Status};
use runtime::Consistency;
use serde_json::json;
use store::{
    Append, Appended, Batch, BlobHash, Count, CountBy, Dropped, EntityId, Expiry, HistorySegment,
    InstanceFilter, InstanceRow, ListCursor, MemoryStore, Page, PartitionHead, PartitionId,
    Position, Projection, Row, Scan, Slot, Store, StoreError, StoreSizes, StoredInstance, Swept,
    Table,
};
use tokio::sync::watch;

use crate::harness::{World, ended, pass_time, start, start_of, until};

/// The in-memory store behind gates, with answers of the test's choice.
pub struct GatedStore {
    inner: MemoryStore,
    appends: watch::Sender<bool>,
    projections: watch::Sender<bool>,
    /// What the next appends answer. `Unknown` makes the batch durable all the same.
    pub answers: Mutex<VecDeque<Result<Appended, StoreError>>>,
    /// When set, appends, projections and reads take a random while.
    pub delays: Mutex<Option<Entropy>>,
    /// Partitions whose state has gone back when it is asked for next.
    pub lost: Mutex<BTreeSet<PartitionId>>,
    /// How often a partition was taken over.
    pub taken_over: AtomicUsize,
}

impl GatedStore {
    pub fn new(inner: MemoryStore) -> Self {
        let open = || watch::Sender::new(true);
        Self {
            inner,
            appends: open(),
            projections: open(),
            answers: Mutex::default(),
            delays: Mutex::default(),
            lost: Mutex::default(),
            taken_over: AtomicUsize::default(),
        }
    }

    /// Lets appends through, or holds them.
    pub fn let_appends(&self, through: bool) {
        self.appends.send_replace(through);
    }

    /// Lets projections through, or holds them.
    pub fn let_projections(&self, through: bool) {
        self.projections.send_replace(through);
    }

    /// Takes up to so many milliseconds, if it may.
    async fn delay(&self, up_to_ms: u64) {
        let ms = self
            .delays
            .lock()
            .expect("no holder panicked")
            .as_mut()
            .map(|e| e.up_to(up_to_ms));
        if let Some(ms) = ms {
            pass_time(std::time::Duration::from_millis(ms)).await;
        }
    }

    /// What the next append answers.
    pub fn next_append(&self, answer: Result<Appended, StoreError>) {
        self.answers
            .lock()
            .expect("no holder panicked")
            .push_back(answer);
    }
}

async fn pass(gate: &watch::Sender<bool>) {
    gate.subscribe()
        .wait_for(|open| *open)
        .await
        .expect("the store lives");
}

#[async_trait]
impl Store for GatedStore {
    async fn incarnation(&self) -> Result<u32, StoreError> {
        self.inner.incarnation().await
    }

    async fn paused(&self) -> Result<Option<String>, StoreError> {
        self.inner.paused().await
    }

    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError> {
        self.inner.set_paused(why).await
    }

    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError> {
        self.taken_over.fetch_add(1, Ordering::AcqRel);
        self.inner.take_over(partition).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        pass(&self.appends).await;
        self.delay(6).await;
        let answer = self.answers.lock().expect("no holder panicked").pop_front();
        match answer {
            None => {
                let appended = self.inner.append(append).await;
                self.delay(6).await;
                appended
            }
            Some(Ok(Appended::Unknown)) => {
                self.inner.append(append).await.map(|_| Appended::Unknown)
            }
            Some(answer) => answer,
        }
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        self.inner.read_journal(partition, from, limit_bytes).await
    }

    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError> {
        self.inner.blob(hash).await
    }

    async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError> {
        pass(&self.projections).await;
        self.delay(30).await;
        let projected = self.inner.project(projections).await;
        self.delay(10).await;
        projected
    }

    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError> {
        let lost = self
            .lost
            .lock()
            .expect("no holder panicked")
            .remove(&partition);
        match lost {
            true => Err(StoreError::TakenOver(partition)),
            false => self.inner.reached(partition).await,
        }
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        self.inner.checkpoint().await
    }

    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        let found = self.inner.instance(slot, id).await;
        self.delay(10).await;
        found
    }

    async fn history(
        &self,
        slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        self.inner.history(slot, id, after_seq, limit_bytes).await
    }

    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        let found = self.inner.get_many(table, keys).await;
        self.delay(10).await;
        found
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError> {
        let rows = self.inner.scan(scan).await;
        self.delay(10).await;
        rows
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        self.inner.list(filter, after, limit).await
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError> {
        self.inner.count(filter, by).await
    }

    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError> {
        self.inner.drop_ended(expiry).await
    }

    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError> {
        self.inner.sweep_blobs(now_ms, keep_ms).await
    }

    async fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.inner.sizes().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_answered_and_its_call_made_only_when_it_is_durable() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.store.let_appends(false);
    let handle = runtime.clone();
    let submitted = tokio::spawn(async move { start(&handle, "three").await });
    pass_time(std::time::Duration::from_secs(5)).await;
    assert!(!submitted.is_finished(), "answered before its commit");
    assert!(world.script.calls().is_empty(), "called before its commit");
    world.store.let_appends(true);
    let submitted = submitted.await.expect("answers");
    assert_eq!(
        ended(&runtime, submitted.id).await.status(),
        Status::Completed
    );
    assert_eq!(world.script.actions(), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn a_read_and_a_refusal_wait_for_the_commit_of_what_they_saw() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "waits").await.id;
    world.store.let_appends(false);
    let cancel = engine::Command::Cancel(engine::record::CancelRequested::default());
    let (one, two, three) = (runtime.clone(), runtime.clone(), runtime.clone());
    let first = cancel.clone();
    let cancelled = tokio::spawn(async move { one.command(id, first, "bob").await });
    pass_time(std::time::Duration::from_millis(10)).await;
    let read = tokio::spawn(async move { two.instance(id).await });
    let refused = tokio::spawn(async move { three.command(id, cancel, "bob").await });
    pass_time(std::time::Duration::from_secs(5)).await;
    assert!(!cancelled.is_finished() && !read.is_finished() && !refused.is_finished());
    world.store.let_appends(true);
    assert!(cancelled.await.expect("answers").is_ok());
    assert_eq!(
        read.await.expect("answers").expect("is there").status(),
        Status::Cancelled
    );
    assert!(matches!(
        refused.await.expect("answers"),
        Err(runtime::CommandError::Refused(engine::Refusal::Ended(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_append_is_repeated_and_counts_once() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for _ in 0..3 {
        world.store.next_append(Ok(Appended::Unknown));
    }
    world
        .store
        .next_append(Err(StoreError::Unavailable("busy".into())));
    let id = start(&runtime, "three").await.id;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    assert_eq!(world.script.actions(), ["one", "two", "three"]);
    assert!(runtime.health().figures.unknown_appends >= 3);
    let history = runtime.history(id, 0, 100).await.expect("reads");
    let seqs: Vec<u64> = history.records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_fenced_partition_answers_nothing_and_shows_it() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.store.next_append(Ok(Appended::Fenced));
    let refused = runtime.submit(start_of("three", json!({}))).await;
    assert!(
        matches!(
            refused,
            Err(runtime::SubmitError::Unavailable(
                runtime::Unavailable::Closed
            ))
        ),
        "{refused:?}"
    );
    until("an unhealthy node", || !runtime.health().ready).await;
    assert!(world.script.calls().is_empty());
    assert!(
        world.fatal.lock().expect("no holder panicked").is_empty(),
        "fencing is no fault of this process"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_fenced_partition_holds_is_said_to_be_missing() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let (all, fresh) = (InstanceFilter::default(), Consistency::Fresh);
    world.store.let_projections(false);
    start(&runtime, "waits").await;
    let before = runtime.list(&all, None, 10, fresh).await.expect("lists");
    assert_eq!((before.page.items.len(), before.incomplete.len()), (1, 0));
    world.store.next_append(Ok(Appended::Fenced));
    let refused = runtime.submit(start_of("waits", json!({}))).await;
    assert!(refused.is_err(), "{refused:?}");
    until("an unhealthy node", || !runtime.health().ready).await;
    world.store.let_projections(true);
    let after = runtime.list(&all, None, 10, fresh).await.expect("lists");
    assert!(!after.incomplete.is_empty(), "{:?}", after.page.items);
    let count = runtime.count(&all, CountBy::Nothing, fresh).await;
    assert!(!count.expect("counts").incomplete.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_storage_failure_ends_the_process() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.store.next_append(Err(StoreError::Io {
        what: "append".into(),
        source: std::io::Error::other("disk"),
        cure: "replace it".into(),
    }));
    assert!(runtime.submit(start_of("three", json!({}))).await.is_err());
    until("the fatal call", || {
        !world.fatal.lock().expect("no holder panicked").is_empty()
    })
    .await;
    assert!(!runtime.health().ready);
}
