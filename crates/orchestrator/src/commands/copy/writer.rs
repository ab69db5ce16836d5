//! Writes what comes into another store, a bounded piece at a time. What names blobs is read out of the rows
//! and histories: the source need not know it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use engine::Id;
use runtime::{named_by_history, named_by_row};
use store::{
    Blob, BlobHash, Change, HistorySegment, Holder, InstanceRow, Movable, PartitionId, Projection,
    Row, StoreError, StoredInstance, Table,
};

use super::sum::Sum;
use super::walk::Sink;

/// What waits to be written together, at most about this many bytes or changes.
const BYTES: usize = 4 << 20;
const CHANGES: usize = 5_000;

/// The state is of no partition's doing: the target's journal begins anew, and nothing of it is
/// behind the state.
const PARTITION: PartitionId = PartitionId::CATALOG;

pub(super) struct Writer<'a> {
    target: &'a dyn Movable,
    sum: Sum,
    changes: Vec<Change>,
    bytes: usize,
    /// What the history that came last names.
    named: BTreeSet<BlobHash>,
}

impl<'a> Writer<'a> {
    /// A writer into a store whose catalog was taken over.
    pub(super) fn new(target: &'a dyn Movable) -> Self {
        Self {
            target,
            sum: Sum::default(),
            changes: vec![],
            bytes: 0,
            named: BTreeSet::new(),
        }
    }

    /// Writes what waits; answers what was written altogether.
    pub(super) async fn finish(mut self) -> Result<Sum, StoreError> {
        self.flush().await?;
        Ok(self.sum)
    }

    async fn add(&mut self, change: Change, bytes: usize) -> Result<(), StoreError> {
        self.changes.push(change);
        self.bytes += bytes;
        if self.bytes >= BYTES || self.changes.len() >= CHANGES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let projection = Projection {
            partition: PARTITION,
            reached: 0,
            changes: std::mem::take(&mut self.changes),
        };
        self.bytes = 0;
        self.target.project(vec![projection]).await
    }
}

#[async_trait]
impl Sink for Writer<'_> {
    async fn blobs(&mut self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        blobs.iter().for_each(|blob| self.sum.add_blob(blob));
        self.target.put_blobs(blobs).await
    }

    async fn rows(&mut self, table: Table, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            self.sum.add_row(table, &row);
            let named = named_by_row(table, &row);
            let Row { slot, key, value } = row;
            let bytes = key.len() + value.len();
            let put = Change::Put {
                table,
                slot,
                key,
                value,
            };
            self.add(put, bytes).await?;
            if let Some(named) = named {
                self.add(named, 0).await?;
            }
        }
        Ok(())
    }

    async fn history(
        &mut self,
        row: &InstanceRow,
        segments: Vec<HistorySegment>,
    ) -> Result<(), StoreError> {
        for segment in segments {
            self.sum.add_segment(row, &segment);
            let named = named_by_history(&segment.bytes);
            let named = named.map_err(|error| StoreError::Corrupt {
                place: format!("the history of {}", Id::from_bytes(row.id)),
                detail: error.to_string(),
            })?;
            self.named.extend(named);
            let (slot, id, bytes) = (row.slot, row.id, segment.bytes.len());
            self.add(Change::AppendHistory { slot, id, segment }, bytes)
                .await?;
        }
        Ok(())
    }

    async fn instance(&mut self, instance: StoredInstance) -> Result<(), StoreError> {
        self.sum.add_instance(&instance);
        let StoredInstance { row, chunks } = instance;
        let (slot, id) = (row.slot, row.id);
        for (chunk, bytes) in chunks {
            let length = bytes.len();
            let put = Change::PutChunk {
                slot,
                id,
                chunk,
                bytes,
            };
            self.add(put, length).await?;
        }
        let length = row.snapshot.len() + 200;
        self.add(Change::PutInstance(Box::new(row)), length).await?;
        let blobs = std::mem::take(&mut self.named);
        if blobs.is_empty() {
            return Ok(());
        }
        let (by, length) = (Holder::Instance(id), blobs.len() * 32);
        let blobs = blobs.into_iter().collect();
        self.add(Change::NameBlobs { by, blobs }, length).await
    }
}
