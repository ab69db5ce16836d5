//! A primary with a synchronous standby: what is acknowledged is on both, and the store finds the
//! one that was promoted.

use std::time::{Duration, Instant};

use store::{Appended, Store, StoreError};
use store_postgres::{PostgresConfig, PostgresStore, Standby};

use crate::sample::{ONE, append, fill, open, persist, positions, projection, put, row};
use crate::server::{Reach, Server, Version, eventually};

struct Pair {
    primary: Server,
    standby: Server,
    store: PostgresStore,
}

async fn pair(version: Version) -> Pair {
    let primary = Server::start(version);
    let standby = primary.standby("second");
    primary.set("synchronous_standby_names", "second").await;
    let config = PostgresConfig {
        // The standby first: it is passed by while it takes no writes.
        url: format!(
            "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres",
            standby.port, primary.port
        ),
        append_timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_millis(500),
        ..primary.config()
    };
    let store = open(config).await;
    let connected = Standby::Connected { wanted: 1 };
    eventually("the standby is there", async || {
        store.standby().await.unwrap() == connected
    })
    .await;
    Pair {
        primary,
        standby,
        store,
    }
}

async fn fails_over(version: Version) {
    let Pair {
        mut primary,
        standby,
        store,
    } = pair(version).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 20).await;
    store
        .project(projection(ONE, 5, vec![put(row(1))]))
        .await
        .unwrap();
    store.checkpoint().await.unwrap();
    let batch = append(ONE, owned, 100);
    let (appended, ()) =
        tokio::join!(biased; store.append(batch.clone()), async { primary.kill() });
    let down = store.reached(ONE).await;
    assert!(
        matches!(down, Err(StoreError::Unavailable(_))),
        "{down:?}; {appended:?}"
    );
    standby.promote();
    let began = Instant::now();
    assert_eq!(persist(&store, &batch).await, Appended::Committed);
    owned.head += 1;
    fill(&store, &mut owned, ONE, 5).await;
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(positions(&store, ONE).await, (1..=26).collect::<Vec<_>>());
    assert_eq!(store.reached(ONE).await.unwrap(), 5);
    assert!(store.instance(0, row(1).id).await.unwrap().is_some());
    let again = store.take_over(ONE).await.unwrap();
    assert!(again.epoch > owned.epoch);
    assert_eq!(again.head, 26);
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_primary_is_on_15() {
    fails_over(Version::V15).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_primary_is_on_18() {
    fails_over(Version::V18).await;
}

#[tokio::test]
async fn without_its_standby_nothing_is_acknowledged_and_health_tells() {
    let Pair {
        primary: _primary,
        mut standby,
        store,
    } = pair(Version::V15).await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 1).await;
    standby.kill();
    let missing = Standby::Missing {
        wanted: 1,
        connected: 0,
        setting: "second".into(),
    };
    eventually("the standby is missed", async || {
        store.standby().await.unwrap() == missing
    })
    .await;
    let batch = append(ONE, owned, 100);
    assert_eq!(
        store.append(batch.clone()).await.unwrap(),
        Appended::Unknown
    );
    assert_eq!(store.reached(ONE).await.unwrap(), 0, "it can still be read");
    standby.launch();
    assert_eq!(persist(&store, &batch).await, Appended::Committed);
    assert_eq!(positions(&store, ONE).await, [1, 2]);
    let connected = Standby::Connected { wanted: 1 };
    eventually("the standby is back", async || {
        store.standby().await.unwrap() == connected
    })
    .await;
}

#[tokio::test]
async fn without_a_configured_standby_health_tells() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    assert_eq!(store.standby().await.unwrap(), Standby::NotConfigured);
    store.ping().await.unwrap();
}
