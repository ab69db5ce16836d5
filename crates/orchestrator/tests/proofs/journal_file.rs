//! The journal's last file as a test sees it: where each write begins and ends, and which instances it starts.

use std::path::{Path, PathBuf};

use engine::Id;
use engine::codec::decode_batch;
use engine::record::{Body, Record};

const MAGIC: &[u8] = b"OJB1";
/// Before a block's frames: magic, length of the frames, and what the test does not need.
const BLOCK_HEADER: usize = 36;
/// Before a frame's payload: kind, length, checksum.
const FRAME_HEADER: usize = 9;
/// The kind of a frame that holds a batch.
const BATCH: u8 = 3;
/// Before a batch's bytes in its frame: partition, epoch, position, batch id.
const BATCH_PREFIX: usize = 34;

/// One write: all of it is there, or none of it counts.
pub struct Block {
    pub begin: usize,
    pub end: usize,
    /// Instances that its records start.
    pub starts: Vec<Id>,
}

/// The last file that has blocks, without the zeros behind them.
pub struct JournalFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub blocks: Vec<Block>,
}

impl JournalFile {
    /// Reads the last file of a store's journal.
    pub fn last(data: &Path) -> Self {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(data.join("journal"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "seg"))
            .collect();
        paths.sort();
        let files = paths.into_iter().rev().map(Self::read);
        let mut with_blocks = files.filter(|file| !file.blocks.is_empty());
        with_blocks.next().unwrap()
    }

    fn read(path: PathBuf) -> Self {
        let mut bytes = std::fs::read(&path).unwrap();
        let mut blocks = Vec::new();
        let mut begin = 0;
        while bytes[begin..].starts_with(MAGIC) {
            let length = number(&bytes[begin + 4..]);
            let end = begin + BLOCK_HEADER + length;
            let starts = records_of(&bytes[begin + BLOCK_HEADER..end]);
            let starts = starts.iter().filter_map(started).collect();
            blocks.push(Block { begin, end, starts });
            begin = end;
        }
        bytes.truncate(begin);
        Self {
            path,
            bytes,
            blocks,
        }
    }

    /// Every record in the file, unpacked.
    pub fn records(&self) -> Vec<Record> {
        let frames = |block: &Block| records_of(&self.bytes[block.begin + BLOCK_HEADER..block.end]);
        self.blocks.iter().flat_map(frames).collect()
    }

    /// Instances that are started in the first so many bytes.
    pub fn started_within(&self, length: usize) -> Vec<Id> {
        let whole = self.blocks.iter().filter(|block| block.end <= length);
        whole.flat_map(|block| block.starts.clone()).collect()
    }
}

/// Every record of a block's frames, unpacked.
fn records_of(frames: &[u8]) -> Vec<Record> {
    let (mut records, mut rest) = (Vec::new(), frames);
    while let Some(kind) = rest.first() {
        let end = FRAME_HEADER + number(&rest[1..]);
        if *kind == BATCH {
            let body = rest[FRAME_HEADER + BATCH_PREFIX..end].to_vec();
            records.extend(decode_batch(&body.into()).unwrap().1.into_records());
        }
        rest = &rest[end..];
    }
    records
}

fn started(record: &Record) -> Option<Id> {
    let starts = matches!(record.body, Some(Body::InstanceStarted(_)));
    starts.then_some(record.entity)
}

fn number(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize
}
