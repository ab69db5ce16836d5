//! Everything is bounded; what is turned away is told when to come again.

use runtime::{SubmitError, Unavailable};
use serde_json::json;

use crate::harness::{World, ended, pass_time, start, start_of};

#[tokio::test(start_paused = true)]
async fn the_door_turns_away_what_it_cannot_hold_and_loses_nothing() {
    let world = World::bounded(|bounds| {
        bounds.door_commands = 10;
        bounds.batch_commands = 5;
    });
    let runtime = world.open_with_catalog().await;
    world.store.let_appends(false);
    let handle = runtime.clone();
    let starts = (0..200).map(|n| start_of("three", json!(n))).collect();
    let answers = tokio::spawn(async move { handle.submit_batch(starts).await });
    pass_time(std::time::Duration::from_secs(1)).await;
    world.store.let_appends(true);
    let answers = answers.await.expect("answers");
    let (mut taken, mut refused) = (vec![], 0);
    for answer in answers {
        match answer {
            Ok(submitted) => taken.push(submitted.id),
            Err(SubmitError::Unavailable(Unavailable::Overloaded { retry_after_ms })) => {
                assert!(retry_after_ms > 0);
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        refused > 0 && !taken.is_empty(),
        "{refused} refused, {} taken",
        taken.len()
    );
    for id in taken {
        ended(&runtime, id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_projector_that_is_too_far_behind_closes_the_door() {
    let world = World::bounded(|bounds| bounds.projection_lag_bytes = 2_000);
    let runtime = world.open_with_catalog().await;
    world.store.let_projections(false);
    let mut refused = None;
    for n in 0..100 {
        if let Err(error) = runtime.submit(start_of("waits", json!(n))).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(
        refused,
        Some(SubmitError::Unavailable(Unavailable::Overloaded { .. }))
    ));
    world.store.let_projections(true);
    pass_time(std::time::Duration::from_secs(1)).await;
    start(&runtime, "waits").await;
}

#[tokio::test(start_paused = true)]
async fn idle_instances_leave_memory_and_come_back() {
    let world = World::bounded(|bounds| bounds.hot_instances = 10);
    let runtime = world.open_with_catalog().await;
    let starts = (0..500).map(|n| start_of("waits", json!(n))).collect();
    let ids: Vec<_> = runtime
        .submit_batch(starts)
        .await
        .into_iter()
        .map(|submitted| submitted.expect("starts").id)
        .collect();
    pass_time(std::time::Duration::from_secs(1)).await;
    let hot: usize = runtime
        .health()
        .partitions
        .iter()
        .map(|partition| partition.hot)
        .sum();
    assert!(hot <= 20, "{hot} instances in memory");
    for id in ids {
        assert_eq!(runtime.instance(id).await.expect("is there").id(), id);
    }
}
