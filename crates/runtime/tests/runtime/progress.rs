//! Calls, retries, time-outs, timers, callbacks.

use std::time::Duration;

use engine::record::Failure;
use engine::{Payload, Status, TaskOutcome};
use runtime::CallbackError;
use serde_json::json;

use crate::harness::{Answer, World, apply, ended, pass_time, start, start_of, until};

#[tokio::test(start_paused = true)]
async fn steps_run_in_order_and_all_attempts_bear_one_key() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::FailFirst(2));
    let id = start(&runtime, "three").await.id;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    assert_eq!(
        world.script.actions(),
        ["one", "two", "two", "two", "three"]
    );
    let calls = world.script.calls();
    assert!(
        calls[1..4]
            .iter()
            .all(|call| call.idempotency_key == calls[1].idempotency_key)
    );
    let attempts: Vec<u32> = calls[1..4].iter().map(|call| call.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    assert!(
        calls
            .iter()
            .all(|call| call.correlation_id == id.to_string())
    );
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_hangs_or_breaks_is_an_outcome() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for answer in [Answer::Hang, Answer::Panic] {
        world.script.on("one", answer);
        let id = start(&runtime, "three").await.id;
        let instance = ended(&runtime, id).await;
        assert_eq!(instance.status(), Status::Failed);
        let error = instance.error().expect("says why");
        assert!(error.effect_unknown, "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_is_gone_fails_its_steps() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::Gated);
    let id = start(&runtime, "three").await.id;
    until("the first call", || world.script.calls().len() == 1).await;
    let key = definition::ResourceKey::new(definition::ResourceKind::Adapter, "crm");
    runtime
        .apply("ann", "", |catalog| {
            catalog.without(std::slice::from_ref(&key))
        })
        .await
        .expect("removes");
    world.script.gate(true);
    let instance = ended(&runtime, id).await;
    assert_eq!(
        instance.error().expect("says why").error_type,
        "adapter.unknown"
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_at_once_than_the_adapter_allows() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("work", Answer::Gated);
    let starts = (0..50).map(|n| start_of("one-slow", json!(n))).collect();
    let started = runtime.submit_batch(starts).await;
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(world.script.calls().len(), 2);
    world.script.gate(true);
    for submitted in started {
        ended(&runtime, submitted.expect("starts").id).await;
    }
    assert_eq!(
        world.script.at_once.lock().expect("no holder panicked").1,
        2
    );
    assert_eq!(runtime.health().figures.calls_waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_on_time_though_nothing_is_in_memory() {
    let world = World::bounded(|bounds| bounds.hot_instances = 0);
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "waits").await.id;
    until("eviction", || {
        runtime.health().partitions.iter().all(|p| p.hot == 0)
    })
    .await;
    let before = tokio::time::Instant::now();
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    let waited = before.elapsed();
    assert!(
        waited >= Duration::from_secs(3590) && waited < Duration::from_secs(3610),
        "{waited:?}"
    );
    assert!(runtime.health().figures.loads > 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_timers_due_at_once_all_fire() {
    let world = World::bounded(|bounds| {
        bounds.near_timers = 1_000;
        bounds.hot_instances = 100;
    });
    let runtime = world.open_with_catalog().await;
    let starts = (0..10_000).map(|n| start_of("waits", json!(n))).collect();
    let started = runtime.submit_batch(starts).await;
    let mut completed = 0;
    for submitted in started {
        let id = submitted.expect("starts").id;
        let instance = ended(&runtime, id).await;
        completed += usize::from(instance.status() == Status::Completed);
    }
    assert_eq!(completed, 10_000);
    assert_eq!(world.script.calls().len(), 10_000);
}

const CALLBACK: &str = "
adapters:
  - name: far
    type: http
    url: http://far
    actions: { ask: { method: POST, path: /ask, async: callback } }
---
workflow:
  name: asks
  version: 1.0.0
  steps:
    - { id: q, adapter: far, action: ask, timeout: 1h, retry: none }
";

#[tokio::test(start_paused = true)]
async fn a_callback_completes_its_task_once_and_outlives_a_restart() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, CALLBACK).await;
    world.script.on("ask", Answer::Accept);
    let id = start(&runtime, "asks").await.id;
    until("the call", || !world.script.calls().is_empty()).await;
    let url = world.script.calls()[0]
        .callback
        .clone()
        .expect("has an address");
    let token = url
        .expose()
        .rsplit('/')
        .next()
        .expect("ends in the token")
        .to_owned();
    pass_time(Duration::from_secs(60)).await;
    let runtime = world.crash(runtime).await;
    pass_time(Duration::from_secs(60)).await;
    assert_eq!(
        world.script.calls().len(),
        1,
        "an accepted task is not called again"
    );
    let outcome = || TaskOutcome::Completed {
        output: Payload::from_value(json!("done")),
        target: String::new(),
        exchange: String::new(),
        kept_by: None,
    };
    assert_eq!(
        runtime.callback("nonsense", outcome()).await,
        Err(CallbackError::UnknownToken)
    );
    assert_eq!(runtime.callback(&token, outcome()).await, Ok(()));
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    let failed = TaskOutcome::Failed {
        error: Failure::default(),
        retry_after_ms: None,
        target: String::new(),
        exchange: String::new(),
    };
    assert_eq!(
        runtime.callback(&token, failed).await,
        Err(CallbackError::Closed)
    );
}
