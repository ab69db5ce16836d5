//! Whatever is open waits for something that will come; where it does not, that is found.

use std::time::Duration;

use engine::Id;
use runtime::{OnTheWay, Runtime, Unproven, missing_children, missing_rows};
use serde_json::json;
use store::{Change, PartitionId, Projection, Row, Scan, Store, Table};

use crate::harness::{Answer, World, apply, pass_time, start, start_of, until};

const WAITS: &str = "
workflow:
  name: asks
  version: 1.0.0
  steps:
    - { id: ask, decision: { prompt: 'Really?' } }
---
workflow:
  name: one-each
  version: 1.0.0
  concurrency: { key: all, limit: 1 }
  steps: [{ id: w, wait: { for: 1h } }]
---
workflow:
  name: waiting-parent
  version: 1.0.0
  steps: [{ id: c, workflow: waits, input: '${ input }' }]
";

/// One of everything that an instance can wait for.
async fn waiting(world: &World) -> Runtime {
    let runtime = world.open_with_catalog().await;
    apply(&runtime, WAITS).await;
    world.script.on("work", Answer::Hang);
    for workflow in [
        "waits",
        "one-slow",
        "asks",
        "one-each",
        "one-each",
        "waiting-parent",
    ] {
        start(&runtime, workflow).await;
    }
    let mut later = start_of("waits", json!({}));
    later.start_at = Some(crate::harness::START_MS + 7_200_000);
    runtime.submit(later).await.expect("starts");
    pass_time(Duration::from_secs(5)).await;
    until("all messages are taken", || world.outbox() == 0).await;
    runtime
}

async fn proven(runtime: &Runtime) -> (u64, Vec<Unproven>) {
    let (mut checked, mut findings, mut after) = (0, Vec::new(), None);
    loop {
        let proven = runtime.prove(after, 3).await.expect("reads");
        checked += proven.checked;
        findings.extend(proven.findings);
        after = proven.next;
        if after.is_none() {
            return (checked, findings);
        }
    }
}

async fn rows(world: &World, table: Table) -> Vec<Row> {
    let scan = Scan {
        table,
        slots: 0..=4095,
        after: None,
        prefix: bytes::Bytes::new(),
        reverse: false,
        limit: 1_000,
    };
    world.memory.scan(scan).await.expect("scans")
}

/// Writes what no projector would.
async fn plant(world: &World, slot: u16, change: Change) {
    // Two partitions share the slots, each a half.
    let partition = PartitionId(slot / 2_048);
    let reached = world.memory.reached(partition).await.expect("reads");
    let projection = Projection {
        partition,
        reached,
        changes: vec![change],
    };
    world
        .memory
        .project(vec![projection])
        .await
        .expect("writes");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_lost_is_found_whatever_it_would_have_brought() {
    let world = World::new();
    let runtime = waiting(&world).await;
    assert_eq!(proven(&runtime).await, (8, Vec::new()));
    for (table, word) in [
        (Table::Timer, "timer"),
        (Table::Task, "the call of step s"),
        (Table::Decision, "decision"),
        (Table::Limit, "limit"),
    ] {
        let all = rows(&world, table).await;
        assert!(!all.is_empty(), "{table:?}");
        for Row { slot, key, value } in all {
            let lost = Change::Delete {
                table,
                slot,
                key: key.clone(),
            };
            plant(&world, slot, lost).await;
            let (_, found) = proven(&runtime).await;
            let [found] = &found[..] else {
                panic!("{table:?}: expected one finding, but got {found:?}");
            };
            assert!(found.what.contains(word), "{}", found.what);
            let put = Change::Put {
                table,
                slot,
                key,
                value,
            };
            plant(&world, slot, put).await;
        }
    }
    assert_eq!(proven(&runtime).await, (8, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_lost_is_found() {
    let world = World::new();
    let runtime = waiting(&world).await;
    let filter = store::InstanceFilter::default();
    let all = world.memory.list(&filter, None, 100).await.expect("lists");
    let child = all.items.iter().find(|row| row.parent_id.is_some());
    let child = child.expect("there is a child");
    let gone = Change::DeleteInstance {
        slot: child.slot,
        id: child.id,
    };
    let parent = Id::from_bytes(child.parent_id.expect("it has a parent"));
    let instance = runtime.instance(parent).await.expect("reads");
    plant(&world, child.slot, gone).await;
    let missing = missing_children(&world.memory, &instance, &OnTheWay::new()).await;
    let missing = missing.expect("reads");
    assert!(missing[0].contains("it waits for child"), "{missing:?}");
    let tail = OnTheWay::from([Id::from_bytes(child.id)]);
    let none = missing_children(&world.memory, &instance, &tail).await;
    assert_eq!(
        none.expect("reads"),
        Vec::<String>::new(),
        "the journal has it"
    );
    let rows = missing_rows(&world.memory, &instance).await;
    assert_eq!(rows.expect("reads"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_moves_while_it_is_looked_at_is_no_finding() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    *world.script.delays.lock().expect("no holder panicked") = Some(engine::Entropy::new(3));
    for _ in 0..200 {
        start(&runtime, "parent").await;
    }
    for _ in 0..20 {
        let (_, found) = proven(&runtime).await;
        assert_eq!(found, Vec::new());
        pass_time(Duration::from_millis(7)).await;
    }
}
