//! Ended instances many at a time: what a run is made of and a bucket keeps. Packed together they take
//! a third of what they take one by one, because their records are alike.
//!
//! The rows that lists read are packed apart from snapshots, chunks and histories, which only a look
//! at one instance reads.

use bytes::Bytes;

use super::codec::{self, Reader};
use store::{InstanceRow, Parts};

/// Instances in one block at most; a place in it takes one byte of a row's number.
const MOST: usize = 64;
/// A block that has this many bytes takes no more.
const ENOUGH_BYTES: usize = 96 << 10;
/// Bytes of checksum and plain length that stand before what is packed.
const HEAD: usize = 8;

/// An ended instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) row: InstanceRow,
    pub(super) parts: Parts,
    /// More chunks and history lie in tables.
    pub(super) spilled: bool,
    /// The bucket may hold an older copy.
    pub(super) replaces: bool,
}

/// An instance's row as a block has it.
pub(super) struct Filed {
    pub(super) row: InstanceRow,
    pub(super) spilled: bool,
    pub(super) replaces: bool,
}

/// Instances as bytes.
pub(super) struct Block {
    pub(super) rows: Vec<u8>,
    pub(super) parts: Vec<u8>,
}

/// Gathers instances for a block.
#[derive(Default)]
pub(super) struct Packing {
    rows: Vec<u8>,
    parts: Vec<u8>,
    entry: Vec<u8>,
    count: usize,
}

impl Packing {
    /// Adds an instance; answers its place.
    pub(super) fn add(&mut self, family: &Family) -> usize {
        self.entry.clear();
        let flags = u8::from(family.spilled) | u8::from(family.replaces) << 1;
        self.entry.push(flags);
        codec::encode_row(&family.row, &mut self.entry);
        codec::blob(&mut self.rows, &self.entry);
        self.entry.clear();
        codec::blob(&mut self.entry, &family.row.snapshot);
        codec::encode_parts(&family.parts, &mut self.entry);
        codec::blob(&mut self.parts, &self.entry);
        self.count += 1;
        self.count - 1
    }

    /// Whether it takes no more.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST || self.rows.len() + self.parts.len() >= ENOUGH_BYTES
    }

    /// The block of what was added; the next one begins.
    pub(super) fn finish(&mut self) -> Block {
        let block = Block {
            rows: pack(&self.rows),
            parts: pack(&self.parts),
        };
        self.rows.clear();
        self.parts.clear();
        self.count = 0;
        block
    }
}

/// The entries of one half of a block.
pub(super) struct Entries(Vec<Bytes>);

impl Entries {
    /// Unpacks them; `None` if they are damaged.
    pub(super) fn unpack(packed: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            rest: unpack(packed)?,
        };
        let mut entries = vec![];
        while !reader.rest.is_empty() {
            entries.push(reader.blob()?);
        }
        Some(Self(entries))
    }

    /// How many there are, struck out or not.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The row at a place, if it was not struck out; `None` outside if it is damaged.
    pub(super) fn row(&self, place: usize) -> Option<Option<Filed>> {
        let entry = self.0.get(place)?;
        if entry.is_empty() {
            return Some(None);
        }
        let mut reader = Reader {
            rest: entry.clone(),
        };
        let flags = reader.byte()?;
        let filed = Filed {
            row: reader.row()?,
            spilled: flags & 1 != 0,
            replaces: flags & 2 != 0,
        };
        Some(Some(filed))
    }

    /// The snapshot, and the chunks and history, at a place.
    pub(super) fn parts(&self, place: usize) -> Option<(Bytes, Parts)> {
        let mut reader = Reader {
            rest: self.0.get(place)?.clone(),
        };
        let snapshot = reader.blob()?;
        Some((snapshot, codec::decode_parts(reader.rest)?))
    }

    /// The same without the entry at a place.
    pub(super) fn without(&self, place: usize) -> Vec<u8> {
        let mut plain = vec![];
        for (at, entry) in self.0.iter().enumerate() {
            let left: &[u8] = if at == place { &[] } else { entry };
            codec::blob(&mut plain, left);
        }
        pack(&plain)
    }
}

/// Bytes packed, behind their checksum and length.
pub(super) fn pack(plain: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; HEAD + lz4_flex::block::get_maximum_output_size(plain.len())];
    let length = lz4_flex::block::compress_into(plain, &mut packed[HEAD..]);
    let length = length.expect("the room is the most that packing takes");
    packed.truncate(HEAD + length);
    // A block ends soon after `ENOUGH_BYTES`, and no family is larger than a few times that.
    let plain_length = u32::try_from(plain.len()).unwrap_or(u32::MAX);
    packed[4..HEAD].copy_from_slice(&plain_length.to_le_bytes());
    let checksum = crc32c::crc32c(&packed[4..]);
    packed[..4].copy_from_slice(&checksum.to_le_bytes());
    packed
}

/// What [`pack`] was given; `None` if it is damaged.
pub(super) fn unpack(packed: &[u8]) -> Option<Bytes> {
    let (checksum, rest) = packed.split_first_chunk::<4>()?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (length, body) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    lz4_flex::block::decompress(body, length)
        .ok()
        .map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use store::HistorySegment;

    use super::*;

    fn family(number: u8) -> Family {
        Family {
            row: InstanceRow {
                slot: 7,
                id: [number; 16],
                workflow: "order".into(),
                subject: Some("ä".into()),
                parent_id: Some([9; 16]),
                attributes: vec![("a".into(), "1".into()), (String::new(), "2".into())],
                created_at: -5,
                updated_at: 6,
                ended_at: Some(7),
                seq: 8,
                snapshot: Bytes::from_static(b"state"),
                ..InstanceRow::default()
            },
            parts: Parts {
                chunks: vec![(2, Bytes::from(vec![7; 300]))],
                history: vec![HistorySegment {
                    first_seq: 1,
                    last_seq: u64::MAX,
                    bytes: Bytes::from_static(b"records"),
                }],
            },
            spilled: number == 1,
            replaces: number == 2,
        }
    }

    fn read(block: &Block, place: usize) -> Option<Family> {
        let rows = Entries::unpack(&block.rows).unwrap();
        let parts = Entries::unpack(&block.parts).unwrap();
        let (snapshot, parts) = match rows.row(place).unwrap() {
            Some(_) => parts.parts(place).unwrap(),
            None => return None,
        };
        rows.row(place).unwrap().map(|filed| Family {
            row: InstanceRow {
                snapshot,
                ..filed.row
            },
            parts,
            spilled: filed.spilled,
            replaces: filed.replaces,
        })
    }

    #[test]
    fn a_block_reads_as_it_was_written_and_without_what_was_struck_out() {
        let mut packing = Packing::default();
        let places = [0, 1, 2].map(|number| packing.add(&family(number)));
        assert_eq!(places, [0, 1, 2]);
        let block = packing.finish();
        assert_eq!(packing.add(&family(0)), 0, "the next one begins");
        for number in 0..3 {
            assert_eq!(read(&block, usize::from(number)), Some(family(number)));
        }
        let struck = Block {
            rows: Entries::unpack(&block.rows).unwrap().without(1),
            parts: Entries::unpack(&block.parts).unwrap().without(1),
        };
        assert_eq!(read(&struck, 0), Some(family(0)));
        assert_eq!(read(&struck, 1), None);
        assert_eq!(read(&struck, 2), Some(family(2)));
    }

    #[test]
    fn damage_is_noticed() {
        let mut packing = Packing::default();
        packing.add(&family(0));
        let packed = packing.finish().rows;
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 1;
            assert!(Entries::unpack(&damaged).is_none(), "byte {at}");
        }
        assert!(Entries::unpack(&packed[..packed.len() - 1]).is_none());
    }
}
