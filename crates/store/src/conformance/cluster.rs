//! Nodes and leases: every change compares and sets.

use super::Harness;
use super::sample::{ONE, TWO, fill};
use crate::{Cluster, Lease, Node, NodeId, Position, Store};

const ADA: NodeId = NodeId::from_u128(1);
const BOB: NodeId = NodeId::from_u128(2);

/// Runs every check of what several nodes share.
///
/// # Panics
/// When the store does not keep the contract.
pub async fn checks<H: Harness<Store: Cluster>>(harness: &H) {
    nodes_register_beat_and_go(harness).await;
    a_lease_is_taken_by_one_and_only_as_it_was_seen(harness).await;
    only_the_owner_bumps_and_releases(harness).await;
    heads_are_those_of_the_journals(harness).await;
    the_clock_goes_on(harness).await;
    the_format_rises_and_stays(harness).await;
}

fn node(id: NodeId) -> Node {
    Node {
        id,
        name: "ada".into(),
        zone: "a".into(),
        region: "eu".into(),
        url: "http://ada:7070".into(),
        version: "1.2.3".into(),
        format: 4,
        unfit: String::new(),
    }
}

async fn counters(store: &impl Cluster) -> Vec<(NodeId, u64)> {
    let nodes = store.nodes().await.unwrap();
    nodes
        .iter()
        .map(|seen| (seen.node.id, seen.counter))
        .collect()
}

async fn nodes_register_beat_and_go<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    assert!(!store.heartbeat(ADA).await.unwrap(), "it is not known yet");
    store.register_node(&node(ADA)).await.unwrap();
    store.register_node(&node(BOB)).await.unwrap();
    assert!(store.heartbeat(ADA).await.unwrap());
    assert_eq!(counters(&store).await, [(ADA, 2), (BOB, 1)]);
    let moved = Node {
        zone: "b".into(),
        unfit: "its clock is off".into(),
        ..node(ADA)
    };
    store.register_node(&moved).await.unwrap();
    drop(store);
    let store = harness.open().await;
    let seen = store.nodes().await.unwrap();
    assert_eq!((&seen[0].node, seen[0].counter), (&moved, 3));
    assert!(seen[0].silent_ms < 60_000);
    assert!(store.remove_node(BOB).await.unwrap());
    assert!(!store.remove_node(BOB).await.unwrap());
    assert_eq!(counters(&store).await, [(ADA, 3)]);
}

async fn a_lease_is_taken_by_one_and_only_as_it_was_seen<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    assert_eq!(store.leases().await.unwrap(), []);
    let first = store.acquire_lease(ONE, ADA, None).await.unwrap().unwrap();
    let expected = Lease {
        partition: ONE,
        owner: Some(ADA),
        epoch: 1,
        counter: 1,
    };
    assert_eq!(first, expected);
    assert_eq!(store.acquire_lease(ONE, BOB, None).await.unwrap(), None);
    let bumped = store.bump_leases(ADA).await.unwrap();
    assert_eq!(
        bumped,
        [Lease {
            counter: 2,
            ..first
        }]
    );
    let stale = store.acquire_lease(ONE, BOB, Some(first)).await.unwrap();
    assert_eq!(stale, None, "it moved since");
    let taken = store
        .acquire_lease(ONE, BOB, Some(bumped[0]))
        .await
        .unwrap();
    let taken = taken.expect("nobody moved it");
    assert_eq!((taken.owner, taken.epoch), (Some(BOB), 2));
    assert_eq!(store.leases().await.unwrap(), [taken]);
}

async fn only_the_owner_bumps_and_releases<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    let one = store.acquire_lease(ONE, ADA, None).await.unwrap().unwrap();
    let two = store.acquire_lease(TWO, ADA, None).await.unwrap().unwrap();
    let taken = store.acquire_lease(ONE, BOB, Some(one)).await.unwrap();
    let taken = taken.expect("nobody moved it");
    let kept = store.bump_leases(ADA).await.unwrap();
    assert_eq!(kept.len(), 1, "one was lost");
    assert_eq!(kept[0].partition, TWO);
    assert!(!store.release_lease(one).await.unwrap(), "it is another's");
    assert!(
        store.release_lease(two).await.unwrap(),
        "whatever its counter"
    );
    assert!(store.release_lease(taken).await.unwrap());
    let leases = store.leases().await.unwrap();
    assert!(
        leases.iter().all(|lease| lease.owner.is_none()),
        "{leases:?}"
    );
    let again = store
        .acquire_lease(TWO, BOB, Some(leases[1]))
        .await
        .unwrap();
    assert_eq!(again.expect("it is free").epoch, 2);
}

async fn heads_are_those_of_the_journals<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 3).await;
    store.take_over(TWO).await.unwrap();
    let mut heads: Vec<(_, Position)> = store.heads().await.unwrap();
    heads.sort_unstable();
    assert_eq!(heads, [(ONE, 3), (TWO, 0)]);
}

async fn the_clock_goes_on<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    let earlier = store.clock().await.unwrap();
    assert!(earlier > 1_600_000_000_000, "milliseconds since the epoch");
    assert!(store.clock().await.unwrap() >= earlier);
}

async fn the_format_rises_and_stays<H: Harness<Store: Cluster>>(harness: &H) {
    harness.begin_anew();
    let store = harness.open().await;
    assert_eq!(store.format().await.unwrap(), 0);
    store.raise_format(3).await.unwrap();
    store.raise_format(2).await.unwrap();
    drop(store);
    let store = harness.open().await;
    assert_eq!(store.format().await.unwrap(), 3);
}
