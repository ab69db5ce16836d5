//! What the store takes: appends of batches of 1,000 records of 180 bytes, and instances projected
//! while they are open and when they have ended.
//!
//! `cargo run --release -p store-postgres --example postgres_rates -- postgres://user@host/database`

#![expect(clippy::unwrap_used, reason = "a measurement fails as a test does")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use store::{
    Append, Appended, Change, HistorySegment, InstanceRow, PartitionId, Projection, Store,
};
use store_postgres::{PostgresConfig, PostgresStore};

const LASTING: Duration = Duration::from_secs(4);
const BATCH_BYTES: usize = 180 * 1000;

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).expect("the database's URL");
    let schema = format!("rates_{}", std::process::id());
    let config = PostgresConfig {
        schema,
        ..PostgresConfig::new(url)
    };
    let store = Arc::new(PostgresStore::open(config).await.unwrap());
    for (partitions, bytes) in [(1, 600), (8, 600), (1, BATCH_BYTES), (4, BATCH_BYTES)] {
        appends(&store, partitions, bytes).await;
    }
    for ended in [false, true] {
        projected(&store, ended).await;
    }
}

async fn appends(store: &Arc<PostgresStore>, partitions: u16, bytes: usize) {
    let began = Instant::now();
    let mut owners = tokio::task::JoinSet::new();
    for number in 0..partitions {
        owners.spawn(append_alone(store.clone(), PartitionId(number), bytes));
    }
    let mut took: Vec<Duration> = owners.join_all().await.into_iter().flatten().collect();
    let seconds = began.elapsed().as_secs_f64();
    took.sort_unstable();
    println!(
        "{partitions} partitions, {bytes} bytes: {:.0} batches/s, {:.1} MB/s, p50 {:?}, p99 {:?}",
        took.len() as f64 / seconds,
        (took.len() * bytes) as f64 / seconds / 1e6,
        took[took.len() / 2],
        took[took.len() * 99 / 100],
    );
}

async fn append_alone(
    store: Arc<PostgresStore>,
    partition: PartitionId,
    bytes: usize,
) -> Vec<Duration> {
    let mut owned = store.take_over(partition).await.unwrap();
    let body = Bytes::from(vec![7; bytes]);
    let (began, mut took) = (Instant::now(), vec![]);
    while began.elapsed() < LASTING {
        let mut batch_id = [0; 16];
        batch_id[..8].copy_from_slice(&owned.head.to_le_bytes());
        let append = Append {
            partition,
            epoch: owned.epoch,
            expected_head: owned.head,
            batch_id,
            body: body.clone(),
            blobs: vec![],
        };
        let sent = Instant::now();
        assert_eq!(store.append(append).await.unwrap(), Appended::Committed);
        took.push(sent.elapsed());
        owned.head += 1;
    }
    took
}

/// Instances of 150 bytes of state and 900 bytes of packed history, 2,000 in a projection.
async fn projected(store: &PostgresStore, ended: bool) {
    let (began, mut number) = (Instant::now(), 0);
    while began.elapsed() < LASTING {
        let changes = (0..2000).flat_map(|_| {
            number += 1;
            instance(number, ended)
        });
        let projection = Projection {
            partition: PartitionId(0),
            reached: 0,
            changes: changes.collect(),
        };
        store.project(vec![projection]).await.unwrap();
    }
    let kind = if ended {
        "that ran through"
    } else {
        "left open"
    };
    let rate = number as f64 / began.elapsed().as_secs_f64();
    println!("instances {kind}: {rate:.0}/s");
}

fn instance(number: u64, ended: bool) -> [Change; 2] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[8] = u8::from(ended);
    id[10..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[..6]);
    let slot = (number % 4096) as u16;
    let row = InstanceRow {
        slot,
        id,
        namespace: "default".into(),
        workflow: "order".into(),
        version: "1".into(),
        status: if ended { "completed" } else { "running" }.into(),
        correlation_id: uuid::Uuid::from_bytes(id).to_string(),
        priority: "normal".into(),
        created_at: number as i64,
        ended_at: ended.then_some(number as i64),
        seq: 9,
        snapshot: Bytes::from(vec![1; 150]),
        ..InstanceRow::default()
    };
    let segment = HistorySegment {
        first_seq: 1,
        last_seq: 9,
        bytes: Bytes::from(vec![2; 900]),
    };
    [
        Change::PutInstance(Box::new(row)),
        Change::AppendHistory { slot, id, segment },
    ]
}
