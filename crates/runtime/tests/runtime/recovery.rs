//! A node goes on from what is durable.

use std::time::Duration;

use engine::{Outstanding, Status};
use serde_json::json;

use store::Store as _;

use crate::harness::{Answer, World, ended, pass_time, start, start_of, until};

#[tokio::test(start_paused = true)]
async fn what_was_answered_completes_after_a_crash_at_any_moment() {
    for projected in [true, false] {
        let world = World::new();
        let mut runtime = world.open_with_catalog().await;
        world.script.on("two", Answer::FailFirst(30));
        world.store.let_projections(projected);
        let starts = (0..20)
            .map(|n| start_of("three", json!({"n": n})))
            .collect();
        let started = runtime.submit_batch(starts).await;
        for _ in 0..8 {
            pass_time(Duration::from_millis(150)).await;
            world.store.let_projections(true);
            runtime = world.crash(runtime).await;
            world.store.let_projections(projected);
        }
        world.store.let_projections(true);
        for submitted in started {
            let id = submitted.expect("started").id;
            assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn recovered_state_is_the_fold_of_the_records_and_waits_for_the_same() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::Gated);
    let ids = [
        start(&runtime, "three").await.id,
        start(&runtime, "waits").await.id,
    ];
    until("the second call", || world.script.calls().len() == 2).await;
    let mut before: Vec<(u64, Outstanding)> = vec![];
    for id in ids {
        let instance = runtime.instance(id).await.expect("is there");
        before.push((instance.seq(), instance.outstanding()));
    }
    let runtime = world.crash(runtime).await;
    for (id, (seq, outstanding)) in ids.into_iter().zip(before) {
        let instance = runtime.instance(id).await.expect("is there");
        assert_eq!((instance.seq(), instance.outstanding()), (seq, outstanding));
        let folded = runtime.state_at(id, seq).await.expect("folds");
        assert_eq!(folded.snapshot(), instance.snapshot());
        assert!(instance.check().is_empty());
    }
    until("the repeated call", || world.script.calls().len() == 3).await;
    let calls = world.script.calls();
    assert_eq!(calls[1].idempotency_key, calls[2].idempotency_key);
    assert_eq!(
        calls[1].attempt, calls[2].attempt,
        "a repeat uses no attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn repeats_after_a_recovery_begin_slowly() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::Gated);
    let starts = (0..60).map(|n| start_of("three", json!(n))).collect();
    runtime.submit_batch(starts).await;
    until("all first calls", || world.script.calls().len() == 60).await;
    let runtime = world.crash(runtime).await;
    *world.script.at_once.lock().expect("no holder panicked") = (0, 0);
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(world.script.calls().len(), 60 + 8);
    world.script.gate(true);
    until("all calls", || {
        world
            .script
            .actions()
            .iter()
            .filter(|a| *a == "three")
            .count()
            == 60
    })
    .await;
    drop(runtime);
}

#[tokio::test(start_paused = true)]
async fn the_catalog_and_the_number_of_partitions_outlive_a_restart() {
    let mut world = World::new();
    let runtime = world.open_with_catalog().await;
    let (version, first) = (runtime.catalog().version, start(&runtime, "three").await.id);
    ended(&runtime, first).await;
    runtime.shutdown().await;
    world.config.partitions = 7;
    let runtime = world.open().await;
    assert_eq!(runtime.catalog().version, version);
    assert_eq!(runtime.health().partitions.len(), 2);
    let id = start(&runtime, "three").await.id;
    assert_ne!(id, first);
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    assert_eq!(
        runtime.instance(first).await.expect("is there").status(),
        Status::Completed
    );
}

#[tokio::test(start_paused = true)]
async fn large_payloads_come_back() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::Gated);
    world.store.let_projections(false);
    let large = "x".repeat(100_000);
    let submitted = runtime
        .submit(start_of("three", json!({"large": large})))
        .await
        .expect("starts");
    until("the second call", || world.script.calls().len() == 2).await;
    world.store.let_projections(true);
    let runtime = world.crash(runtime).await;
    world.script.gate(true);
    assert_eq!(
        ended(&runtime, submitted.id).await.status(),
        Status::Completed
    );
    assert!(
        world
            .script
            .calls()
            .iter()
            .all(|call| call.input.len() > 100_000)
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_calls_and_leaves_nothing_to_replay() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::Gated);
    let id = start(&runtime, "three").await.id;
    until("the call", || world.script.calls().len() == 1).await;
    let handle = runtime.clone();
    let leaving = tokio::spawn(async move { handle.shutdown().await });
    pass_time(Duration::from_secs(1)).await;
    assert!(!leaving.is_finished() && !runtime.health().ready);
    assert!(runtime.submit(start_of("three", json!({}))).await.is_err());
    world.script.gate(true);
    leaving.await.expect("leaves");
    let runtime = world.open().await;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    assert_eq!(world.script.actions(), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_lost_more_than_its_last_write_is_refused() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let head = runtime.health().partitions[0].head;
    runtime.shutdown().await;
    for (ahead, opens) in [(1, true), (4, false)] {
        let partition = store::PartitionId(0);
        let reached = head + ahead;
        let projection = store::Projection {
            partition,
            reached,
            changes: Vec::new(),
        };
        world
            .memory
            .project(vec![projection])
            .await
            .expect("projects");
        let opened = world.try_open().await;
        assert_eq!(opened.is_ok(), opens, "{ahead} ahead: {:?}", opened.err());
        if let Ok(runtime) = opened {
            runtime.shutdown().await;
        }
    }
}
