//! A store with something in it, and a vault that can be taken away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use store::{
    Append, Appended, Blob, Change, InstanceFilter, InstanceRow, PartitionId, Position, Projection,
    Store,
};
use store_sqlite::{BackupError, Base, Judge, Options, Restored, SqliteStore, restore};
use tempfile::TempDir;
use vault::{Object, Vault, VaultError};

pub const ONE: PartitionId = PartitionId(1);
pub const TWO: PartitionId = PartitionId(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a store and a vault.
pub struct World {
    pub dir: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn vault(&self) -> Arc<dyn Vault> {
        let address = format!("file://{}", self.path("vault").display());
        vault::open(&address, |_| None).unwrap()
    }

    pub fn store(&self) -> Arc<SqliteStore> {
        self.store_at("store")
    }

    pub fn store_at(&self, name: &str) -> Arc<SqliteStore> {
        Arc::new(open(&self.path(name)))
    }

    /// Restores the moment at which partition one has this position.
    pub async fn restore_to(
        &self,
        folder: &str,
        position: Position,
    ) -> Result<(Restored, Until), BackupError> {
        let mut until = Until {
            position,
            kept: 0,
            left_out: vec![],
        };
        let base = Base::Holding(ONE, position);
        let restored = restore(&*self.vault(), &self.path(folder), &base, &mut until).await?;
        Ok((restored, until))
    }
}

pub fn open(folder: &Path) -> SqliteStore {
    let options = Options {
        segment_bytes: 16 << 10,
        first_bytes: 4 << 10,
        bucket_ms: 60 * 60 * 1000,
        ..Options::default()
    };
    SqliteStore::open(folder, &options).unwrap()
}

/// Ends behind a position of partition one.
pub struct Until {
    pub position: Position,
    pub kept: Position,
    pub left_out: Vec<String>,
}

impl Judge for Until {
    fn keeps(&mut self, partition: PartitionId, at: Position, _: &[u8]) -> Result<bool, String> {
        let keeps = partition != ONE || at <= self.position;
        if keeps && partition == ONE {
            self.kept = at;
        }
        Ok(keeps)
    }

    fn is_reached(&self, held: &BTreeMap<u16, Position>) -> Result<(), String> {
        let held = held.get(&ONE.0).copied().unwrap_or(0);
        let (position, kept) = (self.position, self.kept.max(held));
        if kept == position {
            return Ok(());
        }
        Err(format!(
            "expected position {position}, but the copies end at {kept}"
        ))
    }

    fn left_out(&mut self, partition: PartitionId, body: &[u8]) -> Result<(), String> {
        let body = String::from_utf8_lossy(body);
        let name = body.trim_end_matches('.');
        self.left_out.push(format!("{}:{name}", partition.0));
        Ok(())
    }
}

/// Appends and projects one batch after the other in two partitions.
pub struct Work {
    store: Arc<SqliteStore>,
    epochs: [u64; 2],
    pub head: Position,
}

impl Work {
    /// Takes both partitions over.
    pub async fn begin(store: &Arc<SqliteStore>) -> Self {
        let one = store.take_over(ONE).await.unwrap();
        let mut two = store.take_over(TWO).await.unwrap();
        let work = Self {
            store: Arc::clone(store),
            epochs: [one.epoch, two.epoch],
            head: one.head,
        };
        // A moment may lie between the two.
        if two.head < one.head {
            work.append_to(TWO, two.epoch, two.head).await;
            two.head += 1;
        }
        assert_eq!(one.head, two.head);
        // What the state has not reached is taken in from the journal.
        let reached = store
            .reached(ONE)
            .await
            .unwrap()
            .min(store.reached(TWO).await.unwrap());
        for position in reached + 1..=one.head {
            work.project(position).await;
        }
        work
    }

    /// So many batches in each partition, each with an instance; every third has ended.
    pub async fn run(&mut self, count: u64) {
        for _ in 0..count {
            self.append().await;
            self.project(self.head).await;
        }
    }

    /// A batch in each partition that the state does not reach yet.
    pub async fn append(&mut self) {
        for (partition, epoch) in [ONE, TWO].into_iter().zip(self.epochs) {
            self.append_to(partition, epoch, self.head).await;
        }
        self.head += 1;
    }

    async fn append_to(&self, partition: PartitionId, epoch: u64, head: Position) {
        let mut body = format!("{}", head + 1).into_bytes();
        body.resize(300, b'.');
        let append = Append {
            partition,
            epoch,
            expected_head: head,
            batch_id: [(head % 251) as u8; 16],
            body: body.into(),
            blobs: blob(head + 1).into_iter().collect(),
        };
        let appended = self.store.append(append).await.unwrap();
        assert_eq!(appended, Appended::Committed);
    }

    async fn project(&self, reached: Position) {
        let of = |partition: PartitionId| Projection {
            partition,
            reached,
            changes: vec![Change::PutInstance(Box::new(row(partition, reached)))],
        };
        self.store.project(vec![of(ONE), of(TWO)]).await.unwrap();
    }
}

/// Every tenth batch has one.
pub fn blob(number: u64) -> Option<Blob> {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    let bytes = Bytes::from(format!("blob {number}"));
    number.is_multiple_of(10).then_some(Blob { hash, bytes })
}

fn row(partition: PartitionId, number: u64) -> InstanceRow {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[8] = partition.0 as u8;
    InstanceRow {
        id,
        workflow: "order".into(),
        version: "1".into(),
        status: if number.is_multiple_of(3) {
            "completed"
        } else {
            "running"
        }
        .into(),
        correlation_id: format!("corr-{number}"),
        created_at: number as i64,
        ended_at: number.is_multiple_of(3).then_some(number as i64 * 60_000),
        seq: 1,
        ..InstanceRow::default()
    }
}

/// What a store must hold when partition one stands at a position and partition two at most there: the journal
/// without a gap up to its end, the state not beyond it, every blob.
pub async fn check(store: &SqliteStore, position: Position) {
    assert_eq!(store.verify().await.unwrap().len(), 0);
    for partition in [ONE, TWO] {
        let head = store.take_over(partition).await.unwrap();
        let reached = store.reached(partition).await.unwrap();
        assert!(
            head.head == position || (partition == TWO && head.head + 1 == position),
            "{head:?}"
        );
        assert!(
            reached <= head.head && head.first <= reached + 1,
            "{reached} of {head:?}"
        );
        let batches = store
            .read_journal(partition, head.first, usize::MAX)
            .await
            .unwrap();
        let positions: Vec<_> = batches.iter().map(|batch| batch.position).collect();
        assert_eq!(positions, (head.first..=head.head).collect::<Vec<_>>());
    }
    let listed = store
        .list(&InstanceFilter::default(), None, 1000)
        .await
        .unwrap();
    let numbers: Vec<i64> = listed.items.iter().map(|row| row.created_at).collect();
    let reached = store.reached(ONE).await.unwrap();
    let mut expected: Vec<i64> = (1..=reached as i64).rev().flat_map(|n| [n, n]).collect();
    expected.truncate(1000);
    assert_eq!(numbers, expected);
    for expected in (1..=position).filter_map(blob) {
        let found = store.blob(expected.hash).await.unwrap();
        assert_eq!(found, Some(expected.bytes));
    }
}

/// A vault that can be taken away.
pub struct Flaky {
    pub inner: Arc<dyn Vault>,
    pub away: AtomicBool,
    pub refused: AtomicU64,
}

impl Flaky {
    fn check(&self) -> Result<(), VaultError> {
        if self.away.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(VaultError::Unavailable {
                place: "the vault".into(),
                reason: "it is away".into(),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Vault for Flaky {
    fn place(&self) -> &str {
        self.inner.place()
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), VaultError> {
        self.check()?;
        self.inner.put(name, bytes).await
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, VaultError> {
        self.check()?;
        self.inner.get(name).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Object>, VaultError> {
        self.check()?;
        self.inner.list(prefix).await
    }
}

/// Waits for something, with a deadline.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
