//! Ended instances go: by their rule when their time is over, or at once when somebody says so.

use std::time::Duration;

use engine::{Id, Refusal};
use runtime::{AuditFilter, CommandError, Consistency, Idempotency, Runtime, SubmitError};
use serde_json::json;
use store::{CountBy, InstanceFilter};

use crate::harness::{Answer, World, apply, ended, pass_time, start, start_of, until};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const RULES: &str = "
workflow:
  name: sleeper
  version: 1.0.0
  steps: [{ id: w, wait: { for: 100d } }]
---
policies:
  retention: [{ match: { workflow: one-slow }, keep: 10d }]
  defaults: { retention: { instances: 2d } }
";

async fn listed(runtime: &Runtime) -> Vec<Id> {
    let filter = InstanceFilter::default();
    let page = runtime.list(&filter, None, 100, Consistency::Fresh).await;
    let items = page.expect("lists").page.items;
    let counted = runtime.count(&filter, CountBy::Nothing, Consistency::Fresh);
    let counted = counted.await.expect("counts").counts[0].count;
    assert_eq!(counted, items.len() as u64, "counted");
    items.iter().map(|row| Id::from_bytes(row.id)).collect()
}

async fn is_there(runtime: &Runtime, id: Id) -> bool {
    match runtime.instance(id).await {
        Ok(_) => {
            let page = runtime.history(id, 0, 10).await.expect("reads");
            assert!(!page.records.is_empty());
            true
        }
        Err(CommandError::NotFound(_)) => {
            let history = runtime.history(id, 0, 10).await;
            assert!(matches!(history, Err(CommandError::NotFound(_))));
            false
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_goes_when_its_rule_says_and_what_is_open_stays() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, RULES).await;
    let open = start(&runtime, "sleeper").await.id;
    let kept = start(&runtime, "one-slow").await.id;
    let short = start(&runtime, "waits").await.id;
    ended(&runtime, kept).await;
    ended(&runtime, short).await;
    pass_time(DAY).await;
    assert_eq!(listed(&runtime).await.len(), 3, "nothing goes too soon");
    pass_time(3 * DAY).await;
    assert!(!is_there(&runtime, short).await);
    assert!(is_there(&runtime, kept).await);
    let runtime = world.crash(runtime).await;
    assert_eq!(listed(&runtime).await.len(), 2);
    pass_time(11 * DAY).await;
    assert_eq!(listed(&runtime).await, [open]);
    assert!(!is_there(&runtime, kept).await);
    assert_eq!(
        runtime.health().figures.purged_instances,
        1,
        "since the start"
    );
    assert!(world.fatal.lock().expect("no holder panicked").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shorter_rule_holds_for_what_has_ended_already() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "three").await.id;
    ended(&runtime, id).await;
    pass_time(9 * DAY).await;
    assert!(is_there(&runtime, id).await, "without a rule all is kept");
    apply(&runtime, RULES).await;
    pass_time(Duration::from_secs(90)).await;
    assert!(!is_there(&runtime, id).await);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_instance_is_gone_for_good() {
    for projected in [true, false] {
        let world = World::new();
        let runtime = world.open_with_catalog().await;
        let (id, other) = (
            start(&runtime, "three").await.id,
            start(&runtime, "three").await.id,
        );
        ended(&runtime, id).await;
        ended(&runtime, other).await;
        // The journal alone tells of it, or the state does.
        world.store.let_projections(projected);
        runtime.delete(id, "ann", "a test").await.expect("deletes");
        let again = runtime.delete(id, "ann", "").await;
        assert_eq!(again, Err(CommandError::NotFound(id)));
        let read = runtime.instance(id).await;
        assert!(matches!(read, Err(CommandError::NotFound(_))));
        let page = runtime
            .list(&InstanceFilter::default(), None, 9, Consistency::Fresh)
            .await;
        let items = page.expect("lists").page.items;
        assert_eq!(items.len(), 1, "what the tables still have is not listed");
        world.store.let_projections(true);
        let mut runtime = runtime;
        for _ in 0..2 {
            runtime = world.crash(runtime).await;
            assert!(!is_there(&runtime, id).await);
            assert_eq!(listed(&runtime).await, [other]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_alone_tells_is_deleted_after_a_crash() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.store.let_projections(false);
    let id = start(&runtime, "three").await.id;
    ended(&runtime, id).await;
    runtime.delete(id, "ann", "").await.expect("deletes");
    world.store.let_projections(true);
    let runtime = world.crash(runtime).await;
    assert!(!is_there(&runtime, id).await);
    assert!(listed(&runtime).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_open_instance_is_not_deleted() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("one", Answer::Gated);
    let id = start(&runtime, "three").await.id;
    until("the call", || world.script.calls().len() == 1).await;
    match runtime.delete(id, "ann", "").await {
        Err(CommandError::Refused(Refusal::Stale(reason))) => {
            assert!(reason.contains("cancel it first"), "{reason}");
        }
        other => panic!("expected a refusal, but got {other:?}"),
    }
    world.script.gate(true);
    ended(&runtime, id).await;
    runtime.delete(id, "ann", "").await.expect("deletes");
}

#[tokio::test(start_paused = true)]
async fn who_deleted_is_kept_and_a_key_of_it_says_so() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let keyed = || {
        let mut start = start_of("three", json!({}));
        start.idempotency = Some(Idempotency {
            key: "default/ann/k".into(),
            digest: [7; 32],
        });
        start
    };
    let id = runtime.submit(keyed()).await.expect("starts").id;
    ended(&runtime, id).await;
    runtime.delete(id, "bob", "a wish").await.expect("deletes");
    let filter = AuditFilter {
        kind: Some("instance-deleted".into()),
        ..AuditFilter::default()
    };
    let audit = runtime.audit(&filter, None, 10).await.expect("reads").items;
    assert_eq!(audit.len(), 1);
    let entry = &audit[0];
    assert_eq!(
        (&entry.who[..], &entry.reason[..], &entry.workflow_id[..]),
        ("bob", "a wish", &id.to_string()[..])
    );
    assert_eq!(
        runtime.submit(keyed()).await.err(),
        Some(SubmitError::Gone(id))
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_payload_goes_with_the_last_that_names_it() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, RULES).await;
    let large = |text: &str| json!({ "text": text.repeat(50_000) });
    let begin = async |workflow, input| {
        let start = start_of(workflow, input);
        runtime.submit(start).await.expect("starts").id
    };
    let open = begin("sleeper", large("x")).await;
    // One names what the open one does, too.
    for text in ["x", "y"] {
        let id = begin("three", large(text)).await;
        ended(&runtime, id).await;
    }
    pass_time(2 * DAY).await;
    assert_eq!(runtime.health().figures.swept_blobs, 0, "all are named");
    pass_time(5 * DAY).await;
    assert_eq!(listed(&runtime).await, [open]);
    let figures = runtime.health().figures;
    assert_eq!(figures.swept_blobs, 1);
    assert!(figures.swept_blob_bytes > 50_000);
    let runtime = world.crash(runtime).await;
    let instance = runtime.instance(open).await.expect("reads");
    assert_eq!(*instance.header().input().value(), large("x"));
}
