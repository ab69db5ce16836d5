//! The dispatcher: tasks to their adapters as room allows, and results back to their partition.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter::{Call, Effect, Failure, Outcome};
use definition::Catalog;
use engine::record::TaskKey;
use engine::{Command, Id, Instance, TaskCall};
use futures_util::FutureExt;
use tokio::sync::{Notify, oneshot};

use super::adapters::AdapterPool;
use super::call::{Surrounding, adapter_call};
use super::outcome::task_outcome;
use super::queue::{AdapterQueue, rank};
use crate::measures::AdapterLoad;
use crate::partition::{Internal, Work};
use crate::shared::Shared;

/// An adapter knows best what was under way when its time was over; it is given this much longer to
/// say so, in milliseconds.
const GRACE_MS: u64 = 500;

/// A task that its partition hands over once the task is durable.
pub(crate) struct Offer {
    instance: Arc<Instance>,
    task: TaskKey,
    call: TaskCall,
}

impl Offer {
    /// A task that is out in this state of its instance.
    pub(crate) const fn ready(instance: Arc<Instance>, task: TaskKey, call: TaskCall) -> Self {
        Self {
            instance,
            task,
            call,
        }
    }
}

/// Hands tasks to adapters, each with bounded concurrency.
pub(crate) struct Dispatcher {
    queues: Mutex<BTreeMap<String, AdapterQueue>>,
    adapters: AdapterPool,
    stopped: AtomicBool,
    running: AtomicU32,
    none_runs: Notify,
}

impl Default for Dispatcher {
    fn default() -> Self {
        Self {
            queues: Mutex::default(),
            adapters: AdapterPool::default(),
            stopped: AtomicBool::new(false),
            running: AtomicU32::new(0),
            none_runs: Notify::new(),
        }
    }
}

impl Dispatcher {
    /// Runs the task's call now or when there is room. A task that waits is remembered by its name
    /// only.
    pub(crate) fn offer(&self, shared: &Arc<Shared>, offer: Offer) {
        let concurrency = concurrency(shared, &shared.catalog.current(), &offer.call.adapter);
        let mut queues = self.queues();
        let queue = queues.entry(offer.call.adapter.clone()).or_default();
        if !self.is_stopped() && queue.try_run(concurrency) {
            drop(queues);
            self.run(shared, offer);
            return;
        }
        let id = offer.instance.id();
        queue.push(
            rank(&offer.instance.header().started.priority),
            (id, offer.task),
        );
        shared.stats.calls_waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Queues a task that was out when the process ended; it starts with [`Self::resume`].
    pub(crate) fn repeat(&self, shared: &Shared, adapter: &str, rank: u8, id: Id, task: TaskKey) {
        let mut queues = self.queues();
        let queue = queues.entry(adapter.to_owned()).or_default();
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

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, AdapterQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_waiting(&self, shared: &Arc<Shared>, adapter: &str) {
        let concurrency = concurrency(shared, &shared.catalog.current(), adapter);
        while !self.is_stopped() {
            let next = self
                .queues()
                .get_mut(adapter)
                .and_then(|queue| queue.next(concurrency));
            let Some((id, task)) = next else { return };
            shared.stats.calls_waiting.fetch_sub(1, Ordering::Relaxed);
            self.run_named(shared, adapter.to_owned(), id, task);
        }
    }

    fn run(&self, shared: &Arc<Shared>, offer: Offer) {
        let adapter = offer.call.adapter.clone();
        let running = Running::begin(shared, adapter);
        shared.tasks.spawn(async move {
            make_call(&running.shared, offer).await;
            running.end();
        });
    }

    /// Runs a task of which only the name is known: its partition is asked for the rest.
    fn run_named(&self, shared: &Arc<Shared>, adapter: String, id: Id, task: TaskKey) {
        let running = Running::begin(shared, adapter);
        shared.tasks.spawn(async move {
            if let Some(instance) = ask_for(&running.shared, id).await
                && let Some(call) = instance.call(task)
            {
                make_call(
                    &running.shared,
                    Offer {
                        instance,
                        task,
                        call,
                    },
                )
                .await;
            }
            running.end();
        });
    }

    fn ended(&self, shared: &Arc<Shared>, adapter: &str) {
        let concurrency = concurrency(shared, &shared.catalog.current(), adapter);
        if let Some(queue) = self.queues().get_mut(adapter) {
            queue.ended(concurrency);
        }
        self.run_waiting(shared, adapter);
    }
}

/// A call that takes up room.
struct Running {
    shared: Arc<Shared>,
    adapter: String,
}

impl Running {
    fn begin(shared: &Arc<Shared>, adapter: String) -> Self {
        shared.dispatcher.running.fetch_add(1, Ordering::AcqRel);
        crate::health::add(&shared.stats.calls_started, 1);
        Self {
            shared: Arc::clone(shared),
            adapter,
        }
    }

    fn end(self) {
        let dispatcher = &self.shared.dispatcher;
        crate::health::add(&self.shared.stats.calls_ended, 1);
        if dispatcher.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            dispatcher.none_runs.notify_one();
        }
        dispatcher.ended(&self.shared, &self.adapter);
    }
}

fn concurrency(shared: &Shared, catalog: &Catalog, adapter: &str) -> u32 {
    let spec = catalog.adapters.get(adapter);
    let own = spec.and_then(|spec| spec.concurrency);
    own.unwrap_or(shared.config.bounds.adapter_concurrency)
        .max(1)
}

async fn ask_for(shared: &Shared, id: Id) -> Option<Arc<Instance>> {
    let (reply, answer) = oneshot::channel();
    shared.port(id.slot()).send(Internal::Work {
        id,
        work: Work::Call(reply),
    });
    answer.await.ok().flatten()
}

/// Makes the call and sends its result to the task's partition.
async fn make_call(shared: &Arc<Shared>, offer: Offer) {
    let Offer {
        instance,
        task,
        call,
    } = offer;
    let id = instance.id();
    let catalog = shared.catalog.current();
    let pool = &shared.dispatcher.adapters;
    let surrounding = Surrounding {
        catalog: &catalog,
        env: pool.env(&catalog),
        tokens: &shared.tokens,
        callback_base: shared.config.callback_base.as_deref(),
    };
    let call = adapter_call(&instance, task, call, &surrounding);
    drop(instance);
    let timeout_ms = call.timeout_ms;
    let expires_at = shared.clock.now_ms().saturating_add_unsigned(timeout_ms);
    let outcome = attempt(shared, &catalog, call).await;
    let outcome = task_outcome(outcome, expires_at);
    shared.stats.count_outcome(&outcome);
    let work = Work::own(Command::Result { task, outcome }, "task");
    shared.port(id.slot()).send(Internal::Work { id, work });
}

/// One attempt; it ends within its time, and a panic of the adapter is an outcome like others.
async fn attempt(shared: &Shared, catalog: &Catalog, call: Call) -> Outcome {
    let timeout_ms = call.timeout_ms;
    let (instance, correlation_id) = (call.instance_id.clone(), call.correlation_id.clone());
    let (step, name) = (call.step.clone(), Arc::clone(&call.adapter));
    tracing::debug!(%instance, %correlation_id, %step, attempt = call.attempt, adapter = %name, "calling");
    let limit = Duration::from_millis(timeout_ms.saturating_add(GRACE_MS));
    let answer = async {
        match shared.dispatcher.adapters.get(shared, catalog, &name) {
            Ok(adapter) => adapter.call(call).await,
            Err(failure) => Outcome::Failure(*failure),
        }
    };
    match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => {
            tracing::error!(%instance, %correlation_id, %step, adapter = %name, "an adapter panicked");
            let message = "the adapter broke; the log says where";
            Failure::retryable("adapter.panic", message, Effect::Unknown).into()
        }
        Err(_) => Failure::timed_out(timeout_ms).into(),
    }
}
