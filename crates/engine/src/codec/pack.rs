//! Packing: bytes as they lie in the journal and in a history.

use bytes::{BufMut, Bytes, BytesMut};
use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};

use prost::Message;

use super::frame::CodecError;
use super::records::RecordBatch;
use crate::record::Record;
use crate::state::Snapshot;

/// Bodies from this size on are compressed.
const COMPRESS_FROM: usize = 512;

/// Bytes of the length that stands before packed bytes, little endian.
const SIZE_BYTES: usize = 4;
/// Inputs below this size are packed with the small table.
const SMALL_INPUT: usize = 65_535;

const PLAIN: u32 = 0;
const LZ4: u32 = 1;
/// First byte of a history segment behind whose beginning the state after it lies, packed, before the
/// records.
const WITH_STATE: u8 = 2;

/// Packs bytes, one lot after the other. It keeps what the packing needs beside them: making a table
/// for each history cost as much as packing it.
pub struct Packer {
    small: CompressTable,
    large: CompressTable,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            small: CompressTable::small(),
            large: CompressTable::large(),
            plain: Vec::new(),
            packed: Vec::new(),
        }
    }
}

impl Packer {
    /// Packs parts of batches ([`RecordBatch::bytes_of`]) that hold one instance's records, for its
    /// history.
    pub fn history<'a>(&mut self, parts: impl Iterator<Item = &'a [u8]>) -> Bytes {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        parts.for_each(|part| plain.extend_from_slice(part));
        let (codec, body) = self.pack(&plain);
        let mut packed = BytesMut::with_capacity(body.len() + 1);
        packed.put_u8(u8::try_from(codec).unwrap_or(u8::MAX));
        packed.put_slice(body);
        self.plain = plain;
        packed.freeze()
    }

    /// The same, with the state after these records before them ([`state_in`]): what was later is
    /// folded from there.
    pub fn history_with<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a [u8]>,
        state: &Snapshot,
    ) -> Bytes {
        let state = KeptState::of(state).encode_to_vec();
        let (codec, body) = self.pack(&state);
        let length = u32::try_from(body.len() + 1).unwrap_or(u32::MAX);
        let mut packed = BytesMut::with_capacity(body.len() + 6);
        packed.put_u8(WITH_STATE);
        packed.put_u32_le(length);
        packed.put_u8(u8::try_from(codec).unwrap_or(u8::MAX));
        packed.put_slice(body);
        packed.put_slice(&self.history(parts));
        packed.freeze()
    }

    /// How the bytes are packed, and the packed bytes.
    pub(super) fn pack<'a>(&'a mut self, plain: &'a [u8]) -> (u32, &'a [u8]) {
        if plain.len() < COMPRESS_FROM {
            return (PLAIN, plain);
        }
        match self.compress(plain) {
            Some(length) if length < plain.len() => (LZ4, &self.packed[..length]),
            _ => (PLAIN, plain),
        }
    }

    /// The length of `packed`, which begins with the plain length.
    fn compress(&mut self, plain: &[u8]) -> Option<usize> {
        let length = u32::try_from(plain.len()).ok()?;
        let most = SIZE_BYTES + get_maximum_output_size(plain.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        let table = match plain.len() {
            ..SMALL_INPUT => &mut self.small,
            _ => &mut self.large,
        };
        let (size, body) = self.packed.split_at_mut(SIZE_BYTES);
        size.copy_from_slice(&length.to_le_bytes());
        let packed = compress_into_with_table(plain, body, table).ok()?;
        Some(SIZE_BYTES + packed)
    }
}

/// The same bytes unpacked, for a store that packs many histories together.
pub fn plain_history<'a>(parts: impl Iterator<Item = &'a [u8]> + Clone) -> Bytes {
    let length: usize = parts.clone().map(<[u8]>::len).sum();
    let mut plain = BytesMut::with_capacity(length + 1);
    plain.put_u8(PLAIN as u8);
    parts.for_each(|part| plain.put_slice(part));
    plain.freeze()
}

/// Unpacks records of a history segment.
pub fn unpack_history(bytes: &Bytes) -> Result<Vec<Record>, CodecError> {
    let (_, records) = parted(bytes)?;
    if records.is_empty() {
        return Ok(Vec::new());
    }
    RecordBatch::decode(&unpacked(&records)?).map(RecordBatch::into_records)
}

/// The state after a history segment's records, where it lies with them.
pub fn state_in(bytes: &Bytes) -> Result<Option<Snapshot>, CodecError> {
    let Some(state) = parted(bytes)?.0 else {
        return Ok(None);
    };
    let state = KeptState::decode(unpacked(&state)?);
    let state = state.map_err(|error| CodecError::Damaged(error.to_string()))?;
    Ok(Some(state.into_snapshot()))
}

/// A segment's packed state, if there is one, and its packed records.
fn parted(bytes: &Bytes) -> Result<(Option<Bytes>, Bytes), CodecError> {
    let Some((&WITH_STATE, rest)) = bytes.split_first() else {
        return Ok((None, bytes.clone()));
    };
    let damaged = || CodecError::Damaged("a history segment is cut off".to_owned());
    let (length, rest) = rest.split_first_chunk::<SIZE_BYTES>().ok_or_else(damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (state, records) = rest.split_at_checked(length).ok_or_else(damaged)?;
    Ok((Some(bytes.slice_ref(state)), bytes.slice_ref(records)))
}

/// Bytes behind the byte that says how they are packed.
fn unpacked(bytes: &Bytes) -> Result<Bytes, CodecError> {
    let (&codec, body) = bytes
        .split_first()
        .ok_or_else(|| CodecError::Damaged("a history segment is cut off".to_owned()))?;
    plain(u32::from(codec), &bytes.slice_ref(body))
}

/// An instance's state as it lies in its history.
#[derive(Clone, PartialEq, Message)]
struct KeptState {
    #[prost(bytes = "bytes", tag = "1")]
    head: Bytes,
    #[prost(message, repeated, tag = "2")]
    chunks: Vec<KeptChunk>,
}

#[derive(Clone, PartialEq, Message)]
struct KeptChunk {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(bytes = "bytes", tag = "2")]
    bytes: Bytes,
}

impl KeptState {
    fn of(state: &Snapshot) -> Self {
        let chunks = state.chunks.iter();
        let chunks = chunks.map(|(number, bytes)| KeptChunk {
            number: *number,
            bytes: bytes.clone(),
        });
        Self {
            head: state.head.clone(),
            chunks: chunks.collect(),
        }
    }

    fn into_snapshot(self) -> Snapshot {
        let chunks = self.chunks.into_iter();
        Snapshot {
            head: self.head,
            chunks: chunks.map(|chunk| (chunk.number, chunk.bytes)).collect(),
        }
    }
}

pub(super) fn plain(codec: u32, body: &Bytes) -> Result<Bytes, CodecError> {
    match codec {
        PLAIN => Ok(body.clone()),
        LZ4 => lz4_flex::decompress_size_prepended(body)
            .map(Bytes::from)
            .map_err(|error| CodecError::Damaged(error.to_string())),
        other => Err(CodecError::Damaged(format!(
            "packed in an unknown way ({other})"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;
    use crate::codec::blobs_of;
    use crate::record::{Body, StepCompleted};

    fn record(seq: u64, output: &str) -> Record {
        let output = Some(Payload::from_value(serde_json::json!(output)));
        let completed = StepCompleted {
            output,
            ..StepCompleted::default()
        };
        Record {
            seq,
            body: Some(Body::StepCompleted(completed)),
            ..Record::default()
        }
    }

    #[test]
    fn history_and_blobs_come_back() {
        let large = "x".repeat(crate::payload::INLINE_LIMIT);
        let records =
            RecordBatch::from_iter([record(1, &large), record(2, "y"), record(3, &large)]);
        let parts = [0..1, 1..3].map(|range| records.bytes_of(range));
        let packed = Packer::default().history(parts.into_iter());
        for history in [packed, plain_history(parts.into_iter())] {
            assert_eq!(unpack_history(&history).expect("unpacks"), records[..]);
        }
        assert_eq!(blobs_of(&records).len(), 1);
    }

    #[test]
    fn a_state_lies_with_the_records_before_it() {
        let records = RecordBatch::from_iter([record(1, "x"), record(2, "y")]);
        let state = Snapshot {
            head: Bytes::from("h".repeat(5_000)),
            chunks: vec![(1, Bytes::from_static(b"one")), (7, Bytes::new())],
        };
        let parts = || [records.bytes_of(0..2)].into_iter();
        let packed = Packer::default().history_with(parts(), &state);
        assert_eq!(unpack_history(&packed).expect("unpacks"), records[..]);
        assert_eq!(state_in(&packed).expect("unpacks").as_ref(), Some(&state));
        let without = Packer::default().history(parts());
        assert_eq!(state_in(&without).expect("unpacks"), None);
        for cut in 1..packed.len() - 1 {
            let cut = packed.slice(..cut);
            // What ends between two parts or records lacks what follows, and says nothing wrong.
            if let Ok(Some(kept)) = state_in(&cut) {
                assert_eq!(kept, state);
            }
            if let Ok(found) = unpack_history(&cut) {
                assert!(records.starts_with(&found));
            }
        }
    }
}
