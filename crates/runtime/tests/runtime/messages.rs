//! Messages between slots: parents and children in different partitions.

use engine::record::CancelRequested;
use engine::{Command, Status};
use serde_json::json;

use crate::harness::{Answer, World, apply, ended, pass_time, start_of, until};

const SPREAD: &str = "
workflow:
  name: fans-out
  version: 1.0.0
  steps:
    - id: each
      for-each: '${ input.items }'
      concurrency: 5
      steps:
        - { id: c, workflow: three, input: '${ item }' }
";

#[tokio::test(start_paused = true)]
async fn parents_wait_for_children_wherever_they_live() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let starts = (0..30)
        .map(|n| start_of("parent", json!({"n": n})))
        .collect();
    for submitted in runtime.submit_batch(starts).await {
        let instance = ended(&runtime, submitted.expect("starts").id).await;
        assert_eq!(
            instance.status(),
            Status::Completed,
            "{:?}",
            instance.error()
        );
    }
    assert_eq!(world.script.calls().len(), 30 * 4);
    assert_eq!(runtime.health().figures.message_order_errors, 0);
}

#[tokio::test(start_paused = true)]
async fn children_of_a_loop_are_spread_and_all_come_back() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, SPREAD).await;
    let items: Vec<u32> = (0..40).collect();
    let submitted = runtime
        .submit(start_of("fans-out", json!({"items": items})))
        .await
        .expect("starts");
    let instance = ended(&runtime, submitted.id).await;
    assert_eq!(
        instance.status(),
        Status::Completed,
        "{:?}",
        instance.error()
    );
    assert_eq!(world.script.calls().len(), 120);
    until("an empty outbox", || world.outbox() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_reaches_the_children() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::Gated);
    let id = runtime
        .submit(start_of("parent", json!({})))
        .await
        .expect("starts")
        .id;
    until("the second call", || {
        world.script.actions().contains(&"two".to_owned())
    })
    .await;
    let cancel = Command::Cancel(CancelRequested::default());
    runtime.command(id, cancel, "bob").await.expect("takes it");
    world.script.gate(true);
    assert_eq!(ended(&runtime, id).await.status(), Status::Cancelled);
    let filter = store::InstanceFilter {
        workflow: Some("three".into()),
        ..Default::default()
    };
    let children = runtime
        .list(&filter, None, 10, runtime::Consistency::Fresh)
        .await
        .expect("lists");
    assert_eq!(children.page.items[0].status, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn messages_survive_crashes_and_are_taken_once() {
    let world = World::new();
    let mut runtime = world.open_with_catalog().await;
    let starts = (0..20)
        .map(|n| start_of("parent", json!({"n": n})))
        .collect();
    let ids: Vec<_> = runtime
        .submit_batch(starts)
        .await
        .into_iter()
        .map(|submitted| submitted.expect("starts").id)
        .collect();
    for _ in 0..10 {
        pass_time(std::time::Duration::from_millis(1)).await;
        runtime = world.crash(runtime).await;
    }
    for id in ids {
        assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
    }
    let mut keys: Vec<String> = world
        .script
        .calls()
        .into_iter()
        .map(|call| call.idempotency_key)
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(
        keys.len(),
        80,
        "each step has one key, however often it was called"
    );
    assert_eq!(runtime.health().figures.message_order_errors, 0);
}
