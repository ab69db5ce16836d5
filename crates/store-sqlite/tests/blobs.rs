//! Blobs on the disk: those of a store from before names were noted, and the room of those that went.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use store::{Append, Appended, Blob, BlobHash, Movable, PartitionId, Store};
use store_sqlite::{Options, SqliteStore};

const ONE: PartitionId = PartitionId(1);

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &Options::default()).unwrap()
}

fn hash(number: u8) -> BlobHash {
    [number; 32]
}

fn blob(number: u8, length: usize) -> Blob {
    Blob {
        hash: hash(number),
        bytes: Bytes::from(vec![number; length]),
    }
}

/// Sweeps day after day; answers how many went.
async fn sweep(store: &SqliteStore) -> u64 {
    let mut blobs = 0;
    for day in 1..20 {
        let now_ms = day * 24 * 60 * 60 * 1000;
        blobs += store.sweep_blobs(now_ms, 1_000).await.unwrap().blobs;
    }
    blobs
}

#[tokio::test]
async fn the_room_of_blobs_that_went_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let blobs = (0..40).map(|number| blob(number, 1 << 20)).collect();
    store.put_blobs(blobs).await.unwrap();
    let length = || fs::metadata(folder.path().join("state.db")).unwrap().len();
    drop(store);
    let full = length();
    assert!(full > 40 << 20, "{full}");
    let store = open(folder.path());
    assert_eq!(sweep(&store).await, 40);
    drop(store);
    let left = length();
    assert!(
        left < 1 << 20,
        "expected it to shrink, but it has {left} bytes"
    );
    assert!(open(folder.path()).verify().await.unwrap().is_empty());
}

/// As a program wrote it that did not note what names blobs.
fn made_nameless(folder: &Path) {
    let state = rusqlite::Connection::open(folder.join("state.db")).unwrap();
    let sql =
        "DROP TABLE blob_use; DROP TABLE blob_bucket; DROP TABLE blob_round; DROP TABLE blob_noted;
        ALTER TABLE blob DROP COLUMN named_in; UPDATE meta SET value = 3 WHERE key = 'format'";
    state.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_store_of_before_keeps_the_blobs_that_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.put_blobs(vec![blob(1, 5_000)]).await.unwrap();
    let owned = store.take_over(ONE).await.unwrap();
    let append = Append {
        partition: ONE,
        epoch: owned.epoch,
        expected_head: 0,
        batch_id: [1; 16],
        body: Bytes::from_static(b"batch"),
        blobs: vec![blob(2, 5_000)],
    };
    let appended = store.append(append).await.unwrap();
    assert_eq!(appended, Appended::Committed);
    drop(store);
    made_nameless(folder.path());
    let store = open(folder.path());
    let reached = store::Projection {
        partition: ONE,
        reached: 1,
        changes: vec![],
    };
    store.project(vec![reached]).await.unwrap();
    store.sweep_blobs(0, 1_000).await.unwrap();
    // What the journal had then leaves it later; and what came later is counted.
    let later = vec![blob(2, 5_000), blob(3, 5_000)];
    store.put_blobs(later).await.unwrap();
    assert_eq!(sweep(&store).await, 1);
    for (number, stays) in [(1, true), (2, true), (3, false)] {
        let found = store.blob(hash(number)).await.unwrap();
        assert_eq!(found.is_some(), stays, "blob {number}");
    }
    drop(store);
    assert_eq!(sweep(&open(folder.path())).await, 0);
}
