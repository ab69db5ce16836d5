//! Outputs that are used again: on one node, over crashes, and over several nodes.

use std::time::Duration;

use engine::view::RecordView;
use engine::{Payload, Status, TaskOutcome};
use runtime::Runtime;
use serde_json::{Value, json};

use crate::cluster::{World as Nodes, until_shared};
use crate::harness::{Answer, World, apply, ended, pass_time, start_of, until};

const RATES: &str = "
adapters:
  - { name: bank, type: http, url: http://bank, concurrency: 1 }
  - name: far
    type: http
    url: http://far
    actions: { ask: { method: POST, path: /ask, async: callback } }
---
workflow:
  name: rate
  version: 1.0.0
  output: '${ steps.rate.output }'
  steps:
    - { id: rate, adapter: bank, action: rate, retry: none, cache: { key: '${ input.currency }', ttl: 10m } }
---
workflow:
  name: report
  version: 1.0.0
  output: '${ steps.report.output }'
  steps:
    - { id: report, adapter: far, action: ask, retry: none, timeout: 1h, cache: { key: report, ttl: 1h } }
---
workflow:
  name: long
  version: 1.0.0
  steps: [{ id: long, adapter: bank, action: long, retry: none }]
";

/// Has `rate` run to its end, and answers with its output and whether a kept one was used.
async fn rate(runtime: &Runtime, currency: &str, n: u32) -> (Value, bool) {
    let input = json!({ "currency": currency, "n": n });
    let id = runtime.submit(start_of("rate", input)).await;
    let id = id.expect("starts").id;
    let instance = ended(runtime, id).await;
    assert_eq!(instance.status(), Status::Completed);
    let output = instance.output().expect("has one").value();
    let history = runtime.history(id, 0, 100).await.expect("is there");
    let views = history.records.iter();
    let mut views = views.map(|record| RecordView::new(record, &instance));
    let completed = views.find(|view| view.kind == "step-completed");
    let kept = completed.is_some_and(|view| view.data["from_cache_of"].is_string());
    (output["n"].clone(), kept)
}

#[tokio::test(start_paused = true)]
async fn an_output_is_used_again_until_its_time_is_over() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, RATES).await;
    assert_eq!(rate(&runtime, "eur", 1).await, (json!(1), false));
    assert_eq!(rate(&runtime, "eur", 2).await, (json!(1), true));
    assert_eq!(rate(&runtime, "usd", 3).await, (json!(3), false));
    pass_time(Duration::from_secs(599)).await;
    assert_eq!(rate(&runtime, "eur", 4).await, (json!(1), true));
    pass_time(Duration::from_secs(2)).await;
    assert_eq!(rate(&runtime, "eur", 5).await, (json!(5), false));
    assert_eq!(rate(&runtime, "eur", 6).await, (json!(5), true));
    assert_eq!(world.script.calls().len(), 3);
    let figures = runtime.health().figures;
    assert_eq!((figures.outputs_kept, figures.outputs_reused), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_kept_output_outlives_crashes_whether_it_was_projected_or_not() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, RATES).await;
    world.store.let_projections(false);
    assert_eq!(rate(&runtime, "eur", 1).await, (json!(1), false));
    world.store.let_projections(true);
    let runtime = world.crash(runtime).await;
    assert_eq!(rate(&runtime, "eur", 2).await, (json!(1), true));
    pass_time(Duration::from_secs(5)).await;
    let runtime = world.crash(runtime).await;
    assert_eq!(rate(&runtime, "eur", 3).await, (json!(1), true));
    assert_eq!(world.script.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_and_after_a_failure_nothing_is_kept() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, RATES).await;
    for n in [1, 2] {
        assert_eq!(rate(&runtime, "", n).await, (json!(n), false));
    }
    world.script.on("rate", Answer::Refuse);
    let input = json!({ "currency": "eur", "n": 1 });
    let failed = runtime.submit(start_of("rate", input)).await;
    let failed = ended(&runtime, failed.expect("starts").id).await;
    assert_eq!(failed.status(), Status::Failed);
    world.script.on("rate", Answer::Echo);
    assert_eq!(rate(&runtime, "eur", 7).await, (json!(7), false));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_room_ends_with_what_is_kept() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, RATES).await;
    assert_eq!(rate(&runtime, "eur", 1).await, (json!(1), false));
    world.script.on("long", Answer::Gated);
    let long = runtime.submit(start_of("long", json!({}))).await;
    until("the long call is out", || world.script.calls().len() == 2).await;
    assert_eq!(rate(&runtime, "eur", 2).await, (json!(1), true));
    world.script.gate(true);
    ended(&runtime, long.expect("starts").id).await;
    assert_eq!(world.script.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_answers_by_callback_is_kept_once_it_is_taken() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, RATES).await;
    world.script.on("ask", Answer::Accept);
    let first = runtime.submit(start_of("report", json!({}))).await;
    until("the call", || !world.script.calls().is_empty()).await;
    let url = world.script.calls()[0].callback.clone();
    let url = url.expect("has an address");
    let token = url.expose().rsplit('/').next().expect("ends in the token");
    let outcome = |output: Value| TaskOutcome::Completed {
        output: Payload::from_value(output),
        target: String::new(),
        exchange: String::new(),
        kept_by: None,
    };
    let done = runtime.callback(token, outcome(json!("thick"))).await;
    assert_eq!(done, Ok(()));
    ended(&runtime, first.expect("starts").id).await;
    // A second answer is not taken, and not kept.
    let late = runtime.callback(token, outcome(json!("thin"))).await;
    assert!(late.is_err());
    let second = runtime.submit(start_of("report", json!({}))).await;
    let second = ended(&runtime, second.expect("starts").id).await;
    let output = second.output().map(Payload::value);
    assert_eq!(output.as_deref(), Some(&json!("thick")));
    assert_eq!(world.script.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_one_node_completed_every_node_finds() {
    let world = Nodes::new();
    let seats = [
        world.joined(1).await,
        world.joined(2).await,
        world.joined(3).await,
    ];
    until_shared(&seats.iter().collect::<Vec<_>>()).await;
    apply(&seats[0].runtime, RATES).await;
    // A home that begins lends nothing for three seconds.
    pass_time(Duration::from_secs(4)).await;
    for n in 0..12 {
        let currency = format!("c{n}");
        let at = |place: usize| &seats[place % seats.len()].runtime;
        let place = n as usize;
        assert_eq!(rate(at(place), &currency, n).await, (json!(n), false));
        assert_eq!(rate(at(place + 1), &currency, 99).await, (json!(n), true));
        assert_eq!(rate(at(place + 2), &currency, 98).await, (json!(n), true));
    }
    assert_eq!(world.script.calls().len(), 12);
}
