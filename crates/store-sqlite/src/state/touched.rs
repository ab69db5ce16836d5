//! The changes of one transaction, gathered by what they change: an instance that ran through in
//! a moment becomes one row and its history, a key that came and went one statement.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use store::{Change, EntityId, InstanceRow, PartitionId, Position, Projection, Slot, Table};

use super::ids::IdMap;
use super::parts::Parts;

/// What becomes of one instance.
#[derive(Default)]
pub(super) struct Touched {
    /// It was removed before the rest.
    pub(super) deleted: bool,
    pub(super) row: Option<InstanceRow>,
    pub(super) parts: Parts,
}

/// All changes of one transaction.
#[derive(Default)]
pub(super) struct Gathered {
    /// In the order in which they were first touched.
    pub(super) instances: Vec<(EntityId, Touched)>,
    places: IdMap<usize>,
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
                self.touch(id).parts.put_chunk(chunk, bytes);
            }
            Change::AppendHistory { id, segment, .. } => {
                self.touch(id).parts.append(segment);
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
        let instances = &mut self.instances;
        let place = *self.places.entry(id).or_insert_with(|| {
            instances.push((id, Touched::default()));
            instances.len() - 1
        });
        &mut instances[place].1
    }
}
