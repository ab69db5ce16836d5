//! What the store refuses, and that nothing is lost by it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use store::{Append, Appended, PartitionId, Position, Projection, Store, StoreError};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

const ONE: PartitionId = PartitionId(1);

fn small() -> Options {
    Options {
        segment_bytes: 8 << 10,
        first_bytes: 4 << 10,
        ..Options::default()
    }
}

fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder, &small())
}

/// Appends batches; answers the head.
async fn fill(store: &SqliteStore, count: u64) -> Position {
    let owned = store.take_over(ONE).await.unwrap();
    for expected_head in owned.head..owned.head + count {
        let append = Append {
            partition: ONE,
            epoch: owned.epoch,
            expected_head,
            batch_id: [expected_head as u8; 16],
            body: Bytes::from(vec![7; 1000]),
            blobs: vec![],
        };
        assert_eq!(store.append(append).await.unwrap(), Appended::Committed);
    }
    owned.head + count
}

async fn reach(store: &SqliteStore, reached: Position) {
    let projection = Projection {
        partition: ONE,
        reached,
        changes: vec![],
    };
    store.project(vec![projection]).await.unwrap();
}

async fn filled() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let head = fill(&store, 30).await;
    reach(&store, head).await;
    folder
}

fn refused(folder: &Path) -> StoreError {
    open(folder).err().expect("a refusal")
}

#[tokio::test]
async fn a_second_opening_is_refused_with_the_holder() {
    let folder = filled().await;
    let _held = open(folder.path()).unwrap();
    let refused = refused(folder.path());
    assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
    let holder = format!("process {}", std::process::id());
    assert!(refused.to_string().contains(&holder), "{refused}");
}

#[tokio::test]
async fn another_programs_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store"), "something else").unwrap();
    assert!(matches!(refused(folder.path()), StoreError::Corrupt { .. }));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        refused(&file.join("store")),
        StoreError::Io { .. }
    ));
}

#[tokio::test]
async fn a_corrupt_or_truncated_state_is_refused_and_left_alone() {
    for damage in [
        |bytes: &mut Vec<u8>| bytes[..100].fill(b'?'),
        |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2),
        |bytes: &mut Vec<u8>| bytes.truncate(5000),
    ] {
        let folder = filled().await;
        let path = folder.path().join("state.db");
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let refused = refused(folder.path());
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        assert!(
            refused.to_string().contains("restore the folder"),
            "{refused}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was changed");
    }
}

#[tokio::test]
async fn a_damaged_journal_is_refused_by_file() {
    let folder = filled().await;
    let journal = folder.path().join("journal");
    let mut names: Vec<_> = fs::read_dir(&journal)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut bytes = fs::read(&names[0]).unwrap();
    bytes[300] ^= 1;
    fs::write(&names[0], &bytes).unwrap();
    let refused = refused(folder.path());
    let name = names[0].file_name().unwrap().to_string_lossy().into_owned();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains(&name), "{refused}");
}

#[tokio::test]
async fn a_missing_state_is_rebuilt_while_the_journal_is_whole() {
    let folder = filled().await;
    remove_state(folder.path());
    let store = open(folder.path()).unwrap();
    assert_eq!(store.reached(ONE).await.unwrap(), 0);
    let batches = store.read_journal(ONE, 1, usize::MAX).await.unwrap();
    assert_eq!(batches.len(), 30);
}

#[tokio::test]
async fn a_missing_state_is_refused_once_the_journal_was_trimmed() {
    let folder = filled().await;
    let store = open(folder.path()).unwrap();
    store.checkpoint().await.unwrap();
    drop(store);
    remove_state(folder.path());
    let refused = refused(folder.path());
    assert!(
        matches!(refused, StoreError::Gap { reached: 0, .. }),
        "{refused}"
    );
}

fn remove_state(folder: &Path) {
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

#[tokio::test]
async fn verify_finds_damage_in_journal_and_state() {
    let folder = filled().await;
    let store = open(folder.path()).unwrap();
    assert!(store.verify().await.unwrap().is_empty());
    let journal = folder.path().join("journal");
    let mut names: Vec<_> = fs::read_dir(&journal)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut bytes = fs::read(&names[0]).unwrap();
    bytes[300] ^= 1;
    fs::write(&names[0], &bytes).unwrap();
    let findings = store.verify().await.unwrap();
    assert_eq!(findings.len(), 1);
    assert!(findings[0].to_string().contains(".seg"), "{}", findings[0]);
}

#[test]
fn the_linked_sqlite_has_no_known_loss_of_writes() {
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}
