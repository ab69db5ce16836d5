//! Several nodes on one store, in one process and on paused time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter::{NoSecrets, Registry};
use async_trait::async_trait;
use runtime::{
    Bounds, Clock, Config, Connection, Membership, OpenError, Peers, Runtime, Surroundings,
    TokioClock,
};
use serde_json::json;
use store::{Cluster, MemoryStore, Node, NodeId, PartitionId, Store};
use tokio::sync::mpsc;

use crate::commit::GatedStore;
use crate::harness::{CATALOG, Script, apply, ended, start, start_of};

/// Partitions of every store here.
const PARTITIONS: u16 = 16;
/// When it all begins.
const START_MS: i64 = 1_700_000_000_000;

/// Waits for two signals, one after the other.
const TWICE: &str = "
workflow:
  name: twice
  version: 1.0.0
  output: ['${ steps.a.output }', '${ steps.b.output }']
  steps: [{ id: a, wait: { signal: go } }, { id: b, wait: { signal: go } }]
";

/// The nodes that can be reached, by URL; a broken one takes what is sent and answers nothing.
#[derive(Clone, Default)]
struct Net {
    nodes: Arc<Mutex<BTreeMap<String, Runtime>>>,
    mute: Arc<AtomicBool>,
}

#[async_trait]
impl Peers for Net {
    async fn connect(&self, to: &Node) -> Result<Connection, String> {
        let nodes = self.nodes.lock().expect("no holder panicked");
        let runtime = nodes.get(&to.url).cloned().ok_or("nobody is there")?;
        let (to_them, from_us) = mpsc::channel(16);
        let (to_us, mut from_them) = mpsc::channel(16);
        let (deliver, incoming) = mpsc::channel(16);
        let mute = Arc::clone(&self.mute);
        tokio::spawn(async move {
            while let Some(frame) = from_them.recv().await {
                // What was asked was heard; its answer gets lost with the connection.
                if mute.swap(false, Ordering::AcqRel) || deliver.send(frame).await.is_err() {
                    return;
                }
            }
        });
        let theirs = Connection {
            outgoing: to_us,
            incoming: from_us,
        };
        tokio::spawn(async move { runtime.serve_peer(theirs).await });
        Ok(Connection {
            outgoing: to_them,
            incoming,
        })
    }
}

/// A clock that may be off.
struct Skewed {
    clock: TokioClock,
    by_ms: Arc<AtomicI64>,
}

impl Clock for Skewed {
    fn now_ms(&self) -> i64 {
        self.clock.now_ms() + self.by_ms.load(Ordering::Acquire)
    }

    fn boot_ms(&self) -> u64 {
        self.clock.boot_ms()
    }
}

/// Nodes on one store, and what they call.
pub struct World {
    store: MemoryStore,
    clock: TokioClock,
    net: Net,
    pub script: Script,
}

/// A node and what can be done to it.
pub struct Seat {
    pub runtime: Runtime,
    store: Arc<GatedStore>,
    id: NodeId,
    skew: Arc<AtomicI64>,
}

impl World {
    pub fn new() -> Self {
        let clock = TokioClock::starting_at(START_MS);
        Self {
            store: MemoryStore::with_clock(move || clock.now_ms()),
            clock,
            net: Net::default(),
            script: Script::default(),
        }
    }

    async fn join(&self, number: u128, format: u32) -> Result<Seat, OpenError> {
        let store = Arc::new(GatedStore::new(self.store.clone()));
        let skew = Arc::new(AtomicI64::new(0));
        let node = Node {
            id: NodeId::from_u128(number),
            name: format!("n{number}"),
            zone: String::new(),
            region: String::new(),
            url: format!("n{number}"),
            version: "test".to_owned(),
            format,
            unfit: String::new(),
        };
        let (id, url) = (node.id, node.url.clone());
        let with = Surroundings {
            store: Arc::clone(&store) as Arc<dyn Store>,
            kinds: Registry::default().with(self.script.clone()),
            clock: Arc::new(Skewed {
                clock: self.clock,
                by_ms: Arc::clone(&skew),
            }),
            secrets: Arc::new(NoSecrets),
            cluster: Some(Membership {
                store: Arc::new(self.store.clone()) as Arc<dyn Cluster>,
                peers: Arc::new(self.net.clone()),
                node,
                lease_ms: 5_000,
            }),
            seed: u64::try_from(number).expect("a small one"),
            log_filter: None,
            on_fatal: Arc::new(|reason| panic!("{reason}")),
        };
        let config = Config {
            node: url.clone(),
            format,
            bounds: Bounds {
                checkpoint_every_ms: 1_000,
                ..Bounds::default()
            },
            ..Config::embedded("test", PARTITIONS)
        };
        let runtime = Runtime::open(config, with).await?;
        let mut nodes = self.net.nodes.lock().expect("no holder panicked");
        nodes.insert(url, runtime.clone());
        Ok(Seat {
            runtime,
            store,
            id,
            skew,
        })
    }

    pub async fn joined(&self, number: u128) -> Seat {
        self.join(number, 1).await.expect("joins")
    }
}

impl Seat {
    /// How many partitions are open here.
    fn open(&self) -> usize {
        let partitions = self.runtime.health().partitions;
        partitions.iter().filter(|partition| partition.open).count()
    }

    /// Why it says that it must own nothing.
    fn unfit(&self) -> String {
        let (nodes, _) = self.runtime.nodes().expect("it is one of several");
        let own = nodes.into_iter().find(|seen| seen.node.id == self.id);
        own.map(|seen| seen.node.unfit).unwrap_or_default()
    }
}

/// Waits, on paused time, until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

/// Waits until each node owns some partitions, and all are owned.
pub async fn until_shared(seats: &[&Seat]) {
    until("each owns some, and all are owned", || {
        let open: Vec<usize> = seats.iter().map(|seat| seat.open()).collect();
        open.iter().all(|open| *open > 0) && open.iter().sum::<usize>() == usize::from(PARTITIONS)
    })
    .await;
}

/// Sends what [`TWICE`] waits for.
async fn send(seat: &Seat, id: engine::Id, number: u32) {
    let signal = engine::Signal {
        name: "go".to_owned(),
        data: engine::Payload::from_value(json!(number)),
        key: None,
    };
    let command = engine::Command::Signal(signal);
    let sent = seat.runtime.command(id, command, "ann").await;
    sent.expect("is taken");
}

#[tokio::test(start_paused = true)]
async fn any_node_serves_what_another_owns_and_hands_over_what_it_has() {
    let world = World::new();
    let one = world.joined(1).await;
    until("it owns all", || one.open() == usize::from(PARTITIONS)).await;
    apply(&one.runtime, CATALOG).await;
    let early = start(&one.runtime, "waits").await;
    let two = world.joined(2).await;
    until_shared(&[&one, &two]).await;
    for seat in [&one, &two] {
        for _ in 0..20 {
            let started = start(&seat.runtime, "three").await;
            let other = if seat.id == one.id { &two } else { &one };
            let seen = ended(&other.runtime, started.id).await;
            assert_eq!(seen.id(), started.id);
        }
    }
    one.runtime.leave().await;
    until("the other owns all", || {
        two.open() == usize::from(PARTITIONS)
    })
    .await;
    ended(&two.runtime, early.id).await;
    one.runtime.shutdown().await;
    let (nodes, owners) = two.runtime.nodes().expect("it is one of several");
    until("it is struck out", || {
        let (nodes, _) = two.runtime.nodes().expect("it is one of several");
        nodes.len() == 1
    })
    .await;
    assert!(
        owners.iter().all(|owner| *owner == Some(two.id)),
        "{nodes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_clock_is_off_owns_nothing_until_it_is_right() {
    let world = World::new();
    let (one, two) = (world.joined(1).await, world.joined(2).await);
    until_shared(&[&one, &two]).await;
    apply(&one.runtime, CATALOG).await;
    two.skew.store(1_500, Ordering::Release);
    until("it owns nothing", || two.open() == 0).await;
    let said = two.unfit();
    assert!(said.contains("1500 ms off"), "{said}");
    assert!(!two.runtime.health().ready);
    // It still passes on what it is asked.
    let started = start(&two.runtime, "three").await;
    ended(&one.runtime, started.id).await;
    two.skew.store(-900, Ordering::Release);
    until_shared(&[&one, &two]).await;
    assert_eq!(two.unfit(), "");
}

#[tokio::test(start_paused = true)]
async fn a_new_format_is_written_when_all_read_it_and_then_an_old_node_owns_nothing() {
    let world = World::new();
    let old = world.joined(1).await;
    let new = world.join(2, 2).await.expect("it reads what is older");
    until_shared(&[&old, &new]).await;
    apply(&new.runtime, CATALOG).await;
    let mixed = start(&new.runtime, "waits").await;
    // The old node takes over what the new one wrote.
    new.runtime.abort();
    until("the old node owns all", || {
        old.open() == usize::from(PARTITIONS)
    })
    .await;
    ended(&old.runtime, mixed.id).await;

    let new = world.join(3, 2).await.expect("it reads what is older");
    until_shared(&[&old, &new]).await;
    old.runtime.leave().await;
    old.runtime.shutdown().await;
    until("the new node owns all", || {
        new.open() == usize::from(PARTITIONS)
    })
    .await;
    // An old one that was only restarted would still find what it reads.
    tokio::time::sleep(Duration::from_secs(70)).await;
    for _ in 0..100 {
        let started = start(&new.runtime, "three").await;
        ended(&new.runtime, started.id).await;
    }
    // What is trimmed tells nobody its format.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let late = world.joined(4).await;
    until("it finds itself too old", || {
        late.unfit().contains("run the newer version")
    })
    .await;
    until("the new node owns all", || {
        new.open() == usize::from(PARTITIONS)
    })
    .await;
    assert_eq!(late.open(), 0);
    let started = start(&late.runtime, "three").await;
    ended(&late.runtime, started.id).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_that_went_back_is_noticed_though_nothing_happens() {
    let world = World::new();
    let one = world.joined(1).await;
    until_shared(&[&one]).await;
    apply(&one.runtime, CATALOG).await;
    for _ in 0..20 {
        let started = start(&one.runtime, "three").await;
        ended(&one.runtime, started.id).await;
    }
    let taken = || one.store.taken_over.load(Ordering::Acquire);
    let before = taken();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(taken(), before, "nothing was lost");
    let all = (0..PARTITIONS).map(PartitionId).collect();
    *one.store.lost.lock().expect("no holder panicked") = all;
    until("the partitions are taken over anew", || {
        taken() == before + usize::from(PARTITIONS)
    })
    .await;
    until_shared(&[&one]).await;
    let started = start(&one.runtime, "three").await;
    ended(&one.runtime, started.id).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_carried_out_is_not_carried_out_again_when_its_answer_got_lost() {
    let world = World::new();
    let (one, two) = (world.joined(1).await, world.joined(2).await);
    until_shared(&[&one, &two]).await;
    apply(&one.runtime, CATALOG).await;
    let mut lost = 0;
    for _ in 0..40 {
        world.net.mute.store(true, Ordering::Release);
        let started = one.runtime.submit(start_of("three", json!({"n": 1}))).await;
        let started = started.expect("starts");
        assert!(!started.replayed);
        lost += usize::from(!world.net.mute.load(Ordering::Acquire));
        ended(&two.runtime, started.id).await;
    }
    assert!(lost > 5, "{lost} answers got lost");
    let filter = store::InstanceFilter::default();
    let counted = one
        .runtime
        .count(&filter, store::CountBy::Status, runtime::Consistency::Fresh);
    let counted = counted.await.expect("counts");
    let total: u64 = counted.counts.iter().map(|count| count.count).sum();
    assert_eq!(total, 40, "each was started once");
}

#[tokio::test(start_paused = true)]
async fn a_signal_reaches_its_instance_from_any_node_and_once_when_its_answer_got_lost() {
    let world = World::new();
    let (one, two) = (world.joined(1).await, world.joined(2).await);
    until_shared(&[&one, &two]).await;
    apply(&one.runtime, CATALOG).await;
    apply(&one.runtime, TWICE).await;
    let mut lost = 0;
    for _ in 0..40 {
        let id = start(&one.runtime, "twice").await.id;
        for number in 1..=2 {
            world.net.mute.store(true, Ordering::Release);
            send(&one, id, number).await;
            lost += usize::from(!world.net.mute.load(Ordering::Acquire));
        }
        let instance = ended(&two.runtime, id).await;
        assert_eq!(instance.output().expect("an output").bytes(), "[1,2]");
    }
    assert!(lost > 5, "{lost} answers got lost");
}

#[tokio::test(start_paused = true)]
async fn a_late_write_of_an_earlier_ownership_leaves_no_gap_in_a_history() {
    let world = World::new();
    let one = world.joined(1).await;
    until("it owns all", || one.open() == usize::from(PARTITIONS)).await;
    apply(&one.runtime, TWICE).await;
    let id = start(&one.runtime, "twice").await.id;
    let pause = || tokio::time::sleep(Duration::from_secs(5));
    // It is in the tables; then its first signal is being written, and its second one is not yet.
    pause().await;
    one.store.let_projections(false);
    send(&one, id, 1).await;
    pause().await;
    send(&one, id, 2).await;
    one.skew.store(1_500, Ordering::Release);
    until("it owns nothing", || one.open() == 0).await;
    one.skew.store(0, Ordering::Release);
    // It begins to take over what it had, with that write still under way.
    pause().await;
    one.store.let_projections(true);
    until("it owns all", || one.open() == usize::from(PARTITIONS)).await;
    let instance = ended(&one.runtime, id).await;
    let page = one.runtime.history(id, 0, 100).await.expect("reads");
    let seqs: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
    let all: Vec<u64> = (1..=instance.seq()).collect();
    assert_eq!(seqs, all);
}

/// A dozen workflows that start every ten seconds; answers their names.
async fn apply_schedules(runtime: &Runtime) -> Vec<String> {
    let names: Vec<String> = (0..12).map(|n| format!("tick-{n}")).collect();
    for name in &names {
        let tick = format!(
            "
workflow:
  name: {name}
  version: 1.0.0
  trigger: {{ type: schedule, id: s, every: 10s, catch-up: all, overlap: allow }}
  steps: [{{ id: a, adapter: crm, action: one }}]
"
        );
        let adapters = "adapters: [{ name: crm, type: http, url: http://crm }]";
        apply(runtime, &format!("{adapters}\n---{tick}")).await;
    }
    names
}

#[tokio::test(start_paused = true)]
async fn a_schedule_fires_once_wherever_its_owner_is() {
    let world = World::new();
    let joined = async |number| {
        let seat = world.join(number, engine::codec::FORMAT).await;
        seat.expect("joins")
    };
    let (one, two, three) = (joined(1).await, joined(2).await, joined(3).await);
    until_shared(&[&one, &two, &three]).await;
    let names = apply_schedules(&one.runtime).await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    // Each is turned from a node that does not own it, too.
    for name in &names {
        let name = runtime::ScheduleName::new(name, "s");
        for (seat, verb) in [
            (&two, runtime::ScheduleVerb::Pause),
            (&three, runtime::ScheduleVerb::Resume),
        ] {
            let turned = seat.runtime.turn_schedule(&name, verb, ("ann", "")).await;
            turned.expect("is turned");
        }
    }
    one.runtime.abort();
    until("the others own all", || {
        two.open() + three.open() == usize::from(PARTITIONS)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    two.runtime.leave().await;
    until("the last owns all", || {
        three.open() == usize::from(PARTITIONS)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    for name in &names {
        let shown = three
            .runtime
            .schedule(&runtime::ScheduleName::new(name, "s"))
            .await;
        let state = shown.expect("is there").state.expect("it began");
        let filter = store::InstanceFilter {
            workflow: Some(name.clone()),
            ..store::InstanceFilter::default()
        };
        let consistency = runtime::Consistency::Fresh;
        let listed = three.runtime.list(&filter, None, 1_000, consistency).await;
        let rows = listed.expect("lists").page.items;
        assert_eq!(rows.len() as u64, state.started, "{name}");
        let mut ticks = std::collections::BTreeSet::new();
        for row in &rows {
            let instance = three.runtime.instance(engine::Id::from_bytes(row.id)).await;
            let event = instance.expect("reads").header().event().value();
            ticks.insert(event["scheduled_at"].as_str().expect("a time").to_owned());
        }
        assert_eq!(ticks.len(), rows.len(), "{name}: no tick twice");
        let now = world.clock.now_ms();
        let passed = usize::try_from((now - START_MS) / 10_000).expect("some");
        // Those before the workflow was applied, and what is due right now, are not there.
        assert!(
            ticks.len() + 3 >= passed,
            "{name}: {} of {passed}",
            ticks.len()
        );
    }
}
