//! Who waits for the state.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts those who wait until the state has caught up: meanwhile the projector gathers nothing.
#[derive(Default)]
pub(crate) struct Awaited {
    waiting: AtomicUsize,
    news: Notify,
}

/// One who waits; dropped when the wait is over, whatever ended it.
pub(crate) struct Waiting<'a>(&'a Awaited);

impl Awaited {
    /// Has the projector write without delay until the answer is dropped.
    pub(crate) fn hurry(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.news.notify_one();
        Waiting(self)
    }

    /// Whether anybody waits now.
    pub(crate) fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Until somebody may have begun to wait.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
