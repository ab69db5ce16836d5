//! Starts that came once more, remembered for as long as the first of them may still be on its way.

use std::collections::VecDeque;

use engine::{Id, IdMap};

/// How long a request may be delayed on its way, in milliseconds.
const ON_ITS_WAY_MS: i64 = 600_000;
/// So many are remembered; beyond them every start is looked up.
const MOST: usize = 10_000;
/// Clocks of nodes may be apart by so much, in milliseconds.
const CLOCKS_APART_MS: i64 = 2_000;

/// The ids of starts that were asked for again. Their first requests may come behind them, when what was begun may have
/// left the memory.
pub(super) struct Repeated {
    ids: IdMap<()>,
    /// The same, the oldest first, with when they came.
    came: VecDeque<(i64, Id)>,
    /// Of ids that were made before it is not known whether they came.
    known_from: i64,
}

impl Repeated {
    /// Remembers from now on, when the partition was opened; `alone`: no other node sends it anything.
    pub(super) fn since(now: i64, alone: bool) -> Self {
        let known_from = now.saturating_add(CLOCKS_APART_MS);
        Self {
            ids: IdMap::default(),
            came: VecDeque::new(),
            known_from: if alone { i64::MIN } else { known_from },
        }
    }

    /// Notes that a start was asked for again.
    pub(super) fn note(&mut self, id: Id, now: i64) {
        self.forget(now);
        if self.came.len() < MOST && self.ids.insert(id, ()).is_none() {
            self.came.push_back((now, id));
        }
    }

    /// Whether a first request may come behind its repeat.
    pub(super) fn may_have_come(&mut self, id: Id, now: i64) -> bool {
        self.forget(now);
        self.came.len() == MOST || self.ids.contains_key(&id) || id.made_at() < self.known_from
    }

    fn forget(&mut self, now: i64) {
        while let Some((came, id)) = self.came.front()
            && now - came > ON_ITS_WAY_MS
        {
            self.ids.remove(id);
            self.came.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_request_may_come_behind_its_repeat() {
        let made = |at: i64, random: u64| Id::new(at, 0, random);
        let mut repeated = Repeated::since(10_000, false);
        assert!(
            repeated.may_have_come(made(11_000, 1), 11_000),
            "before it was opened, perhaps"
        );
        let id = made(20_000, 2);
        assert!(!repeated.may_have_come(id, 20_000));
        repeated.note(id, 21_000);
        assert!(repeated.may_have_come(id, 21_000 + ON_ITS_WAY_MS));
        assert!(!repeated.may_have_come(id, 21_001 + ON_ITS_WAY_MS));
    }

    #[test]
    fn at_the_bound_everything_is_looked_up() {
        let mut repeated = Repeated::since(0, true);
        let id = |number: usize| Id::new(1, 0, number as u64);
        (0..MOST + 5).for_each(|number| repeated.note(id(number), 5_000));
        assert_eq!(repeated.came.len(), MOST);
        assert!(repeated.may_have_come(id(MOST + 9), 5_000));
        assert!(!repeated.may_have_come(id(MOST + 9), 5_001 + ON_ITS_WAY_MS));
        assert!(repeated.ids.is_empty());
    }
}
