//! One writer per position of a partition's journal: epochs only rise, each is one process's, and
//! what was acknowledged at a position never changes.

use std::collections::BTreeMap;

use store::{Append, Epoch, PartitionId, Position};

use crate::finding::{Finding, demand};

/// What the store has told its writers, of all partitions.
#[derive(Default)]
pub(crate) struct Ledger {
    partitions: BTreeMap<PartitionId, Written>,
}

#[derive(Default)]
struct Written {
    /// The process to which each epoch belongs.
    owners: BTreeMap<Epoch, u64>,
    /// The epoch and the digest of each batch, by position.
    batches: Vec<(Epoch, blake3::Hash)>,
}

impl Ledger {
    /// A process took a partition over.
    pub(crate) fn taken_over(
        &mut self,
        process: u64,
        partition: PartitionId,
        epoch: Epoch,
    ) -> Result<(), Finding> {
        let written = self.partitions.entry(partition).or_default();
        let last = written.owners.keys().next_back().copied().unwrap_or(0);
        written.owners.insert(epoch, process);
        demand(epoch > last, || {
            format!("{partition:?} was taken over at epoch {epoch}, after epoch {last}")
        })
    }

    /// A process is told that its append is durable.
    pub(crate) fn acknowledged(&mut self, process: u64, append: &Append) -> Result<(), Finding> {
        let (partition, epoch) = (append.partition, append.epoch);
        let position = append.expected_head + 1;
        let written = self.partitions.entry(partition).or_default();
        let owner = written.owners.get(&epoch).copied();
        demand(owner == Some(process), || {
            format!(
                "{partition:?}: process {process} writes in epoch {epoch}, which is {owner:?}'s"
            )
        })?;
        let digest = blake3::hash(&append.body);
        let place = usize::try_from(append.expected_head).unwrap_or(usize::MAX);
        if let Some((_, first)) = written.batches.get(place) {
            return demand(*first == digest, || {
                format!("{partition:?}: two writers were told that position {position} is theirs")
            });
        }
        let head = written.batches.len() as Position;
        let last = written.batches.last().map_or(0, |(epoch, _)| *epoch);
        written.batches.push((epoch, digest));
        demand(position == head + 1, || {
            format!("{partition:?}: position {position} follows {head}")
        })?;
        demand(epoch >= last, || {
            format!("{partition:?}: epoch {epoch} writes after epoch {last}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(epoch: Epoch, expected_head: Position, body: &'static str) -> Append {
        Append {
            partition: PartitionId(1),
            epoch,
            expected_head,
            batch_id: [0; 16],
            body: body.into(),
            blobs: vec![],
        }
    }

    #[test]
    fn a_position_has_one_writer_and_one_content() {
        let mut ledger = Ledger::default();
        let partition = PartitionId(1);
        assert!(ledger.acknowledged(7, &append(1, 0, "a")).is_err());
        ledger.taken_over(7, partition, 1).expect("the first epoch");
        ledger.acknowledged(7, &append(1, 0, "a")).expect("its own");
        ledger.acknowledged(7, &append(1, 0, "a")).expect("again");
        assert!(ledger.acknowledged(7, &append(1, 0, "b")).is_err());
        assert!(ledger.acknowledged(7, &append(1, 5, "c")).is_err());
        ledger.taken_over(8, partition, 2).expect("a higher epoch");
        assert!(ledger.taken_over(9, partition, 2).is_err());
        assert!(ledger.acknowledged(7, &append(2, 1, "d")).is_err());
    }
}
