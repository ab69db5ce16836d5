//! One transaction of the projector.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, params};
use store::{Gathered, PartitionId, Position, Projection, Slot, StoreError, Table};

use super::blobs;
use super::packed::{self, RowChange, Runs, is_packed};
use super::recent::INTACT;
use super::run::{self, Shown};
use super::settle::Moves;
use super::tables;
use super::writer::Writer;
use crate::failure::sqlite_failure;

impl Writer {
    /// Writes all changes and the reached positions in one transaction.
    pub(super) fn project(&mut self, projections: Vec<Projection>) -> Result<(), StoreError> {
        let mut gathered = Gathered::default();
        projections
            .into_iter()
            .for_each(|projection| gathered.add(projection));
        self.begin()?;
        let written = self.write(gathered);
        let done = written.and_then(|written| self.commit_written(written));
        if done.is_err() {
            self.roll_back();
        }
        done?;
        self.relieve()
    }

    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        self.kinds.clear();
        self.classes.clear();
        self.state.execute_batch("BEGIN IMMEDIATE").map_err(failure)
    }

    /// After an error of its own SQLite may have rolled back already.
    pub(super) fn roll_back(&self) {
        let files = [&self.state]
            .into_iter()
            .chain(self.bucket_connections.values());
        for file in files.filter(|file| !file.is_autocommit()) {
            if file.execute_batch("ROLLBACK").is_err() {
                tracing::warn!("a transaction of the state could not be rolled back");
            }
        }
    }

    fn write(&mut self, mut gathered: Gathered) -> Result<Written, StoreError> {
        let mut moves = Moves::default();
        for (id, touched) in std::mem::take(&mut gathered.instances) {
            self.settle(id, touched, &mut moves)?;
        }
        blobs::of_rows(&self.state, &gathered).map_err(failure)?;
        let mut packed = self.view.read().expect(INTACT).packed.clone();
        write_keyed(&self.state, gathered.keyed, &mut packed).map_err(failure)?;
        let reached = gathered.reached;
        write_reached(&self.state, &reached).map_err(failure)?;
        Ok(Written {
            moves,
            reached,
            packed: Some(packed),
        })
    }

    /// Commits moves alone.
    pub(super) fn commit_moves(&mut self, moves: Moves) -> Result<(), StoreError> {
        self.commit_written(Written {
            moves,
            ..Written::default()
        })
    }

    /// Writes the run, then commits and shows the result in the same moment.
    fn commit_written(&mut self, written: Written) -> Result<(), StoreError> {
        let Written {
            moves,
            reached,
            packed,
        } = written;
        let run = self.next_run;
        let shown = if moves.is_empty() {
            Shown::default()
        } else {
            self.next_run += 1;
            run::write(&self.state, run, moves).map_err(failure)?
        };
        let shared = self.view.clone();
        let mut view = shared.write().expect(INTACT);
        self.state.execute_batch("COMMIT").map_err(failure)?;
        shown.show(&mut view, run);
        for (partition, position) in reached {
            let held = view.reached.entry(partition).or_default();
            *held = (*held).max(position);
        }
        if let Some(packed) = packed {
            view.packed = packed;
        }
        Ok(())
    }

    /// Moves ended instances to buckets when they take too much memory.
    fn relieve(&mut self) -> Result<(), StoreError> {
        if self.view.read().expect(INTACT).recent.bytes() <= self.recent_bytes {
            return Ok(());
        }
        let run = self.sync()?.run;
        while self.flush_some(run)? {}
        Ok(())
    }
}

/// What a transaction wrote, to be shown with its commit.
#[derive(Default)]
struct Written {
    moves: Moves,
    reached: BTreeMap<PartitionId, Position>,
    /// The runs of keyed tables, where they may have changed.
    packed: Option<Arc<Runs>>,
}

fn failure(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

fn write_keyed(
    connection: &Connection,
    keyed: BTreeMap<(Table, Bytes, Slot), Option<Bytes>>,
    runs: &mut Arc<Runs>,
) -> rusqlite::Result<()> {
    let mut packed: BTreeMap<Table, Vec<RowChange>> = BTreeMap::new();
    for ((table, key, slot), value) in keyed {
        if is_packed(table) {
            packed.entry(table).or_default().push((key, slot, value));
            continue;
        }
        match value {
            Some(value) => {
                let mut put = connection.prepare_cached(tables::put(table))?;
                put.execute(params![&key[..], slot, &value[..]])?;
            }
            None => {
                let mut delete = connection.prepare_cached(tables::delete(table))?;
                delete.execute(params![&key[..], slot])?;
            }
        }
    }
    for (table, changes) in packed {
        packed::write(connection, Arc::make_mut(runs), table, changes)?;
    }
    Ok(())
}

/// A position never goes back: a projection repeated after a crash is harmless.
fn write_reached(
    connection: &Connection,
    reached: &BTreeMap<PartitionId, Position>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO reached VALUES (?1, ?2) \
               ON CONFLICT (partition) DO UPDATE SET position = max(position, ?2)";
    for (partition, position) in reached {
        connection
            .prepare_cached(sql)?
            .execute(params![partition.0, *position as i64])?;
    }
    Ok(())
}
