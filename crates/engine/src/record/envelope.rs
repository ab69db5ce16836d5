//! What stands around a fact: whose it is, its place, where it comes from.
//!
//! Written by hand and not derived, because a batch holds thousands of records: ids lie in the
//! record instead of in allocations of their own, and what only the first record of a decision
//! says takes one pointer in the others. On the wire it is this message:
//!
//! | tag | type | field |
//! | --- | --- | --- |
//! | 1 | bytes | entity (16 bytes; absent for facts of slots and of the catalog) |
//! | 2 | uint64 | seq |
//! | 3 | int64 | at |
//! | 4 | uint32 | version |
//! | 5 | bytes | command id (16 bytes) |
//! | 6 | string | cause |
//! | 7 | string | actor |
//! | 8 | string | namespace |
//! | 20 and up | message | the body |

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType, skip_field};
use prost::{DecodeError, Message};

use super::{Body, EventTaken, SlotBody};
use crate::id::Id;

/// One fact about one entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The entity's id, whose lowest 12 bits are its slot; nil for records of a slot or the catalog.
    pub entity: Id,
    /// Its place in the entity's history, from 1; 0 for records of a slot or the catalog.
    pub seq: u64,
    /// When it happened, milliseconds since the epoch.
    pub at: i64,
    /// The version of its body.
    pub version: u32,
    /// Where it comes from, on the first record of a decision; the others follow from the record
    /// before them.
    pub origin: Option<Box<Origin>>,
    /// None means `default`.
    pub namespace: Option<Box<str>>,
    /// What happened.
    pub body: Option<Body>,
}

/// Where a decision's records come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The command that caused it.
    pub command_id: Id,
    /// What led to it (`api`, `task`, `timer`, `parent:ID` ...).
    pub cause: String,
    /// Who sent the command; empty for the engine itself.
    pub actor: String,
}

const ENTITY: u32 = 1;
const SEQ: u32 = 2;
const AT: u32 = 3;
const VERSION: u32 = 4;
const COMMAND_ID: u32 = 5;
const CAUSE: u32 = 6;
const ACTOR: u32 = 7;
const NAMESPACE: u32 = 8;
/// Bytes of an id with its key and length.
const ID_LENGTH: usize = 18;

impl Record {
    /// The command that caused it, on the first record of a decision.
    pub fn command_id(&self) -> Option<Id> {
        self.origin.as_ref().map(|origin| origin.command_id)
    }

    /// The event that it says was taken.
    pub fn event_taken(&self) -> Option<&EventTaken> {
        match self.body.as_ref()? {
            Body::Slot(fact) => match fact.body.as_ref()? {
                SlotBody::EventTaken(taken) => Some(taken),
                _ => None,
            },
            _ => None,
        }
    }

    /// What led to it; empty where the record before says it.
    pub fn cause(&self) -> &str {
        self.origin.as_ref().map_or("", |origin| &origin.cause)
    }

    /// Who sent the command; empty for the engine itself, and where the record before says it.
    pub fn actor(&self) -> &str {
        self.origin.as_ref().map_or("", |origin| &origin.actor)
    }

    fn origin_mut(&mut self) -> &mut Origin {
        self.origin.get_or_insert_default()
    }
}

impl Message for Record {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        put_id(ENTITY, self.entity, buf);
        if self.seq != 0 {
            encoding::uint64::encode(SEQ, &self.seq, buf);
        }
        if self.at != 0 {
            encoding::int64::encode(AT, &self.at, buf);
        }
        if self.version != 0 {
            encoding::uint32::encode(VERSION, &self.version, buf);
        }
        if let Some(origin) = &self.origin {
            put_id(COMMAND_ID, origin.command_id, buf);
            put_text(CAUSE, &origin.cause, buf);
            put_text(ACTOR, &origin.actor, buf);
        }
        put_text(
            NAMESPACE,
            self.namespace.as_deref().unwrap_or_default(),
            buf,
        );
        if let Some(body) = &self.body {
            body.encode(buf);
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
            ENTITY => self.entity = read_id(wire_type, buf, ctx)?,
            SEQ => encoding::uint64::merge(wire_type, &mut self.seq, buf, ctx)?,
            AT => encoding::int64::merge(wire_type, &mut self.at, buf, ctx)?,
            VERSION => encoding::uint32::merge(wire_type, &mut self.version, buf, ctx)?,
            COMMAND_ID => self.origin_mut().command_id = read_id(wire_type, buf, ctx)?,
            CAUSE => {
                let cause = &mut self.origin_mut().cause;
                encoding::string::merge(wire_type, cause, buf, ctx)?;
            }
            ACTOR => {
                let actor = &mut self.origin_mut().actor;
                encoding::string::merge(wire_type, actor, buf, ctx)?;
            }
            NAMESPACE => {
                let mut namespace = String::new();
                encoding::string::merge(wire_type, &mut namespace, buf, ctx)?;
                self.namespace = (!namespace.is_empty()).then(|| namespace.into());
            }
            _ if Body::has_tag(tag) => {
                Body::merge(&mut self.body, tag, wire_type, buf, ctx)?;
            }
            _ => skip_field(wire_type, tag, buf, ctx)?,
        }
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        let mut length = id_length(self.entity);
        if self.seq != 0 {
            length += encoding::uint64::encoded_len(SEQ, &self.seq);
        }
        if self.at != 0 {
            length += encoding::int64::encoded_len(AT, &self.at);
        }
        if self.version != 0 {
            length += encoding::uint32::encoded_len(VERSION, &self.version);
        }
        if let Some(origin) = &self.origin {
            length += id_length(origin.command_id);
            length += text_length(CAUSE, &origin.cause) + text_length(ACTOR, &origin.actor);
        }
        length += text_length(NAMESPACE, self.namespace.as_deref().unwrap_or_default());
        length + self.body.as_ref().map_or(0, Body::encoded_len)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

fn put_id(tag: u32, id: Id, buf: &mut impl BufMut) {
    if !id.is_nil() {
        encoding::encode_key(tag, WireType::LengthDelimited, buf);
        encoding::encode_varint(16, buf);
        buf.put_slice(&id.bytes());
    }
}

fn id_length(id: Id) -> usize {
    if id.is_nil() { 0 } else { ID_LENGTH }
}

/// Bytes of another length are no id: a record without one is refused where one is needed.
fn read_id(wire_type: WireType, buf: &mut impl Buf, ctx: DecodeContext) -> Result<Id, DecodeError> {
    let mut bytes = Vec::new();
    encoding::bytes::merge(wire_type, &mut bytes, buf, ctx)?;
    Ok(Id::from_slice(&bytes).unwrap_or_default())
}

fn put_text(tag: u32, text: &str, buf: &mut impl BufMut) {
    if !text.is_empty() {
        encoding::encode_key(tag, WireType::LengthDelimited, buf);
        encoding::encode_varint(text.len() as u64, buf);
        buf.put_slice(text.as_bytes());
    }
}

fn text_length(tag: u32, text: &str) -> usize {
    if text.is_empty() {
        return 0;
    }
    encoding::key_len(tag) + encoding::encoded_len_varint(text.len() as u64) + text.len()
}
