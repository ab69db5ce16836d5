//! Records with their bytes, each encoded once: for the journal and again for the histories.

use std::ops::{Deref, Range};

use bytes::{Buf, Bytes};
use prost::Message;

use super::frame::{CodecError, damaged};
use crate::record::Record;

/// The records of a batch, and their bytes one behind the other, each behind its length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordBatch {
    records: Vec<Record>,
    bytes: Vec<u8>,
    /// Where each record's bytes end.
    ends: Vec<usize>,
}

impl RecordBatch {
    /// Adds a record; answers how many bytes it takes.
    pub fn push(&mut self, record: Record) -> usize {
        let before = self.bytes.len();
        record
            .encode_length_delimited(&mut self.bytes)
            .expect("a Vec grows as it is needed");
        self.ends.push(self.bytes.len());
        self.records.push(record);
        self.bytes.len() - before
    }

    /// The bytes of all records.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the records at these places.
    pub fn bytes_of(&self, places: Range<usize>) -> &[u8] {
        let end = |place: usize| place.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[end(places.start)..end(places.end)]
    }

    /// The records alone.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    pub(super) fn decode(bytes: &Bytes) -> Result<Self, CodecError> {
        let (mut rest, mut batch) = (bytes.clone(), Self::default());
        while rest.has_remaining() {
            let record = Record::decode_length_delimited(&mut rest).map_err(damaged)?;
            batch.records.push(record);
            batch.ends.push(bytes.len() - rest.len());
        }
        batch.bytes = bytes.to_vec();
        Ok(batch)
    }
}

impl Deref for RecordBatch {
    type Target = [Record];

    fn deref(&self) -> &[Record] {
        &self.records
    }
}

impl FromIterator<Record> for RecordBatch {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut batch = Self::default();
        records.into_iter().for_each(|record| {
            batch.push(record);
        });
        batch
    }
}
