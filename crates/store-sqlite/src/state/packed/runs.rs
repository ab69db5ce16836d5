//! The runs of the packed tables: what readers and the writer know of them without a look at their pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, Row as SqlRow};
use store::{Slot, Table};

use super::filter::{self, Filter};
use crate::state::codec::damaged;

/// A row's place in its table.
pub(super) type Key = (Bytes, Slot);

/// A sorted run of rows.
#[derive(Debug)]
pub(super) struct Run {
    /// Higher than those of the runs before it: of two rows with one key that of the newer run counts.
    pub(super) number: i64,
    /// Its rows.
    pub(super) rows: u64,
    /// The bytes of its pages.
    pub(super) bytes: u64,
    pub(super) first: Key,
    pub(super) last: Key,
    pub(super) filter: Arc<Filter>,
}

impl Run {
    /// Whether it may have a row with this key, which has this hash.
    pub(super) fn may_have(&self, key: &[u8], slot: Slot, hash: u64) -> bool {
        let place = (key, slot);
        let (first, last) = (
            (&self.first.0[..], self.first.1),
            (&self.last.0[..], self.last.1),
        );
        first <= place && place <= last && self.filter.may_have(hash)
    }
}

/// All runs as of one transaction, by table, oldest first.
#[derive(Clone, Debug, Default)]
pub(in crate::state) struct Runs(BTreeMap<Table, Vec<Arc<Run>>>);

impl Runs {
    /// What `state.db` has.
    pub(in crate::state) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut runs = Self::default();
        for table in Table::ALL
            .into_iter()
            .filter(|table| super::is_packed(*table))
        {
            let sql = "SELECT run, rows, bytes, first_key, first_slot, last_key, last_slot, filter \
                       FROM packed_run WHERE of = ?1 ORDER BY run";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_map([table.name()], |row| {
                let key = |at: usize| -> rusqlite::Result<Key> {
                    Ok((Bytes::from(row.get::<_, Vec<u8>>(at)?), row.get(at + 1)?))
                };
                Ok(Arc::new(Run {
                    number: row.get(0)?,
                    rows: row.get::<_, i64>(1)? as u64,
                    bytes: row.get::<_, i64>(2)? as u64,
                    first: key(3)?,
                    last: key(5)?,
                    filter: Arc::new(filter_of(row, 7)?),
                }))
            })?;
            runs.0
                .insert(table, found.collect::<rusqlite::Result<_>>()?);
        }
        Ok(runs)
    }

    /// Those of a table, oldest first.
    pub(super) fn of(&self, table: Table) -> &[Arc<Run>] {
        self.0.get(&table).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_mut(&mut self, table: Table) -> &mut Vec<Arc<Run>> {
        self.0.entry(table).or_default()
    }

    /// Those that may have a row with this key, newest first.
    pub(super) fn holding(
        &self,
        table: Table,
        key: &[u8],
        slot: Slot,
    ) -> impl Iterator<Item = &Arc<Run>> {
        let hash = filter::hash(key, slot);
        let runs = self.of(table).iter().rev();
        runs.filter(move |run| run.may_have(key, slot, hash))
    }
}

fn filter_of(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Filter> {
    Filter::from_bytes(row.get(at)?).ok_or_else(|| damaged(at, "a run's filter"))
}
