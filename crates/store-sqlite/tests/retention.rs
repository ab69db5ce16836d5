//! What retention and deletion leave on the disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use store::{
    Change, Expiry, HistorySegment, InstanceRow, PartitionId, Projection, RetentionClass, Store,
};
use store_sqlite::{Options, SqliteStore};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Does not pack.
const BYTES: usize = 40_000;

fn row(number: u8, day: i64, class: &str) -> InstanceRow {
    InstanceRow {
        id: [number; 16],
        workflow: "order".into(),
        status: "completed".into(),
        ended_at: Some(day * DAY),
        seq: 9,
        class: RetentionClass::new(class),
        ..InstanceRow::default()
    }
}

/// An instance with a history that begins with a mark.
fn family(row: &InstanceRow, mark: &str) -> Vec<Change> {
    let noise = (0..BYTES).scan(u32::from(row.id[0]) + 1, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    });
    let bytes: Vec<u8> = mark.bytes().chain(noise).collect();
    let segment = HistorySegment {
        first_seq: 1,
        last_seq: 9,
        bytes: Bytes::from(bytes),
    };
    let (slot, id) = (row.slot, row.id);
    vec![
        Change::PutInstance(Box::new(row.clone())),
        Change::AppendHistory { slot, id, segment },
    ]
}

async fn project(store: &SqliteStore, reached: u64, changes: Vec<Change>) {
    let projection = Projection {
        partition: PartitionId(1),
        reached,
        changes,
    };
    store.project(vec![projection]).await.unwrap();
}

/// The bucket files and their bytes.
fn buckets(folder: &Path) -> Vec<(String, u64)> {
    let files = fs::read_dir(folder.join("ended")).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| {
            let bytes = file.metadata().unwrap().len();
            (file.file_name().into_string().unwrap(), bytes)
        })
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect();
    files.sort();
    files
}

fn bytes(files: &[(String, u64)]) -> u64 {
    files.iter().map(|(_, bytes)| bytes).sum()
}

#[tokio::test]
async fn a_dropped_buckets_file_is_gone_and_the_disk_shrinks() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &Options::default()).unwrap();
    for number in 0..20 {
        let class = if number < 10 { "" } else { "long" };
        let row = row(number, 0, class);
        project(&store, u64::from(number) + 1, family(&row, "")).await;
    }
    store.checkpoint().await.unwrap();
    let full = buckets(folder.path());
    let expiry = Expiry {
        classes: [(RetentionClass::new("long"), None)].into(),
        others: Some(DAY),
    };
    let dropped = store.drop_ended(&expiry).await.unwrap();
    assert_eq!((dropped.buckets, dropped.instances), (1, 10));
    assert!(dropped.bytes >= 10 * BYTES as u64, "{dropped:?}");
    let left = buckets(folder.path());
    assert!(
        left.iter().all(|(name, _)| !name.starts_with("0.db")),
        "{left:?}"
    );
    assert!(
        bytes(&left) + dropped.bytes <= bytes(&full),
        "{full:?}, then {left:?}"
    );
    drop(store);
    let store = SqliteStore::open(folder.path(), &Options::default()).unwrap();
    assert!(store.instance(0, [1; 16]).await.unwrap().is_none());
    assert!(store.instance(0, [11; 16]).await.unwrap().is_some());
    assert!(store.verify().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_crash_left_of_a_dropped_bucket_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), &Options::default()).unwrap());
    fs::write(folder.path().join("ended/0.dropped"), "rest").unwrap();
    drop(SqliteStore::open(folder.path(), &Options::default()).unwrap());
    assert_eq!(buckets(folder.path()), []);
}

#[tokio::test]
async fn a_store_keeps_the_span_of_its_buckets() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &Options::default()).unwrap();
    project(&store, 1, family(&row(1, 0, ""), "")).await;
    store.checkpoint().await.unwrap();
    drop(store);
    let shorter = Options {
        bucket_ms: 1_000,
        ..Options::default()
    };
    let store = SqliteStore::open(folder.path(), &shorter).unwrap();
    let early = store.drop_ended(&Expiry::all(DAY - 1)).await.unwrap();
    assert_eq!(early.instances, 0);
    let due = store.drop_ended(&Expiry::all(DAY)).await.unwrap();
    assert_eq!(due.instances, 1);
}

/// Its records are not carried into the bucket within the block that they were packed in.
#[tokio::test]
async fn a_deleted_instance_leaves_its_block() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &Options::default()).unwrap();
    let (kept, gone) = (row(1, 0, ""), row(2, 0, ""));
    let both = [family(&kept, "kept-mark"), family(&gone, "gone-mark")];
    project(&store, 1, both.concat()).await;
    let (slot, id) = (gone.slot, gone.id);
    project(&store, 2, vec![Change::DeleteInstance { slot, id }]).await;
    drop(store);
    let store = SqliteStore::open(folder.path(), &Options::default()).unwrap();
    assert!(store.instance(0, gone.id).await.unwrap().is_none());
    store.checkpoint().await.unwrap();
    assert!(store.instance(0, kept.id).await.unwrap().is_some());
    drop(store);
    let files = buckets(folder.path()).into_iter();
    let read = |(name, _): (String, u64)| fs::read(folder.path().join("ended").join(name)).unwrap();
    let written: Vec<u8> = files.flat_map(read).collect();
    let has = |mark: &str| {
        written
            .windows(mark.len())
            .any(|part| part == mark.as_bytes())
    };
    assert!(has("kept-mark") && !has("gone-mark"));
}
