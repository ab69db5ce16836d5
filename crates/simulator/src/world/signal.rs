//! A signal that wakes those who wait in the order in which they began to: a run repeats exactly.
//! (A tokio `watch` wakes its receivers in an order of its own choice.)

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts how often something happened.
#[derive(Default)]
pub(super) struct Signal {
    count: AtomicU64,
    notify: Notify,
}

impl Signal {
    /// It happens.
    pub(super) fn raise(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.notify.notify_waiters();
    }

    /// How often it has happened.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until it has happened more often than `seen`.
    pub(super) async fn beyond(&self, seen: u64) {
        let mut raised = std::pin::pin!(self.notify.notified());
        raised.as_mut().enable();
        while self.count() <= seen {
            raised.as_mut().await;
            raised.set(self.notify.notified());
            raised.as_mut().enable();
        }
    }
}
