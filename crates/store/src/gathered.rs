//! The changes of one transaction, gathered by what they change: an instance that ran through in
//! a moment becomes one row and its history, a key that came and went one statement.

use std::collections::BTreeMap;

use crate::{
    Change, EntityId, IdMap, InstanceRow, PartitionId, Parts, Position, Projection, Slot, Table,
};
use bytes::Bytes;

/// What becomes of one instance.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// It was removed before the rest.
    pub deleted: bool,
    /// Its last row.
    pub row: Option<InstanceRow>,
    /// Its chunks and history.
    pub parts: Parts,
}

/// All changes of one transaction.
#[derive(Default)]
pub struct Gathered {
    /// In the order in which they were first touched.
    pub instances: Vec<(EntityId, Touched)>,
    places: IdMap<usize>,
    /// Rows of keyed tables, written or removed.
    pub keyed: BTreeMap<(Table, Bytes, Slot), Option<Bytes>>,
    /// How far each partition's state comes.
    pub reached: BTreeMap<PartitionId, Position>,
}

impl Gathered {
    /// Adds a projection.
    pub fn add(&mut self, projection: Projection) {
        for change in projection.changes {
            self.change(change);
        }
        let reached = self.reached.entry(projection.partition).or_default();
        *reached = projection.reached.max(*reached);
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
