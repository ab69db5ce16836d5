//! What is refused, in words that say what to mend.

use std::net::TcpListener;

use store::{Store, StoreError};
use store_postgres::{PostgresConfig, PostgresStore};

use crate::sample::{ONE, open};
use crate::server::{Reach, Server, Version};

/// Asserts a lasting refusal that names these parts.
async fn refused(config: PostgresConfig, parts: &[&str]) {
    let refused = PostgresStore::open(config).await.err().expect("a refusal");
    assert!(matches!(refused, StoreError::Io { .. }), "{refused:?}");
    for part in parts {
        assert!(
            refused.to_string().contains(part),
            "expected `{part}` in `{refused}`"
        );
    }
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
}

#[tokio::test]
async fn wrong_credentials_are_told_apart() {
    let server = Server::start(Version::V15);
    let client = server.client().await;
    client
        .batch_execute(
            "CREATE ROLE ada LOGIN PASSWORD 'right'; CREATE ROLE eve LOGIN PASSWORD 'right';
             GRANT CREATE ON DATABASE postgres TO ada",
        )
        .await
        .unwrap();
    server
        .let_in("host all ada,bob 127.0.0.1/32 scram-sha-256\nhost all carol 127.0.0.1/32 reject");
    client
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    let port = server.port;
    let config = |who: &str, database: &str| PostgresConfig {
        url: format!("postgres://{who}@127.0.0.1:{port}/{database}"),
        ..server.config()
    };
    let eventually = crate::server::eventually;
    eventually("passwords are asked for", async || {
        PostgresStore::open(config("ada", "postgres"))
            .await
            .is_err()
    })
    .await;
    let cure = "check user, password, database";
    refused(
        config("ada:hunter2", "postgres"),
        &["password authentication failed", "ada", cure],
    )
    .await;
    refused(
        config("bob:hunter2", "postgres"),
        &["password authentication failed", "bob"],
    )
    .await;
    refused(
        config("carol:hunter2", "postgres"),
        &["pg_hba.conf", "carol"],
    )
    .await;
    refused(
        config("ada:right", "nowhere"),
        &["\"nowhere\" does not exist", cure],
    )
    .await;
    refused(
        config("eve:right", "postgres"),
        &["permission denied", "grant"],
    )
    .await;
    let store = open(config("ada:right", "postgres")).await;
    store.take_over(ONE).await.unwrap();
}

#[tokio::test]
async fn an_unreachable_host_may_be_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://u:hunter2@127.0.0.1:{port},no-such-host.invalid:5432/d");
    let refused = PostgresStore::open(PostgresConfig::new(url))
        .await
        .err()
        .expect("a refusal");
    let text = refused.to_string();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{text}");
    for part in [
        &format!("127.0.0.1:{port}: "),
        "refused",
        "no-such-host.invalid:5432: ",
    ] {
        assert!(text.contains(part), "expected `{part}` in `{text}`");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_standby_alone_is_not_written_to() {
    let primary = Server::start(Version::V15);
    let standby = primary.standby("second");
    let refused = PostgresStore::open(standby.config())
        .await
        .err()
        .expect("a refusal");
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(
        refused.to_string().contains("does not allow writes"),
        "{refused}"
    );
}

#[tokio::test]
async fn schemas_of_other_versions_are_refused_and_left_alone() {
    let server = Server::start(Version::V15);
    let may_not = PostgresConfig {
        migrate: false,
        ..server.config()
    };
    refused(may_not.clone(), &["there are none", "may not make them"]).await;
    drop(open(server.config()).await);
    drop(open(may_not.clone()).await);
    let client = server.client().await;
    client
        .batch_execute("INSERT INTO migration VALUES (99, 99)")
        .await
        .unwrap();
    let parts = [
        "expected a schema of version 9",
        "the database's is 99",
        "run the newer binary",
    ];
    refused(server.config(), &parts).await;
    client
        .batch_execute("UPDATE migration SET compatible_from = 1")
        .await
        .unwrap();
    drop(open(server.config()).await);
    client.batch_execute("DELETE FROM migration").await.unwrap();
    refused(may_not, &["may not make them"]).await;
}

#[tokio::test]
async fn another_clusters_database_is_refused() {
    let server = Server::start(Version::V15);
    let with = |secret: &str| PostgresConfig {
        cluster_secret: secret.into(),
        ..server.config()
    };
    let first = open(with("one secret")).await;
    refused(
        with("hunter2"),
        &[
            "the cluster secret that this store was made with",
            "another database",
        ],
    )
    .await;
    refused(with(""), &["the cluster secret"]).await;
    let second = open(with("one secret")).await;
    assert_eq!(first.cluster_id(), second.cluster_id());
    let elsewhere = PostgresConfig {
        schema: "elsewhere".into(),
        ..with("hunter2")
    };
    assert_ne!(open(elsewhere).await.cluster_id(), first.cluster_id());
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_store() {
    let server = Server::start(Version::V18);
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let config = PostgresConfig {
            writers: 1,
            readers: 1,
            ..server.config()
        };
        opening.spawn(async move { open(config).await.cluster_id() });
    }
    let mut ids = opening.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn what_cannot_hold_the_store_is_refused() {
    let server = Server::start(Version::V15);
    let client = server.client().await;
    client
        .batch_execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
        .await
        .unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/latin", server.port);
    refused(
        PostgresConfig {
            url,
            ..server.config()
        },
        &["UTF8", "LATIN1"],
    )
    .await;
    for name in ["", "Upper", "1st", "a\"b", &"x".repeat(41)] {
        let config = PostgresConfig {
            schema: name.into(),
            ..server.config()
        };
        refused(config, &["expected a schema's name", name]).await;
    }
}
