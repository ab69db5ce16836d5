//! Appends to the embedded store's journal, one after the other.

use anyhow::{Result, bail};
use bytes::Bytes;
use store::{Append, Appended, Epoch, PartitionId, Position, Store};

/// The one writer of a partition.
pub(crate) struct Writer<'s> {
    store: &'s dyn Store,
    partition: PartitionId,
    epoch: Epoch,
    head: Position,
}

impl<'s> Writer<'s> {
    /// Takes the partition over.
    pub(crate) async fn of(store: &'s dyn Store, partition: PartitionId) -> Result<Self> {
        let owned = store.take_over(partition).await?;
        Ok(Self {
            store,
            partition,
            epoch: owned.epoch,
            head: owned.head,
        })
    }

    /// Comes back when it is durable.
    pub(crate) async fn append(&mut self, body: Bytes) -> Result<()> {
        let next = self.head + 1;
        let append = Append {
            partition: self.partition,
            epoch: self.epoch,
            expected_head: self.head,
            batch_id: u128::from(next).to_be_bytes(),
            body,
            blobs: vec![],
        };
        match self.store.append(append).await? {
            Appended::Committed => self.head = next,
            other => bail!("expected the append to be committed, but it is {other:?}"),
        }
        Ok(())
    }
}
