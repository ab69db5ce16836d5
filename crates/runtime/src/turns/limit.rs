//! One limit: those that have a turn, and those that wait.

use std::collections::BTreeSet;

use engine::Id;
use engine::record::OverLimit;

use super::book::Next;
use crate::fair::FairQueue;

/// One that waits, with what its own definition says of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) id: Id,
    pub(super) limit: u32,
    pub(super) over: OverLimit,
}

/// What counts together.
#[derive(Default)]
pub(super) struct Limit {
    /// In order of their places, those that will be there until something ends them.
    pub(super) running: BTreeSet<(u64, Id)>,
    /// Those that have a turn: running, called or leaving.
    pub(super) occupied: usize,
    pub(super) queue: FairQueue<Waiting>,
    /// The same, in order of their places.
    pub(super) by_place: BTreeSet<(u64, Id)>,
    /// It stands in the list of those to be looked at.
    pub(super) due: bool,
}

impl Limit {
    /// What is to be done next. `newest` is what the one says that came last of those that wait.
    pub(super) fn next(&self, now: i64, newest: Option<Waiting>) -> Option<Next> {
        let first = self.queue.first(now)?;
        if self.occupied < first.limit as usize {
            return Some(Next::Call(first.id));
        }
        if first.over == OverLimit::Reject {
            return Some(Next::Refuse(first.id));
        }
        let newest = newest.filter(|newest| newest.over == OverLimit::CancelOldest)?;
        let live = self.running.len() + self.queue.len();
        if live <= newest.limit as usize {
            return None;
        }
        let oldest = self.running.first().or_else(|| self.by_place.first());
        oldest.map(|(_, id)| Next::Cancel(*id))
    }

    /// Whether one more would have to wait.
    pub(super) fn is_full(&self, limit: u32) -> bool {
        !self.queue.is_empty() || self.occupied >= limit as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.occupied == 0 && self.by_place.is_empty()
    }
}
