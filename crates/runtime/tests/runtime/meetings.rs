//! Events that instances publish, and waits for events: they meet whatever comes first, over crashes.

use std::time::Duration;

use engine::{Id, Payload, Status};
use runtime::{Accepted, EventFilter, Incoming, Runtime};
use serde_json::{Value, json};
use store::Table;

use crate::harness::{World, apply, ended, pass_time, start, start_of, until};

const FLOWS: &str = "
events:
  - { type: paid, keep: 10m }
  - { type: keyed, key: '${ event.order }', schema: { type: object, required: [order] } }
---
workflow:
  name: order
  version: 1.0.0
  subject: '${ input.who }'
  output: '${ steps.paid.output }'
  steps:
    - { id: paid, wait: { event: { type: paid, when: event.amount > 1 }, timeout: 1h } }
---
workflow:
  name: by-key
  version: 1.0.0
  output: '${ steps.w.output }'
  steps:
    - { id: w, wait: { event: { type: keyed, key: '${ input.order }' } } }
---
workflow:
  name: tells
  version: 1.0.0
  subject: '${ input.who }'
  output: '${ steps.tell.output }'
  steps:
    - { id: tell, emit: { type: paid, data: { amount: 7 } } }
---
workflow:
  name: hears
  version: 1.0.0
  trigger: { type: event, event-type: paid }
  steps: [{ id: a, adapter: crm, action: one }]
---
workflow:
  name: late
  version: 1.0.0
  subject: ada
  deadlines: [{ after: 10m, emit: { type: paid, data: { amount: 9 } } }]
  steps: [{ id: w, wait: { for: 1h } }]
";

fn event(event_type: &str, subject: &str, data: Value) -> Incoming {
    Incoming {
        event_type: event_type.to_owned(),
        source: "/test".to_owned(),
        subject: subject.to_owned(),
        meta: Payload::from_value(json!({ "type": event_type, "subject": subject })),
        data: Payload::from_value(data),
        cause: "events".to_owned(),
        ..Incoming::default()
    }
}

async fn send(runtime: &Runtime, event: Incoming) -> Accepted {
    let taken = runtime.take_events(vec![event]).await.pop();
    taken.expect("one answer").expect("taken")
}

async fn world() -> (World, Runtime) {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, FLOWS).await;
    (world, runtime)
}

async fn order(runtime: &Runtime, who: &str) -> Id {
    let submit = start_of("order", json!({ "who": who }));
    runtime.submit(submit).await.expect("starts").id
}

async fn output(runtime: &Runtime, id: Id) -> Value {
    let instance = ended(runtime, id).await;
    assert_eq!(
        instance.status(),
        Status::Completed,
        "{:?}",
        instance.error()
    );
    let output = instance.output().expect("an output");
    Value::clone(&output.value())
}

#[tokio::test(start_paused = true)]
async fn an_event_comes_to_all_that_wait_for_its_key_and_to_no_others() {
    let (world, runtime) = world().await;
    // Over both partitions.
    let mut waiting = Vec::new();
    for n in 0..20 {
        waiting.push((order(&runtime, &format!("c{}", n % 10)).await, n % 10));
    }
    until("all wait", || world.rows(Table::Wait) == 20).await;
    for n in 0..9 {
        send(
            &runtime,
            event("paid", &format!("c{n}"), json!({ "amount": 1 })),
        )
        .await;
        send(
            &runtime,
            event("paid", &format!("c{n}"), json!({ "amount": 10 + n })),
        )
        .await;
    }
    for (id, n) in waiting {
        if n < 9 {
            assert_eq!(output(&runtime, id).await, json!({ "amount": 10 + n }));
        } else {
            let instance = runtime.instance(id).await.expect("reads");
            let (waits, _) = instance.waiting_for(5);
            assert_eq!(waits[0].kind, "event");
            assert!(waits[0].what.contains(r#"paid with key "c9""#), "{waits:?}");
        }
    }
    until("only two wait", || world.rows(Table::Wait) == 2).await;
    until("an empty outbox", || world.outbox() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_first_is_kept_for_a_while() {
    let (_world, runtime) = world().await;
    send(&runtime, event("paid", "ada", json!({ "amount": 5 }))).await;
    pass_time(Duration::from_secs(590)).await;
    let early = order(&runtime, "ada").await;
    assert_eq!(output(&runtime, early).await, json!({ "amount": 5 }));
    pass_time(Duration::from_secs(20)).await;
    let late = order(&runtime, "ada").await;
    let instance = ended(&runtime, late).await;
    let error = instance.error().map(|error| error.error_type.clone());
    assert_eq!(
        error.as_deref(),
        Some("wait.timeout"),
        "it was kept long enough"
    );
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_kept_events_that_will_do_is_not_missed_after_many_projections() {
    let (_world, runtime) = world().await;
    let large = "x".repeat(100_000);
    let data = json!({ "order": 7, "large": large });
    send(&runtime, event("keyed", "nobody", data.clone())).await;
    for n in 0..50 {
        send(
            &runtime,
            event("keyed", "nobody", json!({ "order": n + 100 })),
        )
        .await;
        pass_time(Duration::from_secs(1)).await;
    }
    let submit = start_of("by-key", json!({ "order": "7" }));
    let id = runtime.submit(submit).await.expect("starts").id;
    assert_eq!(output(&runtime, id).await, data);
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_first_a_crash_between_loses_neither() {
    for wait_first in [true, false] {
        let (world, mut runtime) = world().await;
        let mut ids = Vec::new();
        let names: Vec<String> = (0..8).map(|n| format!("c{n}")).collect();
        for name in &names {
            if wait_first {
                ids.push(order(&runtime, name).await);
            } else {
                send(&runtime, event("paid", name, json!({ "amount": 5 }))).await;
            }
            // Right behind the answer: messages are on their way.
            runtime = world.crash(runtime).await;
        }
        for name in &names {
            if wait_first {
                send(&runtime, event("paid", name, json!({ "amount": 5 }))).await;
            } else {
                ids.push(order(&runtime, name).await);
            }
            runtime = world.crash(runtime).await;
        }
        for id in ids {
            assert_eq!(output(&runtime, id).await, json!({ "amount": 5 }));
        }
        until("nobody waits", || world.rows(Table::Wait) == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_step_publishes_is_taken_once_and_led_on() {
    let (world, mut runtime) = world().await;
    let waits = order(&runtime, "ada").await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let submit = start_of("tells", json!({ "who": "ada" }));
        told.push(runtime.submit(submit).await.expect("starts").id);
        runtime = world.crash(runtime).await;
    }
    assert_eq!(output(&runtime, waits).await, json!({ "amount": 7 }));
    let mut ids = Vec::new();
    for id in &told {
        let told = output(&runtime, *id).await;
        assert_eq!(
            (&told["type"], &told["source"]),
            (&json!("paid"), &json!("/workflows/tells"))
        );
        ids.push(told["id"].as_str().expect("an id").to_owned());
    }
    until("each led to a call", || world.script.calls().len() == 5).await;
    let events = runtime.events(&EventFilter::default(), None, 100).await;
    let mut events = events.expect("lists").items;
    events.sort_by_key(|event| event.id);
    let mut found: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids, "each once");
    let first = events
        .iter()
        .find(|event| event.taken.cause == format!("instance:{}", told[0]));
    let first = first.expect("there is one");
    assert_eq!(first.taken.step, "tell");
    assert_eq!(
        first.meta().value()["id"],
        json!(format!("{}/tell/1", told[0]))
    );
    assert_eq!(first.routes()[0].workflow, "hears");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_late_says_so_once_and_goes_on() {
    let (world, runtime) = world().await;
    let waits = order(&runtime, "ada").await;
    let late = start(&runtime, "late").await.id;
    pass_time(Duration::from_secs(300)).await;
    let runtime = world.crash(runtime).await;
    assert_eq!(output(&runtime, waits).await, json!({ "amount": 9 }));
    assert_eq!(ended(&runtime, late).await.status(), Status::Completed);
    assert_eq!(world.script.calls().len(), 1);
    let none = runtime.events(&EventFilter::default(), None, 100).await;
    assert_eq!(none.expect("lists").items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_is_withdrawn() {
    let (world, runtime) = world().await;
    let id = order(&runtime, "ada").await;
    until("it waits", || world.rows(Table::Wait) == 1).await;
    let cancel = engine::Command::Cancel(engine::record::CancelRequested::default());
    runtime.command(id, cancel, "bob").await.expect("takes it");
    assert_eq!(ended(&runtime, id).await.status(), Status::Cancelled);
    until("nobody waits", || world.rows(Table::Wait) == 0).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_fit_its_type_is_refused() {
    let (_world, runtime) = world().await;
    let events = vec![
        event("keyed", "", json!({})),
        event("keyed", "", json!({ "order": 1 })),
    ];
    let answers = runtime.take_events(events).await;
    let told = answers[0].as_ref().expect_err("refused").to_string();
    assert!(told.contains("keyed") && told.contains("order"), "{told}");
    assert!(answers[1].is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_not_kept() {
    let (world, runtime) = world().await;
    let before = world.rows(Table::Key);
    send(&runtime, event("unknown", "ada", json!(1))).await;
    send(&runtime, event("paid", "", json!(1))).await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(
        world.rows(Table::Key),
        before,
        "without a key nobody can find it"
    );
    send(&runtime, event("paid", "ada", json!(1))).await;
    until("one is kept", || world.rows(Table::Key) == before + 1).await;
    let listed = runtime
        .events(
            &EventFilter {
                routed: Some(true),
                ..EventFilter::default()
            },
            None,
            10,
        )
        .await;
    assert!(!listed.expect("lists").items.is_empty());
}
