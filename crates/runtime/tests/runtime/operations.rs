//! Operations on many instances, over pauses, crashes and what refuses them.

use std::time::Duration;

use engine::record::Body;
use engine::{Id, Status};
use runtime::{
    Action, Asked, Idempotency, Operation, OperationError, OperationSet, OperationStatus, Rate,
    Runtime, Turn,
};
use store::InstanceFilter;

use crate::harness::{World, pass_time, start};

const BY: (&str, &str) = ("ann", "the bank is closed");

fn waiting() -> OperationSet {
    let filter = InstanceFilter {
        statuses: vec!["waiting".to_owned()],
        ..InstanceFilter::default()
    };
    OperationSet::Filter(Box::new(filter.into()))
}

fn cancel(set: OperationSet, per_second: Option<u32>) -> Asked {
    Asked {
        action: Action::Cancel {
            skip_compensation: false,
        },
        set,
        rate: per_second.map(|calls| Rate {
            calls,
            per_ms: 1_000,
        }),
    }
}

async fn make(runtime: &Runtime, asked: &Asked, total: u64) -> Operation {
    let made = runtime.make_operation(asked, total, BY, None).await;
    made.expect("is made").0
}

async fn shown(runtime: &Runtime, id: Id) -> Operation {
    runtime
        .operation(id)
        .await
        .expect("reads")
        .expect("is there")
}

/// The operation once it has ended, which must come.
async fn over(runtime: &Runtime, id: Id) -> Operation {
    for _ in 0..10_000 {
        let operation = shown(runtime, id).await;
        if operation.status.is_ended() {
            return operation;
        }
        pass_time(Duration::from_millis(50)).await;
    }
    panic!("expected an end");
}

async fn start_many(runtime: &Runtime, count: usize) -> Vec<Id> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(start(runtime, "waits").await.id);
    }
    ids
}

#[tokio::test(start_paused = true)]
async fn all_that_fit_are_cancelled_once_over_crashes() {
    let world = World::new();
    let mut runtime = world.open_with_catalog().await;
    let ids = start_many(&runtime, 250).await;
    let made = make(&runtime, &cancel(waiting(), Some(100)), 250).await;
    pass_time(Duration::from_millis(2)).await;
    let later = start(&runtime, "waits").await.id;
    for _ in 0..4 {
        pass_time(Duration::from_millis(530)).await;
        runtime = world.crash(runtime).await;
    }
    let operation = over(&runtime, made.id).await;
    assert_eq!(operation.status, OperationStatus::Completed);
    assert_eq!(
        (operation.done, operation.refused, operation.failed),
        (250, 0, 0)
    );
    for id in ids {
        let instance = runtime.instance(id).await.expect("reads");
        assert_eq!(instance.status(), Status::Cancelled);
        let asked = instance.cancel_request().expect("it was asked");
        assert_eq!(asked.reason, BY.1);
    }
    let later = runtime.instance(later).await.expect("reads");
    assert_eq!(
        later.status(),
        Status::Waiting,
        "it began after the operation was made"
    );
}

#[tokio::test(start_paused = true)]
async fn a_signal_reaches_each_once_over_crashes() {
    let world = World::new();
    let mut runtime = world.open_with_catalog().await;
    let ids = start_many(&runtime, 60).await;
    let asked = Asked {
        action: Action::Signal {
            name: "paid".to_owned(),
            data: "{\"n\":1.0}".to_owned(),
        },
        ..cancel(OperationSet::Ids(ids.clone()), Some(20))
    };
    let made = make(&runtime, &asked, 60).await;
    for _ in 0..5 {
        pass_time(Duration::from_millis(410)).await;
        runtime = world.crash(runtime).await;
    }
    assert_eq!(over(&runtime, made.id).await.done, 60);
    for id in ids {
        let page = runtime.history(id, 0, 100).await.expect("reads");
        let signals = page.records.iter();
        let signals = signals.filter(|record| matches!(record.body, Some(Body::SignalReceived(_))));
        assert_eq!(signals.count(), 1, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_starts_one_of_each_over_crashes() {
    let world = World::new();
    let mut runtime = world.open_with_catalog().await;
    let ids = start_many(&runtime, 30).await;
    let asked = Asked {
        action: Action::Replay { version: None },
        ..cancel(OperationSet::Ids(ids), Some(10))
    };
    let made = make(&runtime, &asked, 30).await;
    for _ in 0..3 {
        pass_time(Duration::from_millis(700)).await;
        runtime = world.crash(runtime).await;
    }
    assert_eq!(over(&runtime, made.id).await.done, 30);
    let all = InstanceFilter::default();
    let listed = runtime.list(&all, None, 100, runtime::Consistency::Fresh);
    assert_eq!(listed.await.expect("lists").page.items.len(), 60);
}

#[tokio::test(start_paused = true)]
async fn all_go_back_to_how_they_were_at_a_time_over_crashes() {
    let world = World::new();
    let mut runtime = world.open_with_catalog().await;
    let mut ids = start_many(&runtime, 40).await;
    pass_time(Duration::from_secs(1)).await;
    let last = runtime.instance(ids[39]).await.expect("reads");
    pass_time(Duration::from_secs(1)).await;
    let made = make(&runtime, &cancel(waiting(), None), 40).await;
    over(&runtime, made.id).await;
    let later = start(&runtime, "waits").await.id;
    ids.push(later);
    let asked = Asked {
        action: Action::Restore {
            at: last.updated_at(),
            compensate: false,
        },
        ..cancel(OperationSet::Ids(ids.clone()), Some(20))
    };
    let made = make(&runtime, &asked, 41).await;
    for _ in 0..3 {
        pass_time(Duration::from_millis(410)).await;
        runtime = world.crash(runtime).await;
    }
    let operation = over(&runtime, made.id).await;
    assert_eq!((operation.done, operation.refused), (40, 1));
    assert_eq!(operation.findings[0].id, later, "it was not there then");
    for id in ids {
        let page = runtime.history(id, 0, 100).await.expect("reads");
        let records = page.records.iter();
        let restored = |body: &Option<Body>| matches!(body, Some(Body::InstanceRestored(_)));
        let times = records.filter(|one| restored(&one.body)).count();
        assert_eq!(times, usize::from(id != later));
        let instance = runtime.instance(id).await.expect("reads");
        assert_eq!(instance.status(), Status::Waiting);
    }
}

#[tokio::test(start_paused = true)]
async fn it_stands_while_paused_and_ends_when_given_up() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    start_many(&runtime, 40).await;
    let made = make(&runtime, &cancel(waiting(), Some(5)), 40).await;
    pass_time(Duration::from_millis(1_500)).await;
    let paused = runtime.turn_operation(made.id, Turn::Pause, BY).await;
    assert_eq!(paused.expect("is paused").status, OperationStatus::Paused);
    pass_time(Duration::from_secs(5)).await;
    let runtime = world.crash(runtime).await;
    let stands = shown(&runtime, made.id).await;
    pass_time(Duration::from_secs(60)).await;
    assert_eq!(shown(&runtime, made.id).await, stands);
    assert!(stands.done > 0 && stands.done < 40, "{}", stands.done);
    let resumed = runtime.turn_operation(made.id, Turn::Resume, BY).await;
    assert_eq!(resumed.expect("goes on").status, OperationStatus::Running);
    pass_time(Duration::from_millis(1_500)).await;
    let given_up = runtime.turn_operation(made.id, Turn::Cancel, BY).await;
    given_up.expect("is given up");
    let ended = over(&runtime, made.id).await;
    assert_eq!(ended.status, OperationStatus::Cancelled);
    assert!(
        ended.done > stands.done && ended.done < 40,
        "{}",
        ended.done
    );
    let again = runtime.turn_operation(made.id, Turn::Cancel, BY).await;
    assert_eq!(
        again.expect("it is so already").status,
        OperationStatus::Cancelled
    );
    let late = runtime.turn_operation(made.id, Turn::Resume, BY).await;
    assert_eq!(late, Err(OperationError::Ended("cancelled".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn those_that_refuse_are_named_and_do_not_touch_the_others() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let mut ids = start_many(&runtime, 2).await;
    let unknown = Id::new(1, 7, 7);
    ids.insert(1, unknown);
    let made = make(&runtime, &cancel(OperationSet::Ids(ids), None), 3).await;
    let operation = over(&runtime, made.id).await;
    assert_eq!((operation.done, operation.refused), (2, 1));
    let [finding] = operation.findings.as_slice() else {
        panic!("expected one, but there are {:?}", operation.findings);
    };
    assert_eq!((finding.id, finding.failed), (unknown, false));
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_is_done_at_once_and_a_key_makes_one() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let key = |digest| Idempotency {
        key: "k".to_owned(),
        digest: [digest; 32],
    };
    let asked = cancel(waiting(), None);
    let first = runtime.make_operation(&asked, 0, BY, Some(key(1))).await;
    let (first, again) = first.expect("is made");
    assert!(!again);
    assert_eq!(
        over(&runtime, first.id).await.status,
        OperationStatus::Completed
    );
    let runtime = world.crash(runtime).await;
    let second = runtime.operation_under(&key(1)).await.expect("is known");
    assert_eq!(second.map(|second| second.id), Some(first.id));
    let other = runtime.operation_under(&key(2)).await;
    assert_eq!(other, Err(OperationError::KeyReused));
    let listed = runtime.operations(None, 10).await.expect("lists");
    assert_eq!(listed.items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn under_one_key_there_is_one_however_late_the_other_comes() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let asked = cancel(waiting(), None);
    let key = || {
        Some(Idempotency {
            key: "k".to_owned(),
            digest: [7; 32],
        })
    };
    let make = || runtime.make_operation(&asked, 0, BY, key());
    let (one, other) = tokio::join!(make(), make());
    let (one, other) = (one.expect("is made"), other.expect("is made"));
    assert_eq!(one.0.id, other.0.id);
    assert_ne!(one.1, other.1, "one of them is told that it was there");
    over(&runtime, one.0.id).await;
    // By now the key stands in the tables alone.
    pass_time(Duration::from_secs(60)).await;
    let late = make().await.expect("is made");
    assert_eq!((late.0.id, late.1), (one.0.id, true));
    let all = runtime.operations(None, 10).await.expect("lists");
    assert_eq!(all.items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_ended_is_forgotten_after_ninety_days() {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let ended = make(&runtime, &cancel(waiting(), None), 0).await.id;
    over(&runtime, ended).await;
    pass_time(DAY * 89).await;
    assert!(runtime.operation(ended).await.expect("reads").is_some());
    let later = make(&runtime, &cancel(waiting(), None), 0).await.id;
    over(&runtime, later).await;
    pass_time(DAY * 2).await;
    assert_eq!(runtime.operation(ended).await.expect("reads"), None);
    assert!(runtime.operation(later).await.expect("reads").is_some());
}
