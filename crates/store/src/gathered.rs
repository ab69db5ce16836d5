//! The changes of one transaction, gathered by what they change: an instance that ran through in
//! a moment becomes one row and its history, a key that came and went one statement.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    BlobHash, Change, EntityId, Holder, IdMap, InstanceRow, PartitionId, Parts, Position,
    Projection, Slot, Table, row_key,
};
use bytes::Bytes;

/// What becomes of one instance.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// It was removed before the rest.
    pub deleted: bool,
    /// Its last row.
    pub row: Option<Box<InstanceRow>>,
    /// Its chunks and history.
    pub parts: Parts,
    /// Blobs that it names, beside those of before.
    pub blobs: BTreeSet<BlobHash>,
}

/// All changes of one transaction.
#[derive(Default)]
pub struct Gathered {
    /// In the order in which they were first touched.
    pub instances: Vec<(EntityId, Touched)>,
    places: IdMap<usize>,
    /// Rows of keyed tables, written or removed.
    pub keyed: BTreeMap<(Table, Bytes, Slot), Option<Bytes>>,
    /// Rows of keyed tables that went, if only for a moment, and may have named blobs.
    pub unnamed: BTreeSet<(Table, Bytes, Slot)>,
    /// Blobs that rows of keyed tables name, beside those of before that did not go.
    pub named: BTreeMap<(Table, Bytes, Slot), BTreeSet<BlobHash>>,
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
                self.touch(id).row = Some(row);
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
                let row = (table, key, slot);
                if table.may_name_blobs() {
                    self.named.remove(&row);
                    self.unnamed.insert(row.clone());
                }
                self.keyed.insert(row, None);
            }
            Change::NameBlobs { by, blobs } => match by {
                Holder::Instance(id) => self.touch(id).blobs.extend(blobs),
                Holder::Row { table, slot, key } => {
                    self.named
                        .entry((table, key, slot))
                        .or_default()
                        .extend(blobs);
                }
            },
        }
    }

    /// The keys of rows that are no holders of blobs any more.
    pub fn gone_holders(&self) -> impl Iterator<Item = Vec<u8>> {
        let gone = self.unnamed.iter();
        gone.map(|(table, key, slot)| row_key(*table, *slot, key))
    }

    /// The keys of rows that name blobs, with each of them.
    pub fn row_holders(&self) -> impl Iterator<Item = (Vec<u8>, &BlobHash)> {
        let named = self.named.iter();
        named.flat_map(|((table, key, slot), blobs)| {
            let holder = row_key(*table, *slot, key);
            blobs.iter().map(move |blob| (holder.clone(), blob))
        })
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
