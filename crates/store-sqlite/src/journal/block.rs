//! The journal's bytes. All numbers are little endian.
//!
//! block = header (36) + frames; frame = kind (1), length (4), CRC-32C (4), payload.
//! Header: magic, length of the frames, segment, block number, checksum of the frames of the block
//! before, checksum of these frames, checksum of the header itself.

use store::{BatchId, BlobHash, Epoch, PartitionId, Position};

pub(super) const HEADER: usize = 36;
pub(super) const FRAME_HEADER: usize = 9;
const MAGIC: u32 = u32::from_le_bytes(*b"OJB1");

/// What stands before a block's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) segment: u64,
    pub(super) number: u64,
    pub(super) previous: u32,
    pub(super) checksum: u32,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.segment.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.previous.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.checksum.to_le_bytes());
        let own = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// The header at the beginning of `bytes`, if a whole and undamaged one stands there.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes.get(..HEADER)?);
        let magic = reader.u32()?;
        let header = Self {
            length: reader.u32()?,
            segment: reader.u64()?,
            number: reader.u64()?,
            previous: reader.u32()?,
            checksum: reader.u32()?,
        };
        let whole = magic == MAGIC && reader.u32()? == crc32c::crc32c(&bytes[..32]);
        whole.then_some(header)
    }

    /// The frames behind a header at the beginning of `bytes`, if they are whole.
    pub(super) fn frames<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let frames = bytes.get(HEADER..HEADER + self.length as usize)?;
        (crc32c::crc32c(frames) == self.checksum).then_some(frames)
    }
}

/// A partition's fence row as written at each file's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: Epoch,
    pub(super) head: Position,
    pub(super) batch_id: BatchId,
}

/// One fact in a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// All partitions' heads before this block.
    Heads(Vec<(PartitionId, Head)>),
    /// A take-over.
    Epoch(PartitionId, Epoch),
    /// A batch.
    Batch(BatchFrame<'a>),
    /// A blob of a batch in the same block.
    Blob(BlobHash, &'a [u8]),
}

/// A batch with its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BatchFrame<'a> {
    pub(super) partition: PartitionId,
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) batch_id: BatchId,
    pub(super) body: &'a [u8],
}

impl Frame<'_> {
    /// Appends the frame's bytes.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; FRAME_HEADER]);
        out[start] = self.kind();
        self.encode_payload(out);
        let payload = start + FRAME_HEADER;
        let length = (out.len() - payload) as u32;
        let checksum = crc32c::crc32c(&out[payload..]);
        out[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
        out[start + 5..start + 9].copy_from_slice(&checksum.to_le_bytes());
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Heads(_) => 1,
            Self::Epoch(..) => 2,
            Self::Batch(_) => 3,
            Self::Blob(..) => 4,
        }
    }

    fn encode_payload(&self, out: &mut Vec<u8>) {
        match self {
            Self::Heads(heads) => {
                for (partition, head) in heads {
                    out.extend_from_slice(&partition.0.to_le_bytes());
                    out.extend_from_slice(&head.epoch.to_le_bytes());
                    out.extend_from_slice(&head.head.to_le_bytes());
                    out.extend_from_slice(&head.batch_id);
                }
            }
            Self::Epoch(partition, epoch) => {
                out.extend_from_slice(&partition.0.to_le_bytes());
                out.extend_from_slice(&epoch.to_le_bytes());
            }
            Self::Batch(batch) => {
                out.extend_from_slice(&batch.partition.0.to_le_bytes());
                out.extend_from_slice(&batch.epoch.to_le_bytes());
                out.extend_from_slice(&batch.position.to_le_bytes());
                out.extend_from_slice(&batch.batch_id);
                out.extend_from_slice(batch.body);
            }
            Self::Blob(hash, bytes) => {
                out.extend_from_slice(hash);
                out.extend_from_slice(bytes);
            }
        }
    }
}

impl<'a> Frame<'a> {
    /// The frame at the beginning of `bytes` and its whole length; `None` if it is damaged or of
    /// an unknown kind.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut reader = Reader(bytes);
        let kind = *reader.take(1)?.first()?;
        let length = reader.u32()? as usize;
        let checksum = reader.u32()?;
        let payload = reader.take(length)?;
        if crc32c::crc32c(payload) != checksum {
            return None;
        }
        let frame = Self::decode_payload(kind, Reader(payload))?;
        Some((frame, FRAME_HEADER + length))
    }

    fn decode_payload(kind: u8, mut reader: Reader<'a>) -> Option<Self> {
        Some(match kind {
            1 => {
                let mut heads = vec![];
                while !reader.0.is_empty() {
                    heads.push((PartitionId(reader.u16()?), reader.head()?));
                }
                Self::Heads(heads)
            }
            2 => Self::Epoch(PartitionId(reader.u16()?), reader.u64()?),
            3 => Self::Batch(BatchFrame {
                partition: PartitionId(reader.u16()?),
                epoch: reader.u64()?,
                position: reader.u64()?,
                batch_id: reader.array()?,
                body: reader.0,
            }),
            4 => Self::Blob(reader.array()?, reader.0),
            _ => return None,
        })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn head(&mut self) -> Option<Head> {
        Some(Head {
            epoch: self.u64()?,
            head: self.u64()?,
            batch_id: self.array()?,
        })
    }
}
