//! Timers: the near ones in memory, the far ones in their table.
//!
//! The table is read in pages up to a horizon. A timer set meanwhile is kept in memory if it is
//! due before the horizon; a later one is kept only until the projector has written it, since a
//! page read after that finds it.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

use bytes::Bytes;
use engine::{Id, Slot, TimerKey};
use store::{Row, Scan, Table};

/// Rows of one page.
const PAGE: usize = 5_000;

/// A timer of an instance, in order of due time.
pub(crate) type Timer = (i64, Id, TimerKey);

/// The timers of one partition.
pub(crate) struct NearTimers {
    near: BTreeSet<Timer>,
    /// Set in a batch that may not be projected yet, and due beyond the horizon.
    far: VecDeque<(u64, Timer)>,
    horizon: i64,
    cursor: Option<(Bytes, Slot)>,
    reading: bool,
    window_ms: i64,
    bound: usize,
}

impl NearTimers {
    /// None yet; the table is read from its beginning.
    pub(crate) fn new(window_ms: i64, bound: usize) -> Self {
        Self {
            near: BTreeSet::new(),
            far: VecDeque::new(),
            horizon: i64::MIN,
            cursor: None,
            reading: false,
            window_ms,
            bound,
        }
    }

    /// A timer was set in the batch at `position`.
    pub(crate) fn set(&mut self, id: Id, key: TimerKey, position: u64) {
        let timer = (key.due_at, id, key);
        if key.due_at <= self.horizon {
            self.near.insert(timer);
        } else {
            self.far.push_back((position, timer));
        }
    }

    /// When the partition has to look at its timers again: the next due one, or the time to read
    /// further.
    pub(crate) fn next_at(&self) -> i64 {
        let due = self.near.first().map_or(i64::MAX, |timer| timer.0);
        if self.reading || self.near.len() >= self.bound {
            return due;
        }
        due.min(self.horizon.saturating_sub(self.window_ms / 2))
    }

    /// The next timer that is due.
    pub(crate) fn pop_due(&mut self, now: i64) -> Option<(Id, TimerKey)> {
        let due = self.near.first().filter(|timer| timer.0 <= now).copied()?;
        self.near.remove(&due);
        Some((due.1, due.2))
    }

    /// The page of the table to read now, if it is time to.
    pub(crate) fn page_to_read(&mut self, now: i64, slots: RangeInclusive<Slot>) -> Option<Scan> {
        let due = now >= self.horizon.saturating_sub(self.window_ms / 2);
        if self.reading || !due || self.near.len() >= self.bound {
            return None;
        }
        self.reading = true;
        Some(Scan {
            table: Table::Timer,
            slots,
            after: self.cursor.clone(),
            prefix: Bytes::new(),
            reverse: false,
            limit: PAGE,
        })
    }

    /// Takes a page in: the horizon moves to its last timer, or, if it was the last page, a whole
    /// window ahead.
    pub(crate) fn page_read(&mut self, now: i64, rows: &[Row]) {
        self.reading = false;
        let target = now.saturating_add(self.window_ms);
        let mut horizon = target;
        for row in rows {
            let Some((id, key)) = parse_row(row) else {
                continue;
            };
            if key.due_at > target {
                break;
            }
            self.near.insert((key.due_at, id, key));
        }
        if let Some(last) = rows.last().filter(|_| rows.len() >= PAGE) {
            let due_at = parse_row(last).map_or(target, |(_, key)| key.due_at);
            if due_at <= target {
                horizon = due_at;
                self.cursor = Some((last.key.clone(), last.slot));
            }
        }
        if horizon == target {
            self.cursor = Some((beginning_of(target.saturating_add(1)), 0));
        }
        self.horizon = self.horizon.max(horizon);
        self.bring_near();
    }

    /// Far timers come near when the horizon has passed them.
    fn bring_near(&mut self) {
        let horizon = self.horizon;
        let near = &mut self.near;
        self.far.retain(|(_, timer)| {
            let far = timer.0 > horizon;
            if !far {
                near.insert(*timer);
            }
            far
        });
    }

    /// Far timers that are written need no memory.
    pub(crate) fn forget_written(&mut self, projected: u64) {
        // While a page is read, what it may have missed has to stay.
        while !self.reading
            && self
                .far
                .front()
                .is_some_and(|(position, _)| *position <= projected)
        {
            self.far.pop_front();
        }
    }
}

/// The key of a timer's row.
pub(crate) fn timer_row_key(id: Id, key: TimerKey) -> Bytes {
    let mut bytes = key.to_bytes().to_vec();
    bytes.extend(id.bytes());
    bytes.into()
}

fn parse_row(row: &Row) -> Option<(Id, TimerKey)> {
    let (key, id) = row.key.split_at_checked(17)?;
    Some((
        Id::from_slice(id)?,
        TimerKey::from_bytes(key.try_into().ok()?)?,
    ))
}

/// Sorts before every timer that is due at this time.
fn beginning_of(due_at: i64) -> Bytes {
    Bytes::copy_from_slice(&due_at.to_be_bytes())
}
