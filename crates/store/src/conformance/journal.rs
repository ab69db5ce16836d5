//! What can be read back, and what trimming leaves.

use bytes::Bytes;

use super::Harness;
use super::fence::trim;
use super::sample::{ONE, TWO, append, batch_id, body, commit, fill, project};
use crate::{Append, Blob, Position, Projection, Store, StoreError};

pub(super) async fn checks(harness: &impl Harness) {
    batches_come_back_in_order(harness).await;
    bounds_are_kept(harness).await;
    partitions_do_not_mix(harness).await;
    blobs_last_and_outlive_trimming(harness).await;
    trimming_stops_at_what_is_reached(harness).await;
    positions_reached_last(harness).await;
}

async fn batches_come_back_in_order(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (epoch, head) = fill(&store, ONE, 20).await;
    drop(store);
    let store = harness.open().await;
    let batches = store.read_journal(ONE, 1, usize::MAX).await.unwrap();
    assert_eq!(batches.len() as u64, head);
    for (batch, position) in batches.iter().zip(1..) {
        assert_eq!(batch.position, position);
        assert_eq!(batch.epoch, epoch);
        assert_eq!(batch.batch_id, batch_id(ONE, position));
        assert_eq!(batch.body, body(position, 100));
    }
}

async fn positions(store: &impl Store, from: Position, limit: usize) -> Vec<Position> {
    let batches = store.read_journal(ONE, from, limit).await.unwrap();
    batches.iter().map(|batch| batch.position).collect()
}

async fn bounds_are_kept(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    assert!(positions(&store, 1, 1000).await.is_empty());
    fill(&store, ONE, 10).await;
    assert_eq!(positions(&store, 4, 300).await, [4, 5, 6]);
    assert_eq!(positions(&store, 4, 299).await, [4, 5]);
    assert_eq!(positions(&store, 4, 0).await, [4], "at least one");
    assert_eq!(positions(&store, 10, usize::MAX).await, [10]);
    assert!(positions(&store, 11, usize::MAX).await.is_empty());
    assert!(positions(&store, 999, usize::MAX).await.is_empty());
}

async fn partitions_do_not_mix(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let one = store.take_over(ONE).await.unwrap().epoch;
    let two = store.take_over(TWO).await.unwrap().epoch;
    for head in 0..10 {
        let both = futures_join(
            store.append(append(ONE, one, head)),
            store.append(append(TWO, two, head)),
        );
        let (first, second) = both.await;
        assert_eq!(first.unwrap(), second.unwrap());
    }
    for partition in [ONE, TWO] {
        let batches = store.read_journal(partition, 1, usize::MAX).await.unwrap();
        let ids: Vec<_> = batches.iter().map(|batch| batch.batch_id).collect();
        let expected: Vec<_> = (1..=10)
            .map(|position| batch_id(partition, position))
            .collect();
        assert_eq!(ids, expected);
    }
}

/// Both at once, so that a store may commit them together.
async fn futures_join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    use std::pin::pin;
    use std::task::Poll;
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_out, mut b_out) = (None, None);
    std::future::poll_fn(|context| {
        if a_out.is_none()
            && let Poll::Ready(out) = a.as_mut().poll(context)
        {
            a_out = Some(out);
        }
        if b_out.is_none()
            && let Poll::Ready(out) = b.as_mut().poll(context)
        {
            b_out = Some(out);
        }
        if a_out.is_some() && b_out.is_some() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    (a_out.expect("it was ready"), b_out.expect("it was ready"))
}

fn blob(number: u8) -> Blob {
    Blob {
        hash: [number; 32],
        bytes: Bytes::from(vec![number; 5000]),
    }
}

async fn blobs_last_and_outlive_trimming(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    assert_eq!(store.blob([1; 32]).await.unwrap(), None);
    let (epoch, head) = fill(&store, ONE, 1).await;
    let with_blobs = Append {
        blobs: vec![blob(1), blob(2)],
        ..append(ONE, epoch, head)
    };
    commit(&store, with_blobs).await;
    let again = Append {
        blobs: vec![blob(1), blob(3)],
        ..append(ONE, epoch, head + 1)
    };
    commit(&store, again).await;
    trim(&store).await;
    drop(store);
    let store = harness.open().await;
    for number in 1..=3 {
        let found = store.blob([number; 32]).await.unwrap();
        assert_eq!(found, Some(blob(number).bytes), "blob {number}");
    }
    assert_eq!(store.blob([4; 32]).await.unwrap(), None);
}

async fn trimming_stops_at_what_is_reached(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (_, head) = trim(&store).await;
    fill(&store, TWO, 3).await;
    let first = store.take_over(ONE).await.unwrap().first;
    assert!(first <= head + 1);
    let below = store.read_journal(ONE, first - 1, 1).await;
    assert!(matches!(below, Err(StoreError::Gap { .. })), "{below:?}");
    let held = store.read_journal(ONE, first, usize::MAX).await.unwrap();
    let positions: Vec<_> = held.iter().map(|batch| batch.position).collect();
    assert_eq!(positions, (first..=head).collect::<Vec<_>>());
    let (_, beyond) = fill(&store, ONE, 200).await;
    store.checkpoint().await.unwrap();
    let held = store.read_journal(ONE, head + 1, usize::MAX).await.unwrap();
    assert_eq!(
        held.len() as u64,
        beyond - head,
        "what is not reached is kept"
    );
    let journal = store.take_over(TWO).await.unwrap();
    assert_eq!(
        (journal.first, journal.head),
        (1, 3),
        "nothing of this one was reached"
    );
}

async fn positions_reached_last(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    assert_eq!(store.reached(ONE).await.unwrap(), 0);
    fill(&store, ONE, 5).await;
    fill(&store, TWO, 5).await;
    project(&store, 4, vec![]).await;
    let reached = |partition, reached| {
        vec![Projection {
            partition,
            reached,
            changes: vec![],
        }]
    };
    // A store that several processes share takes it for another's, and says so.
    let back = store.project(reached(ONE, 2)).await;
    assert!(
        matches!(back, Ok(()) | Err(StoreError::TakenOver(ONE))),
        "{back:?}"
    );
    store.project(reached(TWO, 3)).await.unwrap();
    drop(store);
    let store = harness.open().await;
    assert_eq!(store.reached(ONE).await.unwrap(), 4, "it never goes back");
    assert_eq!(store.reached(TWO).await.unwrap(), 3);
}
