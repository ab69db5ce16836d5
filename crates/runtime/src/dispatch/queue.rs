//! Tasks that wait for room at one adapter.

use std::sync::{Arc, LazyLock};

use engine::record::{CallLimit, Plan, Share, TaskKey};
use engine::{Id, Instance};

use super::call_limits::Permit;
use crate::fair::{FairQueue, Ticket, rank};
use crate::limits::{Gate, Held};
use crate::measures::AdapterLoad;

/// A task that waits: its call is built when its turn comes, so that it costs no more than its name.
pub(super) struct Waiting {
    pub(super) id: Id,
    pub(super) task: TaskKey,
    pub(super) urgency: Urgency,
    /// Since when, milliseconds since the epoch.
    pub(super) since: i64,
    /// It may have been made before the process ended.
    pub(super) repeated: bool,
    /// Whose call it is.
    pub(super) adapter: Arc<str>,
    /// Those of the limits that it stands under, as far as it has them.
    pub(super) permits: Vec<Permit>,
    /// The limit whose permit it has yet to get, behind the one that it waits for.
    pub(super) further: Option<CallLimit>,
}

/// What decides when a task has its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Urgency {
    /// The rank of its priority.
    pub(crate) rank: u8,
    /// Whose share it takes, and how large that is; none: what has none shares one.
    pub(crate) share: Option<Share>,
}

impl Urgency {
    /// Of a call of an instance.
    pub(crate) fn of(instance: &Instance, plan: &Plan) -> Self {
        let priority = match plan.priority.as_str() {
            "" => instance.header().started.priority.as_str(),
            own => own,
        };
        Self {
            rank: rank(priority),
            share: instance.share().cloned(),
        }
    }
}

/// The key of what has no share of its own.
static NO_SHARE: LazyLock<Arc<str>> = LazyLock::new(|| "".into());

/// One adapter's calls: those that run are counted, the others wait by priority, then for their share,
/// then in order.
#[derive(Default)]
pub(super) struct AdapterQueue {
    waiting: FairQueue<Waiting>,
    /// The number of the last one that came to wait.
    last: u64,
    running: u32,
    /// Since the start.
    started: u64,
    ramp: Option<Ramp>,
    /// What is known of the adapter's limits.
    pub(super) gate: Gate,
    /// Why what waits does.
    pub(super) held: Option<Held>,
}

/// After a recovery the repeated calls do not fall on the other side all at once: so many at first,
/// twice as many whenever that many have come back.
#[derive(Clone, Copy)]
struct Ramp {
    limit: u32,
    ended: u32,
}

impl AdapterQueue {
    /// Adds one that waits.
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.last += 1;
        let share = waiting.urgency.share.as_ref();
        self.waiting.push(Ticket {
            rank: waiting.urgency.rank,
            key: share.map_or_else(|| Arc::clone(&NO_SHARE), |share| share.key.as_str().into()),
            weight: share.map_or(1, |share| share.weight),
            place: (waiting.since, self.last),
            item: waiting,
        });
    }

    /// Adds one that is made again after a recovery.
    pub(super) fn push_repeat(&mut self, waiting: Waiting, ramp_start: u32) {
        self.ramp.get_or_insert(Ramp {
            limit: ramp_start.max(1),
            ended: 0,
        });
        self.push(waiting);
    }

    /// Takes the one out whose turn it is.
    pub(super) fn pop(&mut self, now: i64) -> Option<Waiting> {
        self.waiting.pop(now)
    }

    /// Takes one task out that is not needed any more.
    pub(super) fn remove(&mut self, id: Id, task: TaskKey) -> Option<Waiting> {
        let is = |waiting: &Waiting| waiting.id == id && waiting.task == task;
        self.waiting.remove_where(is)
    }

    /// The tasks of one instance that wait.
    pub(super) fn of(&self, id: Id) -> impl Iterator<Item = TaskKey> + '_ {
        let own = self.waiting.iter().filter(move |waiting| waiting.id == id);
        own.map(|waiting| waiting.task)
    }

    /// How many wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A call begins.
    pub(super) fn begin(&mut self) {
        self.running += 1;
        self.started += 1;
    }

    /// What the adapter of this name has to do.
    pub(super) fn load(&self, adapter: &str) -> AdapterLoad {
        AdapterLoad {
            adapter: adapter.to_owned(),
            started: self.started,
            running: u64::from(self.running),
            waiting: self.waiting() as u64,
            targets: Vec::new(),
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
    pub(super) const fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many more calls may be under way.
    pub(super) fn room(&self, concurrency: u32) -> u32 {
        let limit = self
            .ramp
            .map_or(concurrency, |ramp| ramp.limit.min(concurrency));
        limit.saturating_sub(self.running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(rank: u8, attempt: u32) -> Waiting {
        Waiting {
            id: Id::default(),
            task: TaskKey {
                attempt,
                ..TaskKey::default()
            },
            urgency: Urgency { rank, share: None },
            since: 0,
            repeated: false,
            adapter: "a".into(),
            permits: Vec::new(),
            further: None,
        }
    }

    fn next(queue: &mut AdapterQueue, concurrency: u32) -> Option<u32> {
        let may = queue.room(concurrency) > 0;
        let next = may.then(|| queue.pop(0)).flatten()?;
        queue.begin();
        Some(next.task.attempt)
    }

    #[test]
    fn higher_priorities_go_first_and_equals_in_order() {
        let mut queue = AdapterQueue::default();
        let words = ["low", "normal", "critical", "", "high", "critical"];
        for (place, priority) in (0..).zip(words) {
            queue.push(waiting(rank(priority), place));
        }
        let order: Vec<u32> = std::iter::from_fn(|| next(&mut queue, 100)).collect();
        assert_eq!(order, [2, 5, 4, 1, 3, 0]);
    }

    #[test]
    fn no_more_run_than_may() {
        let mut queue = AdapterQueue::default();
        queue.push(waiting(2, 1));
        queue.push(waiting(2, 2));
        assert_eq!(next(&mut queue, 0), None, "without permits none may");
        assert_eq!(next(&mut queue, 1), Some(1));
        assert_eq!(next(&mut queue, 1), None);
        queue.ended(1);
        assert_eq!(next(&mut queue, 1), Some(2));
    }

    #[test]
    fn what_is_not_needed_goes() {
        let mut queue = AdapterQueue::default();
        queue.push(waiting(2, 1));
        queue.push(waiting(0, 2));
        let task = waiting(2, 1).task;
        assert_eq!(queue.of(Id::default()).count(), 2);
        let mut remove = || queue.remove(Id::default(), task).map(|gone| gone.task);
        assert_eq!(remove(), Some(task));
        assert_eq!(remove(), None);
        assert_eq!(next(&mut queue, 9), Some(2));
        assert!(queue.is_idle());
    }

    #[test]
    fn repeats_begin_slowly() {
        let mut queue = AdapterQueue::default();
        (0..100).for_each(|place| queue.push_repeat(waiting(2, place), 2));
        let mut widths = vec![];
        while !queue.is_idle() {
            let started = std::iter::from_fn(|| next(&mut queue, 16)).count();
            widths.push(started);
            (0..started).for_each(|_| queue.ended(16));
        }
        assert_eq!(widths, [2, 4, 8, 16, 16, 16, 16, 16, 6]);
    }
}
