//! When a schedule ticks, and which of its ticks are due.
//!
//! Nothing here reads a clock: every question says what time it is. Times are milliseconds since the Unix epoch. The
//! time zones are those that are built in, so that every node reads the same times.

mod cron;
mod due;
mod zone;

use std::fmt::Write;

pub use cron::{Cron, CronError};
pub use due::{CATCH_UP_MOST, Due, GRACE_MS};
pub use zone::{Zone, told_time, zone_names};

/// The shortest time between two ticks of `every`, in milliseconds.
pub const LEAST_EVERY_MS: u64 = 1_000;
/// The most by which ticks may be spread, in milliseconds.
pub const MOST_JITTER_MS: u64 = 86_400_000;

/// When a workflow is started, and what about ticks that come at a bad time.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// When it ticks.
    pub when: When,
    /// By how much each tick is delayed at most, in milliseconds; how much, follows from the schedule's name and the
    /// tick.
    pub jitter_ms: u64,
    /// What about ticks that were missed.
    pub catch_up: CatchUp,
    /// What about a tick while what an earlier one started is still open.
    pub overlap: Overlap,
}

/// When a schedule ticks.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of these for each schedule, and who keeps it boxes the whole"
)]
pub enum When {
    /// As the calendar of a time zone says.
    Cron(Cron),
    /// At each multiple of these milliseconds since the Unix epoch; at least [`LEAST_EVERY_MS`].
    Every(u64),
}

/// What about ticks that were missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// They are passed over.
    #[default]
    None,
    /// The last of them is made up for.
    Last,
    /// All are made up for, the newest [`CATCH_UP_MOST`] at most.
    All,
}

/// What about a tick while what an earlier one started is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// It is passed over.
    #[default]
    Skip,
    /// It waits for the end; at most one waits, the others are passed over.
    Queue,
    /// It starts all the same.
    Allow,
}

impl CatchUp {
    /// Its word in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Last => "last",
            Self::All => "all",
        }
    }
}

impl Overlap {
    /// Its word in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Allow => "allow",
        }
    }
}

impl Schedule {
    /// The first tick after a moment; none in the years that can be told.
    #[must_use]
    pub fn next_after(&self, at_ms: i64) -> Option<i64> {
        match &self.when {
            When::Cron(cron) => cron.next_after(at_ms),
            When::Every(every) => {
                let every = i64::try_from(*every).ok().filter(|every| *every > 0)?;
                at_ms.div_euclid(every).checked_add(1)?.checked_mul(every)
            }
        }
    }

    /// The next few ticks after a moment.
    pub fn upcoming(&self, at_ms: i64) -> impl Iterator<Item = i64> + '_ {
        std::iter::successors(self.next_after(at_ms), |tick| self.next_after(*tick))
    }

    /// When a tick of the schedule of this name fires: never before the tick, at most the jitter later.
    #[must_use]
    pub fn fires_at(&self, name: &str, tick: i64) -> i64 {
        if self.jitter_ms == 0 {
            return tick;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_bytes()).update(b"\n");
        let hash = hasher.update(&tick.to_be_bytes()).finalize();
        let mut drawn = [0; 8];
        drawn.copy_from_slice(&hash.as_bytes()[..8]);
        let delay = u64::from_be_bytes(drawn) % (self.jitter_ms + 1);
        tick.saturating_add(i64::try_from(delay).unwrap_or(0))
    }

    /// When it ticks, in words that differ when it does: `cron 0 8 * * 1-5 Europe/Berlin`, `every 60000`.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = match &self.when {
            When::Cron(cron) => format!("cron {} {}", cron.text(), cron.zone()),
            When::Every(every) => format!("every {every}"),
        };
        if self.jitter_ms > 0 {
            let _infallible = write!(told, " jitter {}", self.jitter_ms);
        }
        told
    }
}
