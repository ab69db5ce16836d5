//! The changes of one transaction, gathered by what they change: an instance that ran through in
//! a moment becomes one row and its history, a key that came and went one statement.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use store::{
    Change, EntityId, HistorySegment, InstanceRow, PartitionId, Position, Projection, Slot, Table,
};

/// What becomes of one instance.
#[derive(Default)]
pub(super) struct Touched {
    /// It was removed before the rest.
    pub(super) deleted: bool,
    pub(super) row: Option<InstanceRow>,
    pub(super) chunks: BTreeMap<u32, Bytes>,
    pub(super) history: BTreeMap<u64, HistorySegment>,
}

/// All changes of one transaction.
#[derive(Default)]
pub(super) struct Gathered {
    order: Vec<EntityId>,
    instances: HashMap<EntityId, Touched>,
    pub(super) keyed: BTreeMap<(Table, Bytes, Slot), Option<Bytes>>,
    pub(super) reached: BTreeMap<PartitionId, Position>,
}

impl Gathered {
    pub(super) fn add(&mut self, projection: Projection) {
        for change in projection.changes {
            self.change(change);
        }
        match self.reached.entry(projection.partition) {
            Entry::Vacant(entry) => {
                entry.insert(projection.reached);
            }
            Entry::Occupied(mut entry) => {
                let reached = projection.reached.max(*entry.get());
                entry.insert(reached);
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::PutInstance(row) => {
                let id = row.id;
                self.touch(id).row = Some(*row);
            }
            Change::PutChunk {
                id, chunk, bytes, ..
            } => {
                self.touch(id).chunks.insert(chunk, bytes);
            }
            Change::AppendHistory { id, segment, .. } => {
                let history = &mut self.touch(id).history;
                history.entry(segment.first_seq).or_insert(segment);
            }
            Change::DeleteInstance { id, .. } => {
                *self.touch(id) = Touched {
                    deleted: true,
                    ..Touched::default()
                };
            }
            Change::Put {
                table,
                slot,
                key,
                value,
            } => {
                self.keyed.insert((table, key, slot), Some(value));
            }
            Change::Delete { table, slot, key } => {
                self.keyed.insert((table, key, slot), None);
            }
        }
    }

    fn touch(&mut self, id: EntityId) -> &mut Touched {
        let order = &mut self.order;
        self.instances.entry(id).or_insert_with(|| {
            order.push(id);
            Touched::default()
        })
    }

    /// The instances in the order in which they were first touched.
    pub(super) fn take_instances(&mut self) -> Vec<(EntityId, Touched)> {
        let mut instances = std::mem::take(&mut self.instances);
        let order = std::mem::take(&mut self.order);
        order
            .into_iter()
            .filter_map(|id| Some((id, instances.remove(&id)?)))
            .collect()
    }
}
