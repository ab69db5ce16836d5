//! What survives a process, and what survives the loss of power.

use std::collections::BTreeMap;

use store::{Append, Epoch, MemoryStore, PartitionId, Position, Projection, Store};

/// The content of a store. The journal is durable with each append; the state is lost back to the
/// last checkpoint when the power goes.
#[derive(Default)]
pub(super) struct Disk {
    /// As a process sees it now.
    pub(super) live: MemoryStore,
    /// Every append that became durable, in order.
    appended: Vec<Append>,
    epochs: BTreeMap<PartitionId, Epoch>,
    /// Every projection, in order.
    projected: Vec<Vec<Projection>>,
    /// Projections that a loss of power leaves.
    synced: usize,
    /// Up to where journals were trimmed.
    pub(super) trimmed: BTreeMap<PartitionId, Position>,
}

impl Disk {
    /// Notes a durable append.
    pub(super) fn appended(&mut self, append: Append) {
        self.appended.push(append);
    }

    /// Notes a partition's owner.
    pub(super) fn taken_over(&mut self, partition: PartitionId, epoch: Epoch) {
        self.epochs.insert(partition, epoch);
    }

    /// Notes a projection.
    pub(super) fn projected(&mut self, projections: Vec<Projection>) {
        self.projected.push(projections);
    }

    /// The state is safe as it is, and the journal behind it goes.
    pub(super) fn synced(&mut self) {
        self.synced = self.projected.len();
        self.note_trimmed();
    }

    /// The journal behind the state goes.
    pub(super) fn note_trimmed(&mut self) {
        for projection in self.projected.iter().flatten() {
            let trimmed = self.trimmed.entry(projection.partition).or_default();
            *trimmed = projection.reached.max(*trimmed);
        }
    }

    /// The power goes: a store is built anew from what it leaves.
    pub(super) async fn after_power_loss(&self) -> (MemoryStore, usize) {
        let store = MemoryStore::new();
        let mut epochs: BTreeMap<PartitionId, Epoch> = BTreeMap::new();
        for append in &self.appended {
            raise(&store, &mut epochs, append.partition, append.epoch).await;
            let _durable = store.append(append.clone()).await;
        }
        for projections in &self.projected[..self.synced] {
            let _written = store.project(projections.clone()).await;
        }
        if self.synced > 0 {
            let _trimmed = store.checkpoint().await;
        }
        for (partition, epoch) in &self.epochs {
            raise(&store, &mut epochs, *partition, *epoch).await;
        }
        (store, self.projected.len() - self.synced)
    }

    /// Puts the store that was built after a loss of power in place.
    pub(super) fn replace(&mut self, store: MemoryStore) {
        self.live = store;
        self.projected.truncate(self.synced);
    }
}

async fn raise(
    store: &MemoryStore,
    epochs: &mut BTreeMap<PartitionId, Epoch>,
    partition: PartitionId,
    to: Epoch,
) {
    let epoch = epochs.entry(partition).or_default();
    while *epoch < to {
        *epoch += 1;
        let _head = store.take_over(partition).await;
    }
}
