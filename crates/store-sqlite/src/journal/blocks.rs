//! Durable blocks as they are copied elsewhere: in the order of their numbers, which all partitions
//! share, so that any place between two of them is a moment of the whole store.

use std::sync::Arc;

use store::{PartitionId, Position, StoreError};

use super::block::{BatchFrame, Frame, HEADER, Header};
use super::index::{INTACT, SharedIndex, segment_name};
use super::scan::follows;
use crate::failure::{corrupt, io_failure};
use crate::files::StoredFile;

/// One whole block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    header: Header,
    frames: &'a [u8],
}

impl<'a> Block<'a> {
    /// The block at the beginning of `bytes`, of whatever segment, if a whole one stands there.
    fn decode(bytes: &'a [u8]) -> Option<Self> {
        let header = Header::decode(bytes)?;
        let frames = header.frames(bytes)?;
        Some(Self { header, frames })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    /// The checksum that the block behind it names.
    pub(crate) fn checksum(&self) -> u32 {
        self.header.checksum
    }

    /// The checksum of the block that stood before it.
    pub(crate) fn previous(&self) -> u32 {
        self.header.previous
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> usize {
        HEADER + self.frames.len()
    }

    /// Whether it is the first of its file: it begins with the heads of all partitions.
    pub(crate) fn begins_file(&self) -> bool {
        matches!(Frame::decode(self.frames), Some((Frame::Heads(_), _)))
    }

    /// Its batches: partition, position, body.
    pub(crate) fn batches(&self) -> Vec<(PartitionId, Position, &'a [u8])> {
        let (mut batches, mut rest) = (vec![], self.frames);
        while let Some((frame, length)) = Frame::decode(rest) {
            if let Frame::Batch(BatchFrame {
                partition,
                position,
                body,
                ..
            }) = frame
            {
                batches.push((partition, position, body));
            }
            rest = &rest[length..];
        }
        batches
    }

    /// Its bytes as part of a segment.
    pub(crate) fn encode(&self, segment: u64, out: &mut Vec<u8>) {
        let header = Header {
            segment,
            ..self.header
        };
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(self.frames);
    }
}

/// What a run of bytes holds: whole blocks that follow each other, and the rest.
pub(crate) struct Run<'a> {
    pub(crate) blocks: Vec<Block<'a>>,
    /// How many bytes the blocks are; behind them stands no whole block that follows.
    pub(crate) bytes: usize,
}

/// The blocks at the beginning of `bytes`.
pub(crate) fn runs(bytes: &[u8]) -> Run<'_> {
    let mut run = Run {
        blocks: vec![],
        bytes: 0,
    };
    while let Some(block) = Block::decode(&bytes[run.bytes..]) {
        let last = run.blocks.last();
        if last.is_some_and(|last: &Block<'_>| !follows(&last.header, &block.header)) {
            break;
        }
        run.bytes += block.bytes();
        run.blocks.push(block);
    }
    run
}

/// Where copying goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockCursor {
    /// The next block's number.
    pub(crate) next: u64,
    /// Its file and its place there, if they are known.
    place: Option<(u64, u64)>,
}

impl BlockCursor {
    pub(crate) fn at(next: u64) -> Self {
        Self { next, place: None }
    }

    /// Whole durable blocks from here on, about `limit` bytes of them (at least one if there is
    /// one), all of one file; empty at the end.
    pub(crate) fn read(
        &mut self,
        index: &SharedIndex,
        limit: usize,
    ) -> Result<Vec<u8>, StoreError> {
        let Some(mut at) = self.locate(index)? else {
            return Ok(vec![]);
        };
        let mut bytes = at.bytes(limit)?;
        if runs(&bytes).blocks.is_empty() {
            // One block may be longer than the limit.
            bytes = at.bytes(at.block_bytes()?)?;
        }
        let run = runs(&bytes);
        let (Some(first), Some(last)) = (run.blocks.first(), run.blocks.last()) else {
            return Err(at.damaged());
        };
        if first.number() != self.next {
            return Err(at.damaged());
        }
        self.next = last.number() + 1;
        at.offset += run.bytes as u64;
        self.place = Some((at.segment, at.offset));
        let whole = run.bytes;
        bytes.truncate(whole);
        Ok(bytes)
    }

    /// How many durable bytes are still to come.
    pub(crate) fn bytes_left(&self, index: &SharedIndex) -> u64 {
        let index = index.read().expect(INTACT);
        index.bytes_from(self.next, self.place)
    }

    fn locate(&self, index: &SharedIndex) -> Result<Option<At>, StoreError> {
        let mut at = {
            let index = index.read().expect(INTACT);
            if index.blocks().is_none_or(|(_, last)| last < self.next) {
                return Ok(None);
            }
            let Some((number, segment)) = index.segment_of(self.next) else {
                return Err(corrupt(
                    "journal".into(),
                    format!("expected block {}, but it was trimmed", self.next),
                ));
            };
            At {
                segment: number,
                file: segment.file.clone(),
                offset: 0,
                end: segment.end,
            }
        };
        match self.place {
            Some((segment, offset)) if segment == at.segment => at.offset = offset,
            _ => at.skip_to(self.next)?,
        }
        Ok(Some(at))
    }
}

/// A place in a file.
struct At {
    segment: u64,
    file: Arc<dyn StoredFile>,
    offset: u64,
    end: u64,
}

impl At {
    fn bytes(&self, limit: usize) -> Result<Vec<u8>, StoreError> {
        let length = (self.end - self.offset).min(limit as u64);
        let mut bytes = vec![0; length as usize];
        let read = self.file.read_exact_at(&mut bytes, self.offset);
        let place = segment_name(self.segment);
        read.map_err(|error| io_failure(&format!("reading journal/{place}"), error))?;
        Ok(bytes)
    }

    fn header(&self) -> Result<Header, StoreError> {
        Header::decode(&self.bytes(HEADER)?).ok_or_else(|| self.damaged())
    }

    fn block_bytes(&self) -> Result<usize, StoreError> {
        Ok(HEADER + self.header()?.length as usize)
    }

    fn skip_to(&mut self, number: u64) -> Result<(), StoreError> {
        loop {
            let header = self.header()?;
            if header.number == number {
                return Ok(());
            }
            self.offset += HEADER as u64 + u64::from(header.length);
        }
    }

    fn damaged(&self) -> StoreError {
        corrupt(
            format!("journal/{}", segment_name(self.segment)),
            format!("the block at byte {} is not whole", self.offset),
        )
    }
}
