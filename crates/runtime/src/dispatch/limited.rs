//! The dispatcher's side of limits: which adapters are held back, what their homes say, what waits,
//! and what is called off while it does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use adapter::{Effect, Failure, error_type};
use engine::record::TaskKey;
use engine::{Id, Instance};

use super::admit::{Queues, queue_of};
use super::calls::send_failure;
use super::dispatcher::Dispatcher;
use super::queue::Waiting;
use crate::limits::{
    AdapterStanding, Desk, Held, HeldTask, LimitsAnswer, LimitsAsk, Lookout, TargetStanding,
};
use crate::measures::AdapterLoad;
use crate::shared::Shared;

/// An adapter that was not called for so long has nothing to tell its home, in milliseconds.
const IDLE_MS: u64 = 60_000;

/// An adapter that is used or waited for.
pub(crate) struct Limited {
    pub(crate) adapter: String,
    /// Calls wait for something else than room.
    pub(crate) waits: bool,
    /// Until when they do at least, by the boot-time clock.
    pub(crate) until: Option<u64>,
}

impl Dispatcher {
    /// The adapters whose limits are to be looked at.
    pub(crate) fn limited(&self, now: u64) -> Vec<Limited> {
        let queues = self.queues();
        let limited = queues.iter().filter_map(|(adapter, queue)| {
            let held = queue.held.as_ref().filter(|_| !queue.is_idle());
            let held = held.filter(|held| held.kind != "limit");
            let used = queue.gate.used_at();
            let recently = used > 0 && now < used + IDLE_MS;
            // A breaker whose time is over waits for its probes: what comes of them is news, no moment is.
            let due = held.filter(|held| held.kind != "breaker" || held.until > Some(now));
            (held.is_some() || recently).then(|| Limited {
                adapter: adapter.clone(),
                waits: held.is_some(),
                until: due.and_then(|held| held.until),
            })
        });
        limited.collect()
    }

    /// What the home of an adapter is told and asked for; none if nothing limits the adapter.
    pub(crate) fn request(&self, shared: &Shared, adapter: &str) -> Option<LimitsAsk> {
        let lookout = Lookout::now(shared);
        let desk = Desk::at(&lookout, adapter)?;
        let mut queues = self.queues();
        let queue = queue_of(&mut queues, adapter);
        let waiting = u32::try_from(queue.waiting()).unwrap_or(u32::MAX);
        let ready = waiting.min(queue.room(lookout.room(adapter)));
        let elsewhere = !shared.homes.is_here(shared, adapter);
        Some(queue.gate.request(&desk, elsewhere.then_some(ready)))
    }

    /// Takes what the home of an adapter gave to what was asked at `sent_at`.
    pub(crate) fn answered(
        &self,
        shared: &Shared,
        adapter: &str,
        sent_at: u64,
        answer: LimitsAnswer,
    ) {
        let now = shared.clock.boot_ms();
        let mut queues = self.queues();
        queue_of(&mut queues, adapter)
            .gate
            .take(sent_at, now, answer);
    }

    /// How the targets of an adapter stand, as far as this node knows.
    pub(crate) fn targets(&self, shared: &Shared, adapter: &str) -> Vec<TargetStanding> {
        let lookout = Lookout::now(shared);
        let desk = Desk::always(&lookout, adapter);
        let mut queues = self.queues();
        queue_of(&mut queues, adapter).gate.standing(&desk)
    }

    /// What each adapter has to do, with the targets of those that something limits.
    pub(crate) fn measured(&self, shared: &Shared) -> Vec<AdapterLoad> {
        let lookout = Lookout::now(shared);
        let mut queues = self.queues();
        let loads = queues.iter_mut().map(|(adapter, queue)| {
            let mut load = queue.load(adapter);
            if let Some(desk) = Desk::at(&lookout, adapter) {
                load.targets = queue.gate.standing(&desk);
            }
            load
        });
        loads.collect()
    }

    /// How an adapter stands, as far as this node knows.
    pub(crate) fn standing(&self, shared: &Shared, adapter: &str) -> AdapterStanding {
        // Whoever asks for anything gets no queue for it.
        if !shared.catalog.current().adapters.contains_key(adapter) {
            return AdapterStanding::default();
        }
        let mut targets = self.targets(shared, adapter);
        let mut queues = self.queues();
        let queue = queue_of(&mut queues, adapter);
        let load = queue.load(adapter);
        let held = queue.held.as_ref().filter(|_| !queue.is_idle());
        if let [only] = targets.as_mut_slice() {
            only.running = load.running;
        }
        AdapterStanding {
            running: load.running,
            waiting: load.waiting,
            targets,
            held: held.map(|held| held.what.clone()),
        }
    }

    /// Which tasks of an instance wait, and for what.
    pub(crate) fn held(&self, shared: &Shared, id: Id) -> Vec<HeldTask> {
        let (now, wall) = (shared.clock.boot_ms(), shared.clock.now_ms());
        let queues = self.queues();
        let tasks = queues.values().flat_map(|queue| {
            let held = queue.held.as_ref();
            queue.of(id).filter_map(move |task| {
                let Held { kind, what, until } = held?;
                let left = until.map(|until| until.saturating_sub(now));
                Some(HeldTask {
                    task: Some(task),
                    kind: (*kind).to_owned(),
                    what: what.clone(),
                    until: left.map(|left| wall.saturating_add_unsigned(left)),
                })
            })
        });
        tasks.chain(self.limits.held(id)).collect()
    }

    fn remove_anywhere(&self, queues: &mut Queues, id: Id, task: TaskKey) -> Option<Waiting> {
        let mut all = queues.values_mut();
        let found = all.find_map(|queue| queue.remove(id, task));
        found.or_else(|| self.limits.remove(id, task))
    }

    /// Takes out a call that waits: what it would come to is known.
    pub(super) fn take_out(&self, shared: &Shared, id: Id, task: TaskKey) -> Option<Waiting> {
        let waiting = self.remove_anywhere(&mut self.queues(), id, task)?;
        self.no_longer_waits(shared);
        Some(waiting)
    }

    /// Calls off what waits on behalf of lanes that close: nobody needs it any more, and the lane waits
    /// for it.
    pub(crate) fn call_off(&self, shared: &Arc<Shared>, instance: &Instance) {
        if shared.stats.calls_waiting.load(Ordering::Relaxed) <= 0 {
            return;
        }
        let out: BTreeMap<TaskKey, String> = instance
            .closing_tasks()
            .map(|(task, adapter)| (task, adapter.to_owned()))
            .collect();
        if out.is_empty() {
            return;
        }
        let mut called_off = vec![];
        let mut queues = self.queues();
        for (task, adapter) in out {
            // One that another adapter was to make stands in that one's queue.
            let own = queue_of(&mut queues, &adapter).remove(instance.id(), task);
            let found = own.or_else(|| self.remove_anywhere(&mut queues, instance.id(), task));
            called_off.extend(found);
        }
        drop(queues);
        let count = called_off.len() as u64;
        crate::health::add(&shared.stats.calls_called_off, count);
        for waiting in called_off {
            self.no_longer_waits(shared);
            let message =
                "the call was called off while it waited: its step is not needed any more";
            let failure = Failure {
                // It may have been made by the process before.
                effect: if waiting.repeated {
                    Effect::Unknown
                } else {
                    Effect::None
                },
                ..Failure::permanent(error_type::CALLED_OFF, message)
            };
            send_failure(shared, waiting.id, waiting.task, failure);
        }
    }
}
