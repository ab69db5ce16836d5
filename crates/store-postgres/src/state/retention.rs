//! Closes buckets, and drops old ones.

use store::StoreError;
use tokio_postgres::error::SqlState;

use super::buckets::{self, Bucket, BucketSpan, Place};
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
    let sql = "SELECT number FROM bucket WHERE NOT closed \
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

/// Drops all buckets that lie wholly before a time; answers how many instances went.
pub(crate) async fn drop_ended_before(
    session: &Session,
    span: BucketSpan,
    before: i64,
) -> Result<u64, Trouble> {
    let mut buckets = buckets::all(session).await?;
    buckets.retain(|bucket| span.end_of(bucket.start) <= before);
    let mut dropped = 0;
    for bucket in &buckets {
        dropped += drop_one(session, bucket).await?;
    }
    Ok(dropped)
}

async fn drop_one(session: &Session, bucket: &Bucket) -> Result<u64, Trouble> {
    let client = &session.client;
    let place = bucket.place();
    let (rows, parts) = (place.rows(), place.parts());
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
        let reason = "a bucket of ended instances is in use; dropping it has to be tried again";
        return Err(StoreError::Unavailable(reason.into()).into());
    }
    let count = format!("SELECT count(*) FROM {rows}");
    let count: i64 = client.query_one(&count, &[]).await?.get(0);
    let gone = "DELETE FROM bucket WHERE number = $1";
    client.execute(gone, &[&bucket.number]).await?;
    client
        .batch_execute(&format!("DROP TABLE {rows}, {parts}; COMMIT"))
        .await?;
    Ok(count.unsigned_abs())
}
