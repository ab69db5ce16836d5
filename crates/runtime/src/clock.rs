//! Where time comes from.

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock. Sleeping is tokio's business, so that a paused runtime skips over it; a
/// simulated clock therefore moves with tokio's.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;

    /// Milliseconds since some moment, by a clock that nobody sets and that runs on while the
    /// machine sleeps.
    fn boot_ms(&self) -> u64;
}

/// A moment for measuring spans; moves with tokio's time, paused or not.
pub(crate) fn steady_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn boot_ms(&self) -> u64 {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanos) = (since.tv_sec.unsigned_abs(), since.tv_nsec.unsigned_abs());
        seconds * 1_000 + nanos / 1_000_000
    }
}

/// A clock that starts at a given time and moves with tokio's, paused or not.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start_ms: i64,
    origin: tokio::time::Instant,
}

impl TokioClock {
    /// A clock that shows `start_ms` now. Needs no running runtime.
    pub fn starting_at(start_ms: i64) -> Self {
        Self {
            start_ms,
            origin: steady_now(),
        }
    }
}

impl Clock for TokioClock {
    fn now_ms(&self) -> i64 {
        let passed = self.origin.elapsed().as_millis();
        self.start_ms
            .saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    fn boot_ms(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
