//! Runs: what one transaction has of ended instances, in blocks of one bucket each, until a move
//! copies the blocks into their buckets.

use std::sync::Arc;

use rusqlite::{Connection, params};
use store::{EntityId, StoreError};

use super::block::{Entries, Family, Packing};
use super::codec::damaged;
use super::recent::{Ended, View};
use super::settle::Moves;
use crate::failure::{corrupt, sqlite_failure};

/// What a run changes of the view, once its transaction is visible.
#[derive(Default)]
pub(super) struct Shown {
    put: Vec<Ended>,
    removed: Vec<EntityId>,
    superseded: Vec<(i64, EntityId)>,
}

impl Shown {
    /// Changes the view.
    pub(super) fn show(self, view: &mut View, run: u64) {
        self.removed.iter().for_each(|id| view.recent.remove(id));
        self.put
            .into_iter()
            .for_each(|ended| view.recent.put(Arc::new(ended)));
        if !self.superseded.is_empty() {
            let superseded = Arc::make_mut(&mut view.superseded);
            superseded.extend(self.superseded.into_iter().map(|place| (place, run)));
        }
    }
}

/// Writes a run.
pub(super) fn write(connection: &Connection, run: u64, moves: Moves) -> rusqlite::Result<Shown> {
    for id in &moves.removed {
        let sql = "INSERT OR REPLACE INTO ended_removed VALUES (?1, ?2)";
        connection
            .prepare_cached(sql)?
            .execute(params![run as i64, &id[..]])?;
    }
    for (start, id) in &moves.superseded {
        let sql = "INSERT OR REPLACE INTO superseded VALUES (?1, ?2, ?3)";
        connection
            .prepare_cached(sql)?
            .execute(params![start, &id[..], run as i64])?;
    }
    Ok(Shown {
        put: write_blocks(connection, run, moves.put)?,
        removed: moves.removed,
        superseded: moves.superseded,
    })
}

fn write_blocks(
    connection: &Connection,
    run: u64,
    mut families: Vec<(i64, Family)>,
) -> rusqlite::Result<Vec<Ended>> {
    families.sort_by_key(|(bucket, family)| (*bucket, family.row.id));
    let (mut put, mut packing, mut part) =
        (Vec::with_capacity(families.len()), Packing::default(), 0);
    let mut families = families.into_iter().peekable();
    while let Some((bucket, family)) = families.next() {
        put.push(Ended {
            run,
            part,
            place: packing.add(&family),
            bucket,
            family,
        });
        let ends = families.peek().is_none_or(|(next, _)| *next != bucket);
        if ends || packing.is_full() {
            let block = packing.finish();
            let sql = "INSERT INTO ended_run VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = connection.prepare_cached(sql)?;
            insert.execute(params![run as i64, part, bucket, block.rows, block.parts])?;
            part += 1;
        }
    }
    Ok(put)
}

/// A block of a run, as it is moved.
pub(super) fn read_block(
    connection: &Connection,
    run: u64,
    part: u32,
) -> rusqlite::Result<(Vec<u8>, Vec<u8>)> {
    let sql = "SELECT rows, parts FROM ended_run WHERE run = ?1 AND part = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row(params![run as i64, part], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Removes an instance from its block: it is not to be carried into a bucket unseen.
pub(super) fn strike_out(connection: &Connection, ended: &Ended) -> rusqlite::Result<()> {
    let (rows, parts) = read_block(connection, ended.run, ended.part)?;
    let halves = (Entries::unpack(&rows), Entries::unpack(&parts));
    let (Some(rows), Some(parts)) = halves else {
        return Err(damaged(0, "it"));
    };
    let sql = "UPDATE ended_run SET rows = ?3, parts = ?4 WHERE run = ?1 AND part = ?2";
    connection.prepare_cached(sql)?.execute(params![
        ended.run as i64,
        ended.part,
        rows.without(ended.place),
        parts.without(ended.place)
    ])?;
    Ok(())
}

/// Removes runs up to one.
pub(super) fn remove(connection: &Connection, last: u64) -> rusqlite::Result<()> {
    for table in ["ended_run", "ended_removed", "superseded"] {
        let sql = format!("DELETE FROM {table} WHERE run <= ?1");
        connection.execute(&sql, [last as i64])?;
    }
    Ok(())
}

/// Puts what the runs hold into the view.
pub(super) fn load(connection: &Connection, view: &mut View) -> Result<(), StoreError> {
    let failure = |error| sqlite_failure("state.db", error);
    let sql = "SELECT run FROM ended_run UNION SELECT run FROM ended_removed ORDER BY run";
    let mut statement = connection.prepare(sql).map_err(failure)?;
    let runs = statement.query_map([], |row| row.get(0)).map_err(failure)?;
    for run in runs {
        let run: i64 = run.map_err(failure)?;
        let sql = "SELECT id FROM ended_removed WHERE run = ?1";
        let mut statement = connection.prepare_cached(sql).map_err(failure)?;
        let removed = statement
            .query_map([run], |row| row.get(0))
            .map_err(failure)?;
        for id in removed {
            view.recent.remove(&id.map_err(failure)?);
        }
        load_blocks(connection, run, view)?;
    }
    Ok(())
}

fn load_blocks(connection: &Connection, run: i64, view: &mut View) -> Result<(), StoreError> {
    let failure = |error| sqlite_failure("state.db", error);
    let sql = "SELECT part, rows, parts, start FROM ended_run WHERE run = ?1 ORDER BY part";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let mut blocks = statement.query([run]).map_err(failure)?;
    while let Some(block) = blocks.next().map_err(failure)? {
        let read = || -> rusqlite::Result<(u32, i64, Option<Families>)> {
            let (rows, parts) = (block.get_ref(1)?.as_blob()?, block.get_ref(2)?.as_blob()?);
            Ok((block.get(0)?, block.get(3)?, families(rows, parts)))
        };
        let (part, bucket, families) = read().map_err(failure)?;
        let damaged = || {
            corrupt(
                format!("state.db, run {run}"),
                "it is not as it was written".into(),
            )
        };
        for (place, family) in families.ok_or_else(damaged)?.into_iter().enumerate() {
            let Some(family) = family else { continue };
            view.recent.put(Arc::new(Ended {
                run: run as u64,
                part,
                place,
                bucket,
                family,
            }));
        }
    }
    Ok(())
}

/// The instances of a block, by their places; those that were struck out are missing.
type Families = Vec<Option<Family>>;

/// The instances of a block; `None` if it is damaged.
fn families(rows: &[u8], parts: &[u8]) -> Option<Families> {
    let (rows, parts) = (Entries::unpack(rows)?, Entries::unpack(parts)?);
    let family = |place| {
        let Some(filed) = rows.row(place)? else {
            return Some(None);
        };
        let (snapshot, parts) = parts.parts(place)?;
        let mut row = filed.row;
        row.snapshot = snapshot;
        Some(Some(Family {
            row,
            parts,
            spilled: filed.spilled,
            replaces: filed.replaces,
        }))
    };
    (0..rows.len()).map(family).collect()
}
