//! The dispatcher: tasks to their adapters as room allows, and results back to their partition.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::record::TaskKey;
use engine::{Id, Instance, TaskCall};
use tokio::sync::{Notify, oneshot};

use super::adapters::AdapterPool;
use super::calls::make_calls;
use super::pause::Pause;
use super::queue::{AdapterQueue, rank};
use crate::measures::AdapterLoad;
use crate::partition::{Internal, Work};
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
}

/// Hands tasks to adapters, each with bounded concurrency.
pub(crate) struct Dispatcher {
    queues: Mutex<BTreeMap<String, AdapterQueue>>,
    pub(super) adapters: AdapterPool,
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
        let room = Room::now(shared);
        let (mut ready, mut waiting) = (Vec::new(), 0);
        let mut queues = self.queues();
        for offer in offers {
            let queue = queue_of(&mut queues, offer.call.adapter());
            if !self.is_stopped() && queue.try_run(room.of(offer.call.adapter())) {
                ready.push(offer);
                continue;
            }
            let priority = rank(&offer.instance.header().started.priority);
            queue.push(priority, (offer.instance.id(), offer.task));
            waiting += 1;
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
        if !ready.is_empty() {
            self.begin(shared, ready.len());
            let calls = make_calls(Arc::clone(shared), ready);
            shared.tasks.spawn(calls);
        }
    }

    /// Queues a task that was out when the process ended; it starts with [`Self::resume`].
    pub(crate) fn repeat(&self, shared: &Shared, adapter: &str, rank: u8, id: Id, task: TaskKey) {
        let mut queues = self.queues();
        let queue = queue_of(&mut queues, adapter);
        queue.push_repeat(rank, (id, task), shared.config.bounds.ramp_start);
        shared.stats.calls_waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Starts what may run of all that waits.
    pub(crate) fn resume(&self, shared: &Arc<Shared>) {
        let adapters: Vec<String> = self.queues().keys().cloned().collect();
        for adapter in adapters {
            self.run_waiting(shared, &adapter);
        }
    }

    /// What each adapter has to do.
    pub(crate) fn loads(&self) -> Vec<AdapterLoad> {
        let queues = self.queues();
        let loads = queues.iter().map(|(adapter, queue)| queue.load(adapter));
        loads.collect()
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

    /// So many calls of an adapter came back: others may run.
    pub(super) fn ended(&self, shared: &Arc<Shared>, adapter: &str, calls: usize) {
        let count = calls as u64;
        crate::health::add(&shared.stats.calls_ended, count);
        if self.running.fetch_sub(count, Ordering::AcqRel) == count {
            self.none_runs.notify_one();
        }
        let concurrency = Room::now(shared).of(adapter);
        let mut queues = self.queues();
        let queue = queue_of(&mut queues, adapter);
        (0..calls).for_each(|_| queue.ended(concurrency));
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

    fn is_stopped(&self) -> bool {
        self.is_paused() || self.stopped.load(Ordering::Acquire)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, AdapterQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, shared: &Shared, calls: usize) {
        self.running.fetch_add(calls as u64, Ordering::AcqRel);
        crate::health::add(&shared.stats.calls_started, calls as u64);
    }

    /// Starts what may run of what waits for one adapter.
    pub(crate) fn run_waiting(&self, shared: &Arc<Shared>, adapter: &str) {
        let concurrency = Room::now(shared).of(adapter);
        while !self.is_stopped() {
            let next = queue_of(&mut self.queues(), adapter).next(concurrency);
            let Some((id, task)) = next else { return };
            shared.stats.calls_waiting.fetch_sub(1, Ordering::Relaxed);
            self.run_named(shared, adapter.to_owned(), id, task);
        }
    }

    /// Runs a task of which only the name is known: its partition is asked for the rest.
    fn run_named(&self, shared: &Arc<Shared>, adapter: String, id: Id, task: TaskKey) {
        self.begin(shared, 1);
        let owned = Arc::clone(shared);
        shared.tasks.spawn(async move {
            let instance = ask_for(&owned, id).await;
            match instance.and_then(|instance| Offer::of(&instance, task)) {
                Some(offer) => make_calls(owned, vec![offer]).await,
                None => owned.dispatcher.ended(&owned, &adapter, 1),
            }
        });
    }
}

/// How many calls each adapter may have at once, by the present catalog.
struct Room<'a> {
    shared: &'a Shared,
    catalog: Arc<definition::Catalog>,
}

impl<'a> Room<'a> {
    fn now(shared: &'a Shared) -> Self {
        Self {
            catalog: shared.catalog.current(),
            shared,
        }
    }

    fn of(&self, adapter: &str) -> u32 {
        let spec = self.catalog.adapters.get(adapter);
        match (spec.and_then(|spec| spec.concurrency), &self.shared.cluster) {
            (Some(own), Some(cluster)) => cluster.room(self.shared, adapter, own.max(1)),
            (Some(own), None) => own.max(1),
            // Only to protect this process.
            (None, _) => self.shared.config.bounds.adapter_concurrency.max(1),
        }
    }
}

fn queue_of<'q>(
    queues: &'q mut BTreeMap<String, AdapterQueue>,
    adapter: &str,
) -> &'q mut AdapterQueue {
    // Looked up first: the name is copied once, not for every task.
    if !queues.contains_key(adapter) {
        queues.insert(adapter.to_owned(), AdapterQueue::default());
    }
    queues
        .get_mut(adapter)
        .expect("it was inserted if it was not there")
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
