//! Streams: none missed, none twice.

use engine::record::Body;
use runtime::{Runtime, StreamError, StreamFrom, Subscription};
use serde_json::json;

use crate::harness::{Answer, World, ended, start, start_of, until};

async fn read_to_end(subscription: &mut Subscription) -> Vec<u64> {
    let mut seqs = vec![];
    loop {
        let published = subscription
            .next()
            .await
            .expect("goes on")
            .expect("without a gap");
        seqs.push(published.record.seq);
        if matches!(published.record.body, Some(Body::InstanceEnded(_))) {
            return seqs;
        }
    }
}

async fn whole(runtime: &Runtime, id: engine::Id) -> Vec<u64> {
    let seq = ended(runtime, id).await.seq();
    (1..=seq).collect()
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_followed_from_its_past_into_its_presence() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::Gated);
    let id = start(&runtime, "three").await.id;
    until("the second call", || world.script.calls().len() == 2).await;
    let mut from_start = runtime.subscribe(id, 0).await.expect("subscribes");
    let mut from_three = runtime.subscribe(id, 3).await.expect("subscribes");
    world.script.gate(true);
    let all = whole(&runtime, id).await;
    assert_eq!(read_to_end(&mut from_start).await, all);
    assert_eq!(read_to_end(&mut from_three).await, all[3..]);
    let mut afterwards = runtime.subscribe(id, 0).await.expect("subscribes");
    assert_eq!(read_to_end(&mut afterwards).await, all);
    let nobody = engine::Id::new(1, 7, 9);
    assert!(matches!(
        runtime.subscribe(nobody, 0).await,
        Err(StreamError::NotFound(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_all_goes_on_from_its_cursor() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let mut stream = runtime
        .subscribe_all(StreamFrom::Now)
        .await
        .expect("subscribes");
    let starts = (0..20).map(|n| start_of("three", json!(n))).collect();
    let mut expected = 0;
    for submitted in runtime.submit_batch(starts).await {
        expected += whole(&runtime, submitted.expect("starts").id).await.len();
    }
    let mut seen = vec![];
    let mut cursor = String::new();
    while seen.len() < expected {
        // Changes hands again and again: the cursor alone says where to go on.
        if seen.len() % 7 == 3 {
            stream = runtime
                .subscribe_all(StreamFrom::Cursor(cursor.clone()))
                .await
                .expect("goes on");
        }
        let published = stream
            .next()
            .await
            .expect("goes on")
            .expect("without a gap");
        cursor = published.cursor.clone();
        seen.push((published.record.entity, published.record.seq));
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((seen.len(), distinct.len()), (expected, expected));
}

#[tokio::test(start_paused = true)]
async fn garbage_and_trimmed_cursors_are_told_apart() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let garbage = runtime.subscribe_all(StreamFrom::Cursor("x!".into())).await;
    assert!(matches!(garbage, Err(StreamError::InvalidCursor)));
    let mut stream = runtime
        .subscribe_all(StreamFrom::Now)
        .await
        .expect("subscribes");
    let id = start(&runtime, "three").await.id;
    let first = stream.next().await.expect("goes on").expect("gives it");
    ended(&runtime, id).await;
    runtime.shutdown().await;
    while let Some(Ok(_)) = stream.next().await {}
    let runtime = world.open().await;
    let expired = runtime
        .subscribe_all(StreamFrom::Cursor(first.cursor))
        .await;
    assert!(matches!(expired, Err(StreamError::CursorExpired)));
}
