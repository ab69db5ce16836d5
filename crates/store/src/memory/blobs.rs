//! Blobs in memory, and the rounds in which they are swept.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use bytes::Bytes;

use crate::{Blob, BlobHash, PartitionId, Position, Round, RoundStep, SWEEP_STEP, Swept};

/// All blobs, each with the round in which it was named last.
pub(super) struct MemoryBlobs {
    blobs: BTreeMap<BlobHash, (Bytes, u64)>,
    round: Round,
    /// What the state has to reach before the round is over.
    noted: BTreeMap<PartitionId, Position>,
}

impl Default for MemoryBlobs {
    fn default() -> Self {
        Self {
            blobs: BTreeMap::new(),
            round: Round::FIRST,
            noted: BTreeMap::new(),
        }
    }
}

impl MemoryBlobs {
    /// Keeps blobs that a batch names.
    pub(super) fn keep(&mut self, blobs: Vec<Blob>) {
        let round = self.round.number;
        let named = blobs
            .into_iter()
            .map(|blob| (blob.hash, (blob.bytes, round)));
        self.blobs.extend(named);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.blobs
            .values()
            .map(|(bytes, _)| bytes.len() as u64)
            .sum()
    }

    pub(super) fn get(&self, hash: &BlobHash) -> Option<Bytes> {
        self.blobs.get(hash).map(|(bytes, _)| bytes.clone())
    }

    /// One step. `named` is all that the state names.
    pub(super) fn sweep(
        &mut self,
        (now_ms, keep_ms): (i64, u64),
        heads: BTreeMap<PartitionId, Position>,
        reached: &BTreeMap<PartitionId, Position>,
        named: &BTreeSet<BlobHash>,
    ) -> Swept {
        match self.round.next_step(now_ms, keep_ms) {
            RoundStep::Note => {
                self.noted = heads;
                self.round.noted = true;
                Swept::default()
            }
            RoundStep::Look if is_reached(&self.noted, reached) => self.look(now_ms, named),
            RoundStep::Look | RoundStep::Wait => Swept::default(),
        }
    }

    fn look(&mut self, now_ms: i64, named: &BTreeSet<BlobHash>) -> Swept {
        let after = self.round.after.map_or(Bound::Unbounded, Bound::Excluded);
        let looked_at = self.blobs.range((after, Bound::Unbounded)).take(SWEEP_STEP);
        let looked_at: Vec<BlobHash> = looked_at.map(|(hash, _)| *hash).collect();
        let mut swept = Swept {
            more: looked_at.len() == SWEEP_STEP,
            ..Swept::default()
        };
        for hash in &looked_at {
            let (bytes, round) = &self.blobs[hash];
            if *round < self.round.number && !named.contains(hash) {
                swept.blobs += 1;
                swept.bytes += bytes.len() as u64;
                self.blobs.remove(hash);
            }
        }
        match swept.more {
            true => self.round.after = looked_at.last().copied(),
            false => self.round = self.round.following(now_ms),
        }
        swept
    }
}

fn is_reached(
    noted: &BTreeMap<PartitionId, Position>,
    reached: &BTreeMap<PartitionId, Position>,
) -> bool {
    let reached = |partition| reached.get(partition).copied().unwrap_or(0);
    noted
        .iter()
        .all(|(partition, position)| *position <= reached(partition))
}
