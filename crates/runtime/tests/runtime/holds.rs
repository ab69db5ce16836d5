//! Starts at a later time, and pauses, over crashes.

use engine::record::{CancelRequested, Held};
use engine::{Command, Id, Status};
use runtime::{Consistency, Runtime, Submit};
use serde_json::json;
use store::InstanceFilter;

use crate::harness::{Answer, START_MS, World, ended, pass_time, start, start_of, until};

const HOUR_MS: i64 = 60 * 60 * 1_000;

fn later() -> Submit {
    Submit {
        start_at: Some(START_MS + HOUR_MS),
        ..start_of("three", json!({ "n": 1 }))
    }
}

async fn status(runtime: &Runtime, id: Id) -> Status {
    runtime.instance(id).await.expect("reads").status()
}

async fn hold(runtime: &Runtime, id: Id, command: fn(Held) -> Command) {
    let reason = "test".to_owned();
    let held = runtime.command(id, command(Held { reason }), "ann").await;
    held.expect("is taken");
}

#[tokio::test(start_paused = true)]
async fn a_start_at_a_later_time_survives_a_crash_and_begins_then() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = runtime.submit(later()).await.expect("starts").id;
    let runtime = world.crash(runtime).await;
    assert_eq!(status(&runtime, id).await, Status::Queued);
    let queued = InstanceFilter {
        statuses: vec!["queued".to_owned()],
        ..InstanceFilter::default()
    };
    let listed = runtime.list(&queued, None, 10, Consistency::Fresh).await;
    assert_eq!(listed.expect("lists").page.items.len(), 1);
    pass_time(std::time::Duration::from_secs(59 * 60)).await;
    assert_eq!(world.script.calls().len(), 0);
    let runtime = world.crash(runtime).await;
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.status(), Status::Completed);
    let begun = instance.updated_at() - START_MS;
    assert!((HOUR_MS..HOUR_MS + 1_000).contains(&begun), "{begun}");
}

#[tokio::test(start_paused = true)]
async fn a_queued_instance_can_be_cancelled() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = runtime.submit(later()).await.expect("starts").id;
    let cancel = Command::Cancel(CancelRequested::default());
    runtime.command(id, cancel, "ann").await.expect("is taken");
    let runtime = world.crash(runtime).await;
    pass_time(std::time::Duration::from_secs(7_200)).await;
    assert_eq!(status(&runtime, id).await, Status::Cancelled);
    assert_eq!(world.script.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_pause_survives_a_crash_and_what_was_under_way_is_recorded() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::Gated);
    let id = start(&runtime, "three").await.id;
    let script = world.script.clone();
    until("it is called", || script.actions().len() == 1).await;
    hold(&runtime, id, Command::Pause).await;
    hold(&runtime, id, Command::Pause).await;
    let runtime = world.crash(runtime).await;
    world.script.gate(true);
    pass_time(std::time::Duration::from_secs(60)).await;
    assert_eq!(status(&runtime, id).await, Status::Paused);
    let actions = world.script.actions();
    assert!(!actions.contains(&"two".to_owned()), "{actions:?}");
    hold(&runtime, id, Command::Resume).await;
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.status(), Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_due_in_a_pause_is_made_after_it() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::FailFirst(1));
    let id = start(&runtime, "three").await.id;
    let script = world.script.clone();
    until("it is called", || script.actions().len() == 1).await;
    hold(&runtime, id, Command::Pause).await;
    pass_time(std::time::Duration::from_secs(600)).await;
    let runtime = world.crash(runtime).await;
    pass_time(std::time::Duration::from_secs(600)).await;
    assert_eq!(world.script.calls().len(), 1);
    hold(&runtime, id, Command::Resume).await;
    assert_eq!(ended(&runtime, id).await.status(), Status::Completed);
}
