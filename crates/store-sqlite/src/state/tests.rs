//! The state after crashes between its files, and on a full disk.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use store::{
    Change, CountBy, HistorySegment, InstanceFilter, InstanceRow, PartitionId, Position,
    Projection, StoreError,
};

use super::writer::{Writer, WriterHandle};
use super::{Readers, StateOptions, open};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn options(folder: &Path) -> StateOptions {
    StateOptions {
        folder: folder.to_owned(),
        bucket_ms: DAY,
        recent_bytes: 64 << 20,
        readers: 1,
        max_pages: None,
    }
}

fn id(number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

fn row(number: u64, ended_at: Option<i64>) -> InstanceRow {
    InstanceRow {
        id: id(number),
        status: if ended_at.is_some() {
            "completed"
        } else {
            "running"
        }
        .into(),
        created_at: number as i64,
        ended_at,
        seq: 5,
        ..InstanceRow::default()
    }
}

fn segment(first_seq: u64, last_seq: u64) -> HistorySegment {
    HistorySegment {
        first_seq,
        last_seq,
        bytes: Bytes::from(format!("records {first_seq} to {last_seq}")),
    }
}

/// An instance's row and a history segment.
fn changes(row: &InstanceRow, segment: HistorySegment) -> Vec<Change> {
    let (slot, id) = (row.slot, row.id);
    vec![
        Change::PutInstance(Box::new(row.clone())),
        Change::AppendHistory { slot, id, segment },
    ]
}

async fn project(writer: &WriterHandle, reached: Position, changes: Vec<Change>) {
    let projection = Projection {
        partition: PartitionId(1),
        reached,
        changes,
    };
    writer.project(vec![projection]).await.unwrap();
}

/// What the state says of all instances: status and history of each, and the count.
async fn seen(readers: &Readers, numbers: &[u64]) -> Vec<(u64, String, usize)> {
    let mut seen = vec![];
    for number in numbers {
        let id = id(*number);
        let found = readers
            .read(move |reader| reader.instance(0, id))
            .await
            .unwrap();
        let history = readers
            .read(move |reader| reader.history(id, 0, usize::MAX))
            .await
            .unwrap();
        let status = found.map_or("absent".into(), |found| found.row.status);
        seen.push((*number, status, history.len()));
    }
    let filter = InstanceFilter::default();
    let asked = filter.clone();
    let page = readers
        .read(move |reader| reader.list(&asked, None, 100))
        .await
        .unwrap();
    let counts = readers
        .read(move |reader| reader.count(&filter, CountBy::Nothing))
        .await
        .unwrap();
    let present = seen
        .iter()
        .filter(|(_, status, _)| status != "absent")
        .count();
    assert_eq!(page.items.len(), present, "listed");
    assert_eq!(counts[0].count, present as u64, "counted");
    seen
}

fn words(seen: &[(u64, &str, usize)]) -> Vec<(u64, String, usize)> {
    seen.iter()
        .map(|(number, status, history)| (*number, (*status).into(), *history))
        .collect()
}

/// Flushes, but stops (as a crash would) when the buckets are written and `state.db` is not.
fn flush_halfway(writer: &mut Writer) -> Result<(), StoreError> {
    let run = writer.sync()?.run;
    writer.fill_buckets(run)
}

fn flush(writer: &mut Writer) -> Result<(), StoreError> {
    let run = writer.sync()?.run;
    while writer.flush_some(run)? {}
    Ok(())
}

#[tokio::test]
async fn a_crash_between_bucket_and_state_moves_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, readers) = open(&options(folder.path())).unwrap();
    let first = changes(&row(1, Some(DAY)), segment(1, 5));
    let second = changes(&row(2, Some(DAY)), segment(1, 5));
    project(&writer, 1, [first, second].concat()).await;
    project(&writer, 2, changes(&row(3, None), segment(1, 2))).await;
    writer.work(flush_halfway).await.unwrap();
    let expected = words(&[(1, "completed", 1), (2, "completed", 1), (3, "running", 1)]);
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    drop((writer, readers));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    writer.work(flush_halfway).await.unwrap();
    drop((writer, readers));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    // The copy that the crash left in the bucket must not come back.
    project(&writer, 3, changes(&row(1, None), segment(6, 7))).await;
    let slot = 0;
    project(&writer, 4, vec![Change::DeleteInstance { slot, id: id(2) }]).await;
    let expected = words(&[(1, "running", 2), (2, "absent", 0), (3, "running", 1)]);
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    writer.work(flush).await.unwrap();
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    drop((writer, readers));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    project(&writer, 5, changes(&row(1, Some(DAY + 1)), segment(8, 9))).await;
    writer.work(flush).await.unwrap();
    let expected = words(&[(1, "completed", 3), (2, "absent", 0), (3, "running", 1)]);
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
}

#[tokio::test]
async fn a_pull_from_a_bucket_survives_a_crash_at_each_side() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, readers) = open(&options(folder.path())).unwrap();
    project(&writer, 1, changes(&row(1, Some(DAY)), segment(1, 5))).await;
    writer.work(flush).await.unwrap();
    project(&writer, 2, changes(&row(1, Some(DAY)), segment(6, 7))).await;
    let expected = words(&[(1, "completed", 2)]);
    assert_eq!(seen(&readers, &[1]).await, expected);
    writer.work(flush_halfway).await.unwrap();
    assert_eq!(seen(&readers, &[1]).await, expected);
    drop((writer, readers));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    assert_eq!(seen(&readers, &[1]).await, expected);
    writer.work(flush).await.unwrap();
    assert_eq!(seen(&readers, &[1]).await, expected);
}

/// Copies `state.db` and its log aside, or back.
fn copy_state(from: &Path, to: &Path) {
    for name in ["state.db", "state.db-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test]
async fn a_loss_of_power_goes_back_to_a_synced_position_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let (writer, readers) = open(&options(folder.path())).unwrap();
    project(&writer, 1, changes(&row(1, Some(DAY)), segment(1, 5))).await;
    project(&writer, 2, changes(&row(2, None), segment(1, 5))).await;
    let synced = writer.work(Writer::sync).await.unwrap();
    copy_state(folder.path(), aside.path());
    // Moves what was synced to its bucket; what comes later is not synced.
    let run = synced.run;
    while writer
        .work(move |writer| writer.flush_some(run))
        .await
        .unwrap()
    {}
    project(&writer, 3, changes(&row(2, Some(DAY)), segment(6, 7))).await;
    project(&writer, 4, changes(&row(3, Some(DAY)), segment(1, 5))).await;
    project(&writer, 5, changes(&row(1, None), segment(6, 7))).await;
    while writer
        .work(move |writer| writer.flush_some(run))
        .await
        .unwrap()
    {}
    drop((writer, readers));
    copy_state(aside.path(), folder.path());
    let _ = fs::remove_file(folder.path().join("state.db-shm"));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    assert_eq!(readers.reached(PartitionId(1)), 2);
    let expected = words(&[(1, "completed", 1), (2, "running", 1), (3, "absent", 0)]);
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
    project(&writer, 3, changes(&row(2, Some(DAY)), segment(6, 7))).await;
    project(&writer, 4, changes(&row(3, Some(DAY)), segment(1, 5))).await;
    project(&writer, 5, changes(&row(1, None), segment(6, 7))).await;
    writer.work(flush).await.unwrap();
    let expected = words(&[(1, "running", 2), (2, "completed", 2), (3, "completed", 1)]);
    assert_eq!(seen(&readers, &[1, 2, 3]).await, expected);
}

#[tokio::test]
async fn a_full_disk_is_refused_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&options(folder.path())).unwrap());
    let pages = fs::metadata(folder.path().join("state.db")).unwrap().len() / 4096;
    let small = StateOptions {
        max_pages: Some(pages as u32 + 10),
        ..options(folder.path())
    };
    let (writer, readers) = open(&small).unwrap();
    project(&writer, 1, changes(&row(1, None), segment(1, 5))).await;
    let large = InstanceRow {
        snapshot: Bytes::from(vec![1; 200_000]),
        ..row(2, None)
    };
    let projection = Projection {
        partition: PartitionId(1),
        reached: 2,
        changes: changes(&large, segment(1, 5)),
    };
    let refused = writer.project(vec![projection.clone()]).await.unwrap_err();
    assert!(refused.to_string().contains("free space"), "{refused}");
    assert_eq!(
        seen(&readers, &[1, 2]).await,
        words(&[(1, "running", 1), (2, "absent", 0)])
    );
    drop((writer, readers));
    let (writer, readers) = open(&options(folder.path())).unwrap();
    assert_eq!(readers.reached(PartitionId(1)), 1);
    writer.project(vec![projection]).await.unwrap();
    assert_eq!(
        seen(&readers, &[1, 2]).await,
        words(&[(1, "running", 1), (2, "running", 1)])
    );
}
