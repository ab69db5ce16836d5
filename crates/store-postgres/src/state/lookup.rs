//! One instance with its family, wherever it is.

use bytes::Bytes;
use store::{EntityId, HistorySegment, Slot, StoredInstance};
use tokio_postgres::Row;
use uuid::Uuid;

use super::buckets::{self, Bucket, Place, uuid};
use super::kinds;
use super::list::MOMENT;
use super::parts::Parts;
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
    session.client.batch_execute(MOMENT).await?;
    let found = match find(session, uuid(&id)).await? {
        Some((place, row)) if rows_slot(&row) == slot => Some(stored(session, place, &row).await?),
        _ => None,
    };
    session.client.batch_execute("COMMIT").await?;
    Ok(found)
}

fn rows_slot(row: &Row) -> Slot {
    row.get::<_, i32>(4) as Slot
}

/// The row, with its snapshot and, where it has them, packed parts behind [`COLUMNS`].
async fn find(session: &Session, id: Uuid) -> Result<Option<(Place, Row)>, Trouble> {
    let sql = format!("SELECT {COLUMNS}, snapshot, NULL::bytea AS parts FROM instance WHERE id = $1");
    let statement = session.prepared(&sql).await?;
    if let Some(row) = session.client.query_opt(&statement, &[&id]).await? {
        return Ok(Some((Place::Open, row)));
    }
    let buckets = buckets::all(session).await?;
    let held = buckets.iter().filter(|bucket| bucket.may_hold(&[id]));
    let arm = |bucket: &Bucket| {
        let (number, rows) = (bucket.number, bucket.place().rows());
        format!("SELECT {COLUMNS}, snapshot, parts, {number} AS place FROM {rows} WHERE id = $1")
    };
    let arms: Vec<String> = held.map(arm).collect();
    if arms.is_empty() {
        return Ok(None);
    }
    let statement = session.prepared(&arms.join(" UNION ALL ")).await?;
    let row = session.client.query_opt(&statement, &[&id]).await?;
    Ok(row.map(|row| (Place::Ended(row.get(15)), row)))
}

async fn stored(session: &Session, place: Place, row: &Row) -> Result<StoredInstance, Trouble> {
    let kinds = kinds::all(session).await?;
    let kind = kinds::find(&kinds, rows::kind(row))?;
    let mut read = rows::read(row, kind)?;
    read.snapshot = Bytes::copy_from_slice(row.get(13));
    let packed: Option<&[u8]> = row.get(14);
    let chunks = match packed {
        Some(packed) => Parts::decode(packed)?.chunks,
        None => {
            let table = place.parts();
            let sql = format!(
                "SELECT id, history, number, last, bytes FROM {table} \
                 WHERE id = $1 AND NOT history ORDER BY number"
            );
            let statement = session.prepared(&sql).await?;
            let mut parts = Parts::default();
            for row in session.client.query(&statement, &[&uuid(&read.id)]).await? {
                parts.take(&row);
            }
            parts.chunks
        }
    };
    Ok(StoredInstance { row: read, chunks })
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
    let found = find(session, id).await?;
    let packed = found.as_ref().and_then(|(_, row)| row.get::<_, Option<&[u8]>>(14));
    let segments = match packed {
        Some(packed) => until_passed(Parts::decode(packed)?.history, after_seq, limit_bytes),
        None => {
            // History may come before its row; it waits among the open's.
            let place = found.map_or(Place::Open, |(place, _)| place);
            beside(session, place, id, after_seq, limit_bytes).await?
        }
    };
    session.client.batch_execute("COMMIT").await?;
    Ok(segments)
}

fn until_passed(history: Vec<HistorySegment>, after_seq: u64, limit_bytes: usize) -> Vec<HistorySegment> {
    let mut bytes = 0;
    let wanted = history.into_iter().filter(|segment| segment.last_seq > after_seq);
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
    let lengths = format!(
        "SELECT number, octet_length(bytes) FROM {table} \
         WHERE id = $1 AND history AND last > $2 AND number > $3 ORDER BY number LIMIT $4"
    );
    let segments = format!(
        "SELECT id, history, number, last, bytes FROM {table} \
         WHERE id = $1 AND history AND last > $2 AND number > $3 AND number <= $4 ORDER BY number"
    );
    let lengths = session.prepared(&lengths).await?;
    let segments = session.prepared(&segments).await?;
    let (mut parts, mut from, mut bytes) = (Parts::default(), i64::MIN, 0);
    loop {
        let rows = session.client.query(&lengths, &[&id, &after, &from, &STEP]).await?;
        let fitting = rows.iter().take_while(|row| {
            let room = bytes <= limit_bytes;
            bytes += row.get::<_, i32>(1).unsigned_abs() as usize;
            room
        });
        let fitting: Vec<i64> = fitting.map(|row| row.get(0)).collect();
        let Some(to) = fitting.last() else {
            return Ok(parts.history);
        };
        for row in session.client.query(&segments, &[&id, &after, &from, to]).await? {
            parts.take(&row);
        }
        if fitting.len() < rows.len() || (rows.len() as i64) < STEP {
            return Ok(parts.history);
        }
        from = *to;
    }
}
