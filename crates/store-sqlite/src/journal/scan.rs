//! Finds the blocks of one file, and says how the file ends.

use super::block::{HEADER, Header};

/// A block and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) offset: usize,
    pub(super) header: Header,
}

impl Found {
    /// Where the next block stands.
    pub(super) fn end(&self) -> usize {
        self.offset + HEADER + self.header.length as usize
    }

    /// The block's frames in its file's bytes.
    pub(super) fn frames<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        &file[self.offset + HEADER..self.end()]
    }
}

/// What follows the last whole block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing, or only the zeros of the space laid out in advance.
    Clean,
    /// Bytes that are no block, and no later block: the rest of a write that was not finished.
    Torn,
    /// Bytes that are no block, with a later block behind them. A block is written only after the
    /// one before is durable, so this is damage, not an unfinished write.
    Damaged,
}

/// The blocks of a file.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) blocks: Vec<Found>,
    pub(super) end: End,
}

impl Scan {
    /// Where the blocks end.
    pub(super) fn end_offset(&self) -> usize {
        self.blocks.last().map_or(0, Found::end)
    }
}

/// Reads the blocks of the file of this segment number.
pub(super) fn scan(file: &[u8], segment: u64) -> Scan {
    let mut blocks: Vec<Found> = vec![];
    let mut offset = 0;
    while let Some(header) = whole_block(&file[offset..], segment) {
        if blocks
            .last()
            .is_some_and(|last| !follows(&last.header, &header))
        {
            break;
        }
        let found = Found { offset, header };
        blocks.push(found);
        offset = found.end();
    }
    let end = end_of(&file[offset..], segment);
    Scan { blocks, end }
}

/// Whether a block's header names the block before it.
pub(super) fn follows(before: &Header, header: &Header) -> bool {
    header.number == before.number + 1 && header.previous == before.checksum
}

fn whole_block(bytes: &[u8], segment: u64) -> Option<Header> {
    let header = Header::decode(bytes).filter(|header| header.segment == segment)?;
    header.frames(bytes).map(|_| header)
}

fn end_of(rest: &[u8], segment: u64) -> End {
    if rest.iter().all(|byte| *byte == 0) {
        return End::Clean;
    }
    let later =
        (1..rest.len()).any(|at| rest[at] == b'O' && whole_block(&rest[at..], segment).is_some());
    if later || whole_block(rest, segment).is_some() {
        End::Damaged
    } else {
        End::Torn
    }
}
