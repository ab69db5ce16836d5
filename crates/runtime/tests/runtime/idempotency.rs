//! The same key and body answer as the first did.

use engine::Status;
use runtime::{Idempotency, Submit, SubmitError};
use serde_json::json;

use crate::harness::{World, ended, pass_time, start_of};

fn keyed(key: &str, body: u8) -> Submit {
    let idempotency = Some(Idempotency {
        key: key.to_owned(),
        digest: [body; 32],
    });
    Submit {
        idempotency,
        ..start_of("three", json!({"body": body}))
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_gets_the_first_instance_and_another_body_is_refused() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let first = runtime.submit(keyed("k", 1)).await.expect("starts");
    let again = runtime.submit(keyed("k", 1)).await.expect("answers");
    assert_eq!(
        (first.replayed, again.replayed, again.id),
        (false, true, first.id)
    );
    assert_eq!(
        runtime.submit(keyed("k", 2)).await.unwrap_err(),
        SubmitError::IdempotencyConflict
    );
    ended(&runtime, first.id).await;
    assert_eq!(world.script.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn repeats_at_the_same_moment_start_one_instance() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let answers = runtime
        .submit_batch((0..20).map(|_| keyed("k", 1)).collect())
        .await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.expect("answers"))
        .collect();
    assert!(answers.iter().all(|answer| answer.id == answers[0].id));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_outlive_crashes_and_are_forgotten_after_a_day() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.store.let_projections(false);
    let first = runtime.submit(keyed("k", 1)).await.expect("starts");
    world.store.let_projections(true);
    let runtime = world.crash(runtime).await;
    let again = runtime.submit(keyed("k", 1)).await.expect("answers");
    assert_eq!((again.replayed, again.id), (true, first.id));
    pass_time(std::time::Duration::from_secs(25 * 60 * 60)).await;
    let new = runtime.submit(keyed("k", 2)).await.expect("starts");
    assert!(!new.replayed && new.id != first.id);
}

#[tokio::test(start_paused = true)]
async fn a_key_and_its_instance_may_live_in_different_partitions() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for n in 0..40 {
        let submit = || Submit {
            subject: format!("customer-{n}"),
            ..keyed(&format!("key-{n}"), 1)
        };
        let first = runtime.submit(submit()).await.expect("starts");
        assert_eq!(first.id.slot(), engine::slot_of(&format!("customer-{n}")));
        let again = runtime.submit(submit()).await.expect("answers");
        assert_eq!((again.replayed, again.id), (true, first.id));
        assert_eq!(ended(&runtime, first.id).await.status(), Status::Completed);
    }
    assert_eq!(world.script.calls().len(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_does_not_take_its_key() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let unknown = Submit {
        workflow: "nope".to_owned(),
        ..keyed("k", 1)
    };
    assert!(matches!(
        runtime.submit(unknown).await,
        Err(SubmitError::Refused(_))
    ));
    assert!(
        !runtime
            .submit(keyed("k", 2))
            .await
            .expect("starts")
            .replayed
    );
}

#[tokio::test(start_paused = true)]
async fn expired_keys_are_swept() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for n in 0..1_500 {
        runtime
            .submit(keyed(&format!("k{n}"), 1))
            .await
            .expect("starts");
    }
    pass_time(std::time::Duration::from_secs(25 * 60 * 60)).await;
    let left = world.rows(store::Table::Key);
    assert_eq!(left, 0, "{left} keys are left after a day");
}
