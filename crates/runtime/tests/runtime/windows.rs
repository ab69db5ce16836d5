//! Windows of triggers: what comes together becomes one start, or starts only so often, once, over crashes.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Id, Instance, Payload};
use runtime::{Accepted, Consistency, Incoming, LetterFilter, Runtime};
use serde_json::{Value, json};
use std::sync::Arc;
use store::InstanceFilter;

use crate::harness::{World, apply, ended, pass_time};

/// A workflow whose trigger has a window, and that computes the greatest value of what it starts with.
fn workflow(name: &str, version: &str, window: &str) -> String {
    format!(
        "
workflow:
  name: {name}
  version: {version}
  trigger: {{ type: event, id: t, event-type: reading, {window} }}
  output: '${{ input }}'
  steps: [{{ id: one, set: {{ n: 1 }} }}]
"
    )
}

/// A reading of a device.
fn reading(number: usize, device: &str, value: i64) -> Incoming {
    let id = format!("{device}-{number}");
    let meta = json!({ "specversion": "1.0", "type": "reading", "source": "/s", "id": id });
    Incoming {
        event_type: "reading".to_owned(),
        source: "/s".to_owned(),
        subject: device.to_owned(),
        sender_id: Some(id),
        meta: Payload::from_value(meta),
        data: Payload::from_value(json!({ "device": device, "value": value })),
        actor: "ann".to_owned(),
        cause: "events".to_owned(),
        ..Incoming::default()
    }
}

async fn send(runtime: &Runtime, number: usize, device: &str, value: i64) -> Accepted {
    let taken = runtime
        .take_events(vec![reading(number, device, value)])
        .await;
    let taken = taken.into_iter().next().expect("one");
    taken.expect("is taken")
}

async fn all(runtime: &Runtime) -> Vec<Arc<Instance>> {
    let filter = InstanceFilter::default();
    let listed = runtime.list(&filter, None, 1_000, Consistency::Fresh).await;
    let mut found = Vec::new();
    for row in listed.expect("lists").page.items {
        found.push(ended(runtime, Id::from_bytes(row.id)).await);
    }
    found.sort_by_key(|instance| instance.id());
    found
}

fn output(instance: &Instance) -> Value {
    let output = instance.output().expect("it completed");
    Value::clone(&output.value())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const DEBOUNCE: &str = "debounce: { key: '${ event.device }', quiet: 10s, max: 1m, keep: all }, \
     input: { count: '${ window.count }', most: '${ max(window.events.map(e, e.value)) }', last: '${ event.value }', id: '${ meta.id }' }";

#[tokio::test(start_paused = true)]
async fn a_run_of_events_of_each_key_becomes_one_start_over_crashes() {
    let world = World::new();
    let mut runtime = world.open().await;
    apply(&runtime, &workflow("storm", "1.0.0", DEBOUNCE)).await;
    for number in 0..5 {
        for device in ["a", "b", "c"] {
            let value = i64::try_from(number * 7 % 5).expect("small");
            send(&runtime, number, device, value).await;
        }
        pass_time(seconds(3)).await;
        runtime = world.crash(runtime).await;
    }
    assert_eq!(all(&runtime).await.len(), 0, "none is quiet yet");
    assert_eq!(
        runtime
            .windows(false, None, 10)
            .await
            .expect("lists")
            .items
            .len(),
        3
    );
    pass_time(seconds(8)).await;
    runtime = world.crash(runtime).await;
    pass_time(seconds(5)).await;
    let started = all(&runtime).await;
    let outputs: Vec<Value> = started.iter().map(|instance| output(instance)).collect();
    assert_eq!(outputs.len(), 3, "{outputs:?}");
    for (instance, output) in started.iter().zip(&outputs) {
        let device = instance.header().started.subject.clone();
        let id = format!("{device}-4");
        assert_eq!(
            *output,
            json!({ "count": 5, "most": 4, "last": 3, "id": id })
        );
    }
    assert!(
        runtime
            .windows(false, None, 10)
            .await
            .expect("lists")
            .items
            .is_empty()
    );
    let closed = runtime.windows(true, None, 10).await.expect("lists").items;
    assert_eq!(closed.len(), 3);
    for window in &closed {
        let events = runtime
            .events_of_window(window.id(), 10)
            .await
            .expect("reads");
        assert_eq!((events.0.len(), events.1), (5, false));
        let (entry, state) = runtime
            .came_to_window(events.0[2], ("storm", "t", &window.key))
            .await
            .expect("reads")
            .expect("it came");
        assert_eq!(entry.window, window.id);
        assert_eq!(state.as_ref(), Some(window));
        let started = Id::from_slice(&window.instance).expect("an instance");
        let instance = ended(&runtime, started).await;
        assert_eq!(instance.header().cause, format!("window:{}", window.id()));
    }
    // The next storm is another one.
    send(&runtime, 9, "a", 1).await;
    pass_time(seconds(12)).await;
    assert_eq!(all(&runtime).await.len(), 4);
    let figures = runtime.measures().figures;
    assert_eq!((figures.windows_opened, figures.windows_closed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_last_of_a_run_starts_as_it_would_alone_and_no_run_lasts_for_ever() {
    let world = World::new();
    let runtime = world.open().await;
    apply(
        &runtime,
        &workflow("last", "1.0.0", "debounce: { quiet: 2s, max: 5s }"),
    )
    .await;
    for number in 0..10 {
        send(&runtime, number, "d", i64::try_from(number).expect("small")).await;
        pass_time(seconds(1)).await;
    }
    pass_time(seconds(3)).await;
    let started = all(&runtime).await;
    let values: Vec<Value> = started
        .iter()
        .map(|instance| output(instance)["value"].clone())
        .collect();
    assert_eq!(values, [json!(4), json!(9)], "five seconds each");
}

#[tokio::test(start_paused = true)]
async fn a_batch_starts_with_so_many_or_after_so_long() {
    let world = World::new();
    let runtime = world.open().await;
    apply(
        &runtime,
        &workflow("many", "1.0.0", "batch: { max-size: 3, max-wait: 1m }"),
    )
    .await;
    for number in 0..7 {
        send(&runtime, number, "d", i64::try_from(number).expect("small")).await;
    }
    pass_time(seconds(5)).await;
    let counts = async || -> Vec<Value> {
        let started = all(&runtime).await;
        let outputs = started.iter().map(|instance| output(instance));
        outputs.map(|output| output["count"].clone()).collect()
    };
    assert_eq!(counts().await, [json!(3), json!(3)]);
    pass_time(seconds(60)).await;
    assert_eq!(counts().await, [json!(3), json!(3), json!(1)]);
    let first = output(&all(&runtime).await[0]);
    assert_eq!(first["events"][1], json!({ "device": "d", "value": 1 }));
    assert_eq!(
        (&first["first"]["value"], &first["last"]["value"]),
        (&json!(0), &json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttle_drops_what_is_above_and_says_so() {
    let world = World::new();
    let runtime = world.open().await;
    let window = "throttle: { key: '${ event.device }', limit: 2/m }";
    apply(&runtime, &workflow("some", "1.0.0", window)).await;
    let mut accepted = Vec::new();
    for number in 0..5 {
        accepted.push(send(&runtime, number, "a", 1).await);
    }
    send(&runtime, 0, "b", 1).await;
    pass_time(seconds(5)).await;
    assert_eq!(all(&runtime).await.len(), 2 + 1);
    for (number, accepted) in accepted.iter().enumerate() {
        let came = runtime
            .came_to_window(accepted.id, ("some", "t", "a"))
            .await;
        let (entry, _) = came.expect("reads").expect("it came");
        assert_eq!(entry.outcome == 1, number < 2, "{entry:?}");
    }
    assert_eq!(runtime.measures().figures.windows_dropped, 3);
    pass_time(seconds(60)).await;
    send(&runtime, 6, "a", 1).await;
    pass_time(seconds(1)).await;
    assert_eq!(all(&runtime).await.len(), 4, "a new minute");
    for instance in all(&runtime).await {
        assert!(instance.header().cause.starts_with("event:"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_that_queues_starts_all_in_order_so_many_in_a_time_over_crashes() {
    let world = World::new();
    let mut runtime = world.open().await;
    apply(
        &runtime,
        &workflow(
            "queue",
            "1.0.0",
            "throttle: { limit: 3/m, on-limit: queue }",
        ),
    )
    .await;
    for number in 0..10 {
        send(&runtime, number, "a", i64::try_from(number).expect("small")).await;
    }
    let mut seen = BTreeMap::new();
    for minute in 0..5 {
        pass_time(seconds(5)).await;
        runtime = world.crash(runtime).await;
        seen.insert(minute, all(&runtime).await.len());
        pass_time(seconds(56)).await;
    }
    let expected = [(0, 3), (1, 6), (2, 9), (3, 10), (4, 10)];
    assert_eq!(seen, BTreeMap::from(expected));
    let values: std::collections::BTreeSet<i64> = all(&runtime)
        .await
        .iter()
        .filter_map(|instance| output(instance)["value"].as_i64())
        .collect();
    assert_eq!(values.len(), 10, "each once");
}

#[tokio::test(start_paused = true)]
async fn an_open_window_closes_by_the_present_definition_or_says_why_not() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, &workflow("storm", "1.0.0", DEBOUNCE)).await;
    send(&runtime, 0, "a", 3).await;
    let newer = "debounce: { key: '${ event.device }', quiet: 1s, keep: all }, input: { as: new, n: '${ window.count }' }";
    apply(&runtime, &workflow("storm", "2.0.0", newer)).await;
    pass_time(seconds(12)).await;
    let started = all(&runtime).await;
    assert_eq!(output(&started[0]), json!({ "as": "new", "n": 1 }));
    assert_eq!(started[0].header().started.version, "2.0.0");
    send(&runtime, 1, "a", 3).await;
    let other = workflow("storm", "3.0.0", "debounce: { quiet: 1s }").replace("id: t,", "id: u,");
    apply(&runtime, &other).await;
    pass_time(seconds(5)).await;
    assert_eq!(all(&runtime).await.len(), 1);
    let letters = runtime
        .dead_letters(&LetterFilter::default(), None, 10)
        .await;
    let letters = letters.expect("lists").items;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].error.error_type, "trigger.gone");
    assert!(letters[0].event.is_some());
    let closed = runtime.windows(true, None, 10).await.expect("lists").items;
    assert!(
        closed[0].error.contains("the trigger t is no more"),
        "{closed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_key_is_a_dead_letter_and_no_window_opens() {
    let world = World::new();
    let runtime = world.open().await;
    let window = "debounce: { key: '${ event.room }', quiet: 1s }";
    apply(&runtime, &workflow("storm", "1.0.0", window)).await;
    let accepted = send(&runtime, 0, "a", 3).await;
    let error = accepted.routes[0].error.as_ref().expect("refused");
    assert!(
        error
            .message
            .starts_with("the key of its window has no value"),
        "{error:?}"
    );
    assert_eq!(runtime.measures().figures.windows_opened, 0);
}
