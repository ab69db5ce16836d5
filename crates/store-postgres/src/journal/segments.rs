//! The tables that batches go into. Each is made ahead of its time, so that no append waits for
//! it, and dropped whole, which costs nothing and leaves nothing to vacuum. All partitions share
//! them: one statement appends for several.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::connection::Session;
use crate::failure::Trouble;

/// The table of a segment.
pub(super) fn table(number: i64) -> String {
    format!("journal_{number}")
}

/// Which segment this process appends to.
pub(crate) struct Segments {
    /// 0 when none was picked yet.
    current: AtomicI64,
    /// Made ahead; 0 when there is none.
    next: AtomicI64,
    /// Bytes that this process wrote into the current one.
    written: AtomicU64,
    limit: u64,
    /// Told when the next one is wanted.
    wanted: Notify,
}

impl Segments {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            current: AtomicI64::new(0),
            next: AtomicI64::new(0),
            written: AtomicU64::new(0),
            limit: limit.max(1),
            wanted: Notify::new(),
        }
    }

    /// The segment for the next batch.
    pub(super) fn current(&self) -> i64 {
        self.current.load(Ordering::Acquire)
    }

    /// Notes what went into a segment, and moves on when it is full and the next one is there.
    pub(super) fn wrote(&self, number: i64, bytes: u64) {
        let written = self.written.fetch_add(bytes, Ordering::AcqRel) + bytes;
        let next = self.next.load(Ordering::Acquire);
        if next == 0 && written >= self.limit / 2 {
            self.wanted.notify_one();
        }
        if next != 0 && written >= self.limit {
            // Only the lane that still sees the full one moves on.
            let moved =
                self.current
                    .compare_exchange(number, next, Ordering::AcqRel, Ordering::Acquire);
            if moved.is_ok() {
                self.next.store(0, Ordering::Release);
                self.written.store(0, Ordering::Release);
            }
        }
    }

    /// Picks the newest segment that there is, or makes the first: at the start, and when the
    /// current one was dropped by another node.
    pub(crate) async fn pick(&self, session: &Session) -> Result<(), Trouble> {
        let number = match newest(session).await? {
            Some(number) => number,
            None => make_behind(session, 0).await?,
        };
        self.current.store(number, Ordering::Release);
        self.next.store(0, Ordering::Release);
        self.written.store(0, Ordering::Release);
        Ok(())
    }

    /// Returns when the next segment has to be made.
    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Makes the next segment, unless another node did.
    pub(crate) async fn make_next(&self, session: &Session) -> Result<(), Trouble> {
        let next = make_behind(session, self.current()).await?;
        self.next.store(next, Ordering::Release);
        Ok(())
    }
}

async fn newest(session: &Session) -> Result<Option<i64>, Trouble> {
    let sql = "SELECT max(number) FROM segment";
    Ok(session.client.query_one(sql, &[]).await?.get(0))
}

/// All segments, the oldest first.
pub(super) async fn all(session: &Session) -> Result<Vec<i64>, Trouble> {
    let statement = session
        .prepared("SELECT number FROM segment ORDER BY number")
        .await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The newest segment behind this one; made if there is none.
async fn make_behind(session: &Session, number: i64) -> Result<i64, Trouble> {
    let client = &session.client;
    client
        .batch_execute("BEGIN; LOCK TABLE segment IN SHARE ROW EXCLUSIVE MODE")
        .await?;
    if let Some(newest) = newest(session).await?.filter(|newest| *newest > number) {
        client.batch_execute("COMMIT").await?;
        return Ok(newest);
    }
    let sql = "INSERT INTO segment DEFAULT VALUES RETURNING number";
    let made: i64 = client.query_one(sql, &[]).await?.get(0);
    let table = table(made);
    // Bodies are packed already: they are not compressed again.
    client
        .batch_execute(&format!(
            "CREATE TABLE {table} (
                partition integer NOT NULL,
                position bigint NOT NULL,
                epoch bigint NOT NULL,
                batch_id bytea NOT NULL,
                body bytea NOT NULL,
                PRIMARY KEY (partition, position)
            ) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
            ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL;
            COMMIT"
        ))
        .await?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_segment_is_left_when_the_next_is_there() {
        let segments = Segments::new(100);
        segments.current.store(1, Ordering::Release);
        segments.wrote(1, 150);
        assert_eq!(segments.current(), 1, "there is no other");
        segments.next.store(2, Ordering::Release);
        segments.wrote(1, 1);
        assert_eq!(segments.current(), 2);
        segments.next.store(3, Ordering::Release);
        segments.wrote(1, 1);
        assert_eq!(segments.current(), 2, "it is not full");
    }
}
