//! Things to put into a store.

use bytes::Bytes;
use store::{
    Append, Appended, Change, InstanceRow, PartitionHead, PartitionId, Position, Projection, Store,
};
use store_postgres::{PostgresConfig, PostgresStore};

use crate::server::eventually;

pub(crate) const ONE: PartitionId = PartitionId(1);
pub(crate) const TWO: PartitionId = PartitionId(2);

pub(crate) async fn open(config: PostgresConfig) -> PostgresStore {
    PostgresStore::open(config).await.unwrap()
}

/// The append of the batch behind the head.
pub(crate) fn append(partition: PartitionId, owned: PartitionHead, bytes: usize) -> Append {
    let mut batch_id = [0; 16];
    batch_id[..2].copy_from_slice(&partition.0.to_le_bytes());
    batch_id[8..].copy_from_slice(&owned.head.to_le_bytes());
    Append {
        partition,
        epoch: owned.epoch,
        expected_head: owned.head,
        batch_id,
        body: Bytes::from(vec![7; bytes]),
        blobs: vec![],
    }
}

/// Appends batches of 200 bytes.
pub(crate) async fn fill(
    store: &PostgresStore,
    owned: &mut PartitionHead,
    partition: PartitionId,
    count: u64,
) {
    for _ in 0..count {
        let append = append(partition, *owned, 200);
        assert_eq!(store.append(append).await.unwrap(), Appended::Committed);
        owned.head += 1;
    }
}

/// Repeats an append, as an owner does, until its outcome is certain.
pub(crate) async fn persist(store: &PostgresStore, append: &Append) -> Appended {
    let mut outcome = Appended::Unknown;
    eventually("the append comes to an end", async || {
        if let Ok(appended) = store.append(append.clone()).await {
            outcome = appended;
        }
        outcome != Appended::Unknown
    })
    .await;
    outcome
}

pub(crate) async fn positions(store: &PostgresStore, partition: PartitionId) -> Vec<Position> {
    let batches = store.read_journal(partition, 1, usize::MAX).await.unwrap();
    batches.iter().map(|batch| batch.position).collect()
}

pub(crate) fn projection(
    partition: PartitionId,
    reached: Position,
    changes: Vec<Change>,
) -> Vec<Projection> {
    vec![Projection {
        partition,
        reached,
        changes,
    }]
}

pub(crate) fn row(number: u64) -> InstanceRow {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    InstanceRow {
        id,
        namespace: "default".into(),
        workflow: "order".into(),
        version: "1".into(),
        status: "running".into(),
        correlation_id: format!("c{number}"),
        priority: "normal".into(),
        created_at: number as i64,
        snapshot: Bytes::from_static(b"state"),
        ..InstanceRow::default()
    }
}

pub(crate) fn put(row: InstanceRow) -> Change {
    Change::PutInstance(Box::new(row))
}
