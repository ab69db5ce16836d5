//! The journal on a disk that loses, tears and refuses.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use store::{Append, Appended, Blob, PartitionId, StoreError};

use super::index::{read_batches, read_blob, segment_name};
use super::{Answer, JournalOptions, Log, Request, recover, remove};
use crate::files::{Fault, FaultyFiles, Files};

const SMALL: JournalOptions = JournalOptions {
    segment_bytes: 2048,
    first_bytes: 512,
    ahead: false,
};

fn open(files: &FaultyFiles) -> Result<Log, StoreError> {
    recover(Arc::new(files.clone()), SMALL)
}

fn id(partition: u16, position: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[0] = partition as u8;
    id[8..].copy_from_slice(&position.to_le_bytes());
    id
}

fn body(partition: u16, position: u64) -> Bytes {
    Bytes::from(format!(
        "batch {position} of {partition}, {}",
        "x".repeat(position as usize % 90)
    ))
}

fn append(partition: u16, epoch: u64, head: u64) -> Request {
    let bytes = Bytes::from(format!("blob {head} of {partition}"));
    let mut hash = [partition as u8; 32];
    hash[..8].copy_from_slice(&head.to_le_bytes());
    let blobs = if head.is_multiple_of(3) {
        vec![Blob { hash, bytes }]
    } else {
        vec![]
    };
    Request::Append(Append {
        partition: PartitionId(partition),
        epoch,
        expected_head: head,
        batch_id: id(partition, head + 1),
        body: body(partition, head + 1),
        blobs,
    })
}

/// Take-overs of two partitions, then commits of one batch of each; answers how many commits were
/// acknowledged.
fn work(log: &mut Log, commits: u64) -> Result<u64, u64> {
    let own = |partition| Request::TakeOver(PartitionId(partition));
    let Ok(answers) = log.commit(&[own(1), own(2)]) else {
        return Err(0);
    };
    let Answer::Head(head) = answers[0] else {
        panic!("{answers:?}")
    };
    for done in 0..commits {
        let at = head.head + done;
        let Ok(answers) = log.commit(&[append(1, head.epoch, at), append(2, head.epoch, at)])
        else {
            return Err(done);
        };
        assert_eq!(answers, [Answer::Appended(Appended::Committed); 2]);
    }
    Ok(commits)
}

/// How many batches of a partition are there; each must be whole and in its place.
fn held(log: &Log, partition: u16) -> u64 {
    let first = log.index.read().unwrap().first(PartitionId(partition));
    let batches = read_batches(&log.index, PartitionId(partition), first, usize::MAX).unwrap();
    for (batch, position) in batches.iter().zip(first..) {
        assert_eq!(batch.position, position);
        assert_eq!(batch.batch_id, id(partition, position));
        assert_eq!(batch.body, body(partition, position));
    }
    first - 1 + batches.len() as u64
}

/// After a crash all acknowledged batches are there, and both partitions end at the same commit.
fn check_crashed(disk: &FaultyFiles, acknowledged: u64, what: &str) {
    let mut log = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (one, two) = (held(&log, 1), held(&log, 2));
    assert_eq!(one, two, "{what}: half a commit is visible");
    assert!(
        one >= acknowledged,
        "{what}: {one} of {acknowledged} are left"
    );
    assert!(
        one <= acknowledged + 1,
        "{what}: {one} of {acknowledged}, more than were written"
    );
    work(&mut log, 3).unwrap_or_else(|_| panic!("{what}: the journal does not go on"));
    let again = open(&disk.crash(0)).unwrap_or_else(|error| panic!("{what}, again: {error}"));
    assert_eq!(held(&again, 1), one + 3, "{what}, again");
}

#[test]
fn a_crash_at_every_operation_keeps_what_was_acknowledged() {
    let whole = FaultyFiles::default();
    work(&mut open(&whole).unwrap(), 40).unwrap();
    let operations = whole.operations();
    assert!(
        whole.list().unwrap().len() > 2,
        "the files were not rotated"
    );
    for at in 1..=operations {
        let disk = FaultyFiles::default();
        disk.fail(at, ErrorKind::Other);
        let acknowledged = match open(&disk) {
            Ok(mut log) => work(&mut log, 40).unwrap_or_else(|done| done),
            Err(_) => 0,
        };
        check_crashed(
            &disk.crash(0),
            acknowledged,
            &format!("operation {at}, nothing kept"),
        );
        check_crashed(
            &disk.crash(usize::MAX),
            acknowledged,
            &format!("operation {at}, all kept"),
        );
    }
}

#[test]
fn a_crash_while_opening_loses_nothing() {
    let before = FaultyFiles::default();
    work(&mut open(&before).unwrap(), 25).unwrap();
    let whole = before.crash(0);
    open(&whole).unwrap();
    for at in 1..=whole.operations() {
        let disk = before.crash(0);
        disk.fail(at, ErrorKind::Other);
        assert!(
            open(&disk).is_err() || at == whole.operations(),
            "operation {at}"
        );
        check_crashed(&disk.crash(0), 25, &format!("opening, operation {at}"));
        check_crashed(
            &disk.crash(usize::MAX),
            25,
            &format!("opening, operation {at}, kept"),
        );
    }
}

#[test]
fn the_last_write_may_be_torn_at_every_byte() {
    // The commit that is torn is the second in its file, the first in its file, or the first ever.
    for commits in [0, 1, 5, 8, 9, 10, 11, 12, 13] {
        let disk = FaultyFiles::default();
        let mut log = open(&disk).unwrap();
        work(&mut log, commits).unwrap();
        disk.fail(2, ErrorKind::Other);
        let epoch = 1;
        let torn = [append(1, epoch, commits), append(2, epoch, commits)];
        log.commit(&torn).unwrap_err();
        for bytes in 0..=disk.unsynced_bytes() {
            let what = format!("after {commits} commits, {bytes} bytes");
            check_crashed(&disk.crash(bytes), commits, &what);
            check_crashed(&disk.crash_losing_start(bytes), commits, &what);
        }
    }
}

#[test]
fn a_failed_sync_or_a_full_disk_refuses_for_good_and_says_why() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        let disk = FaultyFiles::default();
        let mut log = open(&disk).unwrap();
        work(&mut log, 3).unwrap();
        disk.fail(1, kind);
        let refused = log.commit(&[append(1, 1, 3)]).unwrap_err();
        assert!(matches!(&refused, StoreError::Io { source, .. } if source.kind() == kind));
        assert!(refused.to_string().contains("start again"), "{refused}");
        log.commit(&[append(1, 1, 3)]).unwrap_err();
        check_crashed(&disk.crash(0), 3, "refused");
    }
}

#[test]
fn a_read_only_folder_is_refused() {
    let disk = FaultyFiles::default();
    work(&mut open(&disk).unwrap(), 3).unwrap();
    let disk = disk.crash(0);
    disk.read_only();
    let refused = open(&disk).err().expect("a refusal");
    assert!(refused.to_string().contains("writable"), "{refused}");
}

/// Damage is refused by file and offset, and nothing is changed.
fn check_damage(file: u64, offset: usize, expected_offset: &str) {
    let disk = FaultyFiles::default();
    work(&mut open(&disk).unwrap(), 40).unwrap();
    disk.change(&segment_name(file), |bytes| bytes[offset] ^= 1);
    let before = disk.list().unwrap();
    let refused = open(&disk)
        .err()
        .unwrap_or_else(|| panic!("{file} {offset} was not refused"));
    let text = refused.to_string();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{text}");
    assert!(text.contains(&segment_name(file)), "{text}");
    assert!(text.contains(expected_offset), "{text}");
    assert_eq!(disk.list().unwrap(), before);
}

#[test]
fn damage_is_refused_with_its_place() {
    check_damage(1, 4, "byte 0");
    check_damage(1, 70, "byte 0");
    check_damage(1, 200, "byte");
    check_damage(3, 400, "byte");
    check_damage(3, 0, "byte 0");
}

#[test]
fn a_missing_file_or_end_of_a_file_is_refused() {
    let disk = FaultyFiles::default();
    work(&mut open(&disk).unwrap(), 40).unwrap();
    let shortened = disk.crash(0);
    shortened.change(&segment_name(2), |bytes| bytes.truncate(300));
    assert!(matches!(open(&shortened), Err(StoreError::Corrupt { .. })));
    let missing = disk.crash(0);
    missing.remove(&segment_name(3)).unwrap();
    assert!(matches!(open(&missing), Err(StoreError::Corrupt { .. })));
}

#[test]
fn trimming_keeps_epochs_heads_and_the_fence() {
    let disk = FaultyFiles::default();
    let mut log = open(&disk).unwrap();
    work(&mut log, 40).unwrap();
    let reached = BTreeMap::from([(PartitionId(1), 40), (PartitionId(2), 40)]);
    let behind = log.index.read().unwrap().behind(&reached, u64::MAX);
    assert!(behind.len() > 2);
    remove(&*log.files, &log.index, &behind).unwrap();
    let first = log.index.read().unwrap().first(PartitionId(1));
    assert!(first > 20 && first <= 41, "{first}");
    let mut log = open(&disk.crash(0)).unwrap();
    assert_eq!(log.index.read().unwrap().first(PartitionId(1)), first);
    let answers = log
        .commit(&[append(1, 0, 40), append(1, 1, 39), append(1, 1, 40)])
        .unwrap();
    let expected = [Appended::Fenced, Appended::Committed, Appended::Committed];
    assert_eq!(answers, expected.map(Answer::Appended));
    let gap = read_batches(&log.index, PartitionId(1), first - 1, 1);
    assert!(matches!(gap, Err(StoreError::Gap { .. })));
}

#[test]
fn only_whole_files_behind_every_reached_position_are_trimmed() {
    let disk = FaultyFiles::default();
    let mut log = open(&disk).unwrap();
    work(&mut log, 40).unwrap();
    let behind = |one, two| {
        let reached = BTreeMap::from([(PartitionId(1), one), (PartitionId(2), two)]);
        log.index.read().unwrap().behind(&reached, u64::MAX).len()
    };
    assert_eq!(behind(40, 0), 0);
    assert_eq!(behind(0, 40), 0);
    assert!(behind(40, 12) < behind(40, 40));
}

#[test]
fn a_stale_owner_is_fenced_before_the_new_owners_first_append() {
    let mut log = open(&FaultyFiles::default()).unwrap();
    work(&mut log, 2).unwrap();
    let own = Request::TakeOver(PartitionId(1));
    let answers = log
        .commit(&[own, append(1, 1, 2), append(1, 2, 2)])
        .unwrap();
    assert_eq!(answers[1], Answer::Appended(Appended::Fenced));
    assert_eq!(answers[2], Answer::Appended(Appended::Committed));
}

#[test]
fn blobs_are_durable_with_their_batch() {
    let disk = FaultyFiles::default();
    work(&mut open(&disk).unwrap(), 4).unwrap();
    let log = open(&disk.crash(0)).unwrap();
    let mut hash = [1; 32];
    hash[..8].copy_from_slice(&3_u64.to_le_bytes());
    let blob = read_blob(&log.index, hash).unwrap().unwrap();
    assert_eq!(blob.bytes, "blob 3 of 1");
    assert!(read_blob(&log.index, [9; 32]).unwrap().is_none());
}

#[test]
fn the_fault_of_the_disk_is_the_one_planted() {
    let fault = Fault {
        at: 1,
        kind: ErrorKind::StorageFull,
    };
    let disk = FaultyFiles::default();
    disk.fail(fault.at, fault.kind);
    let refused = open(&disk).err().expect("a refusal");
    assert!(refused.to_string().contains("free space"), "{refused}");
}
