//! An instance's chunks and history, in memory.

use crate::HistorySegment;
use bytes::Bytes;

/// Chunks by number and history segments by their first seq, both ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Chunks.
    pub chunks: Vec<(u32, Bytes)>,
    /// History segments.
    pub history: Vec<HistorySegment>,
}

impl Parts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.history.is_empty()
    }

    /// How many bytes they are together.
    pub fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(|(_, bytes)| bytes.len());
        let history = self.history.iter().map(|segment| segment.bytes.len());
        chunks.chain(history).sum()
    }

    /// Puts a chunk over the one that is there.
    pub fn put_chunk(&mut self, chunk: u32, bytes: Bytes) {
        match self.chunks.binary_search_by_key(&chunk, |(held, _)| *held) {
            Ok(place) => self.chunks[place].1 = bytes,
            Err(place) => self.chunks.insert(place, (chunk, bytes)),
        }
    }

    /// Adds a history segment, unless it is there.
    pub fn append(&mut self, segment: HistorySegment) {
        let first_seq = segment.first_seq;
        let held = |held: &HistorySegment| held.first_seq;
        if let Err(place) = self.history.binary_search_by_key(&first_seq, held) {
            self.history.insert(place, segment);
        }
    }

    /// Adds what came later.
    pub fn extend(&mut self, later: Parts) {
        for (chunk, bytes) in later.chunks {
            self.put_chunk(chunk, bytes);
        }
        for segment in later.history {
            self.append(segment);
        }
    }

    /// Segments with records after a seq, in order, until a limit is passed.
    pub fn history_after(&self, after_seq: u64, limit_bytes: usize) -> Vec<HistorySegment> {
        let mut bytes = 0;
        let wanted = self
            .history
            .iter()
            .filter(|segment| segment.last_seq > after_seq);
        let taken = wanted.take_while(|segment| {
            let room = bytes <= limit_bytes;
            bytes += segment.bytes.len();
            room
        });
        taken.cloned().collect()
    }
}
