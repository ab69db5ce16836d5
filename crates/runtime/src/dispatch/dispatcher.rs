//! The dispatcher: tasks to their adapters as room allows, and results back to their partition.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter::{Adapter, Failure};
use definition::Catalog;
use engine::record::{CacheUse, TaskKey};
use engine::{Id, Instance, TaskCall};
use tokio::sync::{Notify, oneshot};

use super::adapters::AdapterPool;
use super::admit::{Admission, Queues, admit, queue_of};
use super::cache::look_while_it_waits;
use super::call_limits::{CallLimits, Permit};
use super::calls::{Returned, make_calls, send_failure};
use super::pause::Pause;
use super::queue::{Urgency, Waiting};
use crate::limits::{Desk, Lookout, Passage};
use crate::measures::AdapterLoad;
use crate::partition::{Internal, Work};
use crate::projector::TaskRow;
use crate::shared::Shared;

/// A task that its partition hands over once the task is durable.
pub(crate) struct Offer {
    pub(super) instance: Arc<Instance>,
    pub(super) task: TaskKey,
    pub(super) call: TaskCall,
}

impl Offer {
    /// A task, if it is out in this state of its instance.
    pub(crate) fn of(instance: &Arc<Instance>, task: TaskKey) -> Option<Self> {
        let call = instance.call(task)?;
        Some(Self {
            instance: Arc::clone(instance),
            task,
            call,
        })
    }

    /// What it asks for where its output may be kept.
    fn may_be_kept(&self) -> Option<(Id, TaskKey, CacheUse)> {
        let cache = self.call.plan.cache.clone()?;
        Some((self.instance.id(), self.task, cache))
    }

    /// The same, as it waits.
    fn waiting(&self, shared: &Shared) -> Waiting {
        Waiting {
            id: self.instance.id(),
            task: self.task,
            urgency: Urgency::of(&self.instance, &self.call.plan),
            since: shared.clock.now_ms(),
            repeated: false,
            adapter: self.call.adapter().into(),
            permits: Vec::new(),
            further: self.call.plan.limits().nth(1).cloned(),
        }
    }
}

/// A task whose call begins.
pub(super) struct Begun {
    pub(super) offer: Offer,
    /// The adapter that makes it: the step's own, or one that stands in for it.
    pub(super) at: String,
    pub(super) passage: Passage,
    /// Those of its limits; given back when they are dropped.
    pub(super) permits: Vec<Permit>,
}

/// Hands tasks to adapters, each with bounded concurrency.
pub(crate) struct Dispatcher {
    pub(super) queues: Mutex<Queues>,
    pub(super) adapters: AdapterPool,
    pub(super) limits: CallLimits,
    stopped: AtomicBool,
    pause: Pause,
    running: AtomicU64,
    none_runs: Notify,
}

impl Default for Dispatcher {
    fn default() -> Self {
        Self {
            queues: Mutex::default(),
            adapters: AdapterPool::default(),
            limits: CallLimits::default(),
            stopped: AtomicBool::new(false),
            pause: Pause::default(),
            running: AtomicU64::new(0),
            none_runs: Notify::new(),
        }
    }
}

impl Dispatcher {
    /// Runs the calls of these tasks, those for which there is room now and the others when there
    /// is. A task that waits is remembered by its name only.
    pub(crate) fn offer(&self, shared: &Arc<Shared>, offers: impl Iterator<Item = Offer>) {
        let lookout = Lookout::now(shared);
        let (mut ready, mut failed, mut waiting) = (Vec::new(), Vec::new(), 0);
        let (mut limited, mut kept) = (BTreeSet::new(), Vec::new());
        let mut queues = self.queues();
        for offer in offers {
            let own = offer.call.adapter();
            if let Some(limit) = offer.call.plan.limits().next() {
                kept.extend(offer.may_be_kept());
                self.limits.push(limit, offer.waiting(shared));
                limited.insert(limit.name.clone());
                waiting += 1;
                continue;
            }
            let admission = if self.is_stopped() {
                Admission::Wait(own.to_owned())
            } else {
                admit(&mut queues, &lookout, own, true)
            };
            match admission {
                Admission::Run(at, passage) => ready.push(Begun {
                    offer,
                    at,
                    passage,
                    permits: Vec::new(),
                }),
                Admission::Fail(failure) => failed.push((offer, failure)),
                Admission::Wait(at) => {
                    kept.extend(offer.may_be_kept());
                    queue_of(&mut queues, &at).push(offer.waiting(shared));
                    waiting += 1;
                }
            }
        }
        drop(queues);
        shared
            .stats
            .calls_waiting
            .fetch_add(waiting, Ordering::Relaxed);
        if waiting > 0
            && let Some(cluster) = &shared.cluster
        {
            cluster.want_permits();
        }
        for name in limited {
            self.run_limited(shared, &name);
        }
        for (id, task, cache) in kept {
            look_while_it_waits(shared, id, task, cache);
        }
        for (offer, failure) in failed {
            send_failure(shared, offer.instance.id(), offer.task, *failure);
        }
        if !ready.is_empty() {
            self.begin(shared, ready.len());
            let calls = make_calls(Arc::clone(shared), ready);
            shared.tasks.spawn(calls);
        }
    }

    /// Queues a task that was out when the process ended; it starts with [`Self::resume`].
    pub(crate) fn repeat(&self, shared: &Shared, row: TaskRow) {
        let mut limits = row.limits.into_iter();
        let limit = limits.next();
        let waiting = Waiting {
            id: row.id,
            task: row.task,
            urgency: row.urgency,
            since: shared.clock.now_ms(),
            repeated: true,
            adapter: row.adapter.as_str().into(),
            permits: Vec::new(),
            further: limits.next(),
        };
        match &limit {
            Some(limit) => self.limits.push(limit, waiting),
            None => {
                let mut queues = self.queues();
                let queue = queue_of(&mut queues, &row.adapter);
                queue.push_repeat(waiting, shared.config.bounds.ramp_start);
            }
        }
        shared.stats.calls_waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Starts what may run of all that waits.
    pub(crate) fn resume(&self, shared: &Arc<Shared>) {
        let adapters: Vec<String> = self.queues().keys().cloned().collect();
        for adapter in adapters {
            self.run_waiting(shared, &adapter);
        }
        for name in self.limits.names() {
            self.run_limited(shared, &name);
        }
    }

    /// What each adapter has to do.
    pub(crate) fn loads(&self) -> Vec<AdapterLoad> {
        let queues = self.queues();
        let loads = queues.iter().map(|(adapter, queue)| queue.load(adapter));
        loads.collect()
    }

    /// What there is to do under each step's limit, and that limit.
    pub(crate) fn limit_loads(&self) -> Vec<(AdapterLoad, u32)> {
        self.limits.loads()
    }

    /// Starts no further call.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Waits until no call runs; a call that takes longer than `grace` is left.
    pub(crate) async fn idle(&self, grace: Duration) {
        let none = async {
            while self.running.load(Ordering::Acquire) > 0 {
                self.none_runs.notified().await;
            }
        };
        if tokio::time::timeout(grace, none).await.is_err() {
            tracing::warn!(
                "calls still run at the end of the grace period; they will be made again"
            );
        }
    }

    /// Lets the adapters' connections go.
    pub(crate) async fn close(&self) {
        self.adapters.close().await;
    }

    /// The adapter of this name, as this catalog has it.
    pub(crate) fn connector(
        &self,
        shared: &Shared,
        catalog: &Catalog,
        adapter: &str,
    ) -> Result<Arc<dyn Adapter>, Box<Failure>> {
        self.adapters.get(shared, catalog, adapter)
    }

    /// Calls of an adapter came back: others may run.
    pub(super) fn ended(&self, shared: &Arc<Shared>, adapter: &str, returned: Returned) {
        let count = returned.calls as u64;
        crate::health::add(&shared.stats.calls_ended, count);
        if self.running.fetch_sub(count, Ordering::AcqRel) == count {
            self.none_runs.notify_one();
        }
        let lookout = Lookout::now(shared);
        let concurrency = lookout.room(adapter);
        let mut queues = self.queues();
        let queue = queue_of(&mut queues, adapter);
        (0..returned.calls).for_each(|_| queue.ended(concurrency));
        if !returned.told.is_empty() {
            let desk = Desk::at(&lookout, adapter);
            for (ticket, came) in returned.told {
                queue.gate.ended(desk.as_ref(), &ticket, came);
            }
        }
        let waits = !queue.is_idle();
        drop(queues);
        if waits {
            self.run_waiting(shared, adapter);
        }
    }

    /// Holds all calls back, or lets those that wait go.
    pub(crate) fn set_paused(&self, shared: &Arc<Shared>, why: Option<String>) {
        if self.pause.set(why) {
            self.resume(shared);
        }
    }

    /// Whether calls are held back.
    pub(crate) fn is_paused(&self) -> bool {
        self.pause.is_on()
    }

    /// Why calls are held back; none when they are not.
    pub(crate) fn why_paused(&self) -> Option<String> {
        self.pause.why()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_paused() || self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, shared: &Shared, calls: usize) {
        self.running.fetch_add(calls as u64, Ordering::AcqRel);
        crate::health::add(&shared.stats.calls_started, calls as u64);
    }

    /// Starts what may run of what waits for one adapter.
    pub(crate) fn run_waiting(&self, shared: &Arc<Shared>, adapter: &str) {
        let lookout = Lookout::now(shared);
        while !self.is_stopped() {
            let mut queues = self.queues();
            if queue_of(&mut queues, adapter).is_idle() {
                return;
            }
            let admission = admit(&mut queues, &lookout, adapter, false);
            if matches!(&admission, Admission::Wait(at) if at == adapter) {
                return;
            }
            let now = shared.clock.now_ms();
            let Some(waiting) = queue_of(&mut queues, adapter).pop(now) else {
                return;
            };
            if let Admission::Wait(at) = admission {
                // Another adapter stands in for this one, and is busy itself.
                queue_of(&mut queues, &at).push(waiting);
                continue;
            }
            drop(queues);
            self.no_longer_waits(shared);
            match admission {
                Admission::Run(at, passage) => self.run_named(shared, at, passage, waiting),
                Admission::Fail(failure) => {
                    send_failure(shared, waiting.id, waiting.task, *failure);
                }
                Admission::Wait(_) => {}
            }
        }
    }

    pub(super) fn no_longer_waits(&self, shared: &Shared) {
        shared.stats.calls_waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Runs a task of which only the name is known: its partition is asked for the rest.
    pub(super) fn run_named(
        &self,
        shared: &Arc<Shared>,
        at: String,
        passage: Passage,
        waiting: Waiting,
    ) {
        self.begin(shared, 1);
        let owned = Arc::clone(shared);
        let Waiting {
            id, task, permits, ..
        } = waiting;
        shared.tasks.spawn(async move {
            let instance = ask_for(&owned, id).await;
            match instance.and_then(|instance| Offer::of(&instance, task)) {
                Some(offer) => {
                    let begun = Begun {
                        offer,
                        at,
                        passage,
                        permits,
                    };
                    make_calls(owned, vec![begun]).await;
                }
                None => owned
                    .dispatcher
                    .ended(&owned, &at, Returned::unmade(passage.ticket)),
            }
        });
    }
}

async fn ask_for(shared: &Shared, id: Id) -> Option<Arc<Instance>> {
    // Of a partition that is not here any more, or not for long, the next owner makes the calls.
    let port = shared.port(id.slot());
    if port.is_leaving() {
        return None;
    }
    let (reply, answer) = oneshot::channel();
    let work = Work::Call(reply);
    port.notify(Internal::Work { id, work });
    answer.await.ok().flatten()
}
