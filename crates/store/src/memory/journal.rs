//! The journal of one partition in memory.

use std::collections::BTreeMap;

use crate::{
    Append, Appended, Batch, BatchId, Epoch, PartitionHead, PartitionId, Position, StoreError,
};

/// One partition's fence row and batches.
#[derive(Default)]
pub(super) struct PartitionJournal {
    epoch: Epoch,
    head: Position,
    batch_id: Option<BatchId>,
    batches: BTreeMap<Position, Batch>,
}

impl PartitionJournal {
    pub(super) fn take_over(&mut self) -> PartitionHead {
        self.epoch += 1;
        PartitionHead {
            epoch: self.epoch,
            head: self.head,
            first: self.first(),
        }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn bytes(&self) -> u64 {
        self.batches
            .values()
            .map(|batch| batch.body.len() as u64)
            .sum()
    }

    pub(super) fn head(&self) -> Position {
        self.head
    }

    /// The first position held; `head + 1` when none is.
    pub(super) fn first(&self) -> Position {
        self.batches.keys().next().copied().unwrap_or(self.head + 1)
    }

    pub(super) fn append(&mut self, append: &Append) -> Appended {
        if self.head == append.expected_head + 1 && self.batch_id == Some(append.batch_id) {
            return Appended::Committed;
        }
        if self.epoch == 0 || append.epoch != self.epoch || append.expected_head != self.head {
            return Appended::Fenced;
        }
        self.head += 1;
        self.batch_id = Some(append.batch_id);
        let batch = Batch {
            position: self.head,
            epoch: append.epoch,
            batch_id: append.batch_id,
            body: append.body.clone(),
        };
        self.batches.insert(self.head, batch);
        Appended::Committed
    }

    pub(super) fn read(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let from = from.max(1);
        if from < self.first() {
            return Err(StoreError::Gap {
                partition: partition.0,
                reached: from - 1,
                first: self.first(),
            });
        }
        let mut bytes = 0;
        let fits = |batch: &&Batch| {
            let first = bytes == 0;
            bytes += batch.body.len().max(1);
            first || bytes <= limit_bytes
        };
        Ok(self
            .batches
            .range(from..)
            .map(|(_, batch)| batch)
            .take_while(fits)
            .cloned()
            .collect())
    }

    pub(super) fn trim(&mut self, reached: Position) {
        self.batches = self.batches.split_off(&(reached + 1));
    }
}
