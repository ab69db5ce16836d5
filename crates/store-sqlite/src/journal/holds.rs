//! What keeps trimming from the journal: a copy that is being made, an archive that lags.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The first block that each holder still needs.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    needed: Mutex<BTreeMap<u64, u64>>,
}

impl Holds {
    /// Keeps blocks from this one on until the answer is dropped.
    pub(crate) fn hold(self: &Arc<Self>, from: u64) -> Hold {
        let mut needed = self.needed();
        let ticket = needed.keys().next_back().map_or(0, |last| last + 1);
        needed.insert(ticket, from);
        Hold {
            holds: Arc::clone(self),
            ticket,
        }
    }

    /// The first block that somebody needs; above all blocks if nobody does.
    pub(crate) fn needed_from(&self) -> u64 {
        self.needed().values().min().copied().unwrap_or(u64::MAX)
    }

    /// A map of numbers is never left half changed.
    fn needed(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hold on the journal.
#[derive(Debug)]
pub(crate) struct Hold {
    holds: Arc<Holds>,
    ticket: u64,
}

impl Hold {
    /// Needs blocks from a later one on only.
    pub(crate) fn move_to(&self, from: u64) {
        self.holds.needed().insert(self.ticket, from);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.holds.needed().remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_need_counts_while_it_lasts() {
        let holds = Arc::new(Holds::default());
        assert_eq!(holds.needed_from(), u64::MAX);
        let (one, two) = (holds.hold(7), holds.hold(3));
        assert_eq!(holds.needed_from(), 3);
        two.move_to(9);
        assert_eq!(holds.needed_from(), 7);
        drop(one);
        assert_eq!(holds.needed_from(), 9);
        drop(two);
        assert_eq!(holds.needed_from(), u64::MAX);
    }
}
