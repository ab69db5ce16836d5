//! What is particular to the state's tables.

use std::time::{Duration, Instant};

use bytes::Bytes;
use store::{
    Change, CountBy, Dropped, Expiry, HistorySegment, InstanceFilter, InstanceRow, Store,
    StoreError, Table,
};

use crate::sample::{ONE, fill, open, projection, put, row};
use crate::server::{Reach, Server, Version, eventually};

#[tokio::test]
async fn a_stale_owner_cannot_take_the_state_back() {
    let server = Server::start(Version::V15);
    let (old, new) = (open(server.config()).await, open(server.config()).await);
    old.take_over(ONE).await.unwrap();
    old.project(projection(ONE, 0, vec![put(row(1))]))
        .await
        .unwrap();
    new.take_over(ONE).await.unwrap();
    let late = InstanceRow {
        status: "late".into(),
        ..row(1)
    };
    let refused = old
        .project(projection(ONE, 0, vec![put(late)]))
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::TakenOver(_)), "{refused:?}");
    let found = new.instance(0, row(1).id).await.unwrap().unwrap();
    assert_eq!(found.row.status, "running");
    new.project(projection(ONE, 0, vec![put(row(2))]))
        .await
        .unwrap();
}

const ODD: &str = "a\0b\u{E000}%_\\'\"{}\u{E004}ä";

fn odd() -> InstanceRow {
    InstanceRow {
        workflow: ODD.into(),
        version: ODD.into(),
        correlation_id: ODD.into(),
        subject: Some(ODD.into()),
        error: Some(ODD.into()),
        attributes: vec![
            (ODD.into(), ODD.into()),
            (String::new(), String::new()),
            (ODD.into(), ODD.into()),
        ],
        ..row(1)
    }
}

#[tokio::test]
async fn an_owner_that_is_paused_in_a_projection_does_not_hold_up_a_take_over() {
    let server = Server::start(Version::V15);
    let (old, new) = (open(server.config()).await, open(server.config()).await);
    old.take_over(ONE).await.unwrap();
    let client = server.client().await;
    client
        .batch_execute("BEGIN; LOCK TABLE bucket IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let mut projecting = std::pin::pin!(old.project(projection(ONE, 0, vec![put(row(1))])));
    let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let in_the_middle = eventually("the projection waits", async || {
        client.query_one(waits, &[]).await.unwrap().get(0)
    });
    tokio::select! {
        done = &mut projecting => panic!("{done:?}"),
        () = in_the_middle => {}
    }
    // From here on nobody asks how the projection goes on: its process stands still.
    client.batch_execute("ROLLBACK").await.unwrap();
    let began = Instant::now();
    new.take_over(ONE).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let late = projecting.await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    assert!(new.instance(0, row(1).id).await.unwrap().is_none());
}

#[tokio::test]
async fn texts_are_kept_whatever_is_in_them() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let key = Bytes::from_static(&[0, 255, 0]);
    let change = Change::Put {
        table: Table::Wait,
        slot: 4095,
        key: key.clone(),
        value: key.clone(),
    };
    let changes = vec![put(odd()), put(row(2)), change];
    store.project(projection(ONE, 1, changes)).await.unwrap();
    let found = store.instance(0, odd().id).await.unwrap().unwrap();
    assert_eq!(found.row, odd());
    assert_eq!(
        store.get(Table::Wait, 4095, key.clone()).await.unwrap(),
        Some(key)
    );
    let changes: [fn(&mut InstanceFilter); 7] = [
        |filter| filter.workflow = Some(ODD.into()),
        |filter| filter.version = Some(ODD.into()),
        |filter| filter.subject = Some(ODD.into()),
        |filter| filter.correlation_id = Some(ODD.into()),
        |filter| filter.attributes = vec![(ODD.into(), ODD.into())],
        |filter| filter.text = Some("Ä a".into()),
        |filter| filter.text = Some("\0b".into()),
    ];
    for change in changes {
        let mut filter = InstanceFilter::default();
        change(&mut filter);
        let page = store.list(&filter, None, 10).await.unwrap();
        assert_eq!(page.items.len(), 1, "{filter:?}");
        assert_eq!(page.items[0].id, odd().id);
        assert_eq!(
            store.count(&filter, CountBy::Nothing).await.unwrap()[0].count,
            1
        );
    }
}

#[tokio::test]
async fn texts_may_be_long() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    // What does not repeat is not compressed, and too long for an index.
    let long = |seed: u8| {
        let hashes = (0..400_u32).map(|n| format!("{:x}", scattered(seed, n)));
        hashes.collect::<String>()
    };
    let kept = InstanceRow {
        correlation_id: long(1),
        subject: Some(long(2)),
        error: Some(long(3)),
        attributes: vec![("a".into(), long(4)), ("b".into(), "short".into())],
        ..row(1)
    };
    let other = InstanceRow {
        subject: Some(long(2) + "x"),
        ..row(2)
    };
    store
        .project(projection(ONE, 1, vec![put(kept.clone()), put(other)]))
        .await
        .unwrap();
    assert_eq!(store.instance(0, kept.id).await.unwrap().unwrap().row, kept);
    let changes: [&dyn Fn(&mut InstanceFilter); 5] = [
        &|filter| filter.correlation_id = Some(long(1)),
        &|filter| filter.subject = Some(long(2)),
        &|filter| filter.text = Some(long(3)),
        &|filter| filter.attributes = vec![("a".into(), long(4))],
        &|filter| filter.attributes = vec![("b".into(), "short".into())],
    ];
    for change in changes {
        let mut filter = InstanceFilter::default();
        change(&mut filter);
        let page = store.list(&filter, None, 10).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|row| row.id).collect();
        assert_eq!(ids, [kept.id], "{filter:?}");
    }
}

/// A number that looks like chance.
fn scattered(seed: u8, number: u32) -> u64 {
    (u64::from(number) + 1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(u32::from(seed) * 7)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
}

#[tokio::test]
async fn an_instance_that_none_caused_is_found_by_its_own_id() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let mut own = row(0xabc);
    own.correlation_id = uuid::Uuid::from_bytes(own.id).to_string();
    let child = InstanceRow {
        correlation_id: own.correlation_id.clone(),
        ..row(2)
    };
    store
        .project(projection(ONE, 1, vec![put(own.clone()), put(child)]))
        .await
        .unwrap();
    for (field, expected) in [
        (own.correlation_id.clone(), 2),
        (own.correlation_id.to_uppercase(), 0),
    ] {
        let filter = InstanceFilter {
            correlation_id: Some(field),
            ..InstanceFilter::default()
        };
        assert_eq!(
            store.list(&filter, None, 10).await.unwrap().items.len(),
            expected
        );
    }
    let text = Some(own.correlation_id[..20].to_owned());
    let filter = InstanceFilter {
        text,
        ..InstanceFilter::default()
    };
    let found = store.list(&filter, None, 10).await.unwrap().items;
    assert_eq!(
        found,
        [InstanceRow {
            snapshot: Bytes::new(),
            ..own
        }],
        "its id begins so"
    );
}

fn ended(number: u64, at: i64) -> InstanceRow {
    InstanceRow {
        status: "completed".into(),
        ended_at: Some(at),
        ..row(number)
    }
}

#[tokio::test]
async fn a_closed_bucket_takes_late_comers_into_its_bounds() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let client = server.client().await;
    store
        .project(projection(
            ONE,
            1,
            vec![put(ended(50, 1)), put(ended(60, 2))],
        ))
        .await
        .unwrap();
    store.checkpoint().await.unwrap();
    let sql = "SELECT closed, first_created, last_created FROM bucket";
    let bounds = async || {
        let row = client.query_one(sql, &[]).await.unwrap();
        (
            row.get::<_, bool>(0),
            row.get::<_, i64>(1),
            row.get::<_, i64>(2),
        )
    };
    assert_eq!(bounds().await, (true, 50, 60));
    store
        .project(projection(
            ONE,
            2,
            vec![put(ended(9, 3)), put(ended(70, 4))],
        ))
        .await
        .unwrap();
    assert_eq!(bounds().await, (true, 9, 70));
    for number in [9, 50, 60, 70] {
        assert!(
            store.instance(0, row(number).id).await.unwrap().is_some(),
            "{number}"
        );
    }
    let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'orchestrator' AND tablename = 'ended_1'";
    assert_eq!(
        client
            .query_one(indexes, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        7
    );
}

#[tokio::test]
async fn old_buckets_are_dropped_while_others_are_written() {
    let server = Server::start(Version::V15);
    let day = 24 * 60 * 60 * 1000;
    let (first, second) = (open(server.config()).await, open(server.config()).await);
    first
        .project(projection(
            ONE,
            1,
            vec![put(ended(1, 0)), put(ended(2, day))],
        ))
        .await
        .unwrap();
    let client = server.client().await;
    let size = async || {
        let sql = "SELECT pg_database_size(current_database())";
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0)
    };
    let full = size().await;
    let dropped = second.drop_ended(&Expiry::all(day)).await.unwrap();
    assert_eq!((dropped.buckets, dropped.instances), (1, 1));
    assert!(dropped.bytes > 0);
    assert!(
        size().await <= full - dropped.bytes as i64,
        "its space is free"
    );
    let again = first.drop_ended(&Expiry::all(day)).await.unwrap();
    assert_eq!(again, Dropped::default());
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'orchestrator' AND tablename LIKE 'ended\\_%'";
    assert_eq!(
        client
            .query_one(tables, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        2
    );
    first
        .project(projection(ONE, 2, vec![put(ended(1, 5))]))
        .await
        .unwrap();
    assert!(second.instance(0, row(1).id).await.unwrap().is_some());
}

#[tokio::test]
async fn long_histories_are_read_in_steps() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let segment = |number: u64| HistorySegment {
        first_seq: number,
        last_seq: number,
        bytes: Bytes::from(vec![number as u8; 150]),
    };
    let history = |number| Change::AppendHistory {
        slot: 0,
        id: row(1).id,
        segment: segment(number),
    };
    let mut changes: Vec<_> = (1..=1200).map(history).collect();
    changes.push(put(row(1)));
    store.project(projection(ONE, 1, changes)).await.unwrap();
    for at in [None, Some(7)] {
        let changes = vec![put(InstanceRow {
            ended_at: at,
            ..row(1)
        })];
        store.project(projection(ONE, 2, changes)).await.unwrap();
        let all = store.history(0, row(1).id, 0, usize::MAX).await.unwrap();
        assert_eq!(all, (1..=1200).map(segment).collect::<Vec<_>>());
        let some = store.history(0, row(1).id, 10, 150 * 600).await.unwrap();
        assert_eq!(some, (11..=611).map(segment).collect::<Vec<_>>());
    }
}

/// Commits of the state do not wait for the disk: a database that crashed may have lost the last of them, under a node that
/// lived on.
#[tokio::test]
async fn a_state_that_went_back_is_not_gone_on_from() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let client = server.client().await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 9).await;
    store.project(projection(ONE, 5, vec![])).await.unwrap();
    let lost = "UPDATE reached SET position = 3 WHERE partition = 1";
    client.execute(lost, &[]).await.unwrap();
    let refused = store.project(projection(ONE, 7, vec![])).await;
    assert!(
        matches!(refused, Err(StoreError::TakenOver(ONE))),
        "{refused:?}"
    );
    let reached = store.reached(ONE).await;
    assert!(
        matches!(reached, Err(StoreError::TakenOver(ONE))),
        "{reached:?}"
    );
    store.take_over(ONE).await.unwrap();
    assert_eq!(store.reached(ONE).await.unwrap(), 3, "nothing was written");
    store.project(projection(ONE, 7, vec![])).await.unwrap();
    assert_eq!(store.reached(ONE).await.unwrap(), 7);
}
