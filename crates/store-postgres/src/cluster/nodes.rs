//! The nodes, and their heartbeats.

use store::{Node, SeenNode};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::Session;
use crate::failure::Trouble;
use crate::text;

pub(super) async fn register(session: &Session, node: &Node) -> Result<(), Trouble> {
    let sql = "INSERT INTO node VALUES ($1, $2, $3, $4, $5, $6, 1, clock_timestamp(), $7, $8, true) \
               ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, unfit = EXCLUDED.unfit, zone = EXCLUDED.zone, region = EXCLUDED.region, \
               url = EXCLUDED.url, version = EXCLUDED.version, format = EXCLUDED.format, names_blobs = true, \
               counter = node.counter + 1, beat_at = EXCLUDED.beat_at";
    let statement = session.prepared(sql).await?;
    let texts = [
        &node.zone,
        &node.region,
        &node.url,
        &node.version,
        &node.name,
        &node.unfit,
    ];
    let texts = texts.map(|t| text::written(t));
    let [zone, region, url, version, name, unfit] = &texts;
    let format = node.format as i32;
    let values = [
        &node.id as _,
        zone as _,
        region as _,
        url as _,
        version as _,
        &format as _,
        name as _,
        unfit as _,
    ];
    session.client.execute(&statement, &values).await?;
    Ok(())
}

pub(super) async fn beat(session: &Session, node: Uuid) -> Result<bool, Trouble> {
    let sql = "UPDATE node SET counter = counter + 1, beat_at = clock_timestamp() WHERE id = $1";
    changed(session, sql, node).await
}

pub(super) async fn remove(session: &Session, node: Uuid) -> Result<bool, Trouble> {
    changed(session, "DELETE FROM node WHERE id = $1", node).await
}

async fn changed(session: &Session, sql: &str, node: Uuid) -> Result<bool, Trouble> {
    let statement = session.prepared(sql).await?;
    Ok(session.client.execute(&statement, &[&node]).await? > 0)
}

pub(super) async fn all(session: &Session) -> Result<Vec<SeenNode>, Trouble> {
    let sql = "SELECT id, zone, region, url, version, format, counter, \
               GREATEST(0, floor(extract(epoch FROM clock_timestamp() - beat_at) * 1000))::bigint, \
               name, unfit FROM node ORDER BY id";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(seen).collect())
}

fn seen(row: &Row) -> SeenNode {
    SeenNode {
        node: Node {
            id: row.get(0),
            name: text::read(row.get(8)),
            unfit: text::read(row.get(9)),
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

pub(super) async fn clock(session: &Session) -> Result<i64, Trouble> {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let statement = session.prepared(sql).await?;
    Ok(session.client.query_one(&statement, &[]).await?.get(0))
}

pub(super) async fn format(session: &Session) -> Result<u32, Trouble> {
    let statement = session.prepared("SELECT format FROM store").await?;
    let format: i32 = session.client.query_one(&statement, &[]).await?.get(0);
    Ok(format.unsigned_abs())
}

pub(super) async fn raise_format(session: &Session, to: u32) -> Result<(), Trouble> {
    let sql = "UPDATE store SET format = $1 WHERE format < $1";
    let statement = session.prepared(sql).await?;
    session.client.execute(&statement, &[&(to as i32)]).await?;
    Ok(())
}
