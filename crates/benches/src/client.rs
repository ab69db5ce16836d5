//! Questions and commands to the server, as a user would put them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use api::{Counts, System};
use serde::de::DeserializeOwned;

use crate::http::{Connection, get, post};

/// Between two looks at a count.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The server's API. Each question has a connection of its own: between two of them lies a whole measurement, and the
/// server does not keep an idle connection that long.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(crate) SocketAddr);

impl Client {
    /// What stands at a path below the API's base.
    pub(crate) async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T> {
        let mut connection = Connection::open(self.0).await?;
        let request = get(&format!("/api/v1{path}"));
        connection.exchange(&request).await?.json()
    }

    /// Sends JSON to a path below the API's base.
    pub(crate) async fn post<T: DeserializeOwned>(self, path: &str, body: &str) -> Result<T> {
        let path = format!("/api/v1{path}");
        let request = post(&path, "application/json", body.as_bytes());
        let mut connection = Connection::open(self.0).await?;
        connection.exchange(&request).await?.json()
    }

    /// Makes documents of the language known to the server.
    pub(crate) async fn apply(self, documents: &str) -> Result<()> {
        let request = post("/api/v1/apply", "application/yaml", documents.as_bytes());
        let mut connection = Connection::open(self.0).await?;
        connection.exchange(&request).await?.demand_success()
    }

    /// Batches that the journal has, all partitions together.
    pub(crate) async fn commits(self) -> Result<u64> {
        let system: System = self.get("/system").await?;
        Ok(system.partitions.iter().map(|one| one.head).sum())
    }

    /// How many instances fit the filter, once the projection has reached what was committed.
    pub(crate) async fn count(self, filter: &str) -> Result<u64> {
        loop {
            let counts: Counts = self.get(&format!("/workflows/count?{filter}")).await?;
            if counts.incomplete.is_empty() {
                return Ok(counts.total);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until so many instances fit the filter, counted from the store.
    pub(crate) async fn until_count(
        self,
        filter: &str,
        count: u64,
        within: Duration,
    ) -> Result<()> {
        let begun = Instant::now();
        loop {
            let found = self.count(filter).await?;
            if found >= count {
                return Ok(());
            }
            if begun.elapsed() > within {
                bail!("expected {count} with {filter} within {within:?}, but there are {found}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
