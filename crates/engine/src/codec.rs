//! Batches and history segments as bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;

use crate::payload::{BlobRef, Payload};
use crate::record::{Body, MessageBody, Record, SlotBody};

/// The format that this binary writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Bodies from this size on are compressed.
const COMPRESS_FROM: usize = 512;

const PLAIN: u32 = 0;
const LZ4: u32 = 1;

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
    #[error("expected format {FORMAT} or older, but position {position} needs a reader of {needs}")]
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
/// format, codec and checksum, and answers the bytes and the checksum.
pub fn encode_batch(mut header: BatchHeader, records: &[Record], previous: u32) -> (Bytes, u32) {
    let (codec, body) = compressed(encode_records(records));
    header.format = FORMAT;
    header.min_reader = FORMAT;
    header.codec = codec;
    header.checksum = chained(previous, &body);
    let checksum = header.checksum;
    (Frame { header, body }.encode_to_vec().into(), checksum)
}

/// Unpacks a batch without judging its place in the chain.
pub fn decode_batch(bytes: &Bytes) -> Result<(BatchHeader, Vec<Record>), CodecError> {
    let frame = Frame::decode(bytes.clone()).map_err(damaged)?;
    let header = frame.header;
    if header.min_reader > FORMAT {
        return Err(CodecError::Newer {
            position: header.position,
            needs: header.min_reader,
        });
    }
    let records = decode_records(&plain(header.codec, &frame.body)?)?;
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

/// Packs records of one instance for its history.
pub fn pack_history<'a>(records: impl IntoIterator<Item = &'a Record, IntoIter: Clone>) -> Bytes {
    let (codec, body) = compressed(encode_records(records));
    let mut packed = BytesMut::with_capacity(body.len() + 1);
    packed.put_u8(u8::try_from(codec).unwrap_or(u8::MAX));
    packed.put_slice(&body);
    packed.freeze()
}

/// Unpacks records of a history segment.
pub fn unpack_history(bytes: &Bytes) -> Result<Vec<Record>, CodecError> {
    let Some((&codec, body)) = bytes.split_first() else {
        return Ok(Vec::new());
    };
    decode_records(&plain(u32::from(codec), &bytes.slice_ref(body))?)
}

/// Payloads of these records that are kept as blobs, with their bytes, each once.
pub fn blobs_of(records: &[Record]) -> Vec<(BlobRef, Bytes)> {
    let payloads = records
        .iter()
        .filter_map(|record| record.body.as_ref())
        .flat_map(payloads_of);
    let mut blobs: Vec<(BlobRef, Bytes)> = payloads
        .filter_map(Payload::blob)
        .filter_map(|(blob, bytes)| bytes.map(|bytes| (blob, bytes)))
        .collect();
    blobs.sort_by_key(|(blob, _)| blob.hash);
    blobs.dedup_by_key(|(blob, _)| blob.hash);
    blobs
}

/// Every payload that a record carries.
pub fn payloads_of(body: &Body) -> Vec<&Payload> {
    let found: [Option<&Payload>; 3] = match body {
        Body::InstanceStarted(body) => {
            [body.input.as_ref(), body.event.as_ref(), body.meta.as_ref()]
        }
        Body::StepScheduled(body) => [body.input.as_ref(), None, None],
        Body::StepStarted(body) => [body.payload.as_ref(), None, None],
        Body::LanesOpened(body) => [body.state.as_ref(), None, None],
        Body::StepCompleted(body) | Body::CatchCompleted(body) => {
            [body.output.as_ref(), None, None]
        }
        Body::StepFailed(body) => [body.output.as_ref(), None, None],
        Body::LaneClosing(body) => [body.output.as_ref(), None, None],
        Body::LaneEnded(body) => [body.output.as_ref(), None, None],
        Body::UndoScheduled(body) => [body.input.as_ref(), None, None],
        Body::UndoEnded(body) => [body.output.as_ref(), None, None],
        Body::FinallyStarted(body) => [body.output.as_ref(), None, None],
        Body::InstanceEnded(body) => [body.output.as_ref(), None, None],
        Body::RoundDelayed(body) => [body.state.as_ref(), None, None],
        Body::Slot(fact) => message_payloads(fact.body.as_ref()),
        _ => [None; 3],
    };
    found.into_iter().flatten().collect()
}

fn message_payloads(body: Option<&SlotBody>) -> [Option<&Payload>; 3] {
    let Some(SlotBody::MessageSent(sent)) = body else {
        return [None; 3];
    };
    match sent
        .message
        .as_ref()
        .and_then(|message| message.body.as_ref())
    {
        Some(MessageBody::Start(start)) => [
            start.input.as_ref(),
            start.event.as_ref(),
            start.meta.as_ref(),
        ],
        Some(MessageBody::ChildEnded(ended) | MessageBody::ChildCompensated(ended)) => {
            [ended.output.as_ref(), None, None]
        }
        Some(MessageBody::CancelChild(_) | MessageBody::CompensateChild(_)) | None => [None; 3],
    }
}

fn encode_records<'a>(records: impl IntoIterator<Item = &'a Record, IntoIter: Clone>) -> Bytes {
    let records = records.into_iter();
    let length = records.clone().map(|record| record.encoded_len() + 4).sum();
    let mut bytes = BytesMut::with_capacity(length);
    for record in records {
        record
            .encode_length_delimited(&mut bytes)
            .expect("a BytesMut grows as it is needed");
    }
    bytes.freeze()
}

fn decode_records(bytes: &Bytes) -> Result<Vec<Record>, CodecError> {
    let (mut bytes, mut records) = (bytes.clone(), Vec::new());
    while bytes.has_remaining() {
        records.push(Record::decode_length_delimited(&mut bytes).map_err(damaged)?);
    }
    Ok(records)
}

fn compressed(body: Bytes) -> (u32, Bytes) {
    if body.len() < COMPRESS_FROM {
        return (PLAIN, body);
    }
    let packed = lz4_flex::compress_prepend_size(&body);
    if packed.len() < body.len() {
        (LZ4, packed.into())
    } else {
        (PLAIN, body)
    }
}

fn plain(codec: u32, body: &Bytes) -> Result<Bytes, CodecError> {
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

fn chained(previous: u32, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&previous.to_le_bytes()), body)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn damaged(error: prost::DecodeError) -> CodecError {
    CodecError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{StepCompleted, StepRef};

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
            let records = [record(1, &"x".repeat(size)), record(2, "y")];
            let header = BatchHeader {
                position: 7,
                ..BatchHeader::default()
            };
            let (bytes, checksum) = encode_batch(header, &records, 5);
            let (header, back) = decode_batch(&bytes).expect("decodes");
            assert_eq!((header.position, &back[..]), (7, &records[..]));
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
        let (bytes, _) = encode_batch(BatchHeader::default(), &[unknown], 0);
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

    #[test]
    fn history_and_blobs_come_back() {
        let large = "x".repeat(crate::payload::INLINE_LIMIT);
        let records = [record(1, &large), record(2, "y"), record(3, &large)];
        let back = unpack_history(&pack_history(&records)).expect("unpacks");
        assert_eq!(back, records);
        assert_eq!(blobs_of(&records).len(), 1);
    }
}
