//! JSON that passes through as bytes, parsed only when an expression reads it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::{Buf, BufMut, Bytes};
use expression::Document;
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, skip_field};
use serde_json::Value;

/// Payloads up to this size stand in their record; larger ones are kept as blobs.
pub const INLINE_LIMIT: usize = 32 * 1024;

/// A JSON document: bytes at hand, or a blob's hash whose bytes are supplied on loading.
#[derive(Clone, Default)]
pub struct Payload(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Set for a payload that is (to be) stored as a blob.
    blob: Option<BlobRef>,
    bytes: OnceLock<Bytes>,
    value: OnceLock<Arc<Value>>,
    document: OnceLock<Option<Arc<Document>>>,
}

/// Names a payload that is stored by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobRef {
    /// BLAKE3 of the bytes.
    pub hash: [u8; 32],
    /// How many bytes.
    pub size: u64,
}

impl Payload {
    /// A payload of these bytes, which must be one JSON document; large ones become a blob.
    pub fn from_bytes(bytes: Bytes) -> Self {
        let blob = (bytes.len() > INLINE_LIMIT).then(|| BlobRef {
            hash: *blake3::hash(&bytes).as_bytes(),
            size: bytes.len() as u64,
        });
        Self(Arc::new(Inner {
            blob,
            bytes: OnceLock::from(bytes),
            ..Inner::default()
        }))
    }

    /// A payload of this value.
    pub fn from_value(value: Value) -> Self {
        let bytes = Bytes::from(value.to_string());
        let payload = Self::from_bytes(bytes);
        payload.0.value.get_or_init(|| Arc::new(value));
        payload
    }

    /// A payload of this document.
    pub fn from_document(document: Document) -> Self {
        let payload = Self::from_bytes(document.text());
        payload.0.document.get_or_init(|| Some(Arc::new(document)));
        payload
    }

    /// `null`.
    pub fn null() -> Self {
        Self::from_bytes(Bytes::from_static(b"null"))
    }

    /// The JSON text. A blob that was not supplied yet reads as `null`; see [`Self::missing`].
    pub fn bytes(&self) -> Bytes {
        self.0
            .bytes
            .get()
            .cloned()
            .unwrap_or_else(|| Bytes::from_static(b"null"))
    }

    /// The parsed document, parsed once.
    pub fn value(&self) -> Arc<Value> {
        let parse = || Arc::new(serde_json::from_slice(&self.bytes()).unwrap_or(Value::Null));
        Arc::clone(self.0.value.get_or_init(parse))
    }

    /// The same to be read in place, parsed once; none where it has been parsed into values already, or is no JSON.
    pub fn document(&self) -> Option<Arc<Document>> {
        if self.0.value.get().is_some() {
            return None;
        }
        let parse = || Document::parse(self.bytes()).ok().map(Arc::new);
        self.0.document.get_or_init(parse).clone()
    }

    /// The same document without what was parsed of it, for who keeps it longer than reads it.
    #[must_use]
    pub fn unparsed(&self) -> Self {
        Self(Arc::new(Inner {
            blob: self.0.blob,
            bytes: self.0.bytes.clone(),
            ..Inner::default()
        }))
    }

    /// The blob that keeps it, with its bytes when they are at hand.
    pub fn blob(&self) -> Option<(BlobRef, Option<Bytes>)> {
        self.0.blob.map(|blob| (blob, self.0.bytes.get().cloned()))
    }

    /// The hash of the blob that keeps it, if one does.
    pub fn hash(&self) -> Option<[u8; 32]> {
        self.0.blob.map(|blob| blob.hash)
    }

    /// The blob that must be supplied before it can be read.
    pub fn missing(&self) -> Option<BlobRef> {
        self.0.blob.filter(|_| self.0.bytes.get().is_none())
    }

    /// Supplies the bytes of a missing blob.
    pub fn supply(&self, bytes: Bytes) {
        self.0.bytes.get_or_init(|| bytes);
    }

    fn in_record(&self) -> Result<&[u8], BlobRef> {
        match self.0.blob {
            Some(blob) => Err(blob),
            None => Ok(self.0.bytes.get().map_or(&b""[..], |bytes| bytes)),
        }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.in_record() == other.in_record()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.in_record() {
            Ok(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Err(blob) => write!(f, "blob of {} bytes", blob.size),
        }
    }
}

const INLINE: u32 = 1;
const HASH: u32 = 2;
const SIZE: u32 = 3;

/// On the wire: `1` the bytes, or `2` a blob's hash and `3` its size.
impl prost::Message for Payload {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        match self.in_record() {
            Ok([]) => {}
            Ok(bytes) => {
                prost::encoding::encode_key(INLINE, WireType::LengthDelimited, buf);
                prost::encoding::encode_varint(bytes.len() as u64, buf);
                buf.put_slice(bytes);
            }
            Err(blob) => {
                prost::encoding::bytes::encode(HASH, &blob.hash.to_vec(), buf);
                prost::encoding::uint64::encode(SIZE, &blob.size, buf);
            }
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            INLINE => {
                let mut bytes = Bytes::new();
                prost::encoding::bytes::merge(wire_type, &mut bytes, buf, ctx)?;
                let inner = Inner {
                    blob: None,
                    bytes: OnceLock::from(bytes),
                    ..Inner::default()
                };
                self.0 = Arc::new(inner);
                Ok(())
            }
            HASH => {
                let mut hash = Vec::new();
                prost::encoding::bytes::merge(wire_type, &mut hash, buf, ctx)?;
                let hash = hash.try_into().unwrap_or([0; 32]);
                self.replace_blob(|blob| BlobRef { hash, ..blob });
                Ok(())
            }
            SIZE => {
                let mut size = 0;
                prost::encoding::uint64::merge(wire_type, &mut size, buf, ctx)?;
                self.replace_blob(|blob| BlobRef { size, ..blob });
                Ok(())
            }
            _ => skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        match self.in_record() {
            Ok([]) => 0,
            Ok(bytes) => {
                prost::encoding::key_len(INLINE)
                    + prost::encoding::encoded_len_varint(bytes.len() as u64)
                    + bytes.len()
            }
            Err(blob) => {
                prost::encoding::bytes::encoded_len(HASH, &blob.hash.to_vec())
                    + prost::encoding::uint64::encoded_len(SIZE, &blob.size)
            }
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Payload {
    fn replace_blob(&mut self, change: impl FnOnce(BlobRef) -> BlobRef) {
        let old = self.0.blob.unwrap_or(BlobRef {
            hash: [0; 32],
            size: 0,
        });
        let inner = Inner {
            blob: Some(change(old)),
            ..Inner::default()
        };
        self.0 = Arc::new(inner);
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn small_payloads_stand_in_the_record_and_large_ones_by_hash() {
        let small = Payload::from_value(serde_json::json!({"a": 1}));
        let back = Payload::decode(small.encode_to_vec().as_slice()).expect("decodes");
        assert_eq!(
            (back.bytes(), back.missing()),
            (Bytes::from_static(b"{\"a\":1}"), None)
        );

        let large = Payload::from_value(Value::String("x".repeat(INLINE_LIMIT)));
        let wire = large.encode_to_vec();
        assert!(wire.len() < 64);
        let back = Payload::decode(wire.as_slice()).expect("decodes");
        assert_eq!(back.missing(), large.blob().map(|(blob, _)| blob));
        back.supply(large.bytes());
        assert_eq!(back.value(), large.value());
        for payload in [&small, &large] {
            let unparsed = payload.unparsed();
            assert!(unparsed.0.value.get().is_none());
            assert_eq!(
                (unparsed.hash(), unparsed.value()),
                (payload.hash(), payload.value())
            );
        }
    }
}
