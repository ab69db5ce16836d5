//! Blobs that have left the journal: kept while anything names them, swept after that.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use store::{
    Blob, BlobHash, Gathered, PartitionId, Position, Round, RoundStep, SWEEP_STEP, StoreError,
    Swept, UNKNOWN_HOLDER,
};

use super::recent::INTACT;
use super::writer::Writer;
use crate::failure::sqlite_failure;

/// A step of a sweep ends when it has freed so much, though it has looked at less than it may.
const STEP_BYTES: u64 = 16 << 20;
/// Beyond one page in so many, free ones are given back to the disk.
const FREE_PAGES: i64 = 4;
/// Pages given back in one step: 16 MiB.
const PAGES_BACK: u32 = 4 << 10;

/// What a step of a sweep has to know.
pub(crate) struct Sweep {
    pub(crate) now_ms: i64,
    pub(crate) keep_ms: u64,
    /// Of the journal.
    pub(crate) heads: BTreeMap<PartitionId, Position>,
    /// Blobs that lie in it.
    pub(crate) journaled: Vec<BlobHash>,
}

fn state(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

/// Begins the rounds of a store at a time.
pub(super) fn begin_rounds(connection: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    let first = Round {
        began_at: now_ms,
        ..Round::FIRST
    };
    put_round(connection, &first)
}

fn put_round(connection: &Connection, round: &Round) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO blob_round VALUES (1, ?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        round.number as i64,
        round.began_at,
        round.noted,
        round.after.as_ref().map(|hash| &hash[..]),
    ])?;
    Ok(())
}

fn get_round(connection: &Connection) -> rusqlite::Result<Option<Round>> {
    let sql = "SELECT number, began_at, noted, after FROM blob_round";
    let read = |row: &Row<'_>| {
        Ok(Round {
            number: row.get::<_, i64>(0)? as u64,
            began_at: row.get(1)?,
            noted: row.get(2)?,
            after: row.get(3)?,
        })
    };
    connection
        .prepare_cached(sql)?
        .query_row([], read)
        .optional()
}

/// The number of the bucket under a key, as long as it is there.
fn number_of(connection: &Connection, bucket: i64) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO blob_bucket (start) VALUES (?1) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute([bucket])?;
    let sql = "SELECT number FROM blob_bucket WHERE start = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([bucket], |row| row.get(0))
}

/// A bucket is dropped: what lay there keeps nothing any more. What lies in a run, and will make the bucket
/// anew, does; then all is left until that one goes.
pub(super) fn drop_bucket(connection: &Connection, bucket: i64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM blob_bucket WHERE start = ?1 \
               AND NOT EXISTS (SELECT 1 FROM ended_run WHERE start = ?1)";
    connection.execute(sql, [bucket])?;
    Ok(())
}

/// A holder names blobs. `bucket` is the key of that where it lies, if it has ended.
pub(super) fn name(
    connection: &Connection,
    holder: &[u8],
    blobs: &BTreeSet<BlobHash>,
    bucket: Option<i64>,
) -> rusqlite::Result<()> {
    if blobs.is_empty() {
        return Ok(());
    }
    let bucket = bucket.map(|bucket| number_of(connection, bucket));
    let bucket = bucket.transpose()?;
    for blob in blobs {
        let sql = "INSERT OR IGNORE INTO blob_use VALUES (?1, ?2, ?3)";
        connection
            .prepare_cached(sql)?
            .execute(params![holder, &blob[..], bucket])?;
    }
    Ok(())
}

/// A holder goes into a bucket, or out of it.
pub(super) fn move_to(
    connection: &Connection,
    holder: &[u8],
    bucket: Option<i64>,
) -> rusqlite::Result<()> {
    let known = "SELECT EXISTS (SELECT 1 FROM blob_use WHERE holder = ?1)";
    let mut known = connection.prepare_cached(known)?;
    if !known.query_row([holder], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let bucket = bucket.map(|bucket| number_of(connection, bucket));
    let bucket = bucket.transpose()?;
    let sql = "UPDATE blob_use SET bucket = ?2 WHERE holder = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![holder, bucket])?;
    Ok(())
}

/// A holder is gone.
pub(super) fn forget(connection: &Connection, holder: &[u8]) -> rusqlite::Result<()> {
    let sql = "DELETE FROM blob_use WHERE holder = ?1";
    connection.prepare_cached(sql)?.execute([holder])?;
    Ok(())
}

/// What rows of keyed tables name, or name no more.
pub(super) fn of_rows(connection: &Connection, gathered: &Gathered) -> rusqlite::Result<()> {
    for holder in gathered.gone_holders() {
        forget(connection, &holder)?;
    }
    for (holder, blob) in gathered.row_holders() {
        name(connection, &holder, &[*blob].into(), None)?;
    }
    Ok(())
}

impl Writer {
    /// Keeps blobs whose journal segment is about to go. That counts as being named, for it may be long
    /// since one was, but by a batch that found it in the journal.
    pub(crate) fn put_blobs(&mut self, blobs: &[Blob]) -> Result<(), StoreError> {
        self.begin()?;
        let put = || {
            let round = get_round(&self.state)?.map_or(0, |round| round.number as i64);
            for blob in blobs {
                let sql = "INSERT INTO blob (hash, bytes, named_in) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (hash) DO UPDATE SET named_in = ?3 WHERE named_in < ?3";
                self.state.prepare_cached(sql)?.execute(params![
                    &blob.hash[..],
                    &blob.bytes[..],
                    round
                ])?;
            }
            self.state.execute_batch("COMMIT")
        };
        put().map_err(state).inspect_err(|_| self.roll_back())
    }

    /// One step of a sweep.
    pub(crate) fn sweep_blobs(&mut self, sweep: &Sweep) -> Result<Swept, StoreError> {
        self.begin()?;
        let reached = self.view.read().expect(INTACT).reached.clone();
        let step = || {
            let swept = step(&self.state, sweep, &reached)?;
            self.state.execute_batch("COMMIT")?;
            Ok(swept)
        };
        let swept = step().map_err(state).inspect_err(|_| self.roll_back())?;
        self.give_back().map_err(state)?;
        Ok(swept)
    }

    /// Gives free pages back to the disk once there are many, some at a time. A file that was made before
    /// this was provided for keeps them, and fills them again.
    fn give_back(&self) -> rusqlite::Result<()> {
        let pragma = |name: &str| -> rusqlite::Result<i64> {
            self.state.pragma_query_value(None, name, |row| row.get(0))
        };
        if pragma("freelist_count")? * FREE_PAGES <= pragma("page_count")? {
            return Ok(());
        }
        let sql = format!("PRAGMA incremental_vacuum({PAGES_BACK})");
        let mut vacuum = self.state.prepare(&sql)?;
        let mut rows = vacuum.query([])?;
        // Each row that is asked for is a page.
        while rows.next()?.is_some() {}
        Ok(())
    }
}

fn step(
    connection: &Connection,
    sweep: &Sweep,
    reached: &BTreeMap<PartitionId, Position>,
) -> rusqlite::Result<Swept> {
    if free_uses(connection)? == SWEEP_STEP {
        return Ok(Swept {
            more: true,
            ..Swept::default()
        });
    }
    let Some(round) = get_round(connection)? else {
        begin_with_unknown(connection, sweep)?;
        return Ok(Swept::default());
    };
    match round.next_step(sweep.now_ms, sweep.keep_ms) {
        RoundStep::Note => {
            note(connection, &sweep.heads)?;
            let noted = Round {
                noted: true,
                ..round
            };
            put_round(connection, &noted)?;
            Ok(Swept::default())
        }
        RoundStep::Look if is_reached(connection, &sweep.heads, reached)? => {
            look(connection, &round, sweep.now_ms)
        }
        RoundStep::Look | RoundStep::Wait => Ok(Swept::default()),
    }
}

/// Removes the uses of buckets that were dropped, some at a time; answers how many.
fn free_uses(connection: &Connection) -> rusqlite::Result<usize> {
    let find = "WITH RECURSIVE held (bucket) AS (
            SELECT min(bucket) FROM blob_use WHERE bucket IS NOT NULL
            UNION ALL
            SELECT (SELECT min(bucket) FROM blob_use WHERE bucket > held.bucket)
            FROM held WHERE held.bucket IS NOT NULL
        )
        SELECT bucket FROM held WHERE bucket IS NOT NULL
        AND bucket NOT IN (SELECT number FROM blob_bucket) LIMIT 1";
    let free = "DELETE FROM blob_use WHERE (holder, hash) IN \
        (SELECT holder, hash FROM blob_use WHERE bucket = ?1 LIMIT ?2)";
    let mut freed = 0;
    while freed < SWEEP_STEP {
        let mut find = connection.prepare_cached(find)?;
        let Some(bucket) = find.query_row([], |row| row.get::<_, i64>(0)).optional()? else {
            break;
        };
        let left = (SWEEP_STEP - freed) as i64;
        freed += connection
            .prepare_cached(free)?
            .execute(params![bucket, left])?;
    }
    Ok(freed)
}

/// Of a store from before names were noted: whatever it has may be named by something.
fn begin_with_unknown(connection: &Connection, sweep: &Sweep) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO blob_use SELECT ?1, hash, NULL FROM blob";
    connection.execute(sql, [UNKNOWN_HOLDER])?;
    for hash in &sweep.journaled {
        name(connection, UNKNOWN_HOLDER, &[*hash].into(), None)?;
    }
    begin_rounds(connection, sweep.now_ms)
}

fn note(connection: &Connection, heads: &BTreeMap<PartitionId, Position>) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM blob_noted", [])?;
    for (partition, head) in heads {
        let sql = "INSERT INTO blob_noted VALUES (?1, ?2)";
        connection
            .prepare_cached(sql)?
            .execute(params![partition.0, *head as i64])?;
    }
    Ok(())
}

/// Whether the state has all that was noted, as far as the journal still has it: one that was restored to
/// an earlier moment has less. The catalog names no blobs, and its state may rest behind its journal.
fn is_reached(
    connection: &Connection,
    heads: &BTreeMap<PartitionId, Position>,
    reached: &BTreeMap<PartitionId, Position>,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT partition, position FROM blob_noted")?;
    let mut noted = statement.query([])?;
    while let Some(row) = noted.next()? {
        let partition = PartitionId(row.get(0)?);
        let head = heads.get(&partition).copied().unwrap_or(0);
        let wanted = head.min(row.get::<_, i64>(1)? as u64);
        if partition != PartitionId::CATALOG
            && reached.get(&partition).copied().unwrap_or(0) < wanted
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Looks at the next blobs, and removes those that are not named any more.
fn look(connection: &Connection, round: &Round, now_ms: i64) -> rusqlite::Result<Swept> {
    let mut swept = Swept::default();
    let next = next_blobs(connection, round.after)?;
    let mut after = None;
    for (hash, is_named) in &next {
        after = Some(*hash);
        if !is_named && let Some(bytes) = remove(connection, hash, round.number)? {
            swept.blobs += 1;
            swept.bytes += bytes;
        }
        if swept.bytes >= STEP_BYTES {
            break;
        }
    }
    swept.more = next.len() == SWEEP_STEP || after != next.last().map(|(hash, _)| *hash);
    let round = match swept.more {
        true => Round { after, ..*round },
        false => round.following(now_ms),
    };
    put_round(connection, &round)?;
    Ok(swept)
}

/// Blobs behind one, and whether the state names them.
fn next_blobs(
    connection: &Connection,
    after: Option<BlobHash>,
) -> rusqlite::Result<Vec<(BlobHash, bool)>> {
    let sql = "SELECT hash, EXISTS (SELECT 1 FROM blob_use u WHERE u.hash = b.hash) \
               FROM blob b WHERE hash > ?1 ORDER BY hash LIMIT ?2";
    let after: &[u8] = after.as_ref().map_or(&[], |hash| &hash[..]);
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    statement
        .query_map(params![after, SWEEP_STEP as i64], read)?
        .collect()
}

/// Removes a blob that was not named since a round began; answers its bytes.
fn remove(connection: &Connection, hash: &BlobHash, round: u64) -> rusqlite::Result<Option<u64>> {
    let sql = "DELETE FROM blob WHERE hash = ?1 AND named_in < ?2 RETURNING length(bytes)";
    let mut statement = connection.prepare_cached(sql)?;
    let removed = statement.query_row(params![&hash[..], round as i64], |row| {
        Ok(row.get::<_, i64>(0)?.unsigned_abs())
    });
    removed.optional()
}
