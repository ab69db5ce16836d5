//! Maps by instance id.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::EntityId;

/// A map by id. Ids are random enough that two multiplications hash them; the seed keeps chosen
/// ids from meeting in one place.
pub type IdMap<V> = HashMap<EntityId, V, IdHashing>;

/// Hashes the 16 bytes of an id.
#[derive(Clone)]
pub struct IdHashing(u64);

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

/// See [`IdHashing`].
pub struct IdHasher(u64);

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
