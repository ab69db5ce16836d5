//! Things to put into a store.

use bytes::Bytes;

use crate::{
    Append, Appended, BatchId, Change, EntityId, Epoch, HistorySegment, InstanceRow, PartitionId,
    Position, Projection, RetentionClass, Slot, Store,
};

pub(super) const ONE: PartitionId = PartitionId(1);
pub(super) const TWO: PartitionId = PartitionId(2);

/// A day, in milliseconds: ended instances are dropped by days or less.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

pub(super) fn batch_id(partition: PartitionId, position: Position) -> BatchId {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&partition.0.to_le_bytes());
    id[8..].copy_from_slice(&position.to_le_bytes());
    id
}

pub(super) fn body(position: Position, bytes: usize) -> Bytes {
    let mut body = format!("batch {position} ").into_bytes();
    body.resize(bytes.max(body.len()), b'.');
    body.into()
}

/// The append of the batch behind `head`.
pub(super) fn append(partition: PartitionId, epoch: Epoch, head: Position) -> Append {
    Append {
        partition,
        epoch,
        expected_head: head,
        batch_id: batch_id(partition, head + 1),
        body: body(head + 1, 100),
        blobs: vec![],
    }
}

pub(super) async fn commit(store: &impl Store, append: Append) {
    assert_eq!(store.append(append).await.unwrap(), Appended::Committed);
}

/// Takes a partition over and appends `count` batches; answers the epoch and the head.
pub(super) async fn fill(
    store: &impl Store,
    partition: PartitionId,
    count: u64,
) -> (Epoch, Position) {
    let owned = store.take_over(partition).await.unwrap();
    for head in owned.head..owned.head + count {
        commit(store, append(partition, owned.epoch, head)).await;
    }
    (owned.epoch, owned.head + count)
}

pub(super) async fn project(store: &impl Store, reached: Position, changes: Vec<Change>) {
    let projection = Projection {
        partition: ONE,
        reached,
        changes,
    };
    store.project(vec![projection]).await.unwrap();
}

/// An id whose lowest 12 bits are the slot.
pub(super) fn id(number: u64, slot: Slot) -> EntityId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[14..].copy_from_slice(&slot.to_be_bytes());
    id
}

/// The `number`-th instance, created at that number of milliseconds, running.
pub(super) fn row(number: u64) -> InstanceRow {
    let slot = (number % 7) as Slot;
    InstanceRow {
        slot,
        id: id(number, slot),
        namespace: "default".into(),
        workflow: format!("workflow-{}", number % 3),
        version: format!("{}", number % 2),
        status: "running".into(),
        correlation_id: format!("correlation-{}", number % 5),
        subject: number
            .is_multiple_of(2)
            .then(|| format!("subject-{}", number % 4)),
        parent_id: number.is_multiple_of(3).then(|| id(number % 6, 0)),
        priority: "normal".into(),
        attributes: vec![("region".into(), format!("r{}", number % 2))],
        error: None,
        pending_decisions: 1,
        created_at: number as i64,
        updated_at: number as i64 + 1,
        ended_at: None,
        seq: 3,
        snapshot: Bytes::from(format!("snapshot {number}")),
        class: RetentionClass::default(),
    }
}

/// The `number`-th class; the first is that of all that no rule is about.
pub(super) fn class(number: u64) -> RetentionClass {
    match number {
        0 => RetentionClass::default(),
        _ => RetentionClass::new(format!("rule {number}")),
    }
}

/// The same instance, ended.
pub(super) fn ended(number: u64, ended_at: i64) -> InstanceRow {
    InstanceRow {
        status: "completed".into(),
        ended_at: Some(ended_at),
        pending_decisions: 0,
        seq: 9,
        ..row(number)
    }
}

pub(super) fn put(row: &InstanceRow) -> Change {
    Change::PutInstance(Box::new(row.clone()))
}

pub(super) fn chunk(row: &InstanceRow, chunk: u32, text: &str) -> Change {
    Change::PutChunk {
        slot: row.slot,
        id: row.id,
        chunk,
        bytes: Bytes::copy_from_slice(text.as_bytes()),
    }
}

pub(super) fn segment(first_seq: u64, last_seq: u64, text: &str) -> HistorySegment {
    HistorySegment {
        first_seq,
        last_seq,
        bytes: Bytes::copy_from_slice(text.as_bytes()),
    }
}

pub(super) fn history(row: &InstanceRow, segment: HistorySegment) -> Change {
    Change::AppendHistory {
        slot: row.slot,
        id: row.id,
        segment,
    }
}
