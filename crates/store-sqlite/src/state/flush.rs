//! Makes the state durable, and moves ended instances from runs to buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;

use rusqlite::{Connection, params};
use store::{EntityId, PartitionId, Position, StoreError};

use super::bucket::{Bucket, Buckets};
use super::filed::{self, Filing};
use super::kinds::Kinds;
use super::recent::{Ended, INTACT, View};
use super::term_run::{self, Entry};
use super::writer::Writer;
use super::{rows, run, terms};
use crate::failure::{io_failure, sqlite_failure};

/// Instances moved in one step; between steps the projector goes on.
const STEP: usize = 20_000;

/// What a loss of power can no longer undo.
pub(crate) struct Synced {
    pub(crate) reached: BTreeMap<PartitionId, Position>,
    /// Runs up to this one.
    pub(crate) run: u64,
}

/// What one step moves.
struct Step {
    run: u64,
    groups: BTreeMap<i64, Vec<Arc<Ended>>>,
    /// Copies to be removed from buckets, void or about to be written anew, and the runs that say so.
    dead: BTreeMap<i64, Vec<(u64, EntityId)>>,
}

fn state(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

impl Writer {
    /// Makes everything committed so far durable against loss of power.
    pub(crate) fn sync(&mut self) -> Result<Synced, StoreError> {
        let reached = self.view.read().expect(INTACT).reached.clone();
        let run = self.next_run - 1;
        let mut checkpoint = self
            .state
            .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
            .map_err(state)?;
        checkpoint.query_row([], |_| Ok(())).map_err(state)?;
        for name in ["state.db-wal", "state.db"] {
            let synced = File::open(self.folder.join(name)).and_then(|file| file.sync_all());
            synced.map_err(|error| io_failure(&format!("syncing {name}"), error))?;
        }
        Ok(Synced { reached, run })
    }

    /// Moves the oldest runs, up to one that is durable; false when none is left.
    pub(crate) fn flush_some(&mut self, durable_run: u64) -> Result<bool, StoreError> {
        let Some(step) = self.step(durable_run) else {
            return Ok(false);
        };
        let done = self.fill_and_let_go(&step);
        if done.is_err() {
            self.roll_back();
        }
        self.close_some();
        done.map(|()| true)
    }

    /// All files are committed, and the view changed, while no reader looks: none sees an instance
    /// twice or not at all. The buckets come first, so that a crash in between loses nothing.
    fn fill_and_let_go(&mut self, step: &Step) -> Result<(), StoreError> {
        let starts = self.fill(step)?;
        self.begin()?;
        let buckets = self.widened(step);
        self.write_let_go(step, &buckets).map_err(state)?;
        let shared = self.view.clone();
        let mut view = shared.write().expect(INTACT);
        self.commit_buckets(&starts, step, &mut view)?;
        self.state.execute_batch("COMMIT").map_err(state)?;
        for ended in step.groups.values().flatten() {
            view.recent.remove_flushed(ended);
        }
        view.recent.forget_runs(step.run);
        view.buckets = Arc::new(buckets);
        if !step.dead.is_empty() {
            Arc::make_mut(&mut view.superseded).retain(|_, run| *run > step.run);
        }
        Ok(())
    }

    /// Makes what was written into buckets durable.
    fn commit_buckets(
        &self,
        starts: &[i64],
        step: &Step,
        view: &mut View,
    ) -> Result<(), StoreError> {
        for start in starts {
            let committed = self.bucket_connections[start].execute_batch("COMMIT");
            committed.map_err(|error| Buckets::failure(*start, error))?;
            view.filled.insert(*start, step.run);
        }
        Ok(())
    }

    /// The first half of a move, as a crash leaves it.
    #[cfg(test)]
    pub(super) fn fill_buckets(&mut self, durable_run: u64) -> Result<(), StoreError> {
        let Some(step) = self.step(durable_run) else {
            return Ok(());
        };
        let starts = self.fill(&step)?;
        let shared = self.view.clone();
        let mut view = shared.write().expect(INTACT);
        self.commit_buckets(&starts, &step, &mut view)
    }

    /// Writes all buckets of a step; answers those that have a transaction open.
    fn fill(&mut self, step: &Step) -> Result<Vec<i64>, StoreError> {
        let starts: BTreeSet<i64> = step
            .groups
            .keys()
            .chain(step.dead.keys())
            .copied()
            .collect();
        for start in &starts {
            self.fill_bucket(*start, step)?;
        }
        Ok(starts.into_iter().collect())
    }

    fn step(&self, durable_run: u64) -> Option<Step> {
        let view = self.view.read().expect(INTACT);
        let (run, ended) = view.recent.oldest(durable_run, STEP)?;
        let mut groups: BTreeMap<i64, Vec<Arc<Ended>>> = BTreeMap::new();
        for ended in ended {
            groups.entry(ended.bucket).or_default().push(ended);
        }
        for group in groups.values_mut() {
            group.sort_unstable_by_key(|ended| (ended.run, ended.part, ended.place));
        }
        let mut dead: BTreeMap<i64, Vec<(u64, EntityId)>> = BTreeMap::new();
        for ((start, id), at) in view.superseded.iter() {
            if *at <= run {
                dead.entry(*start).or_default().push((*at, *id));
            }
        }
        Some(Step { run, groups, dead })
    }

    /// Writes a bucket in a transaction that is left open.
    fn fill_bucket(&mut self, start: i64, step: &Step) -> Result<(), StoreError> {
        self.bucket(start)?;
        let bucket = &self.bucket_connections[&start];
        let dead = step.dead.get(&start).map(Vec::as_slice);
        let group = step.groups.get(&start).map(Vec::as_slice);
        let fill = || {
            bucket.execute_batch("BEGIN IMMEDIATE")?;
            let mut filing = Filing::of(bucket);
            // A step that was moved, but not let go, is met again.
            let filled = filed::filled(bucket)?;
            let dead = dead.unwrap_or_default().iter();
            for (_, id) in dead.filter(|(run, _)| *run > filled) {
                filing.strike_out(id)?;
            }
            let group = group.unwrap_or_default().iter();
            let new: Vec<_> = group.filter(|ended| ended.run > filled).collect();
            for ended in new.iter().filter(|ended| ended.family.replaces) {
                filing.strike_out(&ended.family.row.id)?;
            }
            file(bucket, &self.state, &new)?;
            let sql = "INSERT OR REPLACE INTO meta VALUES ('filled', ?1)";
            bucket.prepare_cached(sql)?.execute([step.run as i64])
        };
        fill()
            .map(drop)
            .map_err(|error| Buckets::failure(start, error))
    }

    fn write_let_go(&self, step: &Step, buckets: &[Bucket]) -> rusqlite::Result<()> {
        run::remove(&self.state, step.run)?;
        for ended in step
            .groups
            .values()
            .flatten()
            .filter(|ended| ended.family.spilled)
        {
            rows::delete_parts(&self.state, &ended.family.row.id)?;
        }
        let touched = |bucket: &&Bucket| step.groups.contains_key(&bucket.start);
        for bucket in buckets.iter().filter(touched) {
            write_bucket(&self.state, bucket)?;
        }
        Ok(())
    }

    /// The buckets, with bounds that hold what the step moved.
    fn widened(&mut self, step: &Step) -> Vec<Bucket> {
        let held = self.view.read().expect(INTACT).buckets.clone();
        let mut buckets: BTreeMap<i64, Bucket> = held
            .iter()
            .map(|bucket| (bucket.start, bucket.clone()))
            .collect();
        for (start, group) in &step.groups {
            for ended in group {
                let row = &ended.family.row;
                let bucket = buckets.entry(*start).or_insert_with(|| {
                    self.generation += 1;
                    Bucket {
                        start: *start,
                        ids: (row.id, row.id),
                        created: (row.created_at, row.created_at),
                        generation: self.generation,
                    }
                });
                bucket.include(row.id, row.created_at);
            }
        }
        buckets.into_values().collect()
    }
}

/// Copies the blocks of these instances, which come in the order of runs, and says what they are
/// found by.
fn file(bucket: &Connection, state: &Connection, group: &[&Arc<Ended>]) -> rusqlite::Result<()> {
    let (mut kinds, mut counts) = (Kinds::default(), BTreeMap::<i64, i64>::new());
    let (mut entries, mut terms) = (vec![], vec![]);
    for block in group.chunk_by(|a, b| (a.run, a.part) == (b.run, b.part)) {
        let (rows, parts) = run::read_block(state, block[0].run, block[0].part)?;
        let mut put = bucket.prepare_cached("INSERT INTO block (rows, parts) VALUES (?1, ?2)")?;
        let number = put.insert(params![rows, parts])?;
        for ended in block {
            let row = &ended.family.row;
            let kind = kinds.number(bucket, row)?;
            *counts.entry(kind).or_default() += 1;
            terms::of_row(row, kind, &mut terms);
            entries.extend(terms.iter().map(|term| Entry {
                term: *term,
                created_at: row.created_at,
                row: filed::row_number(number, ended.place),
            }));
            if ended.family.spilled {
                rows::copy_parts(state, bucket, &row.id)?;
            }
        }
    }
    for (kind, count) in counts {
        let sql = "UPDATE kind SET instances = instances + ?2 WHERE kind = ?1";
        bucket.prepare_cached(sql)?.execute([kind, count])?;
    }
    term_run::add(bucket, entries)
}

fn write_bucket(connection: &Connection, bucket: &Bucket) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO bucket VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        bucket.start,
        &bucket.ids.0[..],
        &bucket.ids.1[..],
        bucket.created.0,
        bucket.created.1,
    ])?;
    Ok(())
}
