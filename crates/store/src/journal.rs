//! The journal's words: what is appended, where, and what became of it.

use bytes::Bytes;

/// A partition: the unit of ownership, with a journal of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u16);

impl PartitionId {
    /// The partition that journals the catalog (definitions, adapters, policies ...).
    pub const CATALOG: Self = Self(u16::MAX);
}

/// A place in a partition's journal. The first batch stands at 1; a head of 0 is an empty journal.
pub type Position = u64;

/// Rises with each take-over of a partition; an append with an older epoch is fenced.
pub type Epoch = u64;

/// Names one batch for ever, so that an append of unknown outcome can be repeated safely.
pub type BatchId = [u8; 16];

/// BLAKE3 of a blob's bytes.
pub type BlobHash = [u8; 32];

/// A payload too large for its record, kept by content hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// BLAKE3 of `bytes`.
    pub hash: BlobHash,
    /// The payload itself.
    pub bytes: Bytes,
}

/// One batch to be made durable at position `expected_head + 1`.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose journal.
    pub partition: PartitionId,
    /// The epoch under which the caller owns the partition.
    pub epoch: Epoch,
    /// The head that the caller believes in.
    pub expected_head: Position,
    /// Repeated unchanged when the append is repeated.
    pub batch_id: BatchId,
    /// The encoded batch (header and records).
    pub body: Bytes,
    /// Blobs that the batch's records refer to, durable in the same transaction. Each is to be here, also
    /// one that the store has: that it is named is noted ([`crate::Store::sweep_blobs`]).
    pub blobs: Vec<Blob>,
}

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Durable: by this call, or by an earlier one with the same `batch_id`.
    Committed,
    /// The partition is another's: a higher epoch, or a head that is not the caller's.
    Fenced,
    /// It may or may not have become durable; repeat the same bytes and `batch_id`.
    Unknown,
}

/// A durable batch as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its position.
    pub position: Position,
    /// The epoch it was appended under.
    pub epoch: Epoch,
    /// Its id.
    pub batch_id: BatchId,
    /// The bytes as appended.
    pub body: Bytes,
}
