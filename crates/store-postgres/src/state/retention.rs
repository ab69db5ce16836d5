//! Closes buckets, and drops old ones.

use store::{Dropped, Expiry};
use tokio_postgres::error::SqlState;

use super::buckets::{self, BucketSpan, Place};
use crate::connection::Session;
use crate::failure::Trouble;

/// A bucket is closed this long after its time, in milliseconds: the projection may be behind.
const GRACE_MS: i64 = 60 * 60 * 1000;

/// Closes the buckets whose time is over: builds the index that helps only rare questions, sorted
/// and at once, and notes bounds by which most questions pass the bucket by.
pub(crate) async fn close_buckets(session: &Session, span: BucketSpan) -> Result<(), Trouble> {
    while close_one(session, span).await? {}
    Ok(())
}

/// False when there is none to close, or another node is at it.
async fn close_one(session: &Session, span: BucketSpan) -> Result<bool, Trouble> {
    let client = &session.client;
    client.batch_execute("BEGIN").await?;
    let sql = "SELECT number FROM bucket WHERE NOT closed AND NOT dropping \
               AND start <= floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1 \
               ORDER BY start LIMIT 1 FOR UPDATE SKIP LOCKED";
    let over = client
        .query_opt(sql, &[&span.0.saturating_add(GRACE_MS)])
        .await?;
    let Some(number) = over.map(|row| row.get::<_, i32>(0)) else {
        client.batch_execute("COMMIT").await?;
        return Ok(false);
    };
    let rows = Place::Ended(number).rows();
    // Building an index keeps writers out until the bounds are noted; whoever writes later sees
    // that the bucket is closed, and widens them.
    let built = client
        .batch_execute(&format!(
            "CREATE INDEX {rows}_kind ON {rows} (kind, created_at, id)"
        ))
        .await;
    if let Err(error) = built {
        client.batch_execute("ROLLBACK").await?;
        // Somebody writes into it for long; the next checkpoint closes it.
        let busy = error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
        return if busy { Ok(false) } else { Err(error.into()) };
    }
    let note = format!(
        "UPDATE bucket SET closed = true, first_id = b.first_id, last_id = b.last_id, \
         first_created = b.first_created, last_created = b.last_created FROM (SELECT \
         (SELECT id FROM {rows} ORDER BY id LIMIT 1) AS first_id, \
         (SELECT id FROM {rows} ORDER BY id DESC LIMIT 1) AS last_id, \
         (SELECT min(created_at) FROM {rows}) AS first_created, \
         (SELECT max(created_at) FROM {rows}) AS last_created) AS b WHERE number = $1"
    );
    client.execute(&note, &[&number]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(true)
}

/// Drops the buckets whose time is over. One that is in use is left for the next time.
pub(crate) async fn drop_ended(
    session: &Session,
    span: BucketSpan,
    expiry: &Expiry,
) -> Result<Dropped, Trouble> {
    let mut over = buckets::all(session).await?;
    over.retain(|bucket| expiry.is_over(&bucket.class, span.end_of(bucket.start)));
    let over: Vec<i32> = over.iter().map(|bucket| bucket.number).collect();
    // All at once, and before the first table goes: who then misses a table looks again, and finds
    // none of them.
    let mark = "UPDATE bucket SET dropping = true WHERE number = ANY($1)";
    session.client.execute(mark, &[&over]).await?;
    let marked = "SELECT number FROM bucket WHERE dropping ORDER BY number";
    let mut dropped = Dropped::default();
    for row in session.client.query(marked, &[]).await? {
        dropped += drop_one(session, row.get(0)).await?;
    }
    Ok(dropped)
}

async fn drop_one(session: &Session, number: i32) -> Result<Dropped, Trouble> {
    let client = &session.client;
    let place = Place::Ended(number);
    let (rows, parts) = (place.rows(), place.parts());
    // Counted before the tables are locked: nobody has to wait for it.
    let measure = format!(
        "SELECT count(*), pg_total_relation_size('{rows}') + pg_total_relation_size('{parts}') FROM {rows}"
    );
    let measured = client.query_one(&measure, &[]).await?;
    client.batch_execute("BEGIN").await?;
    let locked = client
        .batch_execute(&format!(
            "LOCK TABLE {rows}, {parts} IN ACCESS EXCLUSIVE MODE"
        ))
        .await;
    if let Err(error) = locked {
        client.batch_execute("ROLLBACK").await?;
        if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
            return Err(error.into());
        }
        tracing::debug!(table = rows, "a bucket is in use; the next purge drops it");
        return Ok(Dropped::default());
    }
    let gone = "DELETE FROM bucket WHERE number = $1";
    client.execute(gone, &[&number]).await?;
    client
        .batch_execute(&format!("DROP TABLE {rows}, {parts}; COMMIT"))
        .await?;
    let measure = |column| measured.get::<_, i64>(column).unsigned_abs();
    Ok(Dropped {
        buckets: 1,
        instances: measure(0),
        bytes: measure(1),
    })
}
