//! Ended instances in a bucket: found by their terms, read from their blocks.

use std::collections::BTreeMap;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use store::{EntityId, HistorySegment, InstanceFilter, InstanceRow, Parts, StoredInstance};

use super::block::{Entries, Filed};
use super::codec::damaged;
use super::rows;
use super::term_run::NewestFirst;
use super::terms::{self, Kind};

/// Bits of a row's number that tell its place in its block.
const PLACE_BITS: u32 = 8;
/// Blocks kept unpacked while one question is answered.
const KEPT: usize = 16;

/// The number of a row by its block and its place there.
pub(super) fn row_number(block: i64, place: usize) -> i64 {
    (block << PLACE_BITS) | place as i64
}

fn place_of(row: i64) -> (i64, usize) {
    (row >> PLACE_BITS, (row & ((1 << PLACE_BITS) - 1)) as usize)
}

fn damaged_block(block: i64) -> rusqlite::Error {
    damaged(0, &format!("block {block}"))
}

/// Reads one bucket to answer one question.
pub(super) struct Filing<'a> {
    connection: &'a Connection,
    unpacked: BTreeMap<i64, Entries>,
}

impl<'a> Filing<'a> {
    pub(super) fn of(connection: &'a Connection) -> Self {
        Self {
            connection,
            unpacked: BTreeMap::new(),
        }
    }

    /// The kinds of its instances.
    pub(super) fn kinds(&self) -> rusqlite::Result<Vec<Kind>> {
        let sql = "SELECT kind, workflow, version, status, instances FROM kind";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            Ok(Kind {
                number: row.get(0)?,
                workflow: row.get(1)?,
                version: row.get(2)?,
                status: row.get(3)?,
                instances: row.get::<_, i64>(4)? as u64,
            })
        };
        statement.query_map([], read)?.collect()
    }

    /// Calls `take` with the rows that match, newest first by creation (in no order where that is
    /// equal), until it answers false.
    pub(super) fn matching(
        &mut self,
        filter: &InstanceFilter,
        upto: i64,
        mut take: impl FnMut(InstanceRow) -> bool,
    ) -> rusqlite::Result<()> {
        let upto = match filter.created_before {
            Some(before) => upto.min(before.saturating_sub(1)),
            None => upto,
        };
        let wanted = terms::wanted(filter, &self.kinds()?);
        for found in NewestFirst::of(self.connection, &wanted, upto)? {
            let (created_at, row) = found?;
            if filter.created_after.is_some_and(|after| created_at < after) {
                break;
            }
            let filed = self.row(row)?.filter(|filed| filter.matches(&filed.row));
            if filed.is_some_and(|filed| !take(filed.row)) {
                break;
            }
        }
        Ok(())
    }

    /// A row, unless it was struck out.
    fn row(&mut self, row: i64) -> rusqlite::Result<Option<Filed>> {
        let (block, place) = place_of(row);
        if !self.unpacked.contains_key(&block) {
            // Rows come newest first: what is needed least is the newest block.
            if self.unpacked.len() >= KEPT {
                self.unpacked.pop_last();
            }
            let entries = self.half("SELECT rows FROM block WHERE block = ?1", block)?;
            self.unpacked.insert(block, entries);
        }
        let found = self.unpacked[&block].row(place);
        found.ok_or_else(|| damaged_block(block))
    }

    fn half(&self, sql: &str, block: i64) -> rusqlite::Result<Entries> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_row([block], |row| {
            Ok(Entries::unpack(row.get_ref(0)?.as_blob()?))
        })?;
        entries.ok_or_else(|| damaged_block(block))
    }

    /// An instance's row and its number.
    pub(super) fn find(&mut self, id: &EntityId) -> rusqlite::Result<Option<(i64, Filed)>> {
        for found in NewestFirst::of(self.connection, &[terms::of_id(id)], i64::MAX)? {
            let (_, row) = found?;
            let filed = self.row(row)?.filter(|filed| filed.row.id == *id);
            if let Some(filed) = filed {
                return Ok(Some((row, filed)));
            }
        }
        Ok(None)
    }

    fn parts(&self, row: i64) -> rusqlite::Result<(Bytes, Parts)> {
        let (block, place) = place_of(row);
        let entries = self.half("SELECT parts FROM block WHERE block = ?1", block)?;
        entries.parts(place).ok_or_else(|| damaged_block(block))
    }

    /// An instance with its snapshot and chunks.
    pub(super) fn instance(&mut self, id: &EntityId) -> rusqlite::Result<Option<StoredInstance>> {
        let Some((number, filed)) = self.find(id)? else {
            return Ok(None);
        };
        let (snapshot, parts) = self.parts(number)?;
        let chunks = match filed.spilled {
            true => rows::get_chunks(self.connection, id)?,
            false => parts.chunks,
        };
        let row = InstanceRow {
            snapshot,
            ..filed.row
        };
        Ok(Some(StoredInstance { row, chunks }))
    }

    /// An instance's history after a seq, until a limit is passed.
    pub(super) fn history(
        &mut self,
        id: &EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> rusqlite::Result<Vec<HistorySegment>> {
        match self.find(id)? {
            None => Ok(vec![]),
            Some((_, filed)) if filed.spilled => {
                rows::get_history(self.connection, id, after_seq, limit_bytes)
            }
            Some((number, _)) => {
                let (_, parts) = self.parts(number)?;
                Ok(parts.history_after(after_seq, limit_bytes))
            }
        }
    }

    /// Copies an instance's chunks and history into the tables of another file; answers its row
    /// with the snapshot.
    pub(super) fn copy_out(
        &mut self,
        id: &EntityId,
        to: &Connection,
    ) -> rusqlite::Result<Option<InstanceRow>> {
        let Some((number, filed)) = self.find(id)? else {
            return Ok(None);
        };
        let (snapshot, parts) = self.parts(number)?;
        match filed.spilled {
            true => rows::copy_parts(self.connection, to, id)?,
            false => rows::put_parts(to, id, &parts)?,
        }
        Ok(Some(InstanceRow {
            snapshot,
            ..filed.row
        }))
    }

    /// Removes an instance. What its terms lead to is empty then.
    pub(super) fn strike_out(&mut self, id: &EntityId) -> rusqlite::Result<()> {
        let Some((number, filed)) = self.find(id)? else {
            return Ok(());
        };
        let (block, place) = place_of(number);
        let rows = self.half("SELECT rows FROM block WHERE block = ?1", block)?;
        let parts = self.half("SELECT parts FROM block WHERE block = ?1", block)?;
        self.connection
            .prepare_cached("UPDATE block SET rows = ?2, parts = ?3 WHERE block = ?1")?
            .execute(params![block, rows.without(place), parts.without(place)])?;
        self.unpacked.remove(&block);
        if filed.spilled {
            rows::delete_parts(self.connection, id)?;
        }
        let row = &filed.row;
        let sql = "UPDATE kind SET instances = instances - 1 WHERE namespace = ?1 \
                   AND workflow = ?2 AND version = ?3 AND status = ?4 AND priority = ?5";
        self.connection.prepare_cached(sql)?.execute(params![
            row.namespace,
            row.workflow,
            row.version,
            row.status,
            row.priority
        ])?;
        Ok(())
    }

    /// Damaged blocks, found by unpacking all.
    pub(super) fn damage(&self) -> rusqlite::Result<Vec<String>> {
        let mut statement = self
            .connection
            .prepare("SELECT block, rows, parts FROM block")?;
        let mut found = vec![];
        let mut blocks = statement.query([])?;
        while let Some(row) = blocks.next()? {
            let half = |column| Ok(Entries::unpack(row.get_ref(column)?.as_blob()?));
            let (rows, parts): (_, rusqlite::Result<_>) = (half(1)?, half(2));
            let whole = rows.zip(parts?).is_some_and(|(rows, parts)| {
                rows.len() == parts.len() && (0..rows.len()).all(|place| rows.row(place).is_some())
            });
            if !whole {
                found.push(format!(
                    "block {} is not as it was written",
                    row.get::<_, i64>(0)?
                ));
            }
        }
        Ok(found)
    }
}

/// How many instances a bucket has.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(sum(instances), 0) FROM kind";
    let count = connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
    Ok(count as u64)
}

/// The last run that was moved here; 0 before the first.
pub(super) fn filled(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM meta WHERE key = 'filled'";
    let run = connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(run.optional()?.unwrap_or(0) as u64)
}
