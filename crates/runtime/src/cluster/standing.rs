//! How long this node may answer for a partition without asking the store.

use std::sync::atomic::{AtomicU64, Ordering};

use store::PartitionId;

/// Of the lease, how much its holder uses: the rest is for clocks that do not run at the same speed.
const USED_PERCENT: u64 = 80;

/// Until when each partition's lease surely lasts, by the clock that runs on while a machine sleeps.
/// A taker must have seen the lease's counter still for a whole lease, which began after the holder
/// sent its last bump.
pub(crate) struct Standing {
    lease_ms: u64,
    until: Vec<AtomicU64>,
}

impl Standing {
    pub(super) fn new(partitions: u16, lease_ms: u64) -> Self {
        Self {
            lease_ms,
            until: (0..partitions).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// A bump that was sent at this time succeeded.
    pub(super) fn renewed(&self, partition: PartitionId, sent_at: u64) {
        if let Some(until) = self.until.get(usize::from(partition.0)) {
            let lasts = sent_at + self.lease_ms * USED_PERCENT / 100;
            until.fetch_max(lasts, Ordering::AcqRel);
        }
    }

    /// The partition is not ours any more.
    pub(super) fn ended(&self, partition: PartitionId) {
        if let Some(until) = self.until.get(usize::from(partition.0)) {
            until.store(0, Ordering::Release);
        }
    }

    /// How long the lease lasts from this time on, in milliseconds.
    pub(super) fn left(&self, partition: u16, now: u64) -> u64 {
        let until = &self.until[usize::from(partition)];
        until.load(Ordering::Acquire).saturating_sub(now)
    }

    /// Whether the lease still lasts at this time.
    pub(super) fn lasts(&self, partition: u16, now: u64) -> bool {
        self.left(partition, now) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_lasts_from_when_its_last_bump_was_sent() {
        let standing = Standing::new(2, 5_000);
        assert!(!standing.lasts(1, 0), "it was never ours");
        standing.renewed(PartitionId(1), 10_000);
        standing.renewed(PartitionId(1), 9_000);
        standing.renewed(PartitionId::CATALOG, 9_000);
        assert!(standing.lasts(1, 13_999));
        assert!(!standing.lasts(1, 14_000));
        standing.ended(PartitionId(1));
        assert!(!standing.lasts(1, 10_000));
    }
}
