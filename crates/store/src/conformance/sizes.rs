//! How much room a store takes.

use bytes::Bytes;

use super::Harness;
use super::sample::{ONE, append, commit};
use crate::{Append, Store};

/// Larger than what a store may have laid out ahead.
const BATCHES: u64 = 24;
const BATCH_BYTES: usize = 512 << 10;

pub(super) async fn checks(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let epoch = store.take_over(ONE).await.unwrap().epoch;
    let before = store.sizes().await.unwrap();
    for head in 0..BATCHES {
        let append = Append {
            body: Bytes::from(vec![b'.'; BATCH_BYTES]),
            ..append(ONE, epoch, head)
        };
        commit(&store, append).await;
    }
    let after = store.sizes().await.unwrap();
    let grown = after.journal.saturating_sub(before.journal);
    let appended = BATCHES * BATCH_BYTES as u64;
    assert!(
        (appended / 2..appended * 2).contains(&grown),
        "expected the journal to grow by about {appended} bytes, but got {before:?} and then {after:?}"
    );
    assert_eq!(after.blobs.is_some(), before.blobs.is_some());
}
