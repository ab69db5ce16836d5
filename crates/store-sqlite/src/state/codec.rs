//! Rows, chunks and histories as bytes. Numbers take as many bytes as they need (7 bits in each, the
//! lowest first); texts and blobs carry their length.

use bytes::Bytes;
use rusqlite::types::Type;
use store::{EntityId, HistorySegment, InstanceRow, Parts, RetentionClass};

/// The error of a column whose bytes cannot be read back.
pub(super) fn damaged(column: usize, what: &str) -> rusqlite::Error {
    let what = format!("{what} is not as it was written");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, what.into())
}

/// Appends chunks and history.
pub(super) fn encode_parts(parts: &Parts, out: &mut Vec<u8>) {
    number(out, parts.chunks.len() as u64);
    for (chunk, bytes) in &parts.chunks {
        number(out, u64::from(*chunk));
        blob(out, bytes);
    }
    number(out, parts.history.len() as u64);
    for segment in &parts.history {
        number(out, segment.first_seq);
        number(out, segment.last_seq);
        blob(out, &segment.bytes);
    }
}

/// Chunks and history out of one blob; `None` if it is damaged.
pub(super) fn decode_parts(bytes: Bytes) -> Option<Parts> {
    let mut reader = Reader { rest: bytes };
    let parts = reader.parts()?;
    reader.rest.is_empty().then_some(parts)
}

/// Appends an ended instance's row, without its snapshot.
pub(super) fn encode_row(row: &InstanceRow, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.id);
    out.extend_from_slice(&row.slot.to_le_bytes());
    for text in [
        &row.namespace,
        &row.workflow,
        &row.version,
        &row.status,
        &row.correlation_id,
        &row.priority,
    ] {
        blob(out, text.as_bytes());
    }
    optional(out, row.subject.as_deref().map(str::as_bytes));
    optional(out, row.error.as_deref().map(str::as_bytes));
    optional(out, row.parent_id.as_ref().map(<[u8; 16]>::as_slice));
    blob(out, &encode_attributes(&row.attributes));
    number(out, u64::from(row.pending_decisions));
    for time in [
        row.created_at,
        row.updated_at,
        row.ended_at.unwrap_or(row.updated_at),
    ] {
        out.extend_from_slice(&time.to_le_bytes());
    }
    number(out, row.seq);
}

/// Attributes as one blob.
pub(super) fn encode_attributes(attributes: &[(String, String)]) -> Vec<u8> {
    let mut out = vec![];
    for (name, value) in attributes {
        blob(&mut out, name.as_bytes());
        blob(&mut out, value.as_bytes());
    }
    out
}

/// The attributes of a blob; `None` if it is damaged.
pub(super) fn decode_attributes(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader {
        rest: Bytes::copy_from_slice(bytes),
    };
    let mut attributes = vec![];
    while !reader.rest.is_empty() {
        attributes.push((reader.text()?, reader.text()?));
    }
    Some(attributes)
}

/// Appends a number.
pub(super) fn number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends bytes behind their length.
pub(super) fn blob(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    out.push(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        blob(out, bytes);
    }
}

/// Reads what was appended, one thing after the other; `None` is damage.
pub(super) struct Reader {
    pub(super) rest: Bytes,
}

impl Reader {
    fn take(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.rest.len()).then(|| self.rest.split_to(length))
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn time(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.as_ref().try_into().ok()?))
    }

    fn id(&mut self) -> Option<EntityId> {
        self.take(16)?.as_ref().try_into().ok()
    }

    pub(super) fn blob(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.blob()?.into()).ok()
    }

    /// `Some(None)` is an absent value, `None` damage.
    fn optional(&mut self) -> Option<Option<Bytes>> {
        match self.byte()? {
            0 => Some(None),
            _ => self.blob().map(Some),
        }
    }

    fn optional_text(&mut self) -> Option<Option<String>> {
        match self.optional()? {
            Some(bytes) => String::from_utf8(bytes.into()).ok().map(Some),
            None => Some(None),
        }
    }

    fn optional_id(&mut self) -> Option<Option<EntityId>> {
        match self.optional()? {
            Some(bytes) => bytes.as_ref().try_into().ok().map(Some),
            None => Some(None),
        }
    }

    pub(super) fn row(&mut self) -> Option<InstanceRow> {
        let id = self.id()?;
        let slot = u16::from_le_bytes(self.take(2)?.as_ref().try_into().ok()?);
        Some(InstanceRow {
            id,
            slot,
            namespace: self.text()?,
            workflow: self.text()?,
            version: self.text()?,
            status: self.text()?,
            correlation_id: self.text()?,
            priority: self.text()?,
            subject: self.optional_text()?,
            error: self.optional_text()?,
            parent_id: self.optional_id()?,
            attributes: decode_attributes(&self.blob()?)?,
            pending_decisions: u32::try_from(self.number()?).ok()?,
            created_at: self.time()?,
            updated_at: self.time()?,
            ended_at: Some(self.time()?),
            seq: self.number()?,
            snapshot: Bytes::new(),
            class: RetentionClass::default(),
        })
    }

    fn parts(&mut self) -> Option<Parts> {
        let mut parts = Parts::default();
        for _ in 0..self.number()? {
            let chunk = u32::try_from(self.number()?).ok()?;
            parts.chunks.push((chunk, self.blob()?));
        }
        for _ in 0..self.number()? {
            parts.history.push(HistorySegment {
                first_seq: self.number()?,
                last_seq: self.number()?,
                bytes: self.blob()?,
            });
        }
        Some(parts)
    }
}
