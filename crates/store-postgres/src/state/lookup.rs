//! One instance with its family, wherever it is.

use bytes::Bytes;
use store::{EntityId, HistorySegment, Parts, Slot, StoredInstance};
use uuid::Uuid;

use super::buckets::{self, Place, uuid};
use super::kinds;
use super::list::MOMENT;
use super::parts;
use super::rows::{self, COLUMNS};
use crate::connection::Session;
use crate::failure::Trouble;

/// History segments looked at in one step.
const STEP: i64 = 500;

/// An instance with its snapshot and chunks.
pub(crate) async fn instance(
    session: &Session,
    slot: Slot,
    id: EntityId,
) -> Result<Option<StoredInstance>, Trouble> {
    let id = uuid(&id);
    // Most that is asked for is open, and one statement is one moment.
    let mut found = in_place(session, Place::Open, id).await?;
    if found.is_none() {
        session.client.batch_execute(MOMENT).await?;
        if let Some(place) = place(session, id).await? {
            found = in_place(session, place, id).await?;
        }
        session.client.batch_execute("COMMIT").await?;
    }
    Ok(found.filter(|found| found.row.slot == slot))
}

/// Where an instance's row is, within the caller's moment.
async fn place(session: &Session, id: Uuid) -> Result<Option<Place>, Trouble> {
    let mut sql = String::from("SELECT NULL::integer FROM instance WHERE id = $1");
    let buckets = buckets::all(session).await?;
    for bucket in buckets.iter().filter(|bucket| bucket.may_hold(&[id])) {
        let (number, rows) = (bucket.number, bucket.place().rows());
        sql.push_str(&format!(
            " UNION ALL SELECT {number} FROM {rows} WHERE id = $1"
        ));
    }
    let statement = session.prepared(&sql).await?;
    let row = session.client.query_opt(&statement, &[&id]).await?;
    Ok(row.map(|row| {
        row.get::<_, Option<i32>>(0)
            .map_or(Place::Open, Place::Ended)
    }))
}

/// The instance, if it is in this place: its row with what it has in common with others, and its
/// chunks, packed or as arrays.
async fn in_place(
    session: &Session,
    place: Place,
    id: Uuid,
) -> Result<Option<StoredInstance>, Trouble> {
    let (rows, parts) = (place.rows(), place.parts());
    let packed = match place {
        Place::Open => "NULL::bytea",
        Place::Ended(_) => "parts",
    };
    let sql = format!(
        "SELECT {COLUMNS}, snapshot, {packed}, namespace, workflow, version, status, priority, \
         ARRAY(SELECT number FROM {parts} WHERE id = $1 AND NOT history ORDER BY number), \
         ARRAY(SELECT bytes FROM {parts} WHERE id = $1 AND NOT history ORDER BY number) \
         FROM {rows} LEFT JOIN kind USING (kind) WHERE id = $1"
    );
    let statement = session.prepared(&sql).await?;
    let Some(row) = session.client.query_opt(&statement, &[&id]).await? else {
        return Ok(None);
    };
    let mut read = rows::read(&row, &kinds::beside(&row, 16)?);
    read.snapshot = Bytes::copy_from_slice(row.get(14));
    let chunks = match row.get::<_, Option<&[u8]>>(15) {
        Some(packed) => parts::decode(packed)?.chunks,
        None => {
            let (numbers, bytes): (Vec<i64>, Vec<&[u8]>) = (row.get(21), row.get(22));
            let chunks = numbers.into_iter().zip(bytes);
            chunks
                .map(|(number, bytes)| (number as u32, Bytes::copy_from_slice(bytes)))
                .collect()
        }
    };
    Ok(Some(StoredInstance { row: read, chunks }))
}

/// Segments of history with records after a seq, in order, until a limit is passed.
pub(crate) async fn history(
    session: &Session,
    id: EntityId,
    after_seq: u64,
    limit_bytes: usize,
) -> Result<Vec<HistorySegment>, Trouble> {
    session.client.batch_execute(MOMENT).await?;
    let id = uuid(&id);
    // History may come before its row; it waits among the open's.
    let place = place(session, id).await?.unwrap_or(Place::Open);
    let segments = match packed(session, place, id).await? {
        Some(parts) => until_passed(parts.history, after_seq, limit_bytes),
        None => beside(session, place, id, after_seq, limit_bytes).await?,
    };
    session.client.batch_execute("COMMIT").await?;
    Ok(segments)
}

/// Chunks and history, if they lie in the row.
async fn packed(session: &Session, place: Place, id: Uuid) -> Result<Option<Parts>, Trouble> {
    if place == Place::Open {
        return Ok(None);
    }
    let sql = format!("SELECT parts FROM {} WHERE id = $1", place.rows());
    let statement = session.prepared(&sql).await?;
    let row = session.client.query_opt(&statement, &[&id]).await?;
    let packed = row.as_ref().and_then(|row| row.get::<_, Option<&[u8]>>(0));
    Ok(packed.map(parts::decode).transpose()?)
}

fn until_passed(
    history: Vec<HistorySegment>,
    after_seq: u64,
    limit_bytes: usize,
) -> Vec<HistorySegment> {
    let mut bytes = 0;
    let wanted = history
        .into_iter()
        .filter(|segment| segment.last_seq > after_seq);
    let taken = wanted.take_while(|segment| {
        let room = bytes <= limit_bytes;
        bytes += segment.bytes.len();
        room
    });
    taken.collect()
}

/// First the lengths, then as many segments as there is room for.
async fn beside(
    session: &Session,
    place: Place,
    id: Uuid,
    after_seq: u64,
    limit_bytes: usize,
) -> Result<Vec<HistorySegment>, Trouble> {
    let table = place.parts();
    let after = i64::try_from(after_seq).unwrap_or(i64::MAX);
    // Segments follow each other, so that the one before the next is the first that can reach beyond `after_seq`; the key
    // finds it, however many there are.
    let lengths = format!(
        "SELECT number, octet_length(bytes) FROM {table} \
         WHERE id = $1 AND history AND last > $2 AND number > $3 AND number >= coalesce( \
             (SELECT max(number) FROM {table} WHERE id = $1 AND history AND number <= $2), 0) \
         ORDER BY number LIMIT $4"
    );
    let segments = format!(
        "SELECT id, history, number, last, bytes FROM {table} \
         WHERE id = $1 AND history AND number BETWEEN $2 AND $3 ORDER BY number"
    );
    let lengths = session.prepared(&lengths).await?;
    let segments = session.prepared(&segments).await?;
    let (mut parts, mut from, mut bytes) = (Parts::default(), i64::MIN, 0);
    loop {
        let rows = session
            .client
            .query(&lengths, &[&id, &after, &from, &STEP])
            .await?;
        let fitting = rows.iter().take_while(|row| {
            let room = bytes <= limit_bytes;
            bytes += row.get::<_, i32>(1).unsigned_abs() as usize;
            room
        });
        let fitting: Vec<i64> = fitting.map(|row| row.get(0)).collect();
        let (Some(first), Some(to)) = (fitting.first(), fitting.last()) else {
            return Ok(parts.history);
        };
        for row in session.client.query(&segments, &[&id, first, to]).await? {
            parts::take(&mut parts, &row);
        }
        if fitting.len() < rows.len() || (rows.len() as i64) < STEP {
            return Ok(parts.history);
        }
        from = *to;
    }
}
