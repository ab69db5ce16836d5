//! Whose store this is, and what was settled when it was made.

use std::io;

use store::StoreError;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::config::PostgresConfig;
use crate::connection::Session;
use crate::failure::{Trouble, io_refusal};
use crate::text;

/// What the store's row says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) cluster_id: Uuid,
    pub(crate) incarnation: u32,
    pub(crate) bucket_ms: i64,
}

/// Refuses a server that cannot hold the store.
pub(crate) async fn check_server(client: &Client) -> Result<(), Trouble> {
    let sql = "SELECT current_setting('server_version_num')::integer, \
               current_setting('server_encoding'), current_setting('server_version')";
    let row = client.query_one(sql, &[]).await?;
    let (number, encoding, version): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
    if number < 150_000 {
        let detail = format!("expected PostgreSQL 15 or newer, but the server is {version}");
        return Err(refused(detail, "upgrade the server").into());
    }
    if encoding != "UTF8" {
        let detail = format!("expected a database of encoding UTF8, but it is {encoding}");
        return Err(refused(detail, "create the database WITH ENCODING 'UTF8'").into());
    }
    Ok(())
}

/// Reads the store's row, or makes it; refuses another cluster's.
pub(crate) async fn identify(
    client: &Client,
    config: &PostgresConfig,
) -> Result<Identity, Trouble> {
    let made = Uuid::now_v7();
    let make = "INSERT INTO store (cluster_id, fingerprint, incarnation, bucket_ms) \
                VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING";
    let mark = fingerprint(&config.cluster_secret, &made);
    client
        .execute(make, &[&made, &mark, &config.bucket_ms.max(1)])
        .await?;
    let sql = "SELECT cluster_id, fingerprint, incarnation, bucket_ms FROM store";
    let row = client.query_one(sql, &[]).await?;
    let (cluster_id, found): (Uuid, Vec<u8>) = (row.get(0), row.get(1));
    if found != fingerprint(&config.cluster_secret, &cluster_id) {
        let detail = format!(
            "expected the cluster secret that this store was made with, but the configured one is \
             another (the store is cluster {cluster_id}'s)"
        );
        let cure = "configure that cluster's secret, or another database or schema";
        return Err(refused(detail, cure).into());
    }
    Ok(Identity {
        cluster_id,
        incarnation: row.get::<_, i32>(2).unsigned_abs(),
        bucket_ms: row.get(3),
    })
}

/// Why all nodes wait for a person; none when they do not.
pub(crate) async fn paused(session: &Session) -> Result<Option<String>, Trouble> {
    let statement = session.prepared("SELECT paused FROM store").await?;
    let row = session.client.query_one(&statement, &[]).await?;
    let why: Option<String> = row.get(0);
    Ok(why.map(text::read))
}

/// Has all nodes wait, or go on.
pub(crate) async fn set_paused(session: &Session, why: Option<&str>) -> Result<(), Trouble> {
    let statement = session.prepared("UPDATE store SET paused = $1").await?;
    let why = why.map(text::written);
    session.client.execute(&statement, &[&why]).await?;
    Ok(())
}

/// A hash of the cluster's id that only the secret's holder can make.
fn fingerprint(secret: &str, cluster_id: &Uuid) -> Vec<u8> {
    let key = blake3::derive_key(
        "orchestrator 2026 cluster secret fingerprint",
        secret.as_bytes(),
    );
    blake3::keyed_hash(&key, cluster_id.as_bytes())
        .as_bytes()
        .to_vec()
}

fn refused(detail: String, cure: &str) -> StoreError {
    io_refusal(
        "opening the store",
        io::ErrorKind::PermissionDenied,
        detail,
        cure,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_secret_and_cluster() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(fingerprint("s", &one), fingerprint("s", &one));
        assert_ne!(fingerprint("s", &one), fingerprint("s", &two));
        assert_ne!(fingerprint("s", &one), fingerprint("t", &one));
    }
}
