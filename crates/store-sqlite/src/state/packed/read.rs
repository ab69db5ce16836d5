//! Looking rows up, and going through them in order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use store::{Row, Scan, Slot, Table};

use super::page;
use super::runs::{Key, Run, Runs};
use crate::state::codec::damaged;

/// The row with a key.
pub(in crate::state) fn get(
    connection: &Connection,
    runs: &Runs,
    table: Table,
    key: &[u8],
    slot: Slot,
) -> rusqlite::Result<Option<Bytes>> {
    for run in runs.holding(table, key, slot) {
        let found = page_of(connection, run, key, slot)?;
        let row = found.and_then(|page| {
            let at = find(&page.rows, key, slot).ok()?;
            page.rows.into_iter().nth(at)
        });
        if let Some(row) = row {
            return Ok(Some(row.value));
        }
    }
    Ok(None)
}

/// Rows of a packed table in the order of (key, slot), as [`Scan`] asks for them.
pub(in crate::state) fn scan(
    connection: &Connection,
    runs: &Runs,
    scan: &Scan,
) -> rusqlite::Result<Vec<Row>> {
    let begins = |row: &Row| row.key.starts_with(&scan.prefix);
    let from = match (&scan.after, scan.reverse) {
        (Some((key, slot)), false) if key >= &scan.prefix => From::Behind((key.clone(), *slot)),
        (Some((key, slot)), true) if key.starts_with(&scan.prefix) || *key < scan.prefix => {
            From::Behind((key.clone(), *slot))
        }
        (_, false) => From::At((scan.prefix.clone(), 0)),
        (_, true) => match crate::state::tables::prefix_end(&scan.prefix) {
            Some(end) => From::Behind((end.into(), 0)),
            None => From::Edge,
        },
    };
    let mut found = vec![];
    for row in Merged::new(connection, runs.of(scan.table), from, scan.reverse) {
        let row = row?;
        if !begins(&row) {
            break;
        }
        if scan.slots.contains(&row.slot) {
            found.push(row);
            if found.len() >= scan.limit {
                break;
            }
        }
    }
    Ok(found)
}

/// Pages that are not as they were written, of all runs.
pub(in crate::state) fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT run, bytes FROM packed_page")?;
    let mut pages = statement.query([])?;
    let mut found = vec![];
    while let Some(page) = pages.next()? {
        if page::rows(page.get_ref(1)?.as_blob()?).is_none() {
            let run: i64 = page.get(0)?;
            found.push(format!(
                "a page of run {run} of keyed rows is not as it was written"
            ));
        }
    }
    Ok(found)
}

/// Where a key stands among a page's rows, or would.
pub(super) fn find(rows: &[Row], key: &[u8], slot: Slot) -> Result<usize, usize> {
    rows.binary_search_by(|row| (&row.key[..], row.slot).cmp(&(key, slot)))
}

/// A page as it was read.
pub(super) struct Found {
    /// By which it is kept.
    pub(super) first: Key,
    pub(super) rows: Vec<Row>,
    /// Packed.
    pub(super) bytes: u64,
}

/// The page of a run that a key would be in.
pub(super) fn page_of(
    connection: &Connection,
    run: &Run,
    key: &[u8],
    slot: Slot,
) -> rusqlite::Result<Option<Found>> {
    let sql = "SELECT first_key, first_slot, bytes FROM packed_page \
               WHERE run = ?1 AND (first_key, first_slot) <= (?2, ?3) \
               ORDER BY run DESC, first_key DESC, first_slot DESC LIMIT 1";
    read_page(connection, sql, run, key, slot)
}

fn read_page(
    connection: &Connection,
    sql: &str,
    run: &Run,
    key: &[u8],
    slot: Slot,
) -> rusqlite::Result<Option<Found>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![run.number, key, slot], |row| {
        let first = Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?);
        let packed = row.get_ref(2)?.as_blob()?;
        let rows = page::rows(packed).ok_or_else(|| damaged(2, "a page of keyed rows"))?;
        Ok(Found {
            first: (first, row.get(1)?),
            rows,
            bytes: packed.len() as u64,
        })
    });
    found.optional()
}

/// Where a walk begins.
pub(super) enum From {
    /// At a key, or behind it where it is missing.
    At(Key),
    /// Behind a key, as the walk goes.
    Behind(Key),
    /// At the end that the walk comes from.
    Edge,
}

/// The rows of several runs in order, each key once: as its newest run has it.
pub(super) struct Merged<'a> {
    connection: &'a Connection,
    from: From,
    reverse: bool,
    /// Runs that are not reached yet, the next one last.
    ahead: Vec<Arc<Run>>,
    lanes: Vec<Lane>,
    /// The next row of each lane.
    heads: BinaryHeap<Head>,
    last: Option<Key>,
}

/// A run under way.
struct Lane {
    run: Arc<Run>,
    /// The key of the page in hand.
    page: Key,
    /// What is left of it.
    rows: std::vec::IntoIter<Row>,
}

struct Head {
    row: Row,
    lane: usize,
    /// Of the lane's run.
    number: i64,
    reverse: bool,
}

impl Head {
    fn key(&self) -> (&[u8], Slot) {
        (&self.row.key, self.row.slot)
    }
}

/// The greatest comes first: the least key (going back, the greatest), and of one key that of the newest run.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.key().cmp(&other.key());
        let keys = if self.reverse { keys } else { keys.reverse() };
        keys.then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl<'a> Merged<'a> {
    /// The rows of these runs from somewhere on, forwards or back.
    pub(super) fn new(
        connection: &'a Connection,
        runs: &[Arc<Run>],
        from: From,
        reverse: bool,
    ) -> Self {
        let mut ahead = runs.to_vec();
        match reverse {
            false => ahead.sort_by(|a, b| b.first.cmp(&a.first)),
            true => ahead.sort_by(|a, b| a.last.cmp(&b.last)),
        }
        Self {
            connection,
            from,
            reverse,
            ahead,
            lanes: vec![],
            heads: BinaryHeap::new(),
            last: None,
        }
    }

    /// Enters the runs that may have the next row. Those of events cover a short time each: of many, few are opened.
    fn reach(&mut self) -> rusqlite::Result<()> {
        while let Some(next) = self.ahead.last() {
            let is_next = self.heads.peek().is_none_or(|head| match self.reverse {
                false => (&next.first.0[..], next.first.1) <= head.key(),
                true => (&next.last.0[..], next.last.1) >= head.key(),
            });
            if !is_next {
                break;
            }
            if let Some(run) = self.ahead.pop() {
                self.enter(&run)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, run: &Arc<Run>) -> rusqlite::Result<()> {
        let start = match &self.from {
            From::At(key) | From::Behind(key) => key,
            From::Edge if self.reverse => &run.last,
            From::Edge => &run.first,
        };
        let over = match self.reverse {
            true => *start < run.first,
            false => *start > run.last,
        };
        if over {
            return Ok(());
        }
        let at = if *start < run.first {
            &run.first
        } else {
            start
        };
        let Some(page) = page_of(self.connection, run, &at.0, at.1)? else {
            return Ok(());
        };
        let mut rows = page.rows;
        let place = find(&rows, &start.0, start.1);
        let behind = matches!(self.from, From::Behind(_));
        if self.reverse {
            rows.truncate(match place {
                Ok(at) if behind => at,
                Ok(at) => at + 1,
                Err(at) => at,
            });
            rows.reverse();
        } else {
            rows.drain(
                ..match place {
                    Ok(at) if behind => at + 1,
                    Ok(at) | Err(at) => at,
                },
            );
        }
        self.lanes.push(Lane {
            run: run.clone(),
            page: page.first,
            rows: rows.into_iter(),
        });
        self.show(self.lanes.len() - 1)
    }

    /// Puts a lane's next row among the heads.
    fn show(&mut self, at: usize) -> rusqlite::Result<()> {
        let lane = &mut self.lanes[at];
        loop {
            if let Some(row) = lane.rows.next() {
                let (number, reverse) = (lane.run.number, self.reverse);
                let lane = at;
                self.heads.push(Head {
                    row,
                    lane,
                    number,
                    reverse,
                });
                return Ok(());
            }
            let sql = match self.reverse {
                false => {
                    "SELECT first_key, first_slot, bytes FROM packed_page \
                     WHERE run = ?1 AND (first_key, first_slot) > (?2, ?3) \
                     ORDER BY run, first_key, first_slot LIMIT 1"
                }
                true => {
                    "SELECT first_key, first_slot, bytes FROM packed_page \
                     WHERE run = ?1 AND (first_key, first_slot) < (?2, ?3) \
                     ORDER BY run DESC, first_key DESC, first_slot DESC LIMIT 1"
                }
            };
            let (key, slot) = &lane.page;
            let next = read_page(self.connection, sql, &lane.run, key, *slot)?;
            let Some(mut next) = next else {
                return Ok(());
            };
            if self.reverse {
                next.rows.reverse();
            }
            lane.page = next.first;
            lane.rows = next.rows.into_iter();
        }
    }

    fn advance(&mut self) -> rusqlite::Result<Option<Row>> {
        loop {
            self.reach()?;
            let Some(head) = self.heads.pop() else {
                return Ok(None);
            };
            self.show(head.lane)?;
            let is_older = (self.last.as_ref())
                .is_some_and(|(key, slot)| *slot == head.row.slot && *key == head.row.key);
            if !is_older {
                self.last = Some((head.row.key.clone(), head.row.slot));
                return Ok(Some(head.row));
            }
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = rusqlite::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
