//! One band: fair shares between its keys, by start tags (Goyal, Vin and Cheng, 1996): each key counts
//! what it was given, divided by its weight, and the one with the least goes next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::queue::{Place, Ticket};

/// What one turn costs a key of weight 1.
const COST: u64 = 1_000_000;
/// So many keys that rest are remembered before those are forgotten whose share has been used up.
const RESTING: usize = 64;

/// What waits in one band.
pub(super) struct Band<T> {
    flows: BTreeMap<Arc<str>, Flow<T>>,
    /// Keys by what they were given: the first is next.
    by_share: BTreeSet<(u64, Place, Arc<str>)>,
    /// Keys by the longest wait in them.
    by_age: BTreeSet<(Place, Arc<str>)>,
    /// What the key had that went last.
    clock: u64,
    /// Keys of which nothing waits, but which have had more than others by now.
    resting: BTreeMap<Arc<str>, u64>,
}

struct Flow<T> {
    waiting: BTreeMap<Place, (u32, T)>,
    given: u64,
}

impl<T> Default for Band<T> {
    fn default() -> Self {
        Self {
            flows: BTreeMap::new(),
            by_share: BTreeSet::new(),
            by_age: BTreeSet::new(),
            clock: 0,
            resting: BTreeMap::new(),
        }
    }
}

impl<T> Band<T> {
    pub(super) fn push(&mut self, ticket: Ticket<T>) {
        let Ticket {
            key,
            weight,
            place,
            item,
            ..
        } = ticket;
        let front = self.leave(&key);
        if front.is_none() {
            let rested = self.resting.remove(&key).unwrap_or(0);
            let given = rested.max(self.clock);
            let waiting = BTreeMap::new();
            self.flows.insert(Arc::clone(&key), Flow { waiting, given });
        }
        if let Some(flow) = self.flows.get_mut(&key) {
            flow.waiting.insert(place, (weight.max(1), item));
        }
        self.enter(&key);
    }

    /// The key whose turn it is.
    pub(super) fn next(&self) -> Option<&Arc<str>> {
        self.by_share.first().map(|(_, _, key)| key)
    }

    /// The longest wait, and its key.
    pub(super) fn oldest(&self) -> Option<(Place, &Arc<str>)> {
        self.by_age.first().map(|(place, key)| (*place, key))
    }

    /// The first that waits under a key.
    pub(super) fn front(&self, key: &str) -> Option<&T> {
        let (_, (_, item)) = self.flows.get(key)?.waiting.first_key_value()?;
        Some(item)
    }

    /// Gives a key its turn.
    pub(super) fn take(&mut self, key: &Arc<str>) -> Option<T> {
        self.leave(key)?;
        let flow = self.flows.get_mut(key)?;
        let (_, (weight, item)) = flow.waiting.pop_first()?;
        self.clock = self.clock.max(flow.given);
        flow.given = flow.given.saturating_add(COST / u64::from(weight));
        self.enter(key);
        Some(item)
    }

    /// Takes one out that does not want in any more.
    pub(super) fn remove(&mut self, key: &Arc<str>, place: Place) -> Option<T> {
        self.leave(key)?;
        let flow = self.flows.get_mut(key);
        let found = flow.and_then(|flow| flow.waiting.remove(&place));
        self.enter(key);
        found.map(|(_, item)| item)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, Place, &T)> {
        self.flows.iter().flat_map(|(key, flow)| {
            let waiting = flow.waiting.iter();
            waiting.map(move |(place, (_, item))| (key, *place, item))
        })
    }

    /// Takes a key out of the orders, while it changes; none: nothing of it waits.
    fn leave(&mut self, key: &Arc<str>) -> Option<()> {
        let flow = self.flows.get(key)?;
        let (place, _) = flow.waiting.first_key_value()?;
        let (given, place) = (flow.given, *place);
        self.by_share.remove(&(given, place, Arc::clone(key)));
        self.by_age.remove(&(place, Arc::clone(key)));
        Some(())
    }

    /// Puts it back, or lets it rest.
    fn enter(&mut self, key: &Arc<str>) {
        let Some(flow) = self.flows.get(key) else {
            return;
        };
        let given = flow.given;
        if let Some((place, _)) = flow.waiting.first_key_value() {
            let place = *place;
            self.by_share.insert((given, place, Arc::clone(key)));
            self.by_age.insert((place, Arc::clone(key)));
            return;
        }
        self.flows.remove(key);
        if self.flows.is_empty() {
            // Nobody is behind anybody when the next one comes.
            self.clock = 0;
            self.resting.clear();
        } else if given > self.clock {
            self.resting.insert(Arc::clone(key), given);
            if self.resting.len() > RESTING + 2 * self.flows.len() {
                let clock = self.clock;
                self.resting.retain(|_, given| *given > clock);
            }
        }
    }
}
