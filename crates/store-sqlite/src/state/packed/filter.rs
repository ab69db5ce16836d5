//! A filter that says of most keys that a run lacks that it does, without a look at its pages.
//!
//! A Bloom filter whose bits for one key lie in one block of 64 bytes, so that a question costs one miss of the
//! processor's cache: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).

use store::Slot;

/// Bits for each key: of keys that are missing, about one in a hundred is taken for one that is there.
const BITS_PER_KEY: usize = 12;
/// Bits that are set for a key.
const PROBES: u32 = 7;
/// Bits of a block.
const BLOCK: usize = 512;
const BLOCK_BYTES: usize = BLOCK / 8;

/// Which keys a run may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter(Vec<u8>);

impl Filter {
    /// Without a key, and with room for so many.
    pub(super) fn for_keys(keys: usize) -> Self {
        let blocks = (keys * BITS_PER_KEY).div_ceil(BLOCK).max(1);
        Self(vec![0; blocks * BLOCK_BYTES])
    }

    /// From the bytes that it was kept as; none where they cannot be those of one.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let whole = !bytes.is_empty() && bytes.len().is_multiple_of(BLOCK_BYTES);
        whole.then_some(Self(bytes))
    }

    /// The bytes to keep it as.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds a key by its [`hash`].
    pub(super) fn add(&mut self, hash: u64) {
        let block = self.block(hash);
        let bits = &mut self.0[block..block + BLOCK_BYTES];
        for bit in places(hash) {
            bits[bit / 8] |= 1 << (bit % 8);
        }
    }

    /// Whether a key with this hash may have been added.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let block = self.block(hash);
        let bits = &self.0[block..block + BLOCK_BYTES];
        places(hash).all(|bit| bits[bit / 8] & (1 << (bit % 8)) != 0)
    }

    /// Where the block of a hash begins: its upper half, scaled to the number of blocks.
    fn block(&self, hash: u64) -> usize {
        let blocks = (self.0.len() / BLOCK_BYTES) as u64;
        let block = ((hash >> 32) * blocks) >> 32;
        block as usize * BLOCK_BYTES
    }
}

/// The bits of a hash in its block: its lower half, and steps of an odd width.
fn places(hash: u64) -> impl Iterator<Item = usize> {
    let (first, step) = (hash as u32, (hash >> 17) as u32 | 1);
    let place = move |probe: u32| {
        let mixed = first
            .wrapping_add(probe.wrapping_mul(step))
            .wrapping_mul(0x9e37_79b1);
        mixed as usize >> (32 - BLOCK.trailing_zeros())
    };
    (0..PROBES).map(place)
}

/// A key's hash: the same on every machine and in every version, since filters are kept. FNV-1a over words of eight
/// bytes rather than bytes, then the finaliser of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub(super) fn hash(key: &[u8], slot: Slot) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ u64::from(slot) ^ (key.len() as u64) << 16;
    let (words, rest) = key.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for word in words.iter().chain([&last]) {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_and_hardly_anything_else_seems_so() {
        let key = |number: u32| format!("event\n/devices/{}\nreading-{number}", number % 7);
        let hash = |number: u32| hash(key(number).as_bytes(), (number % 4096) as Slot);
        let mut filter = Filter::for_keys(10_000);
        (0..10_000).for_each(|number| filter.add(hash(number)));
        let kept = Filter::from_bytes(filter.bytes().to_vec()).unwrap();
        assert!((0..10_000).all(|number| kept.may_have(hash(number))));
        let wrong = (10_000..110_000).filter(|number| kept.may_have(hash(*number)));
        let wrong = wrong.count();
        assert!(
            wrong < 2_000,
            "{wrong} of 100,000 missing keys seem to be there"
        );
    }

    #[test]
    fn a_filter_without_keys_has_none_and_damage_is_none() {
        let filter = Filter::for_keys(0);
        assert!((0..1_000).all(|number| !filter.may_have(hash(b"", number))));
        assert!(Filter::from_bytes(vec![]).is_none());
        assert!(Filter::from_bytes(vec![0; BLOCK_BYTES + 1]).is_none());
    }

    /// Filters are kept: a key's hash must never change.
    #[test]
    fn hashes_stay_as_they_are() {
        let hashes = [
            hash(b"", 0),
            hash(b"a", 1),
            hash(b"12345678", 1),
            hash(b"123456789", 4095),
        ];
        assert_eq!(hashes, HASHES);
    }

    const HASHES: [u64; 4] = [
        14_088_943_031_200_352_893,
        17_998_232_212_946_570_192,
        3_904_731_009_504_162_926,
        289_990_985_287_586_468,
    ];
}
