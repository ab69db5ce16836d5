//! Parts of records that many instances have in common.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

/// A message that is shared and not copied: on the wire as the message itself, which is encoded once
/// for all records and states that hold it.
#[derive(Clone, Debug, Default)]
pub struct Shared<T>(Arc<Inner<T>>);

#[derive(Debug, Default)]
struct Inner<T> {
    message: T,
    encoded: OnceLock<Box<[u8]>>,
}

impl<T> From<T> for Shared<T> {
    fn from(message: T) -> Self {
        let encoded = OnceLock::new();
        Self(Arc::new(Inner { message, encoded }))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.message
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.message == other.0.message
    }
}

impl<T: Message> Shared<T> {
    fn encoded(&self) -> &[u8] {
        let encode = || self.0.message.encode_to_vec().into_boxed_slice();
        self.0.encoded.get_or_init(encode)
    }
}

impl<T: Message + Clone + Default> Message for Shared<T> {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(self.encoded());
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        // While it is decoded nobody else holds it, and nobody has encoded it.
        if Arc::get_mut(&mut self.0).is_none_or(|inner| inner.encoded.get().is_some()) {
            *self = Self::from(self.0.message.clone());
        }
        match Arc::get_mut(&mut self.0) {
            Some(inner) => inner.message.merge_field(tag, wire_type, buf, ctx),
            None => encoding::skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        self.encoded().len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
