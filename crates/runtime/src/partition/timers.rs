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

    /// Timers in memory.
    pub(crate) fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    /// Whether a timer that is set should be in memory, and is not.
    pub(crate) fn lacks(&self, id: Id, key: TimerKey) -> bool {
        key.due_at <= self.horizon && !self.near.contains(&(key.due_at, id, key))
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
        let timers = rows.iter().filter_map(parse_row);
        let near = timers.take_while(|(_, key)| key.due_at <= target);
        self.near
            .extend(near.map(|(id, key)| (key.due_at, id, key)));
        // More may follow behind a full page, unless it already passes the window.
        let last = rows.last().filter(|_| rows.len() >= PAGE);
        let due_at = last.and_then(parse_row).map(|(_, key)| key.due_at);
        let (horizon, cursor) = match (last, due_at) {
            (Some(last), Some(due_at)) if due_at <= target => {
                (due_at, (last.key.clone(), last.slot))
            }
            _ => (target, (beginning_of(target.saturating_add(1)), 0)),
        };
        self.cursor = Some(cursor);
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

#[cfg(test)]
mod tests {
    use engine::TimerKind;
    use engine::record::StepRef;

    use super::*;

    const WINDOW_MS: i64 = 1_000;

    fn key(due_at: i64) -> TimerKey {
        TimerKey {
            due_at,
            kind: TimerKind::Wait,
            at: StepRef::default(),
        }
    }

    fn row(due_at: i64, id: u64) -> Row {
        let id = Id::new(0, 0, id);
        Row {
            slot: 0,
            key: timer_row_key(id, key(due_at)),
            value: Bytes::new(),
        }
    }

    fn read(timers: &mut NearTimers, now: i64, table: &[Row]) -> bool {
        let Some(scan) = timers.page_to_read(now, 0..=4095) else {
            return false;
        };
        let after = scan.after.map(|(key, _)| key).unwrap_or_default();
        let page: Vec<Row> = table
            .iter()
            .filter(|row| row.key > after)
            .take(scan.limit)
            .cloned()
            .collect();
        timers.page_read(now, &page);
        true
    }

    fn fired(timers: &mut NearTimers, now: i64) -> usize {
        std::iter::from_fn(|| timers.pop_due(now)).count()
    }

    #[test]
    fn pages_that_end_on_the_window_are_followed_by_the_next() {
        let table: Vec<Row> = (0..PAGE as u64 + 7).map(|id| row(WINDOW_MS, id)).collect();
        let mut timers = NearTimers::new(WINDOW_MS, 10);
        assert!(read(&mut timers, 0, &table));
        assert!(!read(&mut timers, 0, &table), "no more than fits");
        assert_eq!(fired(&mut timers, WINDOW_MS), PAGE);
        assert!(read(&mut timers, WINDOW_MS, &table));
        assert_eq!(fired(&mut timers, WINDOW_MS), 7);
    }

    #[test]
    fn a_far_timer_is_found_in_memory_or_in_the_table_at_any_moment() {
        for written in [false, true] {
            let mut timers = NearTimers::new(WINDOW_MS, 10);
            read(&mut timers, 0, &[]);
            timers.set(Id::new(0, 0, 1), key(5_000), 3);
            let table = if written { vec![row(5_000, 1)] } else { vec![] };
            if written {
                timers.forget_written(3);
            }
            let mut fired_at = vec![];
            for now in (0..8_000).step_by(100) {
                read(&mut timers, now, &table);
                fired_at.extend(std::iter::repeat_n(now, fired(&mut timers, now)));
            }
            assert_eq!(fired_at, [5_000], "written: {written}");
        }
    }

    #[test]
    fn a_near_timer_fires_without_the_table() {
        let mut timers = NearTimers::new(WINDOW_MS, 10);
        read(&mut timers, 0, &[]);
        timers.set(Id::new(0, 0, 1), key(900), 3);
        assert_eq!(timers.next_at(), 500, "time to read further");
        read(&mut timers, 500, &[]);
        assert_eq!(timers.next_at(), 900);
        assert_eq!((fired(&mut timers, 899), fired(&mut timers, 900)), (0, 1));
    }
}
