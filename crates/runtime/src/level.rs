//! A number that rises, and those who wait for it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// A number that only rises. Those who wait are woken in the order in which they began to wait, so
/// that a simulated run repeats exactly (tokio's own `watch` wakes its receivers in random order).
#[derive(Default)]
pub(crate) struct Level {
    value: AtomicU64,
    risen: Notify,
}

impl Level {
    /// The number now.
    pub(crate) fn get(&self) -> u64 {
        self.value.load(Ordering::Acquire)
    }

    /// Raises it, if it is lower; says whether it was.
    pub(crate) fn raise(&self, to: u64) -> bool {
        let rose = self.value.fetch_max(to, Ordering::AcqRel) < to;
        if rose {
            self.risen.notify_waiters();
        }
        rose
    }

    /// Raises it by one.
    pub(crate) fn rise(&self) {
        self.raise(self.get() + 1);
    }

    /// Waits until it is at least this.
    pub(crate) async fn reach(&self, least: u64) {
        loop {
            let mut risen = std::pin::pin!(self.risen.notified());
            // Listening before looking, so that no rise falls between the two.
            risen.as_mut().enable();
            if self.get() >= least {
                return;
            }
            risen.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_woken_in_order_and_only_when_it_is_reached() {
        let (level, woken) = (Arc::new(Level::default()), Arc::new(Mutex::new(vec![])));
        let waiting: Vec<_> = (0..100_u64)
            .map(|number| {
                let (level, woken) = (Arc::clone(&level), Arc::clone(&woken));
                tokio::spawn(async move {
                    level.reach(1 + number % 2).await;
                    woken.lock().expect("no holder panicked").push(number);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        for to in [0, 1, 2, 1] {
            let rises = to > level.get();
            assert_eq!(level.raise(to), rises);
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
        }
        for task in waiting {
            task.await.expect("ends");
        }
        let odd = (0..100).filter(|number| number % 2 == 1);
        let expected: Vec<u64> = (0..100)
            .filter(|number| number % 2 == 0)
            .chain(odd)
            .collect();
        assert_eq!(*woken.lock().expect("no holder panicked"), expected);
        assert_eq!(level.get(), 2);
    }
}
