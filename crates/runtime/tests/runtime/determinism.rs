//! The same seed gives the same journal, byte for byte.

use serde_json::json;
use store::{Batch, MemoryStore, PartitionId, Store};

use crate::harness::{Answer, World, pass_time, start_of};

async fn run() -> MemoryStore {
    // No checkpoint, so that the whole journal stays to be compared.
    let world = World::bounded(|bounds| bounds.checkpoint_every_ms = u64::MAX);
    let mut runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::FailFirst(40));
    for round in 0..5 {
        let parents = (0..10).map(|n| start_of("parent", json!([round, n])));
        let waits = (0..10).map(|n| start_of("waits", json!([round, n])));
        runtime.submit_batch(parents.chain(waits).collect()).await;
        pass_time(std::time::Duration::from_millis(700)).await;
        runtime = world.crash(runtime).await;
    }
    pass_time(std::time::Duration::from_secs(2 * 60 * 60)).await;
    runtime.abort();
    world.memory
}

async fn journal(store: &MemoryStore, partition: u16) -> Vec<Batch> {
    let head = store
        .take_over(PartitionId(partition))
        .await
        .expect("opens");
    store
        .read_journal(PartitionId(partition), head.first, usize::MAX)
        .await
        .expect("reads")
}

fn simulated<T>(run: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_all()
        .start_paused(true)
        .build()
        .expect("builds")
        .block_on(run)
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let (first, second) = (simulated(run()), simulated(run()));
    for partition in 0..2 {
        let journals = simulated(async {
            (
                journal(&first, partition).await,
                journal(&second, partition).await,
            )
        });
        let (first, second) = journals;
        assert!(first.len() > 10);
        assert_eq!(first.len(), second.len());
        for (first, second) in first.iter().zip(&second) {
            assert_eq!(first, second, "position {}", first.position);
        }
    }
}
