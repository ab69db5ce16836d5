//! What readers and the writer share: ended instances that are not in a bucket yet, the buckets,
//! and the reached positions.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use store::{EntityId, IdMap, ListCursor, PartitionId, Position};

use super::block::Family;
use super::bucket::Bucket;
use super::packed::Runs;

/// The writer changes it in the same moment in which its transaction becomes visible, under the
/// lock; a reader takes its snapshot of `state.db` under the lock too, so both agree.
pub(super) type SharedView = Arc<RwLock<View>>;

/// Why the view's lock is taken without a way out.
pub(super) const INTACT: &str = "no holder of this lock panics while it changes the view";

/// An ended instance, the run that holds it, and where.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) run: u64,
    /// Which of the run's blocks.
    pub(super) part: u32,
    /// Its place in the block.
    pub(super) place: usize,
    /// The key of its bucket.
    pub(super) bucket: i64,
    pub(super) family: Family,
}

impl Ended {
    fn bytes(&self) -> usize {
        512 + self.family.row.snapshot.len() + self.family.parts.bytes()
    }
}

/// The ended instances that no bucket has yet.
#[derive(Default)]
pub(super) struct Recent {
    by_id: IdMap<Arc<Ended>>,
    by_time: BTreeMap<(i64, EntityId), Arc<Ended>>,
    by_run: BTreeMap<u64, Vec<EntityId>>,
    bytes: usize,
}

impl Recent {
    pub(super) fn get(&self, id: &EntityId) -> Option<&Arc<Ended>> {
        self.by_id.get(id)
    }

    pub(super) fn put(&mut self, ended: Arc<Ended>) {
        let row = &ended.family.row;
        self.remove(&row.id);
        self.bytes += ended.bytes();
        self.by_time.insert((row.created_at, row.id), ended.clone());
        self.by_run.entry(ended.run).or_default().push(row.id);
        self.by_id.insert(row.id, ended);
    }

    pub(super) fn remove(&mut self, id: &EntityId) {
        if let Some(ended) = self.by_id.remove(id) {
            self.bytes -= ended.bytes();
            self.by_time.remove(&(ended.family.row.created_at, *id));
        }
    }

    /// Removes an instance unless it was put again since that run.
    pub(super) fn remove_flushed(&mut self, ended: &Ended) {
        let id = &ended.family.row.id;
        if self.get(id).is_some_and(|held| held.run == ended.run) {
            self.remove(id);
        }
    }

    /// Forgets runs up to this one; their instances were removed before.
    pub(super) fn forget_runs(&mut self, run: u64) {
        self.by_run = self.by_run.split_off(&(run + 1));
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Newest first, after a list's cursor.
    pub(super) fn newest_first(
        &self,
        after: Option<ListCursor>,
    ) -> impl Iterator<Item = &Arc<Ended>> {
        let end = after.map_or((i64::MAX, [u8::MAX; 16]), |at| (at.created_at, at.id));
        self.by_time.range(..end).rev().map(|(_, ended)| ended)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Ended>> {
        self.by_time.values()
    }

    /// The oldest runs up to `limit`, until they hold this many instances: the last of them, and
    /// those instances whose newest run is among them.
    pub(super) fn oldest(&self, limit: u64, instances: usize) -> Option<(u64, Vec<Arc<Ended>>)> {
        let mut taken = vec![];
        let mut last = None;
        for (run, ids) in self.by_run.range(..=limit) {
            if taken.len() >= instances {
                break;
            }
            last = Some(*run);
            let held = ids.iter().filter_map(|id| self.get(id));
            taken.extend(held.filter(|ended| ended.run == *run).cloned());
        }
        last.map(|run| (run, taken))
    }
}

/// All that is not in `state.db` but must agree with it.
#[derive(Default)]
pub(super) struct View {
    pub(super) recent: Recent,
    /// By their start, ascending.
    pub(super) buckets: Arc<Vec<Bucket>>,
    /// Copies in buckets that no longer count, by (bucket, instance), with the run that said so.
    pub(super) superseded: Arc<BTreeMap<(i64, EntityId), u64>>,
    pub(super) reached: BTreeMap<PartitionId, Position>,
    /// The runs of keyed tables.
    pub(super) packed: Arc<Runs>,
    /// By bucket, the last run that was moved there, though it may not have been let go yet.
    pub(super) filled: BTreeMap<i64, u64>,
}

impl View {
    /// Whether its bucket may hold a copy of a recently ended instance.
    pub(super) fn may_hold_copy(&self, ended: &Ended) -> bool {
        let filled = self.filled.get(&ended.bucket);
        ended.family.replaces || filled.is_some_and(|run| *run >= ended.run)
    }
}
