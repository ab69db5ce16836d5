//! Many small worlds, each with its own seed: crashes at any moment, appends of unknown outcome,
//! adapters that fail; in the end everything has ended and nothing is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use engine::record::{CancelRequested, Choice};
use engine::{Command, Entropy, Id, Instance};
use runtime::{Idempotency, Runtime, Submit};
use serde_json::json;
use store::{Appended, StoreError, Table};

use crate::harness::{Answer, World, apply, ended, pass_time, start_of};

const SAGAS: &str = "
adapters:
  - { name: billing, type: http, url: http://billing }
---
workflow:
  name: saga
  version: 1.0.0
  subject: '${ string(input.customer) }'
  steps:
    - { id: a, adapter: billing, action: open, compensation: { adapter: billing, action: undo } }
    - id: both
      parallel:
        - [{ id: b1, adapter: billing, action: reserve, compensation: { adapter: billing, action: undo } }]
        - [{ id: b2, workflow: parent, input: '${ input }' }]
    - { id: w, wait: { for: 2s } }
    - { id: c, adapter: billing, action: charge, retry: { max-attempts: 3, initial-interval: 100ms } }
";

const WORKFLOWS: [&str; 4] = ["saga", "parent", "three", "waits"];

struct Chaos {
    world: World,
    entropy: Entropy,
}

impl Chaos {
    fn chance(&mut self, percent: u64) -> bool {
        self.entropy.up_to(99) < percent
    }

    fn new(seed: u64) -> Self {
        let mut world = World::bounded(|bounds| bounds.hot_instances = 5);
        world.config.partitions = 3;
        let delays = |of: u64| Some(Entropy::new(seed ^ (of << 32)));
        *world.store.delays.lock().expect("no holder panicked") = delays(1);
        *world.script.delays.lock().expect("no holder panicked") = delays(2);
        Self {
            world,
            entropy: Entropy::new(seed),
        }
    }

    /// Starts something and perhaps cancels it; an answer may be cut off by the crash that follows.
    async fn act(&mut self, runtime: &Runtime, n: u64) -> Option<Id> {
        let patience = Duration::from_millis(self.entropy.up_to(40));
        let submit = runtime.submit(self.submit(n));
        let submitted = tokio::time::timeout(patience, submit).await.ok()?.ok()?;
        if self.chance(10) {
            let cancel = Command::Cancel(CancelRequested::default());
            let command = runtime.command(submitted.id, cancel, "bob");
            let _may_have_ended = tokio::time::timeout(patience, command).await;
        }
        Some(submitted.id)
    }

    fn submit(&mut self, n: u64) -> Submit {
        let place = usize::try_from(self.entropy.up_to(3)).expect("small");
        let key = format!("key-{n}");
        let idempotency = self.chance(50).then_some(Idempotency {
            key,
            digest: [1; 32],
        });
        Submit {
            idempotency,
            ..start_of(WORKFLOWS[place], json!({"n": n, "customer": n % 7}))
        }
    }

    fn disturb_store(&mut self) {
        if self.chance(40) {
            self.world.store.next_append(Ok(Appended::Unknown));
        }
        if self.chance(20) {
            self.world
                .store
                .next_append(Err(StoreError::Unavailable("busy".into())));
        }
        let projecting = self.chance(80);
        self.world.store.let_projections(projecting);
    }

    fn disturb_adapters(&mut self) {
        for action in ["one", "two", "open", "reserve", "charge", "undo"] {
            let times = usize::try_from(self.entropy.up_to(3)).expect("small");
            self.world.script.on(action, Answer::FailFirst(times));
        }
    }
}

async fn live(seed: u64) {
    let mut chaos = Chaos::new(seed);
    let mut runtime = chaos.world.open_with_catalog().await;
    apply(&runtime, SAGAS).await;
    let mut started: BTreeSet<Id> = BTreeSet::new();
    for n in 0..30 {
        chaos.disturb_store();
        chaos.disturb_adapters();
        started.extend(chaos.act(&runtime, n).await);
        let pause = Duration::from_millis(chaos.entropy.up_to(60));
        pass_time(pause).await;
        if chaos.chance(25) {
            chaos.world.store.let_projections(true);
            runtime = chaos.world.crash(runtime).await;
        }
    }
    chaos.world.store.let_projections(true);
    for id in &started {
        let instance = finish(&runtime, *id).await;
        let violations = instance.check();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    }
    pass_time(Duration::from_secs(7_200)).await;
    check_instances(&runtime, seed, started.len()).await;
    check_nothing_left(&chaos.world, &runtime, seed);
    check_calls(&chaos.world, seed);
    runtime.abort();
}

fn check_nothing_left(world: &World, runtime: &Runtime, seed: u64) {
    for table in [Table::Task, Table::Timer] {
        assert_eq!(world.rows(table), 0, "seed {seed}: rows left in {table:?}");
    }
    assert_eq!(world.outbox(), 0, "seed {seed}: messages left");
    let errors = runtime.health().figures.message_order_errors;
    assert_eq!(errors, 0, "seed {seed}");
    let fatal = world.fatal.lock().expect("no holder panicked");
    assert!(fatal.is_empty(), "seed {seed}: {fatal:?}");
}

/// Every instance there is, children too, has ended, and is the fold of its history.
async fn check_instances(runtime: &Runtime, seed: u64, at_least: usize) {
    let filter = store::InstanceFilter::default();
    let listed = runtime
        .list(&filter, None, 1_000, runtime::Consistency::Fresh)
        .await;
    let rows = listed.expect("lists").page.items;
    assert!(
        rows.len() >= at_least,
        "seed {seed}: an instance that was answered is gone"
    );
    for row in rows {
        let id = Id::from_bytes(row.id);
        let instance = finish(runtime, id).await;
        let history = runtime
            .history(id, 0, 100_000)
            .await
            .expect("reads")
            .records;
        let seqs: Vec<u64> = history.iter().map(|record| record.seq).collect();
        let expected: Vec<u64> = (1..=instance.seq()).collect();
        assert_eq!(seqs, expected, "seed {seed}: the history of {id}");
        let folded = runtime.state_at(id, instance.seq()).await.expect("folds");
        assert_eq!(
            folded.snapshot(),
            instance.snapshot(),
            "seed {seed}: the state of {id}"
        );
    }
}

/// Waits for the end; where an undo failed for good, a person has it tried again.
async fn finish(runtime: &Runtime, id: Id) -> Arc<Instance> {
    for _ in 0..10 {
        let instance = runtime.wait_ended(id, 7_200_000).await.expect("is there");
        let Some(pending) = instance.pending_decisions().first() else {
            return ended(runtime, id).await;
        };
        let decision = Id::from_slice(&pending.id).expect("an id");
        let decide = Command::Decide {
            id: decision,
            answer: engine::Answer::plain(Choice::Retry),
        };
        runtime.command(id, decide, "bob").await.expect("takes it");
    }
    panic!("expected {id} to end");
}

/// All attempts of one step bear one key. (A person's retry of an undo is a new intention.)
fn check_calls(world: &World, seed: u64) {
    let mut keys: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for call in world.script.calls() {
        let action = call
            .action
            .map(|action| action.to_string())
            .unwrap_or_default();
        if action == "undo" {
            continue;
        }
        let step = (call.instance_id, call.step.to_string(), action);
        keys.entry(step).or_default().push(call.idempotency_key);
    }
    for (step, mut keys) in keys {
        keys.sort();
        keys.dedup();
        assert_eq!(
            keys.len(),
            1,
            "seed {seed}: {step:?} was called with {keys:?}"
        );
    }
}

#[test]
fn whatever_happens_everything_ends_and_nothing_is_left() {
    let seeds = std::env::var("SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(20);
    let first = std::env::var("FIRST")
        .ok()
        .and_then(|first| first.parse().ok())
        .unwrap_or(0);
    for seed in first..first + seeds {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder
            .enable_all()
            .start_paused(true)
            .build()
            .expect("builds");
        println!("seed {seed}");
        runtime.block_on(live(seed));
    }
}
