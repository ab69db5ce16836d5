//! Maps by instance id, and which ids cannot be known yet.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use store::EntityId;

/// A map by id. Ids are random enough that two multiplications hash them; the seed keeps chosen
/// ids from meeting in one place.
pub(super) type IdMap<V> = HashMap<EntityId, V, IdHashing>;

/// Hashes the 16 bytes of an id.
#[derive(Clone)]
pub(super) struct IdHashing(u64);

impl Default for IdHashing {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for IdHashing {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.0)
    }
}

pub(super) struct IdHasher(u64);

/// An odd number without a pattern.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl IdHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(ODD);
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    /// The length of an id is always the same.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How many kinds of ids are told apart: one per slot, which an id ends with.
const CLASSES: usize = 4096;

/// Ids are ordered by time within a slot, so an id above all of its slot that were ever seen
/// cannot be anywhere, and need not be looked for. An id below is looked for: no more is lost.
pub(super) struct Seen {
    /// Nothing above this was there when the state was opened.
    floor: EntityId,
    newest: Vec<EntityId>,
}

impl Seen {
    pub(super) fn new(floor: EntityId) -> Self {
        Self {
            floor,
            newest: vec![EntityId::default(); CLASSES],
        }
    }

    /// Notes an id; answers whether it is the first time for certain.
    pub(super) fn first_time(&mut self, id: &EntityId) -> bool {
        let class = usize::from(u16::from_be_bytes([id[14], id[15]])) % CLASSES;
        let newest = &mut self.newest[class];
        let first = *id > self.floor && *id > *newest;
        if first {
            *newest = *id;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_above_all_of_its_slot_is_new_for_certain() {
        let id = |time: u8, slot: u8| {
            let mut id = EntityId::default();
            (id[0], id[15]) = (time, slot);
            id
        };
        let mut seen = Seen::new(id(3, 9));
        assert!(!seen.first_time(&id(2, 1)), "it may be there since before");
        assert!(seen.first_time(&id(5, 1)));
        assert!(!seen.first_time(&id(5, 1)), "it came already");
        assert!(!seen.first_time(&id(4, 1)), "a newer one of its slot came");
        assert!(seen.first_time(&id(4, 2)), "its slot is behind the others");
    }
}
