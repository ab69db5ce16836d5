//! The store keeps the contract, on the oldest and the newest server.

use std::cell::Cell;

use store::conformance::{Harness, random_lives, run, run_cluster};
use store_postgres::{PostgresConfig, PostgresStore};

use crate::server::{Reach, Server, Version};

/// Each new store is a schema of its own.
struct OnServer {
    server: Server,
    stores: Cell<u32>,
    change: fn(&mut PostgresConfig),
}

impl OnServer {
    fn new(version: Version, change: fn(&mut PostgresConfig)) -> Self {
        Self {
            server: Server::start(version),
            stores: Cell::new(0),
            change,
        }
    }
}

impl Harness for OnServer {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        let mut config = self.server.config();
        config.schema = format!("s{}", self.stores.get());
        (self.change)(&mut config);
        PostgresStore::open(config).await.unwrap()
    }

    fn begin_anew(&self) {
        self.stores.set(self.stores.get() + 1);
    }
}

#[tokio::test]
async fn it_conforms_on_postgresql_15() {
    let harness = OnServer::new(Version::V15, |_| ());
    run(&harness).await;
    run_cluster(&harness).await;
}

#[tokio::test]
async fn it_conforms_on_postgresql_18() {
    let harness = OnServer::new(Version::V18, |_| ());
    run(&harness).await;
    run_cluster(&harness).await;
}

#[tokio::test]
async fn it_conforms_with_one_connection_of_each_purpose_and_buckets_of_an_hour() {
    let change = |config: &mut PostgresConfig| {
        (config.lanes, config.writers, config.readers) = (1, 1, 1);
        config.bucket_ms = 60 * 60 * 1000;
    };
    run(&OnServer::new(Version::V18, change)).await;
}

#[tokio::test]
async fn it_agrees_with_the_memory_store_on_random_lives() {
    random_lives(&OnServer::new(Version::V15, |_| ()), 0..2).await;
}
