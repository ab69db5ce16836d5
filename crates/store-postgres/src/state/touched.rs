//! The changes of one transaction, gathered by what they change: an instance that ran through in
//! a moment becomes one row, a key that came and went one statement.

use std::collections::BTreeMap;
use std::collections::HashMap;

use bytes::Bytes;
use store::{Change, EntityId, InstanceRow, PartitionId, Position, Projection, Slot, Table};

use super::parts::Parts;

/// What becomes of one instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// It was removed before the rest.
    pub(super) deleted: bool,
    pub(super) row: Option<InstanceRow>,
    pub(super) parts: Parts,
}

/// All changes of one transaction.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(super) instances: HashMap<EntityId, Touched>,
    pub(super) keyed: BTreeMap<(Table, Bytes, Slot), Option<Bytes>>,
    pub(super) reached: BTreeMap<PartitionId, Position>,
}

impl Gathered {
    pub(crate) fn add(&mut self, projection: Projection) {
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
        self.instances.entry(id).or_default()
    }
}
