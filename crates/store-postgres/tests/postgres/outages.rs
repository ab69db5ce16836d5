//! Servers that are killed, frozen and started again under a store that stays open.

use std::time::{Duration, Instant};

use store::{Appended, Store, StoreError};
use store_postgres::PostgresConfig;

use crate::sample::{ONE, append, fill, open, persist, positions, projection, put, row};
use crate::server::{Reach, Server, Version, eventually};

fn impatient(server: &Server) -> PostgresConfig {
    PostgresConfig {
        append_timeout: Duration::from_millis(500),
        statement_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(300),
        ..server.config()
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_server_once() {
    let mut server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    for round in 0..4 {
        fill(&store, &mut owned, ONE, 5).await;
        let batch = append(ONE, owned, 100_000);
        let kill = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        let (appended, ()) = tokio::join!(biased; store.append(batch.clone()), kill);
        assert!(!matches!(appended, Ok(Appended::Fenced)), "{appended:?}");
        let down = store.reached(ONE).await;
        assert!(matches!(down, Err(StoreError::Unavailable(_))), "{down:?}");
        server.launch();
        assert_eq!(persist(&store, &batch).await, Appended::Committed);
        owned.head += 1;
    }
    assert_eq!(
        positions(&store, ONE).await,
        (1..=owned.head).collect::<Vec<_>>()
    );
    let again = store.take_over(ONE).await.unwrap();
    assert_eq!((again.head, again.first), (owned.head, 1));
}

#[tokio::test]
async fn the_state_goes_back_to_a_whole_moment_and_never_before_a_checkpoint() {
    let mut server = Server::start_with(Version::V15, &["wal_writer_delay=10s"]);
    let store = open(server.config()).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 9).await;
    let at = |position: u64| {
        let mut row = row(1);
        row.seq = position;
        projection(ONE, position, vec![put(row)])
    };
    store.project(at(3)).await.unwrap();
    store.checkpoint().await.unwrap();
    for position in 4..=9 {
        store.project(at(position)).await.unwrap();
    }
    server.kill();
    server.launch();
    // This process may have written more than is left: it goes on when it has taken the partition over anew.
    eventually("the store is back", async || {
        store.take_over(ONE).await.is_ok()
    })
    .await;
    let reached = store.reached(ONE).await.unwrap();
    assert!(reached >= 3);
    let found = store.instance(0, row(1).id).await.unwrap().unwrap();
    assert_eq!(found.row.seq, reached, "row and position are of one moment");
}

#[tokio::test]
async fn a_frozen_server_is_answered_for_in_time() {
    let server = Server::start(Version::V15);
    let store = open(impatient(&server)).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 3).await;
    assert_eq!(store.reached(ONE).await.unwrap(), 0);
    server.signal("-STOP");
    let began = Instant::now();
    let batch = append(ONE, owned, 100);
    assert_eq!(
        store.append(batch.clone()).await.unwrap(),
        Appended::Unknown
    );
    let read = store.reached(ONE).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let ping = store.ping().await;
    assert!(matches!(ping, Err(StoreError::Unavailable(_))), "{ping:?}");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    server.signal("-CONT");
    assert_eq!(persist(&store, &batch).await, Appended::Committed);
    assert_eq!(positions(&store, ONE).await, [1, 2, 3, 4]);
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_restart_is_survived_without_opening_anew() {
    let mut server = Server::start(Version::V18);
    let store = open(impatient(&server)).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 1).await;
    store
        .project(projection(ONE, 1, vec![put(row(1))]))
        .await
        .unwrap();
    store.checkpoint().await.unwrap();
    server.kill();
    let began = Instant::now();
    let down = store.append(append(ONE, owned, 100)).await;
    assert!(!matches!(down, Ok(Appended::Committed)), "{down:?}");
    for _ in 0..200 {
        let down = store.take_over(ONE).await;
        assert!(matches!(down, Err(StoreError::Unavailable(_))), "{down:?}");
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "a server that is down is not asked each time"
    );
    server.launch();
    assert_eq!(
        persist(&store, &append(ONE, owned, 100)).await,
        Appended::Committed
    );
    owned.head += 1;
    fill(&store, &mut owned, ONE, 1).await;
    store.project(projection(ONE, 2, vec![])).await.unwrap();
    assert_eq!(store.reached(ONE).await.unwrap(), 2);
    store.checkpoint().await.unwrap();
}
