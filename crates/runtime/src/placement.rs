//! Which partition owns which slots: contiguous ranges, so that a split or a copy is a filter.

use std::ops::RangeInclusive;

use engine::{SLOTS, Slot};

/// So many partitions share the slots evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    partitions: u16,
}

impl Placement {
    /// For 1 to 4,096 partitions.
    pub(crate) fn new(partitions: u16) -> Option<Self> {
        (1..=SLOTS)
            .contains(&partitions)
            .then_some(Self { partitions })
    }

    /// How many partitions there are.
    pub(crate) fn count(self) -> u16 {
        self.partitions
    }

    /// The partition that owns this slot.
    pub(crate) fn of(self, slot: Slot) -> usize {
        usize::from(slot % SLOTS) * usize::from(self.partitions) / usize::from(SLOTS)
    }

    /// The slots of this partition.
    pub(crate) fn slots(self, partition: u16) -> RangeInclusive<Slot> {
        let first = |index: u32| {
            let slots = u32::from(SLOTS);
            (index * slots)
                .div_ceil(u32::from(self.partitions))
                .min(slots)
        };
        let (from, to) = (first(u32::from(partition)), first(u32::from(partition) + 1));
        #[expect(clippy::cast_possible_truncation, reason = "both are at most 4,096")]
        let range = from as Slot..=(to - 1) as Slot;
        range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_has_one_owner_and_ranges_agree_with_it() {
        for partitions in [1, 2, 3, 7, 64, 4095, 4096] {
            let placement = Placement::new(partitions).expect("in range");
            let mut next = 0;
            for partition in 0..partitions {
                let slots = placement.slots(partition);
                assert_eq!(*slots.start(), next, "{partitions} partitions");
                next = slots.end() + 1;
                assert!(
                    slots
                        .clone()
                        .all(|slot| placement.of(slot) == usize::from(partition))
                );
            }
            assert_eq!(next, SLOTS);
        }
        assert_eq!((Placement::new(0), Placement::new(4097)), (None, None));
    }
}
