//! Nodes and leases.

use store::{Cluster, Lease, Node, PartitionId};
use store_postgres::PostgresStore;
use uuid::Uuid;

use crate::sample::open;
use crate::server::{Reach, Server, Version};

const ADA: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);

fn node(id: Uuid) -> Node {
    Node {
        id,
        name: "ada".into(),
        unfit: String::new(),
        zone: "a".into(),
        region: "eu".into(),
        url: "https://ada:7070".into(),
        version: "1.2.3".into(),
        format: 4,
    }
}

async fn store() -> (Server, PostgresStore) {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    (server, store)
}

#[tokio::test]
async fn nodes_register_beat_and_go() {
    let (_server, store) = store().await;
    assert!(!store.heartbeat(ADA).await.unwrap(), "it is not known yet");
    store.register_node(&node(ADA)).await.unwrap();
    store.register_node(&node(BOB)).await.unwrap();
    assert!(store.heartbeat(ADA).await.unwrap());
    let counters = async || {
        let nodes = store.nodes().await.unwrap();
        nodes
            .iter()
            .map(|seen| (seen.node.id, seen.counter))
            .collect::<Vec<_>>()
    };
    assert_eq!(counters().await, [(ADA, 2), (BOB, 1)]);
    let moved = Node {
        zone: "b".into(),
        unfit: "its clock is off".into(),
        format: 5,
        ..node(ADA)
    };
    store.register_node(&moved).await.unwrap();
    let seen = store.nodes().await.unwrap();
    assert_eq!((&seen[0].node, seen[0].counter), (&moved, 3));
    assert!(seen[0].silent_ms < 60_000);
    assert!(store.remove_node(BOB).await.unwrap());
    assert!(!store.remove_node(BOB).await.unwrap());
    assert_eq!(counters().await, [(ADA, 3)]);
}

#[tokio::test]
async fn the_databases_clock_is_read() {
    let (_server, store) = store().await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    assert!((store.clock().await.unwrap() - now).abs() < 60_000);
}

#[tokio::test]
async fn a_lease_is_taken_by_one_and_only_as_it_was_seen() {
    let (_server, store) = store().await;
    let one = PartitionId(1);
    let first = store.acquire_lease(one, ADA, None).await.unwrap().unwrap();
    assert_eq!(
        first,
        Lease {
            partition: one,
            owner: Some(ADA),
            epoch: 1,
            counter: 1
        }
    );
    assert_eq!(
        store.acquire_lease(one, BOB, None).await.unwrap(),
        None,
        "there is one"
    );
    let bumped = store.bump_leases(ADA).await.unwrap();
    assert_eq!(
        bumped,
        [Lease {
            counter: 2,
            ..first
        }]
    );
    assert_eq!(
        store.acquire_lease(one, BOB, Some(first)).await.unwrap(),
        None,
        "it moved"
    );
    let taken = store
        .acquire_lease(one, BOB, Some(bumped[0]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        taken,
        Lease {
            owner: Some(BOB),
            epoch: 2,
            counter: 3,
            ..first
        }
    );
    assert!(
        store.bump_leases(ADA).await.unwrap().is_empty(),
        "it was lost"
    );
    assert!(
        !store.release_lease(first).await.unwrap(),
        "it is another's"
    );
    assert_eq!(store.leases().await.unwrap(), [taken]);
}

#[tokio::test]
async fn a_released_lease_is_free_at_once() {
    let (_server, store) = store().await;
    for number in [3, 1, 2] {
        store
            .acquire_lease(PartitionId(number), ADA, None)
            .await
            .unwrap()
            .unwrap();
    }
    let held = store.bump_leases(ADA).await.unwrap();
    let partitions: Vec<u16> = held.iter().map(|lease| lease.partition.0).collect();
    assert_eq!(partitions, [1, 2, 3]);
    assert!(store.release_lease(held[1]).await.unwrap());
    assert!(!store.release_lease(held[1]).await.unwrap());
    let free = store.leases().await.unwrap()[1];
    assert_eq!((free.partition, free.owner), (PartitionId(2), None));
    let (ada, bob) = tokio::join!(
        store.acquire_lease(free.partition, ADA, Some(free)),
        store.acquire_lease(free.partition, BOB, Some(free)),
    );
    assert_eq!(
        ada.unwrap().is_some() as u8 + bob.unwrap().is_some() as u8,
        1
    );
    assert_eq!(store.leases().await.unwrap().len(), 3);
}
