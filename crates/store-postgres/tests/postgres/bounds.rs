//! Everything has a bound, and passing it is an answer.

use std::time::{Duration, Instant};

use store::{InstanceFilter, Store, StoreError};
use store_postgres::PostgresConfig;

use crate::sample::{ONE, open, projection, put, row};
use crate::server::{Reach, Server, Version};

fn unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>, part: &str) {
    match answer {
        Err(StoreError::Unavailable(reason)) => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected it to be unavailable, but it is {other:?}"),
    }
}

#[tokio::test]
async fn a_busy_pool_and_a_slow_statement_are_answered_in_time() {
    let server = Server::start(Version::V15);
    let config = PostgresConfig {
        readers: 1,
        wait_timeout: Duration::from_millis(200),
        statement_timeout: Duration::from_millis(2000),
        ..server.config()
    };
    let store = open(config).await;
    let client = server.client().await;
    client
        .batch_execute("BEGIN; LOCK TABLE bucket IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let began = Instant::now();
    let filter = InstanceFilter::default();
    let slow = store.list(&filter, None, 10);
    let (slow, busy) = tokio::join!(biased; slow, store.reached(ONE));
    unavailable(busy, "all 1 connections were busy for 200 ms");
    unavailable(slow, "lock timeout");
    assert!(began.elapsed() < Duration::from_secs(4));
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(
        store
            .list(&filter, None, 10)
            .await
            .unwrap()
            .items
            .is_empty(),
        "it recovers"
    );
}

#[tokio::test]
async fn a_statement_takes_no_longer_than_it_may() {
    let server = Server::start(Version::V15);
    let statement_timeout = Duration::from_millis(300);
    let store = open(PostgresConfig {
        statement_timeout,
        ..server.config()
    })
    .await;
    let owned = store.take_over(ONE).await.unwrap();
    store
        .project(projection(ONE, owned.head, vec![put(row(1))]))
        .await
        .unwrap();
    let client = server.client().await;
    // Reading the row takes for ever.
    client
        .batch_execute(
            "ALTER TABLE instance RENAME TO hidden;
             CREATE VIEW instance AS SELECT h.* FROM hidden h, pg_sleep(60)",
        )
        .await
        .unwrap();
    unavailable(store.instance(0, row(1).id).await, "statement timeout");
    client
        .batch_execute("DROP VIEW instance; ALTER TABLE hidden RENAME TO instance")
        .await
        .unwrap();
    assert!(store.instance(0, row(1).id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_server_is_unavailable_and_not_wrong() {
    let server = Server::start_with(
        Version::V15,
        &["max_connections=8", "superuser_reserved_connections=0"],
    );
    let store = open(PostgresConfig {
        readers: 1,
        ..server.config()
    })
    .await;
    let mut clients = vec![];
    while let Ok((client, connection)) =
        tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await
    {
        tokio::spawn(connection);
        clients.push(client);
        assert!(clients.len() < 20);
    }
    unavailable(store.reached(ONE).await, "too many clients");
    clients.clear();
    crate::server::eventually("a connection is free again", async || {
        store.reached(ONE).await.is_ok()
    })
    .await;
}
