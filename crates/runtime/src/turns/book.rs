//! All limits of one partition.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use engine::record::{OverLimit, TurnLimit};
use engine::{Id, IdMap, Instance, Turn};

use super::Queue;
use super::limit::{Limit, Waiting};
use super::row::{Standing, TurnRow};
use crate::fair::{Place, Ticket};

/// No more of a queue is looked at to say how many are ahead.
pub(super) const COUNTED: usize = 10_000;

/// What is to be done about one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Its turn has come.
    Call(Id),
    /// It is the oldest, and another one wants in.
    Cancel(Id),
    /// There is no room, and it does not wait.
    Refuse(Id),
}

/// Who has a turn and who waits, by limit.
#[derive(Default)]
pub(crate) struct Turns {
    limits: HashMap<Arc<str>, Limit>,
    entries: IdMap<Entry>,
    /// Limits under which something may be to be done.
    due: VecDeque<Arc<str>>,
    last_place: u64,
    waiting: usize,
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Held,
    /// Its turn has come, but no record says so yet.
    Called,
    Running,
    Leaving,
    /// It waits, and was told to end.
    Dropped,
}

impl State {
    const fn occupies(self) -> bool {
        matches!(self, Self::Called | Self::Running | Self::Leaving)
    }

    /// Whether the instance's own state says no more than this.
    const fn is_shown_as(self, turn: Turn) -> bool {
        match turn {
            Turn::Waiting => matches!(self, Self::Waiting | Self::Called | Self::Dropped),
            Turn::Held => matches!(self, Self::Held),
            Turn::Running => matches!(self, Self::Running | Self::Leaving),
            Turn::Leaving => matches!(self, Self::Leaving),
        }
    }
}

struct Entry {
    limit: Arc<str>,
    state: State,
    place: u64,
    since: i64,
    rank: u8,
    weight: u32,
    key: Arc<str>,
    waiting: Waiting,
}

impl Turns {
    /// The place of the next one that begins to wait.
    pub(crate) const fn next_place(&self) -> u64 {
        self.last_place + 1
    }

    /// Takes in how an instance stands after a record.
    pub(crate) fn note_instance(&mut self, instance: &Instance) {
        if instance.limit().is_none() {
            return;
        }
        let id = instance.id();
        let known = self.entries.get(&id).map(|entry| entry.state);
        match (known, instance.turn()) {
            (None, None) => {}
            (Some(state), Some(turn)) if state.is_shown_as(turn) => {}
            _ => self.note(id, TurnRow::of(instance).as_ref()),
        }
    }

    /// Takes in how an instance stands now; none: under no limit, or no more.
    pub(crate) fn note(&mut self, id: Id, row: Option<&TurnRow>) {
        let old = self.entries.remove(&id);
        let was = old.as_ref().map(|entry| entry.state);
        if let Some(old) = &old {
            self.take_out(id, old);
        }
        let Some(row) = row else {
            if let Some(old) = &old {
                self.touch(&old.limit);
            }
            return;
        };
        self.last_place = self.last_place.max(row.place);
        let state = match (row.standing(), was) {
            (Standing::Waiting, Some(State::Called)) => State::Called,
            (Standing::Waiting, Some(State::Dropped)) => State::Dropped,
            (Standing::Waiting, _) => State::Waiting,
            (Standing::Held, _) => State::Held,
            (Standing::Running, Some(State::Leaving)) => State::Leaving,
            (Standing::Running, _) => State::Running,
            (Standing::Leaving, _) => State::Leaving,
        };
        let entry = self.entry_of(id, row, old, state);
        self.put_in(id, entry);
    }

    /// Whether one more under this limit would have to wait.
    pub(crate) fn is_full(&self, limit: &TurnLimit) -> bool {
        let found = self.limits.get(limit.name().as_str());
        found.is_some_and(|found| found.is_full(limit.limit))
    }

    /// Whether something may be to be done.
    pub(crate) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// What is to be done next, as done from here on.
    pub(crate) fn next(&mut self, now: i64) -> Option<Next> {
        while let Some(name) = self.due.front() {
            let limit = self.limits.get(name);
            let newest = limit.and_then(|limit| {
                let (_, id) = limit.by_place.last()?;
                Some(self.entries.get(id)?.waiting)
            });
            if let Some(next) = limit.and_then(|limit| limit.next(now, newest)) {
                self.begin(next, now);
                return Some(next);
            }
            self.looked_at();
        }
        None
    }

    /// The instance's turn has come, if it has.
    pub(crate) fn call(&mut self, id: Id, now: i64) -> bool {
        let first = || {
            let limit = self.limits.get(&self.entries.get(&id)?.limit)?;
            limit.next(now, None)
        };
        let called = first() == Some(Next::Call(id));
        if called {
            self.begin(Next::Call(id), now);
        }
        called
    }

    /// How an instance that waits stands.
    pub(crate) fn queue_of(&self, id: Id) -> Option<Queue> {
        let entry = self.entries.get(&id)?;
        let limit = self.limits.get(&entry.limit)?;
        let waits = matches!(entry.state, State::Waiting | State::Held);
        waits.then(|| Queue {
            ahead: limit.queue.ahead_of(entry.rank, entry.at(), COUNTED),
            running: limit.occupied,
        })
    }

    /// How many wait for a turn.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    #[cfg(test)]
    pub(super) fn is_forgotten(&self) -> bool {
        self.limits.is_empty() && self.entries.is_empty()
    }

    fn begin(&mut self, next: Next, now: i64) {
        let (Next::Call(id) | Next::Refuse(id) | Next::Cancel(id)) = next;
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        let state = match next {
            Next::Call(_) => State::Called,
            Next::Cancel(_) if entry.state.occupies() => State::Leaving,
            Next::Refuse(_) | Next::Cancel(_) => State::Dropped,
        };
        if state == State::Called
            && let Some(limit) = self.limits.get_mut(&entry.limit)
        {
            // It has used up a turn of its key, which one that leaves the queue has not.
            limit.queue.pop(now);
        }
        self.take_out(id, &entry);
        self.put_in(id, Entry { state, ..entry });
    }

    /// Nothing more is to be done under the first of the limits that were to be looked at.
    fn looked_at(&mut self) {
        let Some(name) = self.due.pop_front() else {
            return;
        };
        if let Some(limit) = self.limits.get_mut(&name) {
            limit.due = false;
            if limit.is_empty() {
                self.limits.remove(&name);
            }
        }
    }

    fn entry_of(&self, id: Id, row: &TurnRow, old: Option<Entry>, state: State) -> Entry {
        let name = row.limit.name();
        let share = row.share.as_ref();
        let (limit, key) = match old {
            Some(old) => (old.limit, old.key),
            None => {
                let known = self.limits.get_key_value(name.as_str());
                let limit = known.map_or_else(|| name.into(), |(name, _)| Arc::clone(name));
                let key = share.map_or("", |share| share.key.as_str());
                (limit, key.into())
            }
        };
        Entry {
            limit,
            key,
            state,
            place: row.place,
            since: row.since,
            rank: u8::try_from(row.rank).unwrap_or(u8::MAX),
            weight: share.map_or(1, |share| share.weight),
            waiting: Waiting {
                id,
                limit: row.limit.limit,
                over: OverLimit::try_from(row.limit.over).unwrap_or(OverLimit::Queue),
            },
        }
    }

    fn put_in(&mut self, id: Id, entry: Entry) {
        let limit = self.limits.entry(Arc::clone(&entry.limit)).or_default();
        limit.occupied += usize::from(entry.state.occupies());
        match entry.state {
            State::Waiting => {
                limit.by_place.insert((entry.place, id));
                limit.queue.push(Ticket {
                    rank: entry.rank,
                    key: Arc::clone(&entry.key),
                    weight: entry.weight,
                    place: entry.at(),
                    item: entry.waiting,
                });
                self.waiting += 1;
            }
            State::Running => {
                limit.running.insert((entry.place, id));
            }
            State::Called | State::Held | State::Leaving | State::Dropped => {}
        }
        self.touch(&entry.limit);
        self.entries.insert(id, entry);
    }

    /// Its limit stays, to be looked at.
    fn take_out(&mut self, id: Id, entry: &Entry) {
        let Some(limit) = self.limits.get_mut(&entry.limit) else {
            return;
        };
        limit.occupied -= usize::from(entry.state.occupies());
        match entry.state {
            State::Waiting => {
                limit.by_place.remove(&(entry.place, id));
                limit.queue.remove(entry.rank, &entry.key, entry.at());
                self.waiting -= 1;
            }
            State::Running => {
                limit.running.remove(&(entry.place, id));
            }
            State::Called | State::Held | State::Leaving | State::Dropped => {}
        }
    }

    /// A limit changed: whoever waits may be next. One that nobody stands under is forgotten.
    fn touch(&mut self, name: &Arc<str>) {
        let Some(limit) = self.limits.get_mut(name) else {
            return;
        };
        if limit.queue.is_empty() {
            if limit.is_empty() && !limit.due {
                self.limits.remove(name);
            }
        } else if !limit.due {
            limit.due = true;
            self.due.push_back(Arc::clone(name));
        }
    }
}

impl Entry {
    const fn at(&self) -> Place {
        (self.since, self.place)
    }
}
