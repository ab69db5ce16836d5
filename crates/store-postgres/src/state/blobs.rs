//! Sweeps blobs that nothing names any more, one step at a time. Nodes that sweep at once take turns.

use store::{
    BlobHash, PartitionId, Round, RoundStep, SWEEP_STEP, StoreError, Swept, UNKNOWN_HOLDER,
};
use tokio_postgres::Row;

use crate::connection::Session;
use crate::failure::Trouble;
use crate::schema::BLOB_USES;

/// Rows looked at, or removed, in one step.
const STEP: i64 = SWEEP_STEP as i64;

/// One step.
pub(crate) async fn sweep(session: &Session, now_ms: i64, keep_ms: u64) -> Result<Swept, Trouble> {
    if free_uses(session).await? == STEP {
        return Ok(Swept {
            more: true,
            ..Swept::default()
        });
    }
    let client = &session.client;
    let known =
        "SELECT EXISTS (SELECT FROM blob_round), EXISTS (SELECT FROM node WHERE NOT names_blobs)";
    let known = client.query_one(known, &[]).await?;
    match (known.get(0), known.get(1)) {
        (true, _) => {}
        // What such a node writes would seem to name nothing.
        (false, true) => return Ok(Swept::default()),
        (false, false) => {
            begin_with_unknown(session, now_ms).await?;
            return Ok(Swept::default());
        }
    }
    client.batch_execute("BEGIN").await?;
    let swept = match held_round(session).await? {
        Some(round) => go_on(session, &round, now_ms, keep_ms).await?,
        // Another node is at it.
        None => Swept::default(),
    };
    client.batch_execute("COMMIT").await?;
    Ok(swept)
}

/// The round, kept from other nodes until the transaction ends; none when another one has it.
async fn held_round(session: &Session) -> Result<Option<Round>, Trouble> {
    let sql = "SELECT number, began_at, noted, after FROM blob_round FOR UPDATE SKIP LOCKED";
    let row = session.client.query_opt(sql, &[]).await?;
    let round = |row: Row| -> Result<Round, Trouble> {
        let after: Option<&[u8]> = row.get(3);
        Ok(Round {
            number: row.get::<_, i64>(0) as u64,
            began_at: row.get(1),
            noted: row.get(2),
            after: after.map(hash).transpose()?,
        })
    };
    row.map(round).transpose()
}

/// A hash as a row has it.
pub(crate) fn hash(bytes: &[u8]) -> Result<BlobHash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt {
        place: "the table blob".into(),
        detail: format!("expected a hash of 32 bytes, but one has {}", bytes.len()),
    })
}

async fn go_on(
    session: &Session,
    round: &Round,
    now_ms: i64,
    keep_ms: u64,
) -> Result<Swept, Trouble> {
    match round.next_step(now_ms, keep_ms) {
        RoundStep::Note => {
            let note = "DELETE FROM blob_noted;
                INSERT INTO blob_noted SELECT partition, head FROM heads;
                UPDATE blob_round SET noted = true";
            session.client.batch_execute(note).await?;
            Ok(Swept::default())
        }
        RoundStep::Look if is_reached(session).await? => look(session, round, now_ms).await,
        RoundStep::Look | RoundStep::Wait => Ok(Swept::default()),
    }
}

/// Whether the state has all that was noted. The catalog names no blobs, and its state may rest behind its journal.
async fn is_reached(session: &Session) -> Result<bool, Trouble> {
    let sql = "SELECT NOT EXISTS (
            SELECT FROM blob_noted n LEFT JOIN reached r USING (partition)
            WHERE coalesce(r.position, 0) < n.position AND n.partition <> $1
        )";
    let catalog = i32::from(PartitionId::CATALOG.0);
    Ok(session.client.query_one(sql, &[&catalog]).await?.get(0))
}

/// Looks at the next blobs, and removes those that are not named any more. One that an append names at the
/// moment is passed over; an append that names one that is being removed waits, and writes it anew.
async fn look(session: &Session, round: &Round, now_ms: i64) -> Result<Swept, Trouble> {
    let client = &session.client;
    let after: &[u8] = round.after.as_ref().map_or(&[], |hash| &hash[..]);
    let next = "SELECT hash FROM blob WHERE hash > $1 ORDER BY hash LIMIT $2";
    let next = client.query(next, &[&after, &STEP]).await?;
    let mut swept = Swept {
        more: next.len() == SWEEP_STEP,
        ..Swept::default()
    };
    let last = next.last().map(|row| hash(row.get(0))).transpose()?;
    if let Some(last) = &last {
        let sql = "DELETE FROM blob WHERE hash IN (
                SELECT hash FROM blob b WHERE hash > $1 AND hash <= $2 AND named_in < $3
                AND NOT EXISTS (SELECT FROM blob_use u WHERE u.hash = b.hash)
                ORDER BY hash FOR UPDATE OF b SKIP LOCKED
            ) RETURNING octet_length(bytes)::bigint";
        let number = round.number as i64;
        for row in client.query(sql, &[&after, &&last[..], &number]).await? {
            swept.blobs += 1;
            swept.bytes += row.get::<_, i64>(0).unsigned_abs();
        }
    }
    let round = match swept.more {
        true => Round {
            after: last,
            ..*round
        },
        false => round.following(now_ms),
    };
    put_round(session, &round).await?;
    Ok(swept)
}

async fn put_round(session: &Session, round: &Round) -> Result<(), Trouble> {
    let sql = "UPDATE blob_round SET number = $1, began_at = $2, noted = $3, after = $4";
    let after = round.after.as_ref().map(|hash| &hash[..]);
    let number = round.number as i64;
    let values = [
        &number as _,
        &round.began_at as _,
        &round.noted as _,
        &after as _,
    ];
    session.client.execute(sql, &values).await?;
    Ok(())
}

/// Removes the uses of buckets that were dropped, some at a time; answers how many.
async fn free_uses(session: &Session) -> Result<i64, Trouble> {
    let find = "WITH RECURSIVE held (bucket) AS (
            (SELECT min(bucket) FROM blob_use WHERE bucket IS NOT NULL)
            UNION ALL
            SELECT (SELECT min(u.bucket) FROM blob_use u WHERE u.bucket > h.bucket)
            FROM held h WHERE h.bucket IS NOT NULL
        )
        SELECT bucket FROM held h WHERE bucket IS NOT NULL
        AND NOT EXISTS (SELECT FROM bucket b WHERE b.number = h.bucket) LIMIT 1";
    let free = "DELETE FROM blob_use WHERE (holder, hash) IN (
            SELECT holder, hash FROM blob_use WHERE bucket = $1 LIMIT $2 FOR UPDATE SKIP LOCKED
        )";
    let mut freed = 0;
    while freed < STEP {
        let Some(row) = session.client.query_opt(find, &[]).await? else {
            break;
        };
        let values = [&row.get::<_, i32>(0) as _, &(STEP - freed) as _];
        let count = session.client.execute(free, &values).await?;
        if count == 0 {
            // Another node is at it.
            break;
        }
        freed += i64::try_from(count).unwrap_or(STEP);
    }
    Ok(freed)
}

/// Of a store from before names were noted: whatever it has may be named by something.
async fn begin_with_unknown(session: &Session, now_ms: i64) -> Result<(), Trouble> {
    let sql = "WITH begun AS (
            INSERT INTO blob_round (number, began_at, noted) VALUES ($1, $2, false)
            ON CONFLICT DO NOTHING RETURNING one
        ), closed AS (
            UPDATE migration SET compatible_from = GREATEST(compatible_from, $4) WHERE version >= $4
        )
        INSERT INTO blob_use (holder, hash)
        SELECT $3::bytea, hash FROM blob WHERE EXISTS (SELECT FROM begun)
        ON CONFLICT DO NOTHING";
    let number = Round::FIRST.number as i64;
    session
        .client
        .execute(sql, &[&number, &now_ms, &UNKNOWN_HOLDER, &BLOB_USES])
        .await?;
    Ok(())
}
