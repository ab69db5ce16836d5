//! Making calls: each within its time, its result back to its partition.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adapter::{Adapter, Call, Effect, Failure, Outcome};
use engine::record::{CacheUse, TaskKey};
use engine::{Header, Id, TaskOutcome};
use futures_util::FutureExt;

use super::cache::{keep_output, kept_output};
use super::call::{Surrounding, adapter_call};
use super::dispatcher::{Begun, Offer};
use super::outcome::{came_of, task_outcome};
use crate::limits::{Came, Ticket};
use crate::partition::Internal;
use crate::shared::Shared;

/// An adapter knows best what was under way when its time was over; it is given this much longer to
/// say so, in milliseconds.
const GRACE_MS: u64 = 500;
/// Results that go to their partition together.
const RESULTS: usize = 64;

/// What came of a call.
pub(crate) struct TaskResult {
    pub(crate) id: Id,
    pub(crate) task: TaskKey,
    pub(crate) outcome: TaskOutcome,
}

/// Makes calls for which there is room. Those that end at once are made here, one after the other,
/// and their results travel together, which saves a task and two wake-ups for each. What waits goes
/// on as a task of its own.
pub(super) async fn make_calls(shared: Arc<Shared>, begun: Vec<Begun>) {
    let mut batch = CallBatch::new(&shared);
    for begun in begun {
        let Begun {
            offer,
            at,
            passage,
            permits,
        } = begun;
        let (id, task) = (offer.instance.id(), offer.task);
        let header = Arc::clone(offer.instance.shared_header());
        let cache = offer.call.plan.cache.clone();
        let (mut call, adapter) = batch.prepared(offer, &at);
        call.target = passage.target;
        let name = Arc::clone(&call.adapter);
        let at_once = adapter
            .as_ref()
            .is_ok_and(|adapter| adapter.is_in_process());
        let call = outcome_of(Arc::clone(&shared), id, header, call, adapter);
        let mut calling = Box::pin(unless_kept(Arc::clone(&shared), id, cache, call));
        let done = if at_once {
            calling.as_mut().now_or_never()
        } else {
            None
        };
        match done {
            Some((outcome, came)) => {
                let told = passage.ticket.map(|ticket| (ticket, came));
                batch.add(name, told, TaskResult { id, task, outcome });
            }
            None => {
                let calling = async move {
                    let came = calling.await;
                    drop(permits);
                    came
                };
                go_on(&shared, (name, passage.ticket), id, task, calling);
            }
        }
    }
    batch.finish();
}

fn go_on(
    shared: &Arc<Shared>,
    (adapter, ticket): (Arc<str>, Option<Ticket>),
    id: Id,
    task: TaskKey,
    calling: impl Future<Output = (TaskOutcome, Came)> + Send + 'static,
) {
    let owned = Arc::clone(shared);
    shared.port(id.slot()).calls.fetch_add(1, Ordering::AcqRel);
    shared.tasks.spawn(async move {
        let (outcome, came) = calling.await;
        send(&owned, id, vec![TaskResult { id, task, outcome }]);
        owned.port(id.slot()).calls.fetch_sub(1, Ordering::AcqRel);
        let told = ticket.map(|ticket| (ticket, came));
        let returned = Returned {
            calls: 1,
            told: told.into_iter().collect(),
        };
        owned.dispatcher.ended(&owned, &adapter, returned);
    });
}

/// A call that is not made has failed.
pub(super) fn send_failure(shared: &Arc<Shared>, id: Id, task: TaskKey, failure: Failure) {
    let outcome = task_outcome(failure.into(), 0);
    shared.stats.count_outcome(&outcome);
    send_outcome(shared, id, task, outcome);
}

/// What a call came to that was not made.
pub(super) fn send_outcome(shared: &Arc<Shared>, id: Id, task: TaskKey, outcome: TaskOutcome) {
    send(shared, id, vec![TaskResult { id, task, outcome }]);
}

/// Calls of one adapter that came back.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) calls: usize,
    /// Of those for which the adapter's limits ask.
    pub(super) told: Vec<(Ticket, Came)>,
}

impl Returned {
    /// One that was not made after all.
    pub(super) fn unmade(ticket: Option<Ticket>) -> Self {
        Self {
            calls: 1,
            told: ticket
                .map(|ticket| (ticket, Came::Nothing))
                .into_iter()
                .collect(),
        }
    }
}

fn send(shared: &Arc<Shared>, id: Id, results: Vec<TaskResult>) {
    shared.tell(id.slot(), Internal::Results(results));
}

type Found = Result<Arc<dyn Adapter>, Box<Failure>>;

/// Calls made together: what they share is looked up once.
struct CallBatch<'a> {
    shared: &'a Arc<Shared>,
    catalog: Arc<definition::Catalog>,
    env: Arc<serde_json::Value>,
    adapters: BTreeMap<Arc<str>, Found>,
    ended: BTreeMap<Arc<str>, Returned>,
    /// By partition.
    results: Vec<Vec<TaskResult>>,
}

impl<'a> CallBatch<'a> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        let catalog = shared.catalog.current();
        Self {
            shared,
            env: shared.dispatcher.adapters.env(&catalog),
            catalog,
            adapters: BTreeMap::new(),
            ended: BTreeMap::new(),
            results: (0..shared.placement.count()).map(|_| Vec::new()).collect(),
        }
    }

    fn prepared(&mut self, offer: Offer, at: &str) -> (Call, Found) {
        let Offer {
            instance,
            task,
            call,
        } = offer;
        let (name, adapter) = self.adapter(at);
        let surrounding = Surrounding {
            catalog: &self.catalog,
            adapter: name,
            env: Arc::clone(&self.env),
            tokens: &self.shared.tokens,
            callback_base: self.shared.config.callback_base.as_deref(),
            now: self.shared.clock.now_ms(),
        };
        (adapter_call(&instance, task, call, &surrounding), adapter)
    }

    fn adapter(&mut self, name: &str) -> (Arc<str>, Found) {
        if let Some((name, found)) = self.adapters.get_key_value(name) {
            return (Arc::clone(name), found.clone());
        }
        let pool = &self.shared.dispatcher.adapters;
        let found = pool.get(self.shared, &self.catalog, name);
        let name: Arc<str> = name.into();
        self.adapters.insert(Arc::clone(&name), found.clone());
        (name, found)
    }

    fn add(&mut self, adapter: Arc<str>, told: Option<(Ticket, Came)>, result: TaskResult) {
        let id = result.id;
        let returned = self.ended.entry(adapter).or_default();
        returned.calls += 1;
        returned.told.extend(told);
        let results = &mut self.results[self.shared.placement.of(id.slot())];
        results.push(result);
        if results.len() >= RESULTS {
            send(self.shared, id, std::mem::take(results));
        }
    }

    fn finish(self) {
        for results in self.results {
            if let Some(first) = results.first() {
                send(self.shared, first.id, results);
            }
        }
        for (adapter, returned) in self.ended {
            self.shared
                .dispatcher
                .ended(self.shared, &adapter, returned);
        }
    }
}

/// What a call comes to, or what is kept under its key.
async fn unless_kept(
    shared: Arc<Shared>,
    id: Id,
    cache: Option<CacheUse>,
    call: impl Future<Output = (TaskOutcome, Came)>,
) -> (TaskOutcome, Came) {
    let Some(cache) = cache else {
        return call.await;
    };
    if let Some(kept) = kept_output(&shared, &cache).await {
        return (kept, Came::Nothing);
    }
    let (outcome, came) = call.await;
    keep_output(&shared, id, &cache, &outcome).await;
    (outcome, came)
}

async fn outcome_of(
    shared: Arc<Shared>,
    id: Id,
    header: Arc<Header>,
    call: Call,
    adapter: Found,
) -> (TaskOutcome, Came) {
    let now = shared.clock.now_ms();
    let began = shared.clock.boot_ms();
    let expires_at = now.saturating_add_unsigned(call.timeout_ms);
    let (instance, correlation_id) = (id, &header.started.correlation_id);
    let (step, name) = (Arc::clone(&call.step), Arc::clone(&call.adapter));
    tracing::debug!(%instance, %correlation_id, %step, attempt = call.attempt, adapter = %name, "calling");
    let outcome = match adapter {
        Ok(adapter) => attempt(adapter, call).await.unwrap_or_else(|| {
            tracing::error!(%instance, %correlation_id, %step, adapter = %name, "an adapter panicked");
            let message = "the adapter broke; the log says where";
            Failure::retryable("adapter.panic", message, Effect::Unknown).into()
        }),
        Err(failure) => Outcome::Failure(*failure),
    };
    let outcome = task_outcome(outcome, expires_at);
    shared.stats.count_outcome(&outcome);
    let came = came_of(&outcome, shared.clock.boot_ms().saturating_sub(began));
    (outcome, came)
}

/// One attempt; it ends within its time. None when the adapter panicked, which is an outcome like
/// others.
async fn attempt(adapter: Arc<dyn Adapter>, call: Call) -> Option<Outcome> {
    let timeout_ms = call.timeout_ms;
    let limit = Duration::from_millis(timeout_ms.saturating_add(GRACE_MS));
    let answer = AssertUnwindSafe(adapter.call(call)).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.ok(),
        Err(_) => Some(Failure::timed_out(timeout_ms).into()),
    }
}
