//! Tasks that wait for room at one adapter.

use std::collections::VecDeque;

use engine::Id;
use engine::record::TaskKey;

use crate::measures::AdapterLoad;

/// A task that waits: its call is built when its turn comes, so that it costs no more than its name.
pub(super) type Waiting = (Id, TaskKey);

/// Priorities from first to last.
const PRIORITIES: [&str; 4] = ["critical", "high", "normal", "low"];

/// The place of a priority's word among the queues.
pub(crate) fn rank(priority: &str) -> u8 {
    let place = PRIORITIES
        .iter()
        .position(|word| *word == priority)
        .unwrap_or(2);
    u8::try_from(place).unwrap_or(2)
}

/// One adapter's calls: those that run are counted, the others wait by priority, then in order.
#[derive(Default)]
pub(super) struct AdapterQueue {
    waiting: [VecDeque<Waiting>; PRIORITIES.len()],
    running: u32,
    /// Since the start.
    started: u64,
    ramp: Option<Ramp>,
}

/// After a recovery the repeated calls do not fall on the other side all at once: so many at first,
/// twice as many whenever that many have come back.
#[derive(Clone, Copy)]
struct Ramp {
    limit: u32,
    ended: u32,
}

impl AdapterQueue {
    /// Takes room for one call, if there is any and nothing waits before it.
    pub(super) fn try_run(&mut self, concurrency: u32) -> bool {
        let room = self.is_idle() && self.has_room(concurrency);
        if room {
            self.begin();
        }
        room
    }

    /// Adds one that waits.
    pub(super) fn push(&mut self, rank: u8, waiting: Waiting) {
        let last = self.waiting.len() - 1;
        self.waiting[usize::from(rank).min(last)].push_back(waiting);
    }

    /// Adds one that is made again after a recovery.
    pub(super) fn push_repeat(&mut self, rank: u8, waiting: Waiting, ramp_start: u32) {
        self.ramp.get_or_insert(Ramp {
            limit: ramp_start.max(1),
            ended: 0,
        });
        self.push(rank, waiting);
    }

    /// The next that may run; it counts as running.
    pub(super) fn next(&mut self, concurrency: u32) -> Option<Waiting> {
        if !self.has_room(concurrency) {
            return None;
        }
        let next = self.waiting.iter_mut().find_map(VecDeque::pop_front)?;
        self.begin();
        Some(next)
    }

    fn begin(&mut self) {
        self.running += 1;
        self.started += 1;
    }

    /// What the adapter of this name has to do.
    pub(super) fn load(&self, adapter: &str) -> AdapterLoad {
        let waiting: usize = self.waiting.iter().map(VecDeque::len).sum();
        AdapterLoad {
            adapter: adapter.to_owned(),
            started: self.started,
            running: u64::from(self.running),
            waiting: waiting as u64,
        }
    }

    /// A call came back.
    pub(super) fn ended(&mut self, concurrency: u32) {
        self.running = self.running.saturating_sub(1);
        if let Some(ramp) = &mut self.ramp {
            ramp.ended += 1;
            if ramp.ended >= ramp.limit {
                *ramp = Ramp {
                    limit: ramp.limit.saturating_mul(2),
                    ended: 0,
                };
            }
            if ramp.limit >= concurrency {
                self.ramp = None;
            }
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }

    fn has_room(&self, concurrency: u32) -> bool {
        let limit = self
            .ramp
            .map_or(concurrency, |ramp| ramp.limit.min(concurrency));
        self.running < limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(attempt: u32) -> Waiting {
        (
            Id::default(),
            TaskKey {
                attempt,
                ..TaskKey::default()
            },
        )
    }

    #[test]
    fn higher_priorities_go_first_and_equals_in_order() {
        let mut queue = AdapterQueue::default();
        for (place, priority) in ["low", "normal", "critical", "", "high", "critical"]
            .iter()
            .enumerate()
        {
            queue.push(
                rank(priority),
                waiting(u32::try_from(place).expect("small")),
            );
        }
        let order: Vec<u32> = std::iter::from_fn(|| queue.next(100))
            .map(|(_, task)| task.attempt)
            .collect();
        assert_eq!(order, [2, 5, 4, 1, 3, 0]);
    }

    #[test]
    fn no_more_run_than_may() {
        let mut queue = AdapterQueue::default();
        assert!(queue.try_run(1) && !queue.try_run(1));
        queue.push(2, waiting(1));
        assert!(queue.next(1).is_none());
        queue.ended(1);
        assert!(!queue.try_run(1), "what waits goes first");
        assert!(queue.next(1).is_some());
    }

    #[test]
    fn repeats_begin_slowly() {
        let mut queue = AdapterQueue::default();
        (0..100).for_each(|place| queue.push_repeat(2, waiting(place), 2));
        let mut widths = vec![];
        while !queue.is_idle() {
            let started = std::iter::from_fn(|| queue.next(16)).count();
            widths.push(started);
            (0..started).for_each(|_| queue.ended(16));
        }
        assert_eq!(widths, [2, 4, 8, 16, 16, 16, 16, 16, 6]);
    }
}
