//! How much room the store takes, asked seldom: it looks at every file or table.

use std::time::Duration;

use store::{Store, StoreSizes};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::clock::steady_now;

/// For so long it is not asked again.
const REMEMBERED: Duration = Duration::from_secs(10);
/// So long it has to answer.
const WITHIN: Duration = Duration::from_secs(1);

/// What the store said last.
#[derive(Default)]
pub(crate) struct Sizes(Mutex<Option<(Instant, Option<StoreSizes>)>>);

impl Sizes {
    /// As they were some seconds ago at most. Those who ask at once wait for one answer.
    pub(crate) async fn get(&self, store: &dyn Store) -> Option<StoreSizes> {
        let mut last = self.0.lock().await;
        if let Some((at, sizes)) = *last
            && at.elapsed() < REMEMBERED
        {
            return sizes;
        }
        let sizes = match timeout(WITHIN, store.sizes()).await {
            Ok(Ok(sizes)) => Some(sizes),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the store does not say how large it is");
                None
            }
            Err(_) => None,
        };
        *last = Some((steady_now(), sizes));
        sizes
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use store::{Append, MemoryStore, PartitionId};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_again_after_a_while_only() {
        let (store, sizes) = (MemoryStore::new(), Sizes::default());
        let before = sizes.get(&store).await.expect("says");
        let partition = PartitionId(0);
        let head = store.take_over(partition).await.expect("takes over");
        let append = Append {
            partition,
            epoch: head.epoch,
            expected_head: 0,
            batch_id: Default::default(),
            body: Bytes::from_static(b"ten bytes."),
            blobs: Vec::new(),
        };
        store.append(append).await.expect("appends");
        tokio::time::advance(REMEMBERED / 2).await;
        assert_eq!(sizes.get(&store).await, Some(before));
        tokio::time::advance(REMEMBERED).await;
        let after = sizes.get(&store).await.expect("says");
        assert_eq!(after.journal, before.journal + 10);
    }
}
