//! What holds calls back: circuit breakers, rates, switches.

use std::time::Duration;

use engine::record::CancelRequested;
use engine::{Command, Id, Status};
use runtime::{AdapterOrder, ApplyError, BreakerState, Runtime, SwitchRefused};

use crate::harness::{Answer, World, apply, ended, pass_time, start, until};

const BREAKER: &str = "
adapters:
  - name: bank
    type: http
    url: http://bank
    circuit-breaker: { window: 10s, min-calls: 4, failure-rate: 0.5, open-for: 5s, half-open-calls: 2 }
---
workflow:
  name: pay
  version: 1.0.0
  steps:
    - { id: pay, adapter: bank, action: pay, timeout: 1s, retry: { max-attempts: 10, initial-interval: 10ms, multiplier: 1, jitter: none } }
";

async fn opened(text: &str) -> (World, Runtime) {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, text).await;
    (world, runtime)
}

async fn breaker(runtime: &Runtime, adapter: &str) -> BreakerState {
    runtime.adapter_standing(adapter).await.targets[0].state
}

/// What the tasks of an instance wait for.
async fn held(runtime: &Runtime, id: Id) -> Vec<(String, String, Option<i64>)> {
    let instance = runtime.instance(id).await.expect("is there");
    let held = runtime.held(&instance).await.into_iter();
    held.map(|held| (held.kind, held.what, held.until))
        .collect()
}

async fn switch(runtime: &Runtime, adapter: &str, target: Option<&str>, order: AdapterOrder) {
    let done = runtime.switch_adapter("ann", "a test", (adapter, target), &order);
    done.await.expect("is switched");
}

/// Has the breaker opened by four calls that fail.
async fn broken(world: &World, runtime: &Runtime) -> Id {
    world.script.on("pay", Answer::FailFirst(usize::MAX));
    let id = start(runtime, "pay").await.instance.id();
    until("four calls", || world.script.calls().len() >= 4).await;
    pass_time(Duration::from_millis(50)).await;
    assert_eq!(breaker(runtime, "bank").await, BreakerState::Open);
    id
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_calls_wait_and_use_no_attempt() {
    let (world, runtime) = opened(BREAKER).await;
    let first = broken(&world, &runtime).await;
    let mut ids = vec![first];
    for _ in 0..50 {
        ids.push(start(&runtime, "pay").await.instance.id());
    }
    pass_time(Duration::from_millis(500)).await;
    assert_eq!(world.script.calls().len(), 4, "nothing goes out");
    let waits = held(&runtime, ids[20]).await;
    assert_eq!(waits[0].0, "breaker");
    assert!(waits[0].1.contains("4 of 4 calls failed"), "{waits:?}");
    assert!(waits[0].2.is_some_and(|until| until > runtime.now_ms()));
    // A probe that fails opens it again, for as long.
    until("the probes", || world.script.calls().len() > 4).await;
    pass_time(Duration::from_millis(100)).await;
    assert!(world.script.calls().len() <= 6, "two probes at most");
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Open);
    pass_time(Duration::from_secs(3)).await;
    assert!(world.script.calls().len() <= 6, "it is open again");
    world.script.on("pay", Answer::Echo);
    for id in ids {
        let instance = ended(&runtime, id).await;
        assert_eq!(instance.status(), Status::Completed);
    }
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
    let most = world.script.calls().iter().map(|call| call.attempt).max();
    assert!(
        most.expect("calls") <= 7,
        "waiting uses no attempt: {most:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn probes_are_counted_in_total() {
    let (world, runtime) = opened(BREAKER).await;
    broken(&world, &runtime).await;
    for _ in 0..20 {
        start(&runtime, "pay").await;
    }
    world.script.on("pay", Answer::Gated);
    world.script.gate(false);
    let before = world.script.calls().len();
    pass_time(Duration::from_millis(5_500)).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::HalfOpen);
    assert_eq!(world.script.calls().len(), before + 2);
    world.script.gate(true);
    pass_time(Duration::from_millis(500)).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
    assert!(world.script.calls().len() >= before + 20);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_open_after_a_crash() {
    let (world, runtime) = opened(BREAKER).await;
    let id = broken(&world, &runtime).await;
    let runtime = world.crash(runtime).await;
    pass_time(Duration::from_secs(2)).await;
    assert_eq!(world.script.calls().len(), 4, "nothing goes out");
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Open);
    world.script.on("pay", Answer::Echo);
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.status(), Status::Completed);
    pass_time(Duration::from_secs(1)).await;
    let runtime = world.crash(runtime).await;
    // One probe went well; the second is still wanted.
    assert_ne!(breaker(&runtime, "bank").await, BreakerState::Closed);
    start(&runtime, "pay").await;
    start(&runtime, "pay").await;
    start(&runtime, "pay").await;
    pass_time(Duration::from_secs(6)).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
    pass_time(Duration::from_secs(1)).await;
    let runtime = world.crash(runtime).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn slow_calls_count_as_failed() {
    let text = BREAKER.replace("half-open-calls: 2", "half-open-calls: 2, slow-call: 10ms");
    let (world, runtime) = opened(&text).await;
    *world.script.delays.lock().expect("no holder panicked") = Some(engine::Entropy::new(3));
    for _ in 0..20 {
        start(&runtime, "pay").await;
    }
    pass_time(Duration::from_millis(500)).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn on_open_fail_fails_with_effect_none() {
    let text = BREAKER.replace("half-open-calls: 2", "on-open: fail");
    let (world, runtime) = opened(&text).await;
    broken(&world, &runtime).await;
    let id = start(&runtime, "pay").await.instance.id();
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.status(), Status::Failed);
    let error = instance.error().expect("an error");
    assert_eq!(error.error_type, "circuit-open");
    assert!(!error.effect_unknown && error.retryable);
    assert_eq!(world.script.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn on_open_fallback_has_another_adapter_make_the_call() {
    let text = BREAKER
        .replace("half-open-calls: 2", "on-open: { fallback: other-bank }")
        .replace("max-attempts: 10", "max-attempts: 50")
        .replace(
            "---",
            "  - { name: other-bank, type: http, url: http://other }\n---",
        );
    let (world, runtime) = opened(&text).await;
    let first = broken(&world, &runtime).await;
    world.script.on("pay", Answer::Echo);
    let second = start(&runtime, "pay").await.instance.id();
    for id in [first, second] {
        assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    }
    let calls = world.script.calls();
    let (own, others) = calls.split_at(4);
    assert!(own.iter().all(|call| &*call.adapter == "bank"));
    assert!(others.len() >= 2);
    assert!(others.iter().all(|call| &*call.adapter == "other-bank"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_called_off_when_its_time_is_over() {
    let text = BREAKER.replace("  version: 1.0.0\n", "  version: 1.0.0\n  timeout: 3s\n");
    let (world, runtime) = opened(&text).await;
    broken(&world, &runtime).await;
    let id = start(&runtime, "pay").await.instance.id();
    let began = runtime.now_ms();
    let instance = ended(&runtime, id).await;
    assert_ne!(instance.status(), Status::Completed);
    assert!(
        runtime.now_ms() - began <= 3_500,
        "it does not wait for the breaker"
    );
    assert_eq!(world.script.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_what_was_sent_do_not_open_it() {
    let text = BREAKER.replace("max-attempts: 10", "max-attempts: 1");
    let (world, runtime) = opened(&text).await;
    world.script.on("pay", Answer::Refuse);
    for _ in 0..10 {
        start(&runtime, "pay").await;
    }
    until("ten calls", || world.script.calls().len() == 10).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
}

const RATE: &str = "
adapters:
  - { name: bank, type: http, url: http://bank, rate-limit: { rate: 10/s, burst: 5 } }
---
workflow:
  name: pay
  version: 1.0.0
  steps: [{ id: pay, adapter: bank, action: pay }]
";

#[tokio::test(start_paused = true)]
async fn no_more_calls_begin_than_the_rate_allows() {
    let (world, runtime) = opened(RATE).await;
    pass_time(Duration::from_secs(2)).await;
    let mut ids = vec![];
    for _ in 0..40 {
        ids.push(start(&runtime, "pay").await.instance.id());
    }
    pass_time(Duration::from_millis(20)).await;
    assert_eq!(
        world.script.calls().len(),
        0,
        "the bucket begins empty with the first call"
    );
    assert_eq!(held(&runtime, ids[30]).await[0].0, "rate");
    pass_time(Duration::from_secs(1)).await;
    let after_one = world.script.calls().len();
    assert!((9..=11).contains(&after_one), "{after_one}");
    pass_time(Duration::from_secs(1)).await;
    let after_two = world.script.calls().len();
    assert!((19..=21).contains(&after_two), "{after_two}");
    for id in ids {
        assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    }
}

const TWO_RATES: &str = "
adapters:
  - { name: bank, type: http, url: http://bank, rate-limit: { rate: 1/s, burst: 1 } }
  - { name: shop, type: http, url: http://shop, rate-limit: { rate: 10/s, burst: 1 } }
---
workflows:
  - { name: pay, version: 1.0.0, steps: [{ id: pay, adapter: bank, action: pay }] }
  - { name: buy, version: 1.0.0, steps: [{ id: buy, adapter: shop, action: buy }] }
";

#[tokio::test(start_paused = true)]
async fn a_call_goes_although_one_before_it_that_waited_for_the_rate_was_called_off() {
    let (_world, runtime) = opened(TWO_RATES).await;
    let first = start(&runtime, "pay").await.instance.id();
    until_held(&runtime, first).await;
    let other = start(&runtime, "buy").await.instance.id();
    let cancel = Command::Cancel(CancelRequested::default());
    runtime
        .command(first, cancel, "bob")
        .await
        .expect("is cancelled");
    assert_eq!(ended(&runtime, first).await.status(), Status::Cancelled);
    // The limits are looked after once more, for another adapter, when nothing waits for this one.
    assert_eq!(ended(&runtime, other).await.status(), Status::Completed);
    let second = start(&runtime, "pay").await.instance.id();
    until_held(&runtime, second).await;
    assert_eq!(ended(&runtime, second).await.status(), Status::Completed);
}

async fn until_held(runtime: &Runtime, id: Id) {
    while held(runtime, id).await.is_empty() {
        pass_time(Duration::from_millis(1)).await;
    }
    assert_eq!(held(runtime, id).await[0].0, "rate");
}

#[tokio::test(start_paused = true)]
async fn a_paused_adapter_is_not_called_until_it_is_resumed() {
    let (world, runtime) = opened(BREAKER).await;
    switch(&runtime, "bank", None, AdapterOrder::Pause).await;
    let id = start(&runtime, "pay").await.instance.id();
    pass_time(Duration::from_secs(1)).await;
    let waits = held(&runtime, id).await;
    assert_eq!(
        waits,
        [(
            "paused".to_owned(),
            "ann paused bank: a test".to_owned(),
            None
        )]
    );
    let runtime = world.crash(runtime).await;
    pass_time(Duration::from_secs(60)).await;
    assert_eq!(world.script.calls().len(), 0, "a restart changes nothing");
    switch(&runtime, "bank", None, AdapterOrder::Resume).await;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_is_opened_and_reset_by_hand() {
    let (world, runtime) = opened(BREAKER).await;
    switch(&runtime, "bank", Some("default"), AdapterOrder::OpenBreaker).await;
    let id = start(&runtime, "pay").await.instance.id();
    pass_time(Duration::from_secs(60)).await;
    assert_eq!(
        world.script.calls().len(),
        0,
        "time alone does not close it"
    );
    assert_eq!(held(&runtime, id).await[0].0, "breaker");
    switch(
        &runtime,
        "bank",
        Some("default"),
        AdapterOrder::ResetBreaker,
    )
    .await;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    // One that opened by itself is closed by hand as well.
    let id = broken(&world, &runtime).await;
    world.script.on("pay", Answer::Echo);
    switch(&runtime, "bank", None, AdapterOrder::ResetBreaker).await;
    pass_time(Duration::from_millis(50)).await;
    assert_eq!(breaker(&runtime, "bank").await, BreakerState::Closed);
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn other_limits_hold_for_a_while() {
    let (world, runtime) = opened(BREAKER).await;
    world.script.on("pay", Answer::Gated);
    let limit = AdapterOrder::Limit {
        concurrency: Some(2),
        rate: None,
        for_ms: 10_000,
    };
    switch(&runtime, "bank", None, limit).await;
    for _ in 0..5 {
        start(&runtime, "pay").await;
    }
    pass_time(Duration::from_millis(900)).await;
    assert_eq!(
        world.script.at_once.lock().expect("no holder panicked").0,
        2
    );
    let standing = runtime.adapter_standing("bank").await;
    assert_eq!((standing.running, standing.waiting), (2, 3));
    switch(&runtime, "bank", None, AdapterOrder::Unlimit).await;
    pass_time(Duration::from_millis(50)).await;
    assert_eq!(
        world.script.at_once.lock().expect("no holder panicked").0,
        5
    );
    world.script.gate(true);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_cannot_be_switched() {
    let (_world, runtime) = opened(BREAKER).await;
    let order = AdapterOrder::Pause;
    let nobody = runtime.switch_adapter("ann", "x", ("nobody", None), &order);
    let error = nobody.await.expect_err("there is none");
    let ApplyError::Refused(SwitchRefused::NoAdapter(names)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(names, ["bank"]);
    let nowhere = runtime.switch_adapter("ann", "x", ("bank", Some("b")), &order);
    let error = nowhere.await.expect_err("there is none");
    let ApplyError::Refused(SwitchRefused::NoTarget(names)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(names, ["default"]);
}
