//! What is not over yet.

use engine::Id;
use store::PartitionId;

use super::Truth;

impl Truth {
    /// Messages that are neither taken nor acknowledged.
    pub(in crate::world) fn unsettled(&self) -> Vec<String> {
        let open = self.pairs.iter().filter(|(pair, marks)| {
            let acknowledged = marks.sent == marks.acknowledged || self.stays_at_home(**pair);
            marks.sent != marks.taken || !acknowledged
        });
        let pairs = open.map(|(pair, marks)| format!("{pair:?}: {marks:?}"));
        pairs.chain(self.events.missing()).collect()
    }

    /// Within a partition, a message that is taken needs no acknowledgement.
    fn stays_at_home(&self, (from, to): (u32, u32)) -> bool {
        self.partition_of(from) == self.partition_of(to)
    }

    fn partition_of(&self, slot: u32) -> PartitionId {
        let place = slot * u32::from(self.limits.partitions) / u32::from(engine::SLOTS);
        PartitionId(u16::try_from(place).unwrap_or_default())
    }

    /// Nothing is open, and no message under way.
    pub(in crate::world) fn is_settled(&self) -> bool {
        self.open().is_empty() && self.unsettled().is_empty()
    }

    /// Instances that have not ended.
    pub(in crate::world) fn open(&self) -> Vec<Id> {
        let open = self
            .histories
            .iter()
            .filter(|(_, history)| history.fold.status().is_open());
        open.map(|(id, _)| *id).collect()
    }
}
