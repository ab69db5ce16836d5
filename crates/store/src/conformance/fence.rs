//! Who may append, and what became of it.

use super::Harness;
use super::sample::{ONE, TWO, append, batch_id, commit, fill, project};
use crate::{Append, Appended, Change, Store};

pub(super) async fn checks(harness: &impl Harness) {
    a_new_partition_is_empty(harness).await;
    an_older_epoch_is_fenced(harness).await;
    a_wrong_head_is_fenced(harness).await;
    a_repeated_batch_is_committed_once(harness).await;
    a_stale_owner_is_fenced_after_trimming(harness).await;
    epochs_and_heads_last(harness).await;
}

async fn answers(store: &impl Store, append: Append, expected: Appended) {
    let what = format!("{append:?}");
    assert_eq!(store.append(append).await.unwrap(), expected, "{what}");
}

async fn a_new_partition_is_empty(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    answers(&store, append(ONE, 1, 0), Appended::Fenced).await;
    answers(&store, append(ONE, 0, 0), Appended::Fenced).await;
    let head = store.take_over(ONE).await.unwrap();
    assert_eq!((head.head, head.first), (0, 1));
    assert!(head.epoch > 0);
    assert!(store.incarnation().await.unwrap() > 0);
}

async fn an_older_epoch_is_fenced(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (old, head) = fill(&store, ONE, 2).await;
    let new = store.take_over(ONE).await.unwrap();
    assert!(new.epoch > old);
    assert_eq!(new.head, head);
    // Also before the new owner's first append.
    answers(&store, append(ONE, old, head), Appended::Fenced).await;
    commit(&store, append(ONE, new.epoch, head)).await;
    answers(&store, append(ONE, old, head + 1), Appended::Fenced).await;
    let (_, other) = fill(&store, TWO, 1).await;
    assert_eq!(other, 1, "partitions do not share heads");
}

async fn a_wrong_head_is_fenced(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (epoch, head) = fill(&store, ONE, 3).await;
    for wrong in [0, head - 1, head + 1] {
        let mut wrong = append(ONE, epoch, wrong);
        wrong.batch_id = [0xee; 16];
        answers(&store, wrong, Appended::Fenced).await;
    }
    commit(&store, append(ONE, epoch, head)).await;
}

async fn a_repeated_batch_is_committed_once(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (epoch, head) = fill(&store, ONE, 2).await;
    let last = append(ONE, epoch, head - 1);
    answers(&store, last.clone(), Appended::Committed).await;
    drop(store);
    let store = harness.open().await;
    answers(&store, last.clone(), Appended::Committed).await;
    let batches = store.read_journal(ONE, 1, usize::MAX).await.unwrap();
    let ids: Vec<_> = batches.iter().map(|batch| batch.batch_id).collect();
    assert_eq!(ids, [batch_id(ONE, 1), batch_id(ONE, 2)]);
    let next = append(ONE, store.take_over(ONE).await.unwrap().epoch, head);
    commit(&store, next).await;
    answers(&store, last, Appended::Fenced).await;
}

/// Appends, projects and checkpoints until the journal has let go of its beginning.
pub(super) async fn trim(store: &impl Store) -> (u64, u64) {
    trim_behind(store, 1).await
}

/// The same until it has let go of this position.
pub(super) async fn trim_behind(store: &impl Store, position: u64) -> (u64, u64) {
    for _ in 0..400 {
        let (epoch, head) = fill(store, ONE, 8).await;
        project(store, head, Vec::<Change>::new()).await;
        store.checkpoint().await.unwrap();
        let journal = store.take_over(ONE).await.unwrap();
        if journal.first > position {
            return (epoch, head);
        }
    }
    panic!("expected the journal to be trimmed, but it never was");
}

async fn a_stale_owner_is_fenced_after_trimming(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (stale, head) = trim(&store).await;
    answers(&store, append(ONE, stale, head), Appended::Fenced).await;
    drop(store);
    let store = harness.open().await;
    answers(&store, append(ONE, stale, head), Appended::Fenced).await;
    let owner = store.take_over(ONE).await.unwrap();
    answers(&store, append(ONE, stale, head), Appended::Fenced).await;
    commit(&store, append(ONE, owner.epoch, head)).await;
}

async fn epochs_and_heads_last(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let (one, one_head) = fill(&store, ONE, 3).await;
    let (two, two_head) = fill(&store, TWO, 5).await;
    drop(store);
    let store = harness.open().await;
    let (first, second) = (
        store.take_over(ONE).await.unwrap(),
        store.take_over(TWO).await.unwrap(),
    );
    assert!(first.epoch > one && second.epoch > two);
    assert_eq!((first.head, second.head), (one_head, two_head));
}
