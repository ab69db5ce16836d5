//! Instances, chunks and history as rows of SQLite.

use bytes::Bytes;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use store::{EntityId, HistorySegment, InstanceRow};

use super::codec::{decode_attributes, encode_attributes};

/// The columns of an instance, in the order of [`read_row`].
pub(super) const COLUMNS: &str = "id, slot, namespace, workflow, version, status, correlation_id, \
     subject, parent_id, priority, attributes, error, pending_decisions, created_at, updated_at, \
     ended_at, seq";

const PUT: &str = "INSERT INTO instance (id, slot, namespace, workflow, version, status, \
     correlation_id, subject, parent_id, priority, attributes, error, pending_decisions, \
     created_at, updated_at, ended_at, seq, snapshot) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) \
     ON CONFLICT (id) DO UPDATE SET slot = ?2, namespace = ?3, workflow = ?4, version = ?5, \
     status = ?6, correlation_id = ?7, subject = ?8, parent_id = ?9, priority = ?10, \
     attributes = ?11, error = ?12, pending_decisions = ?13, created_at = ?14, updated_at = ?15, \
     ended_at = ?16, seq = ?17, snapshot = ?18";

/// Writes an instance's row.
pub(super) fn put_row(connection: &Connection, row: &InstanceRow) -> rusqlite::Result<()> {
    connection.prepare_cached(PUT)?.execute(params![
        &row.id[..],
        row.slot,
        row.namespace,
        row.workflow,
        row.version,
        row.status,
        row.correlation_id,
        row.subject,
        row.parent_id.as_ref().map(|id| &id[..]),
        row.priority,
        encode_attributes(&row.attributes),
        row.error,
        row.pending_decisions,
        row.created_at,
        row.updated_at,
        row.ended_at,
        row.seq as i64,
        &row.snapshot[..],
    ])?;
    Ok(())
}

/// A row of [`COLUMNS`], without its snapshot.
pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<InstanceRow> {
    Ok(InstanceRow {
        id: row.get(0)?,
        slot: row.get(1)?,
        namespace: row.get(2)?,
        workflow: row.get(3)?,
        version: row.get(4)?,
        status: row.get(5)?,
        correlation_id: row.get(6)?,
        subject: row.get(7)?,
        parent_id: row.get(8)?,
        priority: row.get(9)?,
        attributes: read_attributes(row, 10)?,
        error: row.get(11)?,
        pending_decisions: row.get(12)?,
        created_at: row.get(13)?,
        updated_at: row.get(14)?,
        ended_at: row.get(15)?,
        seq: row.get::<_, i64>(16)? as u64,
        snapshot: Bytes::new(),
    })
}

fn read_attributes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let bytes = row.get_ref(column)?.as_blob()?;
    decode_attributes(bytes).ok_or_else(|| {
        let damaged = "attributes are not as they were written".into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, damaged)
    })
}

/// An instance's row with its snapshot.
pub(super) fn get_row(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Option<InstanceRow>> {
    let sql = ["SELECT ", COLUMNS, ", snapshot FROM instance WHERE id = ?1"].concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        let snapshot = Bytes::copy_from_slice(row.get_ref(17)?.as_blob()?);
        Ok(InstanceRow {
            snapshot,
            ..read_row(row)?
        })
    };
    statement.query_row([&id[..]], read).optional()
}

/// Whether an instance has a row.
pub(super) fn has_row(connection: &Connection, id: &EntityId) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM instance WHERE id = ?1")?;
    statement.exists([&id[..]])
}

/// Removes an instance's row, leaving its chunks and history.
pub(super) fn delete_row(connection: &Connection, id: &EntityId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM instance WHERE id = ?1")?
        .execute([&id[..]])?;
    Ok(())
}

/// Removes an instance's chunks and history.
pub(super) fn delete_parts(connection: &Connection, id: &EntityId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM chunk WHERE id = ?1")?
        .execute([&id[..]])?;
    connection
        .prepare_cached("DELETE FROM history WHERE id = ?1")?
        .execute([&id[..]])?;
    Ok(())
}

/// Writes chunks over what is there, and history segments that are not there.
pub(super) fn put_parts<'a>(
    connection: &Connection,
    id: &EntityId,
    chunks: impl IntoIterator<Item = (u32, &'a Bytes)>,
    history: impl IntoIterator<Item = &'a HistorySegment>,
) -> rusqlite::Result<()> {
    for (chunk, bytes) in chunks {
        let mut put =
            connection.prepare_cached("INSERT OR REPLACE INTO chunk VALUES (?1, ?2, ?3)")?;
        put.execute(params![&id[..], chunk, &bytes[..]])?;
    }
    for segment in history {
        let mut put =
            connection.prepare_cached("INSERT OR IGNORE INTO history VALUES (?1, ?2, ?3, ?4)")?;
        let (first, last) = (segment.first_seq as i64, segment.last_seq as i64);
        put.execute(params![&id[..], first, last, &segment.bytes[..]])?;
    }
    Ok(())
}

/// An instance's chunks in order.
pub(super) fn get_chunks(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Vec<(u32, Bytes)>> {
    let sql = "SELECT chunk, bytes FROM chunk WHERE id = ?1 ORDER BY chunk";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        Ok((
            row.get(0)?,
            Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?),
        ))
    };
    statement.query_map([&id[..]], read)?.collect()
}

/// An instance's segments with records after a seq, in order, until a limit is passed.
pub(super) fn get_history(
    connection: &Connection,
    id: &EntityId,
    after_seq: u64,
    limit_bytes: usize,
) -> rusqlite::Result<Vec<HistorySegment>> {
    let sql = "SELECT first_seq, last_seq, bytes FROM history \
               WHERE id = ?1 AND last_seq > ?2 ORDER BY first_seq";
    let mut statement = connection.prepare_cached(sql)?;
    let after = i64::try_from(after_seq).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![&id[..], after])?;
    let mut segments = vec![];
    let mut bytes = 0;
    while bytes <= limit_bytes {
        let Some(row) = rows.next()? else { break };
        let segment = HistorySegment {
            first_seq: row.get::<_, i64>(0)? as u64,
            last_seq: row.get::<_, i64>(1)? as u64,
            bytes: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
        };
        bytes += segment.bytes.len();
        segments.push(segment);
    }
    Ok(segments)
}
