//! Makes the state durable, and drops the segments that it no longer needs.

use std::collections::BTreeMap;

use store::StoreError;

use super::segments::{Segments, all, table};
use crate::connection::Session;
use crate::failure::Trouble;

/// Makes all that was committed so far durable, then drops what of the journal lies wholly at or
/// below what the state had reached by then.
pub(crate) async fn trim(session: &Session, segments: &Segments) -> Result<(), Trouble> {
    let reached = reached(session).await?;
    flush(session).await?;
    let mut all = all(session).await?;
    // The newest takes batches, or is the next to.
    all.pop();
    for segment in all {
        if segment == segments.current() || !wholly_reached(session, segment, &reached).await? {
            continue;
        }
        if !drop_segment(session, segment, &reached).await? {
            tracing::debug!(segment, "a segment is in use; the next checkpoint drops it");
        }
    }
    Ok(())
}

async fn reached(session: &Session) -> Result<BTreeMap<i32, i64>, Trouble> {
    let rows = session
        .client
        .query("SELECT partition, position FROM reached", &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The commit of a row flushes the log up to itself, here and on the standby: all that anybody
/// committed before, with or without waiting for it, is durable then.
async fn flush(session: &Session) -> Result<(), Trouble> {
    let before = session.unreplicated();
    let sql = "UPDATE store SET checkpoints = checkpoints + 1";
    session.client.execute(sql, &[]).await?;
    if session.unreplicated() == before {
        return Ok(());
    }
    Err(StoreError::Unavailable("the standby did not confirm a checkpoint".into()).into())
}

async fn wholly_reached(
    session: &Session,
    segment: i64,
    reached: &BTreeMap<i32, i64>,
) -> Result<bool, Trouble> {
    let sql = format!(
        "SELECT partition, max(position) FROM {} GROUP BY partition",
        table(segment)
    );
    let rows = session.client.query(&sql, &[]).await?;
    Ok(rows.iter().all(|row| {
        let (partition, last): (i32, i64) = (row.get(0), row.get(1));
        reached
            .get(&partition)
            .is_some_and(|position| last <= *position)
    }))
}

/// Drops a segment, unless something was written into it since it was looked at; false when it is
/// in use.
async fn drop_segment(
    session: &Session,
    segment: i64,
    reached: &BTreeMap<i32, i64>,
) -> Result<bool, Trouble> {
    let client = &session.client;
    let table = table(segment);
    client.batch_execute("BEGIN").await?;
    let locked = client
        .batch_execute(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        .await;
    if let Err(error) = locked {
        client.batch_execute("ROLLBACK").await?;
        let busy = error.code() == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE);
        return if busy { Ok(false) } else { Err(error.into()) };
    }
    if !wholly_reached(session, segment, reached).await? {
        client.batch_execute("ROLLBACK").await?;
        return Ok(false);
    }
    client.batch_execute(&format!("DROP TABLE {table}")).await?;
    client
        .execute("DELETE FROM segment WHERE number = $1", &[&segment])
        .await?;
    client.batch_execute("COMMIT").await?;
    Ok(true)
}
