//! Turns under the limits of workflows.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::record::CancelRequested;
use engine::{Command, Id, Refusal, Status};
use runtime::{CommandError, Idempotency, Runtime, Submit, SubmitError};
use serde_json::json;
use store::Table;

use crate::harness::{Answer, World, apply, ended, pass_time, start_of, until};

const LIMITED: &str = "
adapters:
  - { name: crm, type: http, url: http://crm }
  - { name: slow, type: http, url: http://slow, concurrency: 1 }
---
workflow:
  name: one-each
  version: 1.0.0
  priority: '${ input.?priority.orValue(\"normal\") }'
  concurrency: { key: '${ input.key }', limit: 1 }
  steps: [{ id: s, adapter: crm, action: work }]
---
workflow:
  name: rejecting
  version: 1.0.0
  concurrency: { key: '${ input.key }', limit: 2, on-limit: reject }
  steps: [{ id: s, adapter: crm, action: work }]
---
workflow:
  name: newest
  version: 1.0.0
  concurrency: { key: '${ input.key }', limit: 1, on-limit: cancel-oldest }
  steps: [{ id: s, wait: { for: 1h } }]
---
workflow:
  name: parent
  version: 1.0.0
  steps:
    - { id: c, workflow: one-each, input: '${ input }' }
---
workflow:
  name: shared
  version: 1.0.0
  fairness: { key: '${ input.tenant }' }
  steps: [{ id: s, adapter: slow, action: work }]
---
workflow:
  name: limited-step
  version: 1.0.0
  steps:
    - id: s
      adapter: crm
      action: work
      priority: '${ input.?priority.orValue(\"normal\") }'
      concurrency: { key: '${ input.key }', limit: 2 }
";

async fn limited(world: &World) -> Runtime {
    let runtime = world.open().await;
    apply(&runtime, LIMITED).await;
    runtime
}

fn start_with(workflow: &str, key: &str) -> Submit {
    start_of(workflow, json!({ "key": key }))
}

async fn start(runtime: &Runtime, workflow: &str, key: &str) -> Id {
    let submitted = runtime.submit(start_with(workflow, key)).await;
    submitted.expect("starts").id
}

async fn status(runtime: &Runtime, id: Id) -> Status {
    runtime.instance(id).await.expect("is there").status()
}

#[tokio::test(start_paused = true)]
async fn as_many_run_as_the_limit_allows_and_the_others_follow_in_order_over_a_crash() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    let mut ids = vec![];
    for _ in 0..4 {
        ids.push(start(&runtime, "one-each", "a").await);
    }
    let other = start(&runtime, "one-each", "b").await;
    assert_eq!(status(&runtime, ids[0]).await, Status::Running);
    assert_eq!(status(&runtime, ids[3]).await, Status::Queued);
    assert_eq!(status(&runtime, other).await, Status::Running);
    let waiting = runtime.instance(ids[3]).await.expect("is there");
    let (told, _) = waiting.waiting_for(5);
    assert_eq!(told[0].kind, "limit");
    assert!(told[0].what.contains("key \"a\""), "{}", told[0].what);
    let held = runtime.held(&waiting).await;
    assert_eq!(held[0].what, "1 running, 2 are ahead of it");
    let runtime = world.crash(runtime).await;
    assert_eq!(status(&runtime, ids[3]).await, Status::Queued);
    world.script.gate(true);
    for id in ids.iter().chain([&other]) {
        assert_eq!(ended(&runtime, *id).await.status(), Status::Completed);
    }
    let mut begun = vec![];
    for id in &ids {
        begun.push(ended(&runtime, *id).await.ended_at());
    }
    assert!(begun.is_sorted(), "{begun:?}");
    until("no row of a limit", || world.rows(Table::Limit) == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_one_leaves_the_queue_and_a_paused_one_keeps_its_place() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    let first = start(&runtime, "one-each", "a").await;
    let (held, gone) = (
        start(&runtime, "one-each", "a").await,
        start(&runtime, "one-each", "a").await,
    );
    let last = start(&runtime, "one-each", "a").await;
    let pause = Command::Pause(engine::record::Held::default());
    runtime.command(held, pause, "ann").await.expect("pauses");
    let cancel = Command::Cancel(CancelRequested::default());
    runtime.command(gone, cancel, "ann").await.expect("cancels");
    assert_eq!(status(&runtime, gone).await, Status::Cancelled);
    world.script.gate(true);
    ended(&runtime, first).await;
    ended(&runtime, last).await;
    assert_eq!(status(&runtime, held).await, Status::Paused);
    let runtime = world.crash(runtime).await;
    let resume = Command::Resume(engine::record::Held::default());
    runtime.command(held, resume, "ann").await.expect("resumes");
    assert_eq!(ended(&runtime, held).await.status(), Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn higher_bands_go_first() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    start(&runtime, "one-each", "a").await;
    let mut ids = BTreeMap::new();
    for priority in ["low", "normal", "critical", "high"] {
        let submit = start_of("one-each", json!({ "key": "a", "priority": priority }));
        let id = runtime.submit(submit).await.expect("starts").id;
        ids.insert(id, priority);
    }
    world.script.gate(true);
    for id in ids.keys() {
        ended(&runtime, *id).await;
    }
    let calls = world.script.calls();
    let order = calls.iter().filter_map(|call| {
        let id: Id = call.instance_id.parse().ok()?;
        ids.get(&id).copied()
    });
    let order: Vec<&str> = order.collect();
    assert_eq!(order, ["critical", "high", "normal", "low"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_wait_is_refused_and_its_key_is_free_again() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    for _ in 0..2 {
        start(&runtime, "rejecting", "a").await;
    }
    let refused = runtime.submit(start_with("rejecting", "a")).await;
    let Err(SubmitError::Refused(Refusal::OverLimit(told))) = refused else {
        panic!("expected a refusal, but got {refused:?}");
    };
    assert!(told.contains("at most 2"), "{told}");
    // Some of the keys live in the other partition than the instance.
    let keyed = |number: usize| Submit {
        idempotency: Some(Idempotency {
            key: format!("key-{number}"),
            digest: [7; 32],
        }),
        ..start_with("rejecting", "a")
    };
    for number in 0..8 {
        let refused = runtime.submit(keyed(number)).await;
        let over = matches!(refused, Err(SubmitError::Refused(Refusal::OverLimit(_))));
        assert!(over, "{refused:?}");
    }
    world.script.gate(true);
    pass_time(Duration::from_secs(1)).await;
    for number in 0..8 {
        let submitted = runtime.submit(keyed(number)).await.expect("starts");
        assert!(!submitted.replayed);
        ended(&runtime, submitted.id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_newer_one_takes_the_place_of_the_oldest() {
    let world = World::new();
    let runtime = limited(&world).await;
    let first = start(&runtime, "newest", "a").await;
    let second = start(&runtime, "newest", "a").await;
    assert_eq!(ended(&runtime, first).await.status(), Status::Cancelled);
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(status(&runtime, second).await, Status::Waiting);
    let runtime = world.crash(runtime).await;
    let third = start(&runtime, "newest", "a").await;
    assert_eq!(ended(&runtime, second).await.status(), Status::Cancelled);
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(status(&runtime, third).await, Status::Waiting);
}

#[tokio::test(start_paused = true)]
async fn children_stand_under_their_own_limit() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    let mut parents = vec![];
    for _ in 0..6 {
        parents.push(start(&runtime, "parent", "a").await);
    }
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(
        world.script.at_once.lock().expect("no holder panicked").1,
        1
    );
    world.script.gate(true);
    for parent in parents {
        assert_eq!(ended(&runtime, parent).await.status(), Status::Completed);
    }
    assert_eq!(
        world.script.at_once.lock().expect("no holder panicked").1,
        1
    );
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_tenant_hardly_delay_those_of_another() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    for _ in 0..500 {
        let submit = start_of("shared", json!({ "tenant": "big" }));
        runtime.submit(submit).await.expect("starts");
    }
    let submit = start_of("shared", json!({ "tenant": "small" }));
    let small = runtime.submit(submit).await.expect("starts").id;
    pass_time(Duration::from_secs(1)).await;
    let runtime = world.crash(runtime).await;
    world.script.gate(true);
    ended(&runtime, small).await;
    until("the calls of the small one", || {
        world.script.calls().len() > 3
    })
    .await;
    let name = small.to_string();
    let calls = world.script.calls();
    let place = calls.iter().rposition(|call| *call.instance_id == *name);
    let place = place.expect("it was called");
    assert!(place < 5, "{place} calls went before it");
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_step_are_as_many_at_once_as_its_limit_says_over_a_crash() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    let mut ids = vec![];
    for _ in 0..5 {
        ids.push(start(&runtime, "limited-step", "a").await);
    }
    let submit = start_of(
        "limited-step",
        json!({ "key": "a", "priority": "critical" }),
    );
    let urgent = runtime.submit(submit).await.expect("starts").id;
    ids.push(start(&runtime, "limited-step", "b").await);
    until("three calls under way", || world.script.calls().len() == 3).await;
    let waiting = runtime.instance(ids[4]).await.expect("is there");
    let held = runtime.held(&waiting).await;
    assert!(
        held[0].what.contains("the step's limit allows (2)"),
        "{held:?}"
    );
    let runtime = world.crash(runtime).await;
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(
        world.script.calls().len(),
        6,
        "as many as before are made again"
    );
    world.script.gate(true);
    for id in ids.iter().chain([&urgent]) {
        assert_eq!(ended(&runtime, *id).await.status(), Status::Completed);
    }
    let calls = world.script.calls();
    let urgent = urgent.to_string();
    let place = calls.iter().position(|call| *call.instance_id == *urgent);
    assert!(place < Some(6), "it goes before the others: {place:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_limit_is_called_off_with_its_instance() {
    let world = World::new();
    world.script.on("work", Answer::Gated);
    let runtime = limited(&world).await;
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(start(&runtime, "limited-step", "a").await);
    }
    until("two calls under way", || world.script.calls().len() == 2).await;
    let cancel = Command::Cancel(CancelRequested::default());
    runtime
        .command(ids[2], cancel, "ann")
        .await
        .expect("cancels");
    assert_eq!(ended(&runtime, ids[2]).await.status(), Status::Cancelled);
    world.script.gate(true);
    ended(&runtime, ids[0]).await;
    ended(&runtime, ids[1]).await;
    assert_eq!(world.script.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_taken_up_again_waits_for_room_over_a_crash() {
    let world = World::new();
    let runtime = limited(&world).await;
    world.script.on("work", Answer::Refuse);
    let failed = runtime.submit(start_with("one-each", "a")).await;
    let failed = failed.expect("starts").id;
    ended(&runtime, failed).await;
    world.script.on("work", Answer::Gated);
    let running = runtime.submit(start_with("one-each", "a")).await;
    let running = running.expect("starts").id;
    let again = runtime.retry(failed, "it is mended", "ann").await;
    assert_eq!(again.expect("failed").status(), Status::Queued);
    let runtime = world.crash(runtime).await;
    pass_time(Duration::from_secs(60)).await;
    let queued = runtime.instance(failed).await.expect("reads");
    assert_eq!(queued.status(), Status::Queued, "the other has the turn");
    world.script.gate(true);
    for id in [running, failed] {
        assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    }
}

#[tokio::test(start_paused = true)]
async fn where_one_more_is_rejected_so_is_one_that_is_taken_up_again() {
    let world = World::new();
    let runtime = limited(&world).await;
    world.script.on("work", Answer::Refuse);
    let failed = runtime.submit(start_with("rejecting", "a")).await;
    let failed = failed.expect("starts").id;
    ended(&runtime, failed).await;
    world.script.on("work", Answer::Gated);
    for _ in 0..2 {
        let running = runtime.submit(start_with("rejecting", "a")).await;
        running.expect("there is room");
    }
    let again = runtime.retry(failed, "", "ann").await;
    let refused = matches!(again, Err(CommandError::Refused(Refusal::OverLimit(_))));
    assert!(refused, "{again:?}");
    let still = runtime.instance(failed).await.expect("reads");
    assert_eq!(still.status(), Status::Failed);
    world.script.gate(true);
    pass_time(Duration::from_secs(60)).await;
    runtime
        .retry(failed, "", "ann")
        .await
        .expect("there is room");
    assert_eq!(ended(&runtime, failed).await.status(), Status::Completed);
}
