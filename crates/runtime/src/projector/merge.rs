//! Many batches as one write: of each instance only the first state before and the last after
//! matter, and all its records.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use engine::record::Record;
use engine::{Id, Instance};
use store::{Change, PartitionId, Position, Projection};

use super::changes::instance_changes;
use super::task::Committed;

/// What one partition's batches come to.
#[derive(Default)]
struct Merged {
    reached: Position,
    instances: BTreeMap<Id, MergedInstance>,
    changes: Vec<Change>,
}

/// How one instance changed over several batches.
pub(super) struct MergedInstance {
    pub(super) before: Option<Arc<Instance>>,
    pub(super) after: Arc<Instance>,
    /// Where its records stand.
    places: Vec<(Arc<[Record]>, Range<usize>)>,
}

impl MergedInstance {
    /// Its records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        self.places
            .iter()
            .flat_map(|(records, range)| &records[range.clone()])
    }
}

/// The projections of these batches, one per partition.
pub(super) fn projections(batches: Vec<Committed>) -> Vec<Projection> {
    let mut merged: BTreeMap<PartitionId, Merged> = BTreeMap::new();
    for batch in batches {
        merged.entry(batch.partition).or_default().add(batch);
    }
    merged
        .into_iter()
        .map(|(partition, merged)| merged.projection(partition))
        .collect()
}

impl Merged {
    fn add(&mut self, batch: Committed) {
        self.reached = self.reached.max(batch.position);
        self.changes.extend(batch.changes);
        super::changes::catalog_audit(&mut self.changes, &batch.records);
        for (id, delta) in batch.deltas {
            let places = delta.ranges.into_iter();
            let places = places.map(|range| (Arc::clone(&batch.records), range));
            match self.instances.get_mut(&id) {
                Some(instance) => {
                    instance.after = delta.after;
                    instance.places.extend(places);
                }
                None => {
                    let instance = MergedInstance {
                        before: delta.before,
                        after: delta.after,
                        places: places.collect(),
                    };
                    self.instances.insert(id, instance);
                }
            }
        }
    }

    fn projection(self, partition: PartitionId) -> Projection {
        let mut changes = Vec::with_capacity(self.instances.len() * 3 + self.changes.len());
        for instance in self.instances.values() {
            instance_changes(&mut changes, instance);
        }
        changes.extend(self.changes);
        Projection {
            partition,
            reached: self.reached,
            changes,
        }
    }
}
