//! Many batches as one write: of each instance only the first state before and the last after
//! matter, and all its records.
//!
//! An instance that began a moment ago and is still open is held back for a little while: most end
//! soon, and are then written once instead of twice. The reached position stays below the first
//! batch of what is held back; what was written above it is found there after a crash, and its
//! records are skipped by their seq. Facts of slots have no seq, so they are written only up to the
//! reached position.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use engine::codec::{Packer, RecordBatch};
use engine::record::Record;
use engine::{IdMap, Instance};
use store::{Change, PartitionId, Position, Projection};
use tokio::time::Instant;

use super::changes::{catalog_audit, instance_changes};
use super::task::Committed;

/// What was gathered and is not written yet.
#[derive(Default)]
pub(super) struct Merger {
    partitions: BTreeMap<PartitionId, Merged>,
    packer: Packer,
    bytes: usize,
}

/// What one partition's batches come to.
#[derive(Default)]
struct Merged {
    last: Position,
    /// In the order in which they were first touched.
    instances: Vec<MergedInstance>,
    places: IdMap<usize>,
    lots: VecDeque<Lot>,
}

/// A batch above the reached position.
struct Lot {
    position: Position,
    bytes: usize,
    /// Of its slot facts and catalog changes.
    changes: Vec<Change>,
}

/// How one instance changed over several batches.
pub(super) struct MergedInstance {
    pub(super) before: Option<Arc<Instance>>,
    pub(super) after: Arc<Instance>,
    /// Where its records stand.
    places: Vec<(Arc<RecordBatch>, Range<usize>)>,
    /// The first batch with a record of it.
    first: Position,
    gathered_at: Instant,
}

impl MergedInstance {
    /// Its records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        self.places
            .iter()
            .flat_map(|(records, range)| &records[range.clone()])
    }

    /// Their bytes as they are journaled, in parts.
    pub(super) fn record_bytes(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let places = self.places.iter();
        places.map(|(records, range)| records.bytes_of(range.clone()))
    }

    /// Whether it began and ended in what was gathered.
    pub(super) fn ran_through(&self) -> bool {
        self.before.is_none() && self.after.ended_at().is_some()
    }

    /// Whether it may end soon and be written once.
    fn is_young(&self, since: Instant) -> bool {
        self.before.is_none() && self.after.ended_at().is_none() && self.gathered_at >= since
    }
}

/// What is to be written, and the bytes of the batches that are then behind the reached positions.
pub(super) struct Write {
    pub(super) projections: Vec<Projection>,
    /// Whose changes they hold.
    pub(super) instances: Vec<Arc<Instance>>,
    pub(super) bytes: usize,
}

impl Merger {
    /// Takes a durable batch.
    pub(super) fn add(&mut self, batch: Committed, now: Instant) {
        self.bytes += batch.bytes;
        let merged = self.partitions.entry(batch.partition).or_default();
        merged.add(batch, now);
    }

    /// Bytes of the batches above the reached positions.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The instances of these batches, each as it is after them.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        let merged = self.partitions.values();
        let instances = merged.flat_map(|merged| &merged.instances);
        instances.map(|instance| &instance.after)
    }

    /// What is to be written now. Open instances that were gathered at or after `young_since` are
    /// held back.
    pub(super) fn take(&mut self, young_since: Option<Instant>) -> Write {
        let (mut projections, mut instances, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (partition, merged) in &mut self.partitions {
            let (reached, changes) = merged.take(young_since, &mut self.packer, &mut instances);
            bytes += merged.forget(reached);
            if !changes.is_empty() || merged.lots.is_empty() {
                projections.push(Projection {
                    partition: *partition,
                    reached,
                    changes,
                });
            }
        }
        self.partitions.retain(|_, merged| !merged.lots.is_empty());
        self.bytes -= bytes;
        Write {
            projections,
            instances,
            bytes,
        }
    }
}

impl Merged {
    fn add(&mut self, batch: Committed, now: Instant) {
        let position = batch.position;
        self.last = position;
        let mut changes = batch.changes;
        catalog_audit(&mut changes, &batch.records);
        self.lots.push_back(Lot {
            position,
            bytes: batch.bytes,
            changes,
        });
        for delta in batch.deltas {
            let ranges = delta.ranges.into_iter();
            let places = ranges.map(|range| (Arc::clone(&batch.records), range));
            match self.places.entry(delta.after.id()) {
                Entry::Occupied(place) => {
                    let instance = &mut self.instances[*place.get()];
                    instance.after = delta.after;
                    instance.places.extend(places);
                }
                Entry::Vacant(place) => {
                    place.insert(self.instances.len());
                    self.instances.push(MergedInstance {
                        before: delta.before,
                        after: delta.after,
                        places: places.collect(),
                        first: position,
                        gathered_at: now,
                    });
                }
            }
        }
    }

    /// The position reached by writing these changes.
    fn take(
        &mut self,
        young_since: Option<Instant>,
        packer: &mut Packer,
        written: &mut Vec<Arc<Instance>>,
    ) -> (Position, Vec<Change>) {
        let mut changes = Vec::with_capacity(self.instances.len() * 3);
        let mut held = Vec::new();
        self.places.clear();
        for instance in std::mem::take(&mut self.instances) {
            if young_since.is_some_and(|since| instance.is_young(since)) {
                self.places.insert(instance.after.id(), held.len());
                held.push(instance);
            } else {
                instance_changes(&mut changes, &instance, packer);
                written.push(instance.after);
            }
        }
        self.instances = held;
        let first_held = self.instances.first().map(|instance| instance.first);
        let reached = first_held.map_or(self.last, |first| first - 1);
        for lot in self.lots.iter_mut() {
            if lot.position <= reached {
                changes.append(&mut lot.changes);
            }
        }
        (reached, changes)
    }

    /// Lets the batches up to a position go; answers their bytes.
    fn forget(&mut self, reached: Position) -> usize {
        let behind = self.lots.partition_point(|lot| lot.position <= reached);
        self.lots.drain(..behind).map(|lot| lot.bytes).sum()
    }
}
