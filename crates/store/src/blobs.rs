//! What keeps blobs, and the rounds in which those that nothing keeps are swept.
//!
//! A batch's append makes its blobs durable, and its projection says what of the state names them. Between
//! the two nothing of the state does, so that a blob goes only at the end of a *round*: when no batch has
//! named it since the round began, when all that was durable then is in the state, and when nothing there
//! names it.

use bytes::Bytes;

use crate::{BlobHash, EntityId, Slot, Table};

/// Blobs that are looked at in one step of a sweep, and uses of dropped buckets that go in one.
pub const SWEEP_STEP: usize = 256;

/// How a store of before, which did not note what names its blobs, notes that something may.
pub const UNKNOWN_HOLDER: &[u8] = b"?";

/// What names blobs: they are kept for as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// An instance, open or ended.
    Instance(EntityId),
    /// A row of a keyed table that may name blobs ([`Table::may_name_blobs`]).
    Row {
        /// The table.
        table: Table,
        /// The row's slot.
        slot: Slot,
        /// The row's key.
        key: Bytes,
    },
}

impl Holder {
    /// As one key.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Instance(id) => instance_key(id).to_vec(),
            Self::Row { table, slot, key } => row_key(*table, *slot, key),
        }
    }
}

/// The key of an instance among holders.
pub fn instance_key(id: &EntityId) -> [u8; 17] {
    let mut key = [b'i'; 17];
    key[1..].copy_from_slice(id);
    key
}

/// The key of a row among holders.
pub fn row_key(table: Table, slot: Slot, key: &[u8]) -> Vec<u8> {
    let name = table.name().as_bytes();
    [b"r", name, b"\n", &slot.to_be_bytes(), key].concat()
}

/// A round of sweeping, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Rises with each round. A blob bears that of the round in which it was named last.
    pub number: u64,
    /// When it began, by the clock of whoever sweeps.
    pub began_at: i64,
    /// The heads of all partitions were noted since it began.
    pub noted: bool,
    /// The last blob that was looked at.
    pub after: Option<BlobHash>,
}

/// What is next in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundStep {
    /// Note the heads. That is not done in the step that begins the round: an append that was under way
    /// then, and names blobs for the round before, is in them.
    Note,
    /// Nothing yet.
    Wait,
    /// Look at blobs, if the state has reached what was noted.
    Look,
}

impl Round {
    /// The first round of a store: nothing needs to be waited for.
    pub const FIRST: Self = Self {
        number: 1,
        began_at: 0,
        noted: false,
        after: None,
    };

    /// What is next, at a time, where a round lasts at least so long. A clock that was set back does not
    /// make it longer.
    pub fn next_step(&self, now_ms: i64, keep_ms: u64) -> RoundStep {
        match self.noted {
            false => RoundStep::Note,
            true if now_ms.abs_diff(self.began_at) < keep_ms => RoundStep::Wait,
            true => RoundStep::Look,
        }
    }

    /// The round behind this one.
    pub fn following(&self, now_ms: i64) -> Self {
        Self {
            number: self.number + 1,
            began_at: now_ms,
            noted: false,
            after: None,
        }
    }
}

/// What one step of a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs that went.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// There is more to do at once.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_have_keys_of_their_own() {
        let row = |table, slot, key: &'static [u8]| Holder::Row {
            table,
            slot,
            key: Bytes::from_static(key),
        };
        let holders = [
            Holder::Instance([7; 16]),
            Holder::Instance([8; 16]),
            row(Table::Outbox, 7, b"7"),
            row(Table::Outbox, 8, b"7"),
            row(Table::Event, 7, b"7"),
            row(Table::EventIndex, 7, b"7"),
        ];
        let mut keys: Vec<_> = holders.iter().map(Holder::key).collect();
        keys.push(UNKNOWN_HOLDER.to_vec());
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), holders.len() + 1);
    }

    #[test]
    fn a_round_notes_waits_and_looks() {
        let begun = Round::FIRST.following(1_000);
        let noted = Round {
            noted: true,
            ..begun
        };
        for (round, now, expected) in [
            (begun, 1_000, RoundStep::Note),
            (begun, 9_000, RoundStep::Note),
            (noted, 1_000, RoundStep::Wait),
            (noted, 1_099, RoundStep::Wait),
            (noted, 1_100, RoundStep::Look),
            (noted, 950, RoundStep::Wait),
            (noted, 100, RoundStep::Look),
        ] {
            assert_eq!(round.next_step(now, 100), expected, "{round:?} at {now}");
        }
        assert_eq!(noted.next_step(1_000, 0), RoundStep::Look);
    }
}
