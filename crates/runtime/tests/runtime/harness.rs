//! A node on an in-memory store, with adapters that do as they are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adapter::{
    BuildContext, BuildError, Call, CallSecrets, Connector, Failure, Kind, NoSecrets, Outcome,
    Registry, SettingsError, Success,
};
use async_trait::async_trait;
use bytes::Bytes;
use engine::{Entropy, Instance, Payload};
use futures_util::FutureExt;
use runtime::{Bounds, Config, OpenError, Runtime, Submit, Submitted, Surroundings, TokioClock};
use serde_json::{Value, json};
use store::{MemoryStore, Scan, Store, Table};
use tokio::sync::watch;

use crate::commit::GatedStore;

/// When every test begins, milliseconds since the epoch.
pub const START_MS: i64 = 1_800_000_000_000;

/// Adapters and small workflows that most tests use.
pub const CATALOG: &str = "
adapters:
  - { name: crm, type: http, url: http://crm }
  - { name: slow, type: http, url: http://slow, concurrency: 2 }
---
workflow:
  name: three
  version: 1.0.0
  steps:
    - { id: a, adapter: crm, action: one }
    - { id: b, adapter: crm, action: two }
    - { id: c, adapter: crm, action: three }
---
workflow:
  name: one-slow
  version: 1.0.0
  steps:
    - { id: s, adapter: slow, action: work }
---
workflow:
  name: waits
  version: 1.0.0
  steps:
    - { id: w, wait: { for: 1h } }
    - { id: a, adapter: crm, action: one }
---
workflow:
  name: parent
  version: 1.0.0
  steps:
    - { id: c, workflow: three, input: '${ input }' }
    - { id: z, adapter: crm, action: last }
";

/// What adapters are told, and what they were asked.
#[derive(Clone, Default)]
pub struct Script {
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    open: Arc<watch::Sender<bool>>,
    /// When set, calls take a random while.
    pub delays: Arc<Mutex<Option<Entropy>>>,
    /// Calls that are under way, and the most there ever were.
    pub at_once: Arc<Mutex<(usize, usize)>>,
}

/// What an action answers.
#[derive(Clone)]
pub enum Answer {
    /// Its input.
    Echo,
    /// Fails so many times, then its input.
    FailFirst(usize),
    /// Refuses it for good.
    Refuse,
    /// Never.
    Hang,
    /// When the script's gate opens.
    Gated,
    /// Takes the call; the result comes by callback.
    Accept,
    /// Breaks.
    Panic,
}

impl Script {
    /// Tells an action what to answer from now on.
    pub fn on(&self, action: &str, answer: Answer) {
        self.answers
            .lock()
            .expect("no holder panicked")
            .insert(action.to_owned(), answer);
    }

    /// Opens or closes the gate.
    pub fn gate(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no holder panicked").clone()
    }

    /// The actions called so far, in order.
    pub fn actions(&self) -> Vec<String> {
        let name = |call: Call| {
            call.action
                .map(|action| action.to_string())
                .unwrap_or_default()
        };
        self.calls().into_iter().map(name).collect()
    }

    async fn answer(&self, call: Call) -> Outcome {
        let action = call.action.as_deref().unwrap_or_default().to_owned();
        let answer = self
            .answers
            .lock()
            .expect("no holder panicked")
            .get(&action)
            .cloned()
            .unwrap_or(Answer::Echo);
        let delay = self
            .delays
            .lock()
            .expect("no holder panicked")
            .as_mut()
            .map(|e| e.up_to(30));
        if let Some(ms) = delay {
            pass_time(std::time::Duration::from_millis(ms)).await;
        }
        let echo = Outcome::from(Success::of(call.input.clone()));
        self.calls.lock().expect("no holder panicked").push(call);
        match answer {
            Answer::Echo => echo,
            Answer::FailFirst(0) => echo,
            Answer::FailFirst(left) => {
                self.on(&action, Answer::FailFirst(left - 1));
                Failure::retryable("http.503", "not now", adapter::Effect::None).into()
            }
            Answer::Refuse => Failure::permanent("http.422", "no").into(),
            Answer::Hang => std::future::pending().await,
            Answer::Gated => {
                let mut open = self.open.subscribe();
                open.wait_for(|open| *open).await.expect("the script lives");
                echo
            }
            Answer::Accept => Outcome::Accepted(adapter::Accepted::default()),
            Answer::Panic => panic!("told to"),
        }
    }
}

impl Kind for Script {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, _settings: &Value) -> Vec<SettingsError> {
        vec![]
    }

    fn build(
        &self,
        _name: &str,
        _settings: &Value,
        _context: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Connector for Script {
    async fn send(&self, call: Call, _secrets: &CallSecrets) -> Outcome {
        let busy = |by: isize| {
            let mut at_once = self.at_once.lock().expect("no holder panicked");
            at_once.0 = at_once.0.saturating_add_signed(by);
            at_once.1 = at_once.1.max(at_once.0);
        };
        busy(1);
        let outcome = self.answer(call).await;
        busy(-1);
        outcome
    }
}

/// A store, a script and a clock that outlive the node.
pub struct World {
    pub memory: MemoryStore,
    pub store: Arc<GatedStore>,
    pub script: Script,
    pub config: Config,
    pub fatal: Arc<Mutex<Vec<String>>>,
    clock: Arc<TokioClock>,
    seed: AtomicU64,
}

impl World {
    /// Two partitions, default bounds.
    pub fn new() -> Self {
        let memory = MemoryStore::new();
        let mut config = Config::embedded("test", 2);
        config.callback_base = Some("http://here".to_owned());
        Self {
            store: Arc::new(GatedStore::new(memory.clone())),
            memory,
            script: Script::default(),
            config,
            fatal: Arc::default(),
            clock: Arc::new(TokioClock::starting_at(START_MS)),
            seed: AtomicU64::new(7),
        }
    }

    /// The same with other bounds.
    pub fn bounded(change: impl FnOnce(&mut Bounds)) -> Self {
        let mut world = Self::new();
        change(&mut world.config.bounds);
        world
    }

    /// How many rows a table has.
    pub fn rows(&self, table: Table) -> usize {
        self.rows_with(table, Bytes::new())
    }

    /// How many messages are not acknowledged.
    pub fn outbox(&self) -> usize {
        self.rows_with(Table::Outbox, Bytes::from_static(&[1]))
    }

    fn rows_with(&self, table: Table, prefix: Bytes) -> usize {
        let after = None;
        let scan = Scan {
            table,
            slots: 0..=4095,
            after,
            prefix,
            reverse: false,
            limit: 100_000,
        };
        // The in-memory store never waits.
        let rows = self
            .memory
            .scan(scan)
            .now_or_never()
            .expect("answers at once");
        rows.expect("scans").len()
    }

    /// Opens a node on what the store holds.
    pub async fn open(&self) -> Runtime {
        self.try_open().await.expect("opens")
    }

    /// Tries to open a node on what the store holds.
    pub async fn try_open(&self) -> Result<Runtime, OpenError> {
        let fatal = Arc::clone(&self.fatal);
        let surroundings = Surroundings {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            kinds: Registry::default().with(self.script.clone()),
            clock: self.clock.clone(),
            secrets: Arc::new(NoSecrets),
            cluster: None,
            seed: self.seed.load(Ordering::Relaxed),
            log_filter: None,
            on_fatal: Arc::new(move |reason| {
                fatal.lock().expect("no holder panicked").push(reason)
            }),
        };
        Runtime::open(self.config.clone(), surroundings).await
    }

    /// Opens a node with [`CATALOG`].
    pub async fn open_with_catalog(&self) -> Runtime {
        let runtime = self.open().await;
        apply(&runtime, CATALOG).await;
        runtime
    }

    /// Drops the node as a crash would and opens the next.
    pub async fn crash(&self, runtime: Runtime) -> Runtime {
        runtime.abort();
        drop(runtime);
        tokio::task::yield_now().await;
        self.open().await
    }
}

/// Applies resources.
pub async fn apply(runtime: &Runtime, text: &str) {
    let files = vec![("test.yaml".to_owned(), text.as_bytes().to_vec())];
    let (set, _) = definition::ResourceSet::parse(files);
    let check = definition::no_settings_check;
    let applied = runtime
        .apply("ann", "test", |catalog| set.apply_to(catalog, &check))
        .await;
    applied.unwrap_or_else(|error| panic!("{error:?}"));
}

/// A start of this workflow.
pub fn start_of(workflow: &str, input: Value) -> Submit {
    Submit {
        workflow: workflow.to_owned(),
        input: Payload::from_bytes(Bytes::from(input.to_string())),
        actor: "ann".to_owned(),
        cause: "api".to_owned(),
        ..Submit::default()
    }
}

/// Starts a workflow.
pub async fn start(runtime: &Runtime, workflow: &str) -> Submitted {
    runtime
        .submit(start_of(workflow, json!({"n": 1})))
        .await
        .expect("starts")
}

/// Waits for an instance's end, which must come.
pub async fn ended(runtime: &Runtime, id: engine::Id) -> Arc<Instance> {
    let instance = runtime
        .wait_ended(id, 24 * 60 * 60 * 1000)
        .await
        .expect("is there");
    assert!(
        !instance.status().is_open(),
        "expected an end, but it is {:?}",
        instance.status()
    );
    instance
}

/// Lets time pass. Time is paused, so this waits for nothing: it moves the clock.
pub async fn pass_time(time: std::time::Duration) {
    tokio::time::sleep(time).await;
}

/// Waits until something holds; time passes meanwhile.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        pass_time(std::time::Duration::from_millis(5)).await;
    }
    panic!("expected {what}");
}
