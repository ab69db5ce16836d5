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

use definition::Catalog;
use engine::codec::RecordBatch;
use engine::record::Record;
use engine::{Id, IdMap, Instance};
use store::{Change, PartitionId, Position, Projection};
use tokio::time::Instant;

use super::changes::{instance_changes, own_audit};
use super::segments::Segments;
use super::task::Committed;
use crate::rollup::{Counting, Routed};

/// Instances whose rows are made before others on the thread get a turn: about a millisecond's.
const MADE_AT_ONCE: usize = 32;

/// With so many records an instance's segment of history ends, so that a look at a few of them, or at the state after one,
/// need not read all that a long instance did since the last write.
const SEGMENT_RECORDS: usize = 500;

/// What was gathered and is not written yet.
#[derive(Default)]
pub(super) struct Merger {
    partitions: BTreeMap<PartitionId, Merged>,
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
    /// Instances that it deletes.
    deleted: Vec<Arc<Instance>>,
    routed: Routed,
}

/// How one instance changed over several batches.
pub(super) struct MergedInstance {
    pub(super) before: Option<Arc<Instance>>,
    pub(super) after: Arc<Instance>,
    /// Where its records stand.
    places: Vec<Place>,
    /// Where its segments end before the last one does: behind so many places, and the state there.
    ends: Vec<(usize, Arc<Instance>)>,
    /// Records since then.
    unended: usize,
    /// The first batch with a record of it.
    first: Position,
    gathered_at: Instant,
}

/// A part of a batch.
type Place = (Arc<RecordBatch>, Range<usize>);

/// Records of an instance that make a segment of its history.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'a> {
    places: &'a [Place],
    /// The state after them.
    pub(super) after: &'a Arc<Instance>,
}

impl<'a> Stretch<'a> {
    /// The records, in order.
    pub(super) fn records(self) -> impl Iterator<Item = &'a Record> + Clone {
        let places = self.places.iter();
        places.flat_map(|(records, range)| &records[range.clone()])
    }

    /// Their bytes as they are journaled, in parts.
    pub(super) fn record_bytes(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        let places = self.places.iter();
        places.map(|(records, range)| records.bytes_of(range.clone()))
    }
}

impl MergedInstance {
    /// All its records.
    pub(super) fn whole(&self) -> Stretch<'_> {
        Stretch {
            places: &self.places,
            after: &self.after,
        }
    }

    /// Its records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        self.whole().records()
    }

    /// Its records, segment by segment.
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        let last = (self.places.len(), &self.after);
        let ends = self.ends.iter().map(|(end, after)| (*end, after));
        let mut begin = 0;
        ends.chain([last]).map(move |(end, after)| Stretch {
            places: &self.places[std::mem::replace(&mut begin, end)..end],
            after,
        })
    }

    /// Takes what a later batch did.
    fn extend(&mut self, after: Arc<Instance>, places: Vec<Place>) {
        if self.unended >= SEGMENT_RECORDS {
            let before = std::mem::replace(&mut self.after, after);
            self.ends.push((self.places.len(), before));
            self.unended = 0;
        } else {
            self.after = after;
        }
        self.unended += count(&places);
        self.places.extend(places);
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

/// How many records stand there.
fn count(places: &[Place]) -> usize {
    places.iter().map(|(_, range)| range.len()).sum()
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Write {
    parts: Vec<Part>,
    /// Of the batches that are then behind the reached positions.
    pub(super) bytes: usize,
}

/// What is to be written of one partition.
struct Part {
    partition: PartitionId,
    reached: Position,
    instances: Vec<MergedInstance>,
    /// Of slot facts and catalog changes.
    changes: Vec<Change>,
    deleted: Vec<Arc<Instance>>,
    routed: Routed,
}

impl Write {
    /// The same without a partition that is another's now.
    pub(super) fn without(write: Arc<Self>, partition: PartitionId) -> Self {
        let mut write = Arc::into_inner(write).expect("lists look at it only while it is written");
        write.parts.retain(|part| part.partition != partition);
        write
    }

    /// The rows, and what they add to the roll-ups. They are made anew for each try: a store that takes them at once, as most do, is
    /// spared a copy of all. Others on this thread go on in between, since thousands of rows take tens
    /// of milliseconds.
    pub(super) async fn projections(
        &self,
        catalog: &Catalog,
        segments: &mut Segments,
    ) -> (Vec<Projection>, Counting) {
        let mut projections = Vec::with_capacity(self.parts.len());
        let mut counting = Counting::default();
        let mut made = 0_usize;
        for part in &self.parts {
            let mut changes = Vec::with_capacity(part.instances.len() * 3 + part.changes.len());
            for instance in &part.instances {
                instance_changes(&mut changes, instance, catalog, segments);
                counting.add(
                    instance.before.as_deref(),
                    &instance.after,
                    instance.records(),
                );
                made += 1;
                if made.is_multiple_of(MADE_AT_ONCE) {
                    tokio::task::yield_now().await;
                }
            }
            changes.extend_from_slice(&part.changes);
            part.deleted.iter().for_each(|gone| counting.deleted(gone));
            counting.route(&part.routed);
            projections.push(Projection {
                partition: part.partition,
                reached: part.reached,
                changes,
            });
        }
        (projections, counting)
    }

    /// The positions that are reached when it is written.
    pub(super) fn reached(&self) -> impl Iterator<Item = (PartitionId, Position)> {
        self.parts.iter().map(|part| (part.partition, part.reached))
    }

    /// The instances that it deletes.
    pub(super) fn deleted(&self) -> impl Iterator<Item = Id> {
        let deleted = self.parts.iter().flat_map(|part| &part.deleted);
        deleted.map(|instance| instance.id())
    }

    /// The instances that it writes.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        let instances = self.parts.iter().flat_map(|part| &part.instances);
        instances.map(|instance| &instance.after)
    }
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

    /// The instances that these batches delete.
    pub(super) fn deleted(&self) -> impl Iterator<Item = Id> {
        let lots = self.partitions.values().flat_map(|merged| &merged.lots);
        let deleted = lots.flat_map(|lot| &lot.deleted);
        deleted.map(|instance| instance.id())
    }

    /// Forgets a partition; answers the bytes of its batches.
    pub(super) fn lose(&mut self, partition: PartitionId) -> usize {
        let lost = self.partitions.remove(&partition);
        let bytes = lost.map_or(0, |mut merged| merged.forget(Position::MAX));
        self.bytes -= bytes;
        bytes
    }

    /// What is to be written now. Open instances that were gathered at or after `young_since` are
    /// held back.
    pub(super) fn take(&mut self, young_since: Option<Instant>) -> Write {
        let mut write = Write::default();
        for (partition, merged) in &mut self.partitions {
            let part = merged.take(*partition, young_since);
            write.bytes += merged.forget(part.reached);
            let changes = !part.instances.is_empty() || !part.changes.is_empty();
            if changes || merged.lots.is_empty() {
                write.parts.push(part);
            }
        }
        self.partitions.retain(|_, merged| !merged.lots.is_empty());
        self.bytes -= write.bytes;
        write
    }
}

impl Merged {
    fn add(&mut self, batch: Committed, now: Instant) {
        let position = batch.position;
        self.last = position;
        let mut changes = batch.changes;
        own_audit(&mut changes, &batch.records);
        self.lots.push_back(Lot {
            position,
            bytes: batch.bytes,
            changes,
            deleted: batch.deleted,
            routed: Routed::of(&batch.records),
        });
        for delta in batch.deltas {
            let ranges = delta.ranges.into_iter();
            let places = ranges.map(|range| (Arc::clone(&batch.records), range));
            let places: Vec<Place> = places.collect();
            match self.places.entry(delta.after.id()) {
                Entry::Occupied(place) => {
                    self.instances[*place.get()].extend(delta.after, places);
                }
                Entry::Vacant(place) => {
                    place.insert(self.instances.len());
                    self.instances.push(MergedInstance {
                        before: delta.before,
                        after: delta.after,
                        unended: count(&places),
                        places,
                        ends: Vec::new(),
                        first: position,
                        gathered_at: now,
                    });
                }
            }
        }
    }

    /// What is to be written, and the position that is reached by it.
    fn take(&mut self, partition: PartitionId, young_since: Option<Instant>) -> Part {
        let gathered = std::mem::take(&mut self.instances).into_iter();
        let young =
            |instance: &MergedInstance| young_since.is_some_and(|since| instance.is_young(since));
        let (held, instances) = gathered.partition(young);
        self.instances = held;
        let places = (0..).zip(&self.instances);
        self.places = places
            .map(|(place, instance)| (instance.after.id(), place))
            .collect();
        let first_held = self.instances.first().map(|instance| instance.first);
        let reached = first_held.map_or(self.last, |first| first - 1);
        let (mut changes, mut deleted) = (Vec::new(), Vec::new());
        let mut routed = Routed::default();
        for lot in self.lots.iter_mut() {
            if lot.position <= reached {
                changes.append(&mut lot.changes);
                deleted.append(&mut lot.deleted);
                routed.add(&std::mem::take(&mut lot.routed));
            }
        }
        Part {
            partition,
            reached,
            instances,
            changes,
            deleted,
            routed,
        }
    }

    /// Lets the batches up to a position go; answers their bytes.
    fn forget(&mut self, reached: Position) -> usize {
        let behind = self.lots.partition_point(|lot| lot.position <= reached);
        self.lots.drain(..behind).map(|lot| lot.bytes).sum()
    }
}
