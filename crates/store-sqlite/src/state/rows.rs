//! Instances, chunks and history as rows of SQLite.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use store::{EntityId, HistorySegment, InstanceRow, Parts, RetentionClass, id_text};

use super::codec::{damaged, decode_attributes, decode_parts, encode_attributes};
use super::kinds::Kinds;

/// The columns of an instance, in the order of [`read_row`].
pub(super) const COLUMNS: &str = "id, slot, namespace, workflow, version, status, correlation_id, \
     subject, parent_id, priority, attributes, error, pending_decisions, created_at, updated_at, \
     ended_at, seq";

/// Where they are read from: instances in the order asked for, each with its kind.
pub(super) const SOURCE: &str = "instance CROSS JOIN kind ON kind.kind = instance.kind";

const PUT: &str = "INSERT INTO instance (id, slot, kind, correlation_id, subject, parent_id, \
     attributes, error, pending_decisions, created_at, updated_at, ended_at, seq, snapshot, parts) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
     ON CONFLICT (id) DO UPDATE SET slot = ?2, kind = ?3, correlation_id = ?4, subject = ?5, \
     parent_id = ?6, attributes = ?7, error = ?8, pending_decisions = ?9, created_at = ?10, \
     updated_at = ?11, ended_at = ?12, seq = ?13, snapshot = ?14, parts = ?15";

/// Writes an instance's row, with its encoded chunks and history or without them.
pub(super) fn put_row(
    connection: &Connection,
    kinds: &mut Kinds,
    row: &InstanceRow,
    parts: Option<&[u8]>,
) -> rusqlite::Result<()> {
    let attributes = (!row.attributes.is_empty()).then(|| encode_attributes(&row.attributes));
    connection.prepare_cached(PUT)?.execute(params![
        &row.id[..],
        row.slot,
        kinds.number(connection, row)?,
        (!row.is_own_correlation()).then_some(&row.correlation_id),
        row.subject,
        row.parent_id.as_ref().map(|id| &id[..]),
        attributes,
        row.error,
        row.pending_decisions,
        row.created_at,
        row.updated_at,
        row.ended_at,
        row.seq as i64,
        &row.snapshot[..],
        parts,
    ])?;
    Ok(())
}

/// A row of [`COLUMNS`], without its snapshot.
pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<InstanceRow> {
    let id = row.get(0)?;
    let correlation_id: Option<String> = row.get(6)?;
    Ok(InstanceRow {
        id,
        slot: row.get(1)?,
        namespace: row.get(2)?,
        workflow: row.get(3)?,
        version: row.get(4)?,
        status: row.get(5)?,
        correlation_id: correlation_id.unwrap_or_else(|| id_text(&id)),
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
        class: RetentionClass::default(),
    })
}

fn read_attributes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let Some(bytes) = row.get_ref(column)?.as_blob_or_null()? else {
        return Ok(vec![]);
    };
    decode_attributes(bytes).ok_or_else(|| damaged(column, "it"))
}

/// An instance's row with its snapshot.
pub(super) fn get_row(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Option<InstanceRow>> {
    let sql = [
        "SELECT ",
        COLUMNS,
        ", snapshot FROM ",
        SOURCE,
        " WHERE id = ?1",
    ]
    .concat();
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

/// Whether an instance has a row, and the chunks and history that lie in the row itself.
pub(super) fn find_inline(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Option<Option<Parts>>> {
    let sql = "SELECT parts FROM instance WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        let Some(bytes) = row.get_ref(0)?.as_blob_or_null()? else {
            return Ok(None);
        };
        let parts = decode_parts(Bytes::copy_from_slice(bytes));
        parts.ok_or_else(|| damaged(0, "it")).map(Some)
    };
    statement.query_row([&id[..]], read).optional()
}

/// Chunks and history that lie in an instance's row.
pub(super) fn get_inline(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Option<Parts>> {
    Ok(find_inline(connection, id)?.flatten())
}

/// Writes encoded chunks and history into an instance's row, or takes them out.
pub(super) fn put_inline(
    connection: &Connection,
    id: &EntityId,
    parts: Option<&[u8]>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE instance SET parts = ?2 WHERE id = ?1")?
        .execute(params![&id[..], parts])?;
    Ok(())
}

/// An instance's segments with records after a seq, wherever its file has them, in order, until a
/// limit is passed.
pub(super) fn read_history(
    connection: &Connection,
    id: &EntityId,
    after_seq: u64,
    limit_bytes: usize,
) -> rusqlite::Result<Vec<HistorySegment>> {
    match get_inline(connection, id)? {
        Some(parts) => Ok(parts.history_after(after_seq, limit_bytes)),
        None => get_history(connection, id, after_seq, limit_bytes),
    }
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
pub(super) fn put_parts(
    connection: &Connection,
    id: &EntityId,
    parts: &Parts,
) -> rusqlite::Result<()> {
    for (chunk, bytes) in &parts.chunks {
        let mut put =
            connection.prepare_cached("INSERT OR REPLACE INTO chunk VALUES (?1, ?2, ?3)")?;
        put.execute(params![&id[..], chunk, &bytes[..]])?;
    }
    for segment in &parts.history {
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

/// An instance's chunks and history, if they are not more bytes than a limit.
pub(super) fn get_small(
    connection: &Connection,
    id: &EntityId,
    limit_bytes: usize,
) -> rusqlite::Result<Option<Parts>> {
    let mut parts = Parts::default();
    let sql = "SELECT chunk, length(bytes), bytes FROM chunk WHERE id = ?1 ORDER BY chunk";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([&id[..]])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get_ref(1)?.as_i64()? as usize;
        if bytes > limit_bytes {
            return Ok(None);
        }
        let held = Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?);
        parts.chunks.push((row.get(0)?, held));
    }
    parts.history = get_history(connection, id, 0, limit_bytes)?;
    Ok((parts.bytes() <= limit_bytes).then_some(parts))
}

/// An instance's segments with records after a seq, in order, until a limit is passed.
pub(super) fn get_history(
    connection: &Connection,
    id: &EntityId,
    after_seq: u64,
    limit_bytes: usize,
) -> rusqlite::Result<Vec<HistorySegment>> {
    // Segments follow each other, so that the one before the next is the first that can reach beyond `after_seq`; the key
    // finds it, however many there are.
    let sql = "SELECT first_seq, last_seq, bytes FROM history \
               WHERE id = ?1 AND last_seq > ?2 AND first_seq >= coalesce( \
                   (SELECT max(first_seq) FROM history WHERE id = ?1 AND first_seq <= ?2), 0) \
               ORDER BY first_seq";
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

/// Copies an instance's chunks and history from the tables of one file into those of another, a part
/// at a time.
pub(super) fn copy_parts(
    from: &Connection,
    to: &Connection,
    id: &EntityId,
) -> rusqlite::Result<()> {
    let mut parts = Parts {
        chunks: get_chunks(from, id)?,
        history: vec![],
    };
    let mut after = 0;
    loop {
        parts.history = get_history(from, id, after, 1 << 20)?;
        put_parts(to, id, &parts)?;
        let Some(last) = parts.history.last() else {
            return Ok(());
        };
        after = last.last_seq;
        parts.chunks.clear();
    }
}
