//! Makes the state durable, and moves ended instances from runs to buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;

use rusqlite::{Connection, params};
use store::{Blob, EntityId, PartitionId, Position, StoreError};

use super::bucket::{Bucket, Buckets};
use super::codec::encode_parts;
use super::kinds::Kinds;
use super::recent::{Ended, INTACT};
use super::rows;
use super::settle::{Moves, copy_parts};
use super::writer::Writer;
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
    /// Copies to be removed from buckets: void, or about to be written anew.
    dead: BTreeMap<i64, Vec<EntityId>>,
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

    /// Keeps blobs whose journal segment is about to go.
    pub(crate) fn put_blobs(&mut self, blobs: &[Blob]) -> Result<(), StoreError> {
        self.begin()?;
        let put = || {
            for blob in blobs {
                let sql = "INSERT INTO blob (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
                self.state
                    .prepare_cached(sql)?
                    .execute(params![&blob.hash[..], &blob.bytes[..]])?;
            }
            self.state.execute_batch("COMMIT")
        };
        put().map_err(state).inspect_err(|_| self.roll_back())
    }

    /// Moves the oldest runs, up to one that is durable; false when none is left.
    pub(crate) fn flush_some(&mut self, durable_run: u64) -> Result<bool, StoreError> {
        let Some(step) = self.step(durable_run) else {
            return Ok(false);
        };
        self.fill(&step)?;
        self.begin()?;
        let done = self.let_go(&step);
        if done.is_err() {
            self.roll_back();
        }
        done.map(|()| true)
    }

    /// The first half of a move, as a crash leaves it.
    #[cfg(test)]
    pub(super) fn fill_buckets(&mut self, durable_run: u64) -> Result<(), StoreError> {
        self.step(durable_run)
            .map_or(Ok(()), |step| self.fill(&step))
    }

    fn fill(&mut self, step: &Step) -> Result<(), StoreError> {
        let starts: BTreeSet<i64> = step
            .groups
            .keys()
            .chain(step.dead.keys())
            .copied()
            .collect();
        for start in starts {
            self.fill_bucket(start, step)?;
        }
        Ok(())
    }

    fn step(&self, durable_run: u64) -> Option<Step> {
        let view = self.view.read().expect(INTACT);
        let (run, ended) = view.recent.oldest(durable_run, STEP)?;
        let mut groups: BTreeMap<i64, Vec<Arc<Ended>>> = BTreeMap::new();
        for ended in ended {
            let row = &ended.family.row;
            let start = self
                .buckets
                .start_of(row.ended_at.unwrap_or(row.updated_at));
            groups.entry(start).or_default().push(ended);
        }
        for group in groups.values_mut() {
            group.sort_unstable_by_key(|ended| ended.family.row.id);
        }
        let mut dead: BTreeMap<i64, Vec<EntityId>> = BTreeMap::new();
        for ((start, id), at) in view.superseded.iter() {
            if *at <= run {
                dead.entry(*start).or_default().push(*id);
            }
        }
        Some(Step { run, groups, dead })
    }

    /// Writes a bucket, durable.
    fn fill_bucket(&mut self, start: i64, step: &Step) -> Result<(), StoreError> {
        self.bucket(start)?;
        let bucket = &self.bucket_connections[&start];
        let dead = step.dead.get(&start).map(Vec::as_slice).unwrap_or_default();
        let group = step
            .groups
            .get(&start)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut kinds = Kinds::default();
        let mut fill = || {
            bucket.execute_batch("BEGIN IMMEDIATE")?;
            for id in dead {
                delete_family(bucket, id)?;
            }
            for ended in group {
                put_family(bucket, &self.state, &mut kinds, ended)?;
            }
            bucket.execute_batch("COMMIT")
        };
        fill().map_err(|error| {
            if !bucket.is_autocommit() && bucket.execute_batch("ROLLBACK").is_err() {
                tracing::warn!(start, "a bucket's transaction could not be rolled back");
            }
            Buckets::failure(start, error)
        })
    }

    /// Removes from `state.db` what the buckets now hold, and shows it.
    fn let_go(&mut self, step: &Step) -> Result<(), StoreError> {
        let buckets = self.widened(step);
        self.write_let_go(step, &buckets).map_err(state)?;
        let shared = self.view.clone();
        let mut view = shared.write().expect(INTACT);
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

    fn write_let_go(&self, step: &Step, buckets: &[Bucket]) -> rusqlite::Result<()> {
        let run = step.run as i64;
        self.state
            .execute("DELETE FROM ended_run WHERE run <= ?1", [run])?;
        self.state
            .execute("DELETE FROM superseded WHERE run <= ?1", [run])?;
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
                        indexed: false,
                        generation: self.generation,
                    }
                });
                bucket.include(row.id, row.created_at);
            }
        }
        buckets.into_values().collect()
    }

    /// Notes that a bucket's indexes are built.
    pub(crate) fn note_indexed(&mut self, start: i64) -> Result<(), StoreError> {
        let noted = self
            .state
            .execute("UPDATE bucket SET indexed = 1 WHERE start = ?1", [start]);
        noted.map_err(state)?;
        let mut view = self.view.write().expect(INTACT);
        for bucket in Arc::make_mut(&mut view.buckets) {
            bucket.indexed |= bucket.start == start;
        }
        Ok(())
    }

    /// Drops all buckets that lie wholly before a time; answers how many instances went.
    pub(crate) fn drop_ended_before(&mut self, before: i64) -> Result<u64, StoreError> {
        let run = self.sync()?.run;
        while self.flush_some(run)? {}
        let (buckets, superseded) = {
            let view = self.view.read().expect(INTACT);
            (view.buckets.clone(), view.superseded.clone())
        };
        let goes = |start: i64| self.buckets.end_of(start) <= before;
        let going: Vec<i64> = buckets
            .iter()
            .map(|b| b.start)
            .filter(|start| goes(*start))
            .collect();
        let mut dropped = 0;
        for start in going {
            let void = superseded
                .range((start, [0; 16])..=(start, [u8::MAX; 16]))
                .count() as u64;
            let counted =
                self.bucket(start)?
                    .query_row("SELECT count(*) FROM instance", [], |row| {
                        row.get::<_, i64>(0)
                    });
            let held = counted.map_err(|error| Buckets::failure(start, error))? as u64;
            self.drop_bucket(start)?;
            dropped += held - void.min(held);
        }
        Ok(dropped)
    }

    /// Forgets the bucket, durably, before its file goes.
    fn drop_bucket(&mut self, start: i64) -> Result<(), StoreError> {
        self.begin()?;
        let forget = || {
            self.state
                .execute("DELETE FROM bucket WHERE start = ?1", [start])?;
            self.state
                .execute("DELETE FROM superseded WHERE start = ?1", [start])
        };
        let forgotten = forget().map_err(state);
        let done = forgotten.and_then(|_| self.commit_moves(Moves::default(), &BTreeMap::new()));
        if done.is_err() {
            self.roll_back();
        }
        done?;
        {
            let mut view = self.view.write().expect(INTACT);
            Arc::make_mut(&mut view.buckets).retain(|bucket| bucket.start != start);
            Arc::make_mut(&mut view.superseded).retain(|(at, _), _| *at != start);
        }
        self.sync()?;
        self.bucket_connections.remove(&start);
        self.buckets.unlink(start)
    }
}

fn delete_family(bucket: &Connection, id: &EntityId) -> rusqlite::Result<()> {
    rows::delete_row(bucket, id)?;
    rows::delete_parts(bucket, id)
}

fn put_family(
    bucket: &Connection,
    state: &Connection,
    kinds: &mut Kinds,
    ended: &Ended,
) -> rusqlite::Result<()> {
    let family = &ended.family;
    let id = &family.row.id;
    if family.replaces {
        delete_family(bucket, id)?;
    }
    if family.spilled {
        rows::put_row(bucket, kinds, &family.row, None)?;
        return copy_parts(state, bucket, id);
    }
    let mut parts = vec![];
    encode_parts(&family.parts, &mut parts);
    rows::put_row(bucket, kinds, &family.row, Some(&parts))
}

fn write_bucket(connection: &Connection, bucket: &Bucket) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO bucket VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        bucket.start,
        &bucket.ids.0[..],
        &bucket.ids.1[..],
        bucket.created.0,
        bucket.created.1,
        bucket.indexed,
    ])?;
    Ok(())
}
