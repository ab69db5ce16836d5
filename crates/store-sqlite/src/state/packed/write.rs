//! Writing runs, merging them, and taking rows out of them.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, params};
use store::{Row, Slot, Table};

use super::filter::{self, Filter};
use super::page::{self, Gathering};
use super::read::{From, Merged, find, page_of};
use super::runs::{Key, Run, Runs};

/// So many runs of one size are merged.
const FAN_IN: usize = 8;
/// The smallest size that is told apart, in bytes.
const SMALL: u64 = 64 << 10;

/// Runs of so many bytes are left alone: merging them would keep the writer too long. Events lie in the order of their
/// times, so that a look at one finds its run by its bounds, however many there are.
const fn large(table: Table) -> u64 {
    match table {
        Table::Event => 4 << 20,
        _ => 32 << 20,
    }
}

/// A row that is written, or removed (none).
pub(in crate::state) type RowChange = (Bytes, Slot, Option<Bytes>);

/// Writes what a transaction changes of a table, in the order of the keys, each key once.
pub(in crate::state) fn write(
    connection: &Connection,
    runs: &mut Runs,
    table: Table,
    changes: Vec<RowChange>,
) -> rusqlite::Result<()> {
    let (mut put, mut gone) = (Vec::with_capacity(changes.len()), vec![]);
    for (key, slot, value) in changes {
        match value {
            Some(value) => put.push(Ok(Row { slot, key, value })),
            None => gone.push((key, slot)),
        }
    }
    if !gone.is_empty() {
        remove(connection, runs.of_mut(table), &gone)?;
    }
    let count = put.len();
    let run = write_run(connection, table, count, put.into_iter())?;
    runs.of_mut(table).extend(run);
    merge(connection, table, runs.of_mut(table))
}

/// Takes in a table that a store of an older layout has as rows of a tree.
pub(in crate::state) fn take_in(connection: &Connection, table: Table) -> rusqlite::Result<()> {
    let name = format!("keyed_{}", table.name());
    if !connection.table_exists(None, name.as_str())? {
        return Ok(());
    }
    let count = connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| {
        row.get::<_, i64>(0)
    })?;
    let mut statement = connection.prepare(&format!(
        "SELECT key, slot, value FROM {name} ORDER BY key, slot"
    ))?;
    let rows = statement.query_map([], |row| {
        Ok(Row {
            key: Bytes::from(row.get::<_, Vec<u8>>(0)?),
            slot: row.get(1)?,
            value: Bytes::from(row.get::<_, Vec<u8>>(2)?),
        })
    })?;
    write_run(connection, table, usize::try_from(count).unwrap_or(0), rows)?;
    drop(statement);
    connection.execute_batch(&format!("DROP TABLE {name}"))
}

/// Writes rows, in order, as a new run; none where there are no rows. `most` is how many there are at most.
fn write_run(
    connection: &Connection,
    table: Table,
    most: usize,
    rows: impl Iterator<Item = rusqlite::Result<Row>>,
) -> rusqlite::Result<Option<Arc<Run>>> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(None);
    }
    let sql = "INSERT INTO packed_run \
               (of, rows, bytes, first_key, first_slot, last_key, last_slot, filter) \
               VALUES (?1, 0, 0, x'', 0, x'', 0, x'')";
    let number = connection.prepare_cached(sql)?.insert([table.name()])?;
    let mut put = connection.prepare_cached("INSERT INTO packed_page VALUES (?1, ?2, ?3, ?4)")?;
    let (mut gathering, mut filter) = (Gathering::default(), Filter::for_keys(most));
    let (mut first, mut last): (Option<Key>, Key) = (None, Key::default());
    let (mut count, mut bytes) = (0, 0);
    let mut finish = |gathering: &mut Gathering| -> rusqlite::Result<()> {
        if let Some(((key, slot), page)) = gathering.finish() {
            bytes += page.len() as u64;
            put.execute(params![number, &key[..], slot, page])?;
        }
        Ok(())
    };
    for row in rows {
        let Row { slot, key, value } = row?;
        filter.add(filter::hash(&key, slot));
        gathering.add(&key, slot, &value);
        if gathering.is_full() {
            finish(&mut gathering)?;
        }
        count += 1;
        first.get_or_insert_with(|| (key.clone(), slot));
        last = (key, slot);
    }
    finish(&mut gathering)?;
    let run = Run {
        number,
        rows: count,
        bytes,
        first: first.unwrap_or_default(),
        last,
        filter: Arc::new(filter),
    };
    let sql = "UPDATE packed_run SET rows = ?2, bytes = ?3, first_key = ?4, first_slot = ?5, \
               last_key = ?6, last_slot = ?7, filter = ?8 WHERE run = ?1";
    connection.prepare_cached(sql)?.execute(params![
        number,
        run.rows as i64,
        run.bytes as i64,
        &run.first.0[..],
        run.first.1,
        &run.last.0[..],
        run.last.1,
        run.filter.bytes(),
    ])?;
    Ok(Some(Arc::new(run)))
}

/// Merges the newest runs while there are many of one size, or smaller ones before a larger one. Only neighbours are
/// merged: of two rows with one key, which is the newer must stay known.
fn merge(connection: &Connection, table: Table, runs: &mut Vec<Arc<Run>>) -> rusqlite::Result<()> {
    while let Some(begin) = due(runs, large(table)) {
        let merged = runs.split_off(begin);
        let rows: u64 = merged.iter().map(|run| run.rows).sum();
        let walk = Merged::new(connection, &merged, From::Edge, false);
        let run = write_run(connection, table, usize::try_from(rows).unwrap_or(0), walk)?;
        for run in &merged {
            drop_run(connection, run)?;
        }
        runs.extend(run);
    }
    Ok(())
}

/// From which run on all are to be merged into one.
fn due(runs: &[Arc<Run>], large: u64) -> Option<usize> {
    let begin = runs.iter().rposition(|run| run.bytes >= large);
    let begin = begin.map_or(0, |at| at + 1);
    let left = &runs[begin..];
    let newest = size(left.last()?);
    let alike = left.iter().rposition(|run| size(run) > newest);
    let alike = alike.map_or(0, |at| at + 1);
    let smaller = left[alike..].iter().position(|run| size(run) < newest);
    match smaller {
        Some(at) => Some(begin + alike + at),
        None => (left.len() - alike >= FAN_IN).then_some(begin + alike),
    }
}

fn size(run: &Run) -> u32 {
    let log = (run.bytes / SMALL).checked_ilog(FAN_IN as u64);
    log.map_or(0, |log| log + 1)
}

fn drop_run(connection: &Connection, run: &Run) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM packed_page WHERE run = ?1",
        "DELETE FROM packed_run WHERE run = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([run.number])?;
    }
    Ok(())
}

/// Takes rows out of all runs that have them; the keys are in order.
fn remove(connection: &Connection, runs: &mut Vec<Arc<Run>>, gone: &[Key]) -> rusqlite::Result<()> {
    let hashes: Vec<u64> = gone
        .iter()
        .map(|(key, slot)| filter::hash(key, *slot))
        .collect();
    let mut left = Vec::with_capacity(runs.len());
    for run in runs.drain(..) {
        left.extend(without(connection, run, gone, &hashes)?);
    }
    *runs = left;
    Ok(())
}

/// A run without some rows; none where nothing is left of it.
fn without(
    connection: &Connection,
    run: Arc<Run>,
    gone: &[Key],
    hashes: &[u64],
) -> rusqlite::Result<Option<Arc<Run>>> {
    let (rows, bytes) = without_in_pages(connection, &run, gone, hashes)?;
    if rows == run.rows {
        return Ok(Some(run));
    }
    if rows == 0 {
        drop_run(connection, &run)?;
        return Ok(None);
    }
    // Its first page may have gone.
    let sql = "SELECT first_key, first_slot FROM packed_page WHERE run = ?1 \
               ORDER BY run, first_key, first_slot LIMIT 1";
    let first = connection
        .prepare_cached(sql)?
        .query_row([run.number], |row| {
            Ok((
                Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?),
                row.get(1)?,
            ))
        })?;
    let left = Run {
        number: run.number,
        rows,
        bytes,
        first,
        last: run.last.clone(),
        filter: run.filter.clone(),
    };
    let sql = "UPDATE packed_run SET rows = ?2, bytes = ?3, first_key = ?4, first_slot = ?5 \
               WHERE run = ?1";
    connection.prepare_cached(sql)?.execute(params![
        left.number,
        left.rows as i64,
        left.bytes as i64,
        &left.first.0[..],
        left.first.1,
    ])?;
    Ok(Some(Arc::new(left)))
}

/// Takes rows out of the pages of a run; answers how many rows and bytes are left in it.
fn without_in_pages(
    connection: &Connection,
    run: &Run,
    gone: &[Key],
    hashes: &[u64],
) -> rusqlite::Result<(u64, u64)> {
    let (mut rows, mut bytes) = (run.rows, run.bytes);
    let mut at = gone.partition_point(|key| *key < run.first);
    while let Some((key, slot)) = gone.get(at).filter(|key| **key <= run.last) {
        if !run.filter.may_have(hashes[at]) {
            at += 1;
            continue;
        }
        let Some(page) = page_of(connection, run, key, *slot)? else {
            at += 1;
            continue;
        };
        let mut held = page.rows;
        let (before, mut next) = (held.len(), at + 1);
        if let Ok(found) = find(&held, key, *slot) {
            held.remove(found);
        }
        // Others of the same page go with it.
        while let Some(((key, slot), last)) = gone.get(next).zip(held.last())
            && (&key[..], *slot) <= (&last.key[..], last.slot)
        {
            if let Ok(found) = find(&held, key, *slot) {
                held.remove(found);
            }
            next += 1;
        }
        at = next;
        if held.len() < before {
            rows -= (before - held.len()) as u64;
            let left = put_page(connection, run.number, &page.first, &held)?;
            bytes = (bytes + left).saturating_sub(page.bytes);
        }
    }
    Ok((rows, bytes))
}

/// Writes what is left of a page, or removes it; answers its bytes.
fn put_page(
    connection: &Connection,
    run: i64,
    (key, slot): &Key,
    rows: &[Row],
) -> rusqlite::Result<u64> {
    let Some(page) = page::of(rows) else {
        let sql = "DELETE FROM packed_page WHERE run = ?1 AND first_key = ?2 AND first_slot = ?3";
        let mut delete = connection.prepare_cached(sql)?;
        delete.execute(params![run, &key[..], slot])?;
        return Ok(0);
    };
    let sql = "UPDATE packed_page SET bytes = ?4 \
               WHERE run = ?1 AND first_key = ?2 AND first_slot = ?3";
    let mut put = connection.prepare_cached(sql)?;
    put.execute(params![run, &key[..], slot, page])?;
    Ok(page.len() as u64)
}
