//! Limits of steps and of actions: how many calls under one name are under way at once. A call that stands under
//! one, or under one of each, takes a permit of it here before it goes to its adapter, that of the step first, and
//! gives it back when it has come back. Over several nodes permits are lent as those of adapters are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Id;
use engine::record::{CallLimit, TaskKey};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::admit::{Admission, admit, queue_of};
use super::calls::send_failure;
use super::dispatcher::Dispatcher;
use super::queue::{AdapterQueue, Waiting};
use crate::limits::{HeldTask, Lookout};
use crate::measures::AdapterLoad;
use crate::shared::Shared;

/// The limits under which calls stand.
pub(super) struct CallLimits {
    by_name: Mutex<BTreeMap<String, OneLimit>>,
    released: UnboundedSender<String>,
    /// Taken by the task that gives permits on.
    returns: Mutex<Option<UnboundedReceiver<String>>>,
}

struct OneLimit {
    total: u32,
    /// Those that wait for a permit, each with its adapter; those that have one are running.
    queue: AdapterQueue,
}

/// The right to be under way; given back when it is dropped, wherever that is.
pub(super) struct Permit {
    name: String,
    released: UnboundedSender<String>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Without a receiver the runtime is going down.
        let _gone = self.released.send(std::mem::take(&mut self.name));
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        let (released, returns) = unbounded_channel();
        Self {
            by_name: Mutex::default(),
            released,
            returns: Mutex::new(Some(returns)),
        }
    }
}

impl CallLimits {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, OneLimit>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call that waits for a permit.
    pub(super) fn push(&self, limit: &CallLimit, waiting: Waiting) {
        let mut all = self.all();
        let one = all.entry(limit.name.clone()).or_insert_with(|| OneLimit {
            total: limit.limit,
            queue: AdapterQueue::default(),
        });
        // What the newest call says holds: its definition is the newest.
        one.total = limit.limit;
        one.queue.push(waiting);
    }

    /// Takes a call out that is not needed any more.
    pub(super) fn remove(&self, id: Id, task: TaskKey) -> Option<Waiting> {
        let mut all = self.all();
        all.values_mut().find_map(|one| one.queue.remove(id, task))
    }

    /// The next call that has a permit.
    fn next(&self, shared: &Shared, name: &str) -> Option<(Waiting, Permit)> {
        let mut all = self.all();
        let one = all.get_mut(name)?;
        let room = match &shared.cluster {
            Some(cluster) => cluster.room(shared, name, one.total),
            None => one.total,
        };
        if one.queue.room(room) == 0 {
            return None;
        }
        let waiting = one.queue.pop(shared.clock.now_ms())?;
        one.queue.begin();
        let permit = Permit {
            name: name.to_owned(),
            released: self.released.clone(),
        };
        Some((waiting, permit))
    }

    /// A permit came back. A limit under which nothing is left is forgotten.
    fn ended(&self, name: &str) {
        let mut all = self.all();
        if let Some(one) = all.get_mut(name) {
            one.queue.ended(one.total);
            if one.queue.is_idle() && one.queue.load(name).running == 0 {
                all.remove(name);
            }
        }
    }

    /// The names of the limits under which calls stand.
    pub(super) fn names(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    /// What there is to do under each, and its limit.
    pub(super) fn loads(&self) -> Vec<(AdapterLoad, u32)> {
        let all = self.all();
        let loads = all
            .iter()
            .map(|(name, one)| (one.queue.load(name), one.total));
        loads.collect()
    }

    /// Which tasks of an instance wait for a permit.
    pub(super) fn held(&self, id: Id) -> Vec<HeldTask> {
        let all = self.all();
        let held = all.iter().flat_map(|(name, one)| {
            let what = match name.strip_prefix("action:") {
                Some(action) => format!("calls of {action} as its limit allows"),
                None => "calls as the step's limit allows".to_owned(),
            };
            let what = format!("as many {what} ({}) are under way", one.total);
            one.queue.of(id).map(move |task| HeldTask {
                task: Some(task),
                kind: "limit".to_owned(),
                what: what.clone(),
                until: None,
            })
        });
        held.collect()
    }
}

impl Dispatcher {
    /// Lets calls under a limit go to their adapters, as many as may be.
    pub(crate) fn run_limited(&self, shared: &Arc<Shared>, name: &str) {
        while !self.is_stopped() {
            let Some((mut waiting, permit)) = self.limits.next(shared, name) else {
                return;
            };
            waiting.permits.push(permit);
            match waiting.further.take() {
                Some(limit) => self.wait_further(shared, &limit, waiting),
                None => self.admit_named(shared, waiting),
            }
        }
    }

    /// A call with one permit waits for that of its second limit, behind which is none.
    fn wait_further(&self, shared: &Arc<Shared>, limit: &CallLimit, waiting: Waiting) {
        self.limits.push(limit, waiting);
        if let Some(cluster) = &shared.cluster {
            cluster.want_permits();
        }
        self.run_limited(shared, &limit.name);
    }

    /// A call with a permit begins, or waits for its adapter.
    fn admit_named(&self, shared: &Arc<Shared>, waiting: Waiting) {
        let lookout = Lookout::now(shared);
        let mut queues = self.queues();
        match admit(&mut queues, &lookout, &waiting.adapter, true) {
            Admission::Wait(at) => queue_of(&mut queues, &at).push(waiting),
            Admission::Run(at, passage) => {
                drop(queues);
                self.no_longer_waits(shared);
                self.run_named(shared, at, passage, waiting);
            }
            Admission::Fail(failure) => {
                drop(queues);
                self.no_longer_waits(shared);
                send_failure(shared, waiting.id, waiting.task, *failure);
            }
        }
    }
}

/// Gives permits on that came back, as long as the runtime goes.
pub(crate) async fn give_permits_on(shared: Arc<Shared>) {
    let limits = &shared.dispatcher.limits;
    let returns = limits
        .returns
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut returns) = returns else { return };
    while let Some(name) = returns.recv().await {
        limits.ended(&name);
        shared.dispatcher.run_limited(&shared, &name);
    }
}
