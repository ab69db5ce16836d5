//! Ids that carry their place: UUIDv7 whose lowest 12 bits are a slot.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// One of [`SLOTS`] units of placement.
pub type Slot = u16;

/// How many slots there are.
pub const SLOTS: u16 = 4096;

/// An instance's, command's, decision's or batch's id: a UUIDv7 whose lowest 12 bits are its slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Id([u8; 16]);

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl Id {
    /// A new id made at `now_ms` (milliseconds since the epoch) in `slot`, from 64 random bits.
    pub fn new(now_ms: i64, slot: Slot, random: u64) -> Self {
        let time = u64::try_from(now_ms).unwrap_or(0) & 0xffff_ffff_ffff;
        let high = (time << 16) | 0x7000 | (random >> 52);
        let low = (0b10 << 62) | ((random & 0x3_ffff_ffff_ffff) << 12) | u64::from(slot % SLOTS);
        Self(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
    }

    /// As [`Self::new`], but for the same `name` always the same.
    pub fn named(made_at: i64, slot: Slot, name: &[u8]) -> Self {
        let hash = blake3::hash(name);
        let mut random = [0; 8];
        random.copy_from_slice(&hash.as_bytes()[..8]);
        Self::new(made_at, slot, u64::from_be_bytes(random))
    }

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The id in these bytes, if there are exactly 16.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Whether it is all zeros, which no entity has.
    pub const fn is_nil(self) -> bool {
        u128::from_be_bytes(self.0) == 0
    }

    /// Where it lives.
    pub const fn slot(self) -> Slot {
        (((self.0[14] as u16) << 8) | self.0[15] as u16) % SLOTS
    }

    /// When it was made, in milliseconds since the epoch.
    pub fn made_at(self) -> i64 {
        let mut time = [0; 8];
        time[2..].copy_from_slice(&self.0[..6]);
        i64::from_be_bytes(time)
    }
}

/// A map by id. An id's lower half is random but for its slot, so it is its own hash.
pub type IdMap<V> = HashMap<Id, V, BuildHasherDefault<IdHasher>>;

/// Takes an id's lower half as its hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(low) = bytes.last_chunk() {
            // The slot, of which a partition has only some, is turned to where the map does not look.
            self.0 = u64::from_be_bytes(*low).rotate_right(12);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The slot of a key: its subject, idempotency key or the like.
pub fn slot_of(key: &str) -> Slot {
    let hash = blake3::hash(key.as_bytes());
    let bytes = hash.as_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]]) % SLOTS
}

/// The slot where events of a type with a key, and the waits for them, meet.
pub fn meeting_slot(event_type: &str, key: &str) -> Slot {
    slot_of(&format!("meet\n{event_type}\n{key}"))
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a UUID.
#[derive(Debug, thiserror::Error)]
#[error("expected a UUID such as 01990000-0000-7000-8000-000000000000, but got {0:?}")]
pub struct InvalidId(String);

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = Uuid::try_parse(text).map_err(|_| InvalidId(text.chars().take(64).collect()))?;
        Ok(Self(uuid.into_bytes()))
    }
}

/// As its text.
impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_time_and_slot() {
        let id = Id::new(1_760_000_000_123, 4095, u64::MAX);
        assert_eq!((id.made_at(), id.slot()), (1_760_000_000_123, 4095));
        let uuid = Uuid::from_bytes(id.bytes());
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(id.to_string().parse::<Id>().expect("round trip"), id);
    }
}
