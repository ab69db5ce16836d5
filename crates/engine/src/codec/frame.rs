//! A batch's frame: its header, and its records packed behind it.

use bytes::Bytes;
use prost::Message;
use prost::encoding::WireType;

use super::pack::{Packer, plain};
use super::records::RecordBatch;

/// The format that this binary writes, and the newest that it reads: 1 as it began, 2 with the records of signals,
/// pauses and overruled steps, which a reader of 1 does not know, 3 with those of turns under limits, operations on
/// many instances, dead letters, and reopened, restored and migrated instances, 4 with those of events, kept outputs,
/// undos that wait for a person, loops that let rounds go, and states that lie in histories.
pub const FORMAT: u32 = 4;

/// What stands before a batch's records.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct BatchHeader {
    /// The format of the batch.
    #[prost(uint32, tag = "1")]
    pub format: u32,
    /// The oldest format that a reader must know to read it.
    #[prost(uint32, tag = "2")]
    pub min_reader: u32,
    /// Whose journal.
    #[prost(uint32, tag = "3")]
    pub partition: u32,
    /// Its position there.
    #[prost(uint64, tag = "4")]
    pub position: u64,
    /// The epoch it was written under.
    #[prost(uint64, tag = "5")]
    pub epoch: u64,
    /// Its id (16 bytes).
    #[prost(bytes = "bytes", tag = "6")]
    pub batch_id: Bytes,
    /// The store's incarnation.
    #[prost(uint32, tag = "7")]
    pub incarnation: u32,
    /// The catalog's version that it was decided with.
    #[prost(uint64, tag = "8")]
    pub catalog_version: u64,
    /// The version of the binary.
    #[prost(string, tag = "9")]
    pub engine_version: String,
    /// When it was decided, milliseconds since the epoch.
    #[prost(int64, tag = "10")]
    pub at: i64,
    /// How the body is packed: 0 plain, 1 LZ4.
    #[prost(uint32, tag = "11")]
    pub codec: u32,
    /// CRC-32C over the checksum of the batch before (4 bytes, little endian) and the body.
    #[prost(fixed32, tag = "12")]
    pub checksum: u32,
}

/// The body's tag in a frame.
const BODY: u32 = 2;
/// The most bytes that a key or a length takes.
const KEY_BYTES: usize = 10;

#[derive(Clone, PartialEq, Message)]
struct Frame {
    #[prost(message, required, tag = "1")]
    header: BatchHeader,
    #[prost(bytes = "bytes", tag = "2")]
    body: Bytes,
}

/// Why bytes are not a batch, or not one that may be read here.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// They do not decode.
    #[error("expected a batch of records, but the bytes do not decode: {0}")]
    Damaged(String),
    /// The checksum is not what it should be: bytes were changed, or a batch is missing.
    #[error("expected checksum {expected:08x} at position {position}, but it is {found:08x}")]
    Checksum {
        /// The batch's position.
        position: u64,
        /// What it should be, after the batch before.
        expected: u32,
        /// What stands there.
        found: u32,
    },
    /// A newer binary wrote it.
    #[error(
        "expected a format that this version knows, but position {position} needs a reader of {needs}"
    )]
    Newer {
        /// The batch's position.
        position: u64,
        /// The format that its reader must know.
        needs: u32,
    },
    /// A record whose body this binary does not know: skipping it would fold another state.
    #[error("expected a known record, but position {position} holds one of version {version}")]
    UnknownRecord {
        /// The batch's position.
        position: u64,
        /// The record's version.
        version: u32,
    },
}

/// Packs a batch; `previous` is the checksum of the batch before it (0 for the first). Fills in
/// codec and checksum, and the format where it is 0; answers the bytes and the checksum.
pub fn encode_batch(
    mut header: BatchHeader,
    records: &RecordBatch,
    previous: u32,
    packer: &mut Packer,
) -> (Bytes, u32) {
    let (codec, body) = packer.pack(records.bytes());
    if header.format == 0 {
        header.format = FORMAT;
    }
    header.min_reader = header.format;
    header.codec = codec;
    header.checksum = chained(previous, body);
    let checksum = header.checksum;
    (framed(header, body), checksum)
}

/// The bytes of a [`Frame`], its body copied once.
fn framed(header: BatchHeader, body: &[u8]) -> Bytes {
    let empty = Frame {
        header,
        body: Bytes::new(),
    };
    let mut bytes = Vec::with_capacity(empty.encoded_len() + body.len() + 2 * KEY_BYTES);
    empty.encode_raw(&mut bytes);
    if !body.is_empty() {
        prost::encoding::encode_key(BODY, WireType::LengthDelimited, &mut bytes);
        prost::encoding::encode_varint(body.len() as u64, &mut bytes);
        bytes.extend_from_slice(body);
    }
    bytes.into()
}

/// Unpacks a batch without judging its place in the chain.
pub fn decode_batch(bytes: &Bytes) -> Result<(BatchHeader, RecordBatch), CodecError> {
    decode_batch_up_to(bytes, FORMAT)
}

/// The same for a reader that knows formats up to `newest`.
///
/// # Errors
/// See [`CodecError`].
pub fn decode_batch_up_to(
    bytes: &Bytes,
    newest: u32,
) -> Result<(BatchHeader, RecordBatch), CodecError> {
    let frame = Frame::decode(bytes.clone()).map_err(damaged)?;
    let header = frame.header;
    if header.min_reader > newest {
        return Err(CodecError::Newer {
            position: header.position,
            needs: header.min_reader,
        });
    }
    let records = RecordBatch::decode(&plain(header.codec, &frame.body)?)?;
    match records.iter().find(|record| record.body.is_none()) {
        Some(unknown) => {
            let (position, version) = (header.position, unknown.version);
            Err(CodecError::UnknownRecord { position, version })
        }
        None => Ok((header, records)),
    }
}

/// Checks that a batch follows the one with checksum `previous`; answers its own checksum.
pub fn verify_batch(bytes: &Bytes, previous: u32) -> Result<u32, CodecError> {
    let frame = Frame::decode(bytes.clone()).map_err(damaged)?;
    let (position, found) = (frame.header.position, frame.header.checksum);
    let expected = chained(previous, &frame.body);
    if expected == found {
        Ok(found)
    } else {
        Err(CodecError::Checksum {
            position,
            expected,
            found,
        })
    }
}

fn chained(previous: u32, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&previous.to_le_bytes()), body)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
pub(super) fn damaged(error: prost::DecodeError) -> CodecError {
    CodecError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;
    use crate::record::{Body, Record, StepCompleted, StepRef};

    fn record(seq: u64, output: &str) -> Record {
        let output = Some(Payload::from_value(serde_json::json!(output)));
        let at = StepRef { lane: 0, step: 1 };
        let body = Body::StepCompleted(StepCompleted {
            at,
            output,
            ..StepCompleted::default()
        });
        Record {
            seq,
            version: 1,
            body: Some(body),
            ..Record::default()
        }
    }

    #[test]
    fn a_batch_comes_back_and_its_chain_is_checked() {
        for size in [1, 4_000] {
            let records = RecordBatch::from_iter([record(1, &"x".repeat(size)), record(2, "y")]);
            let header = BatchHeader {
                position: 7,
                ..BatchHeader::default()
            };
            let (bytes, checksum) = encode_batch(header, &records, 5, &mut Packer::default());
            let (header, back) = decode_batch(&bytes).expect("decodes");
            assert_eq!((header.position, &back[..]), (7, &records[..]));
            assert_eq!(back.bytes_of(1..2), records.bytes_of(1..2));
            assert_eq!(verify_batch(&bytes, 5).expect("follows"), checksum);
            assert!(matches!(
                verify_batch(&bytes, 6),
                Err(CodecError::Checksum { .. })
            ));
        }
    }

    #[test]
    fn an_unknown_record_or_a_newer_format_refuses() {
        let unknown = Record {
            seq: 1,
            version: 9,
            ..Record::default()
        };
        let (bytes, _) = encode_batch(
            BatchHeader::default(),
            &RecordBatch::from_iter([unknown]),
            0,
            &mut Packer::default(),
        );
        assert!(matches!(
            decode_batch(&bytes),
            Err(CodecError::UnknownRecord { version: 9, .. })
        ));

        let header = BatchHeader {
            min_reader: FORMAT + 1,
            ..BatchHeader::default()
        };
        let bytes = Frame {
            header,
            body: Bytes::new(),
        }
        .encode_to_vec()
        .into();
        assert!(matches!(
            decode_batch(&bytes),
            Err(CodecError::Newer { .. })
        ));
    }
}
