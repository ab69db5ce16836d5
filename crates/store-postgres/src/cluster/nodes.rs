//! The nodes, and their heartbeats.

use store::StoreError;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::connection::{Session, with_session};
use crate::failure::Trouble;
use crate::text;

/// A node as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Made anew by each process, so that a restarted node is not taken for the one before.
    pub id: Uuid,
    /// The zone it runs in; empty if none was said.
    pub zone: String,
    /// The region it runs in; empty if none was said.
    pub region: String,
    /// Where other nodes reach it.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// The newest record format that it reads and writes.
    pub format: u32,
}

/// A node as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenNode {
    /// What it says of itself.
    pub node: Node,
    /// Rises with each heartbeat: it lives while this moves.
    pub counter: u64,
    /// Milliseconds since its last heartbeat by the database's clock; for people and for a first
    /// guess, not to decide a take-over by.
    pub silent_ms: u64,
}

impl PostgresStore {
    /// Writes a node down, and counts as a heartbeat.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached; it is tried again at the next beat.
    pub async fn register_node(&self, node: &Node) -> Result<(), StoreError> {
        with_session!(self.control, "registering the node", |session| register(
            session, node
        ))
    }

    /// One heartbeat; false when the node is not written down (any more) and has to register.
    ///
    /// # Errors
    /// As [`PostgresStore::register_node`].
    pub async fn heartbeat(&self, node: Uuid) -> Result<bool, StoreError> {
        let sql =
            "UPDATE node SET counter = counter + 1, beat_at = clock_timestamp() WHERE id = $1";
        with_session!(self.control, "sending a heartbeat", |session| changed(
            session, sql, node
        ))
    }

    /// Strikes a node out: itself when it goes, another when it is long gone.
    ///
    /// # Errors
    /// As [`PostgresStore::register_node`].
    pub async fn remove_node(&self, node: Uuid) -> Result<bool, StoreError> {
        let sql = "DELETE FROM node WHERE id = $1";
        with_session!(self.control, "removing a node", |session| changed(
            session, sql, node
        ))
    }

    /// All nodes that are written down, by id.
    ///
    /// # Errors
    /// As [`PostgresStore::register_node`].
    pub async fn nodes(&self) -> Result<Vec<SeenNode>, StoreError> {
        with_session!(self.control, "listing nodes", |session| all(session))
    }

    /// The database's clock, in milliseconds since the epoch. A node whose own clock is far off
    /// it must own nothing.
    ///
    /// # Errors
    /// As [`PostgresStore::register_node`].
    pub async fn clock(&self) -> Result<i64, StoreError> {
        with_session!(self.control, "reading the database's clock", |session| {
            clock(session)
        })
    }
}

async fn register(session: &Session, node: &Node) -> Result<(), Trouble> {
    let sql = "INSERT INTO node VALUES ($1, $2, $3, $4, $5, $6, 1, clock_timestamp()) \
               ON CONFLICT (id) DO UPDATE SET zone = EXCLUDED.zone, region = EXCLUDED.region, \
               url = EXCLUDED.url, version = EXCLUDED.version, format = EXCLUDED.format, \
               counter = node.counter + 1, beat_at = EXCLUDED.beat_at";
    let statement = session.prepared(sql).await?;
    let texts = [&node.zone, &node.region, &node.url, &node.version].map(|t| text::written(t));
    let [zone, region, url, version] = &texts;
    let format = node.format as i32;
    let values = [
        &node.id as _,
        zone as _,
        region as _,
        url as _,
        version as _,
        &format as _,
    ];
    session.client.execute(&statement, &values).await?;
    Ok(())
}

async fn changed(session: &Session, sql: &str, node: Uuid) -> Result<bool, Trouble> {
    let statement = session.prepared(sql).await?;
    Ok(session.client.execute(&statement, &[&node]).await? > 0)
}

async fn all(session: &Session) -> Result<Vec<SeenNode>, Trouble> {
    let sql = "SELECT id, zone, region, url, version, format, counter, \
               GREATEST(0, floor(extract(epoch FROM clock_timestamp() - beat_at) * 1000))::bigint \
               FROM node ORDER BY id";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(seen).collect())
}

fn seen(row: &Row) -> SeenNode {
    SeenNode {
        node: Node {
            id: row.get(0),
            zone: text::read(row.get(1)),
            region: text::read(row.get(2)),
            url: text::read(row.get(3)),
            version: text::read(row.get(4)),
            format: row.get::<_, i32>(5) as u32,
        },
        counter: row.get::<_, i64>(6) as u64,
        silent_ms: row.get::<_, i64>(7).unsigned_abs(),
    }
}

async fn clock(session: &Session) -> Result<i64, Trouble> {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let statement = session.prepared(sql).await?;
    Ok(session.client.query_one(&statement, &[]).await?.get(0))
}
