//! Which ticks are due, and which of them are made up for.

use std::collections::VecDeque;

use crate::{CatchUp, Schedule};

/// A tick that is later than this was missed, in milliseconds: a partition has found a new owner by then.
pub const GRACE_MS: i64 = 10_000;
/// No more missed ticks are made up for at once; those before them are passed over.
pub const CATCH_UP_MOST: usize = 1_000;
/// So many due ticks are counted one by one; of more than these the newest are found from the end.
const COUNTED: usize = 100_000;
/// The first time before now in which the newest are looked for, in milliseconds.
const FIRST_LOOK_MS: i64 = 1_000_000;

/// Ticks that are due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Those that count, in order.
    pub ticks: Vec<i64>,
    /// So many before them, or the only ones, are passed over; of very many at least so many.
    pub missed: u64,
    /// The newest that is due, whatever becomes of it.
    pub newest: Option<i64>,
}

impl Schedule {
    /// What is due of the schedule of this name now, if everything up to `cursor` is done.
    ///
    /// The newest is on time as long as it is not later than [`GRACE_MS`]; all others were missed.
    #[must_use]
    pub fn due(&self, name: &str, cursor: i64, now: i64) -> Due {
        let keep = match self.catch_up {
            CatchUp::None | CatchUp::Last => 1,
            CatchUp::All => CATCH_UP_MOST,
        };
        let (ticks, mut missed) = self.newest(name, (cursor, now), keep);
        let newest = ticks.back().copied();
        let mut ticks = Vec::from(ticks);
        if let (CatchUp::None, Some(tick)) = (self.catch_up, newest)
            && now.saturating_sub(self.fires_at(name, tick)) > GRACE_MS
        {
            ticks.clear();
            missed += 1;
        }
        Due {
            ticks,
            missed,
            newest,
        }
    }

    /// The newest due ticks, at most `keep`, and how many there are before them.
    fn newest(&self, name: &str, (cursor, now): (i64, i64), keep: usize) -> (VecDeque<i64>, u64) {
        let is_due = |tick: &i64| *tick <= now && self.fires_at(name, *tick) <= now;
        let last_of = |from: i64, most: usize| {
            let (mut kept, mut seen) = (VecDeque::new(), 0);
            for tick in self.upcoming(from).take_while(is_due).take(most) {
                kept.push_back(tick);
                seen += 1;
                if kept.len() > keep {
                    kept.pop_front();
                }
            }
            (kept, seen)
        };
        let (kept, seen) = last_of(cursor, COUNTED);
        if seen < COUNTED {
            let before = seen - kept.len();
            return (kept, before as u64);
        }
        let mut look = FIRST_LOOK_MS;
        loop {
            let jitter = i64::try_from(self.jitter_ms).unwrap_or(i64::MAX);
            let from = now.saturating_sub(look).saturating_sub(jitter).max(cursor);
            let (kept, _) = last_of(from, usize::MAX);
            if kept.len() == keep || from == cursor {
                return (kept, (COUNTED - keep) as u64);
            }
            look = look.saturating_mul(10);
        }
    }
}
