//! Blobs where several write at once, and over an upgrade.

use std::sync::Arc;

use bytes::Bytes;
use store::{Append, Appended, Blob, Cluster, Node, PartitionId, Store};
use store_postgres::PostgresStore;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::sample::{ONE, append, open, projection};
use crate::server::{Reach, Server, Version};

fn blob(number: u8) -> Blob {
    Blob {
        hash: [number; 32],
        bytes: Bytes::from(vec![number; 5_000]),
    }
}

/// Appends a batch that names these blobs, and brings the state up to it.
async fn name(store: &PostgresStore, partition: PartitionId, blobs: Vec<Blob>) {
    let owned = store.take_over(partition).await.unwrap();
    let batch = Append {
        blobs,
        ..append(partition, owned, 100)
    };
    assert_eq!(store.append(batch).await.unwrap(), Appended::Committed);
    let reached = projection(partition, owned.head + 1, vec![]);
    store.project(reached).await.unwrap();
}

/// Ends the round of the day before, and begins one.
async fn sweep_on(store: &PostgresStore, day: i64) -> u64 {
    let mut blobs = 0;
    for _ in 0..3 {
        let now_ms = day * 24 * 60 * 60 * 1000;
        blobs += store.sweep_blobs(now_ms, 1_000).await.unwrap().blobs;
    }
    blobs
}

/// Sweeps day after day.
async fn sweep(store: &PostgresStore) -> u64 {
    let mut blobs = 0;
    for day in 1..5 {
        blobs += sweep_on(store, day).await;
    }
    blobs
}

async fn are_there(store: &PostgresStore, numbers: &[u8]) -> Vec<bool> {
    let mut there = vec![];
    for number in numbers {
        let found = store.blob([*number; 32]).await.unwrap();
        there.push(found.is_some());
    }
    there
}

/// In one statement, in several at once, and while it is swept.
#[tokio::test]
async fn one_blob_is_named_by_many_at_once() {
    let server = Server::start(Version::V18);
    let store = Arc::new(open(server.config()).await);
    sweep_on(&store, 1).await;
    for round in 0..4 {
        let mut naming = JoinSet::new();
        for partition in 0..16 {
            let store = Arc::clone(&store);
            naming.spawn(async move {
                let blobs = vec![blob(1), blob(2), blob(round + 10)];
                name(&store, PartitionId(partition), blobs).await;
            });
        }
        sweep_on(&store, 2 + i64::from(round)).await;
        naming.join_all().await;
        assert_eq!(are_there(&store, &[1, 2, round + 10]).await, [true; 3]);
    }
    for day in 6..9 {
        sweep_on(&store, day).await;
    }
    assert_eq!(are_there(&store, &[1, 2, 10, 11, 12, 13]).await, [false; 6]);
}

/// As binaries before left it that did not note what names blobs, with one of their nodes.
const NAMELESS: &str = "
    DROP TABLE blob_use, blob_round, blob_noted;
    ALTER TABLE blob DROP COLUMN named_in;
    ALTER TABLE node DROP COLUMN names_blobs;
    DROP TABLE keyed_window;
    ALTER TABLE store DROP COLUMN format;
    DELETE FROM migration WHERE version >= 7;
    INSERT INTO node VALUES (gen_random_uuid(), 'z', 'r', 'u', 'v', 4, 1, clock_timestamp(), '', '');
";

#[tokio::test]
async fn after_an_upgrade_what_was_there_stays_and_what_comes_is_counted() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    name(&store, ONE, vec![blob(1)]).await;
    drop(store);
    let client = server.client().await;
    client.batch_execute(NAMELESS).await.unwrap();
    let store = open(server.config()).await;
    let compatible = async || -> i32 {
        let sql = "SELECT compatible_from FROM migration ORDER BY version DESC LIMIT 1";
        client.query_one(sql, &[]).await.unwrap().get(0)
    };
    let node = Node {
        id: Uuid::from_u128(1),
        name: String::new(),
        zone: String::new(),
        region: String::new(),
        url: String::new(),
        version: String::new(),
        format: 4,
        unfit: String::new(),
    };
    store.register_node(&node).await.unwrap();
    name(&store, ONE, vec![blob(2)]).await;
    assert_eq!(sweep(&store).await, 0, "a node of before is there");
    assert_eq!(compatible().await, 3);
    let gone = "DELETE FROM node WHERE NOT names_blobs";
    assert_eq!(client.execute(gone, &[]).await.unwrap(), 1);
    store.sweep_blobs(0, 1_000).await.unwrap();
    assert_eq!(compatible().await, 7, "none may come any more");
    name(&store, ONE, vec![blob(3)]).await;
    assert_eq!(sweep(&store).await, 1);
    assert_eq!(are_there(&store, &[1, 2, 3]).await, [true, true, false]);
}
