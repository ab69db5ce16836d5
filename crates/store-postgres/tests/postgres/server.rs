//! How the tests reach a server.

use std::time::{Duration, Instant};

pub(crate) use postgres_server::{PATIENCE, Server, Version};
use store_postgres::PostgresConfig;
use tokio_postgres::{Client, NoTls};

/// The ways to a server.
pub(crate) trait Reach {
    /// A configuration with small segments and short bounds.
    fn config(&self) -> PostgresConfig;
    /// A connection past the store, in its schema.
    async fn client(&self) -> Client;
    /// Changes a setting of the running server.
    async fn set(&self, name: &str, value: &str);
}

impl Reach for Server {
    fn config(&self) -> PostgresConfig {
        PostgresConfig {
            segment_bytes: 16 << 10,
            ..PostgresConfig::new(self.url())
        }
    }

    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("SET search_path TO orchestrator")
            .await
            .unwrap();
        client
    }

    async fn set(&self, name: &str, value: &str) {
        let client = self.client().await;
        client
            .batch_execute("SET synchronous_commit TO local")
            .await
            .unwrap();
        client
            .batch_execute(&format!("ALTER SYSTEM SET {name} TO '{value}'"))
            .await
            .unwrap();
        client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        let sql = "SELECT current_setting($1) = $2";
        eventually(&format!("{name} is {value}"), async || {
            let client = self.client().await;
            client
                .query_one(sql, &[&name, &value])
                .await
                .unwrap()
                .get(0)
        })
        .await;
    }
}

/// Asks again and again until it is so.
pub(crate) async fn eventually(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let until = Instant::now() + PATIENCE;
    while !so().await {
        assert!(
            Instant::now() < until,
            "expected that {what}, but it never was"
        );
        tick.tick().await;
    }
}
