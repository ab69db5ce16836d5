//! Opens the journal: checks every block, rebuilds the fence, copies the last file.
//!
//! What the last start left may lie in the page cache only (after a failed sync it looks written
//! and is not), so the unsealed file is written anew and synced before anything is appended.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, RwLock};

use store::{PartitionId, Position, StoreError};

use super::block::{FRAME_HEADER, Frame, HEADER, Head, Header};
use super::index::{Index, Place, Segment, SharedIndex, segment_name};
use super::layout::fill;
use super::log::{JournalOptions, Log, Tail};
use super::scan::{End, Found, Scan, follows, scan};
use crate::failure::{corrupt, io_failure};
use crate::files::{Files, StoredFile};

const COPY: &str = "copy.tmp";

/// A file that was read and found in order.
struct Read {
    number: u64,
    file: Arc<dyn StoredFile>,
    bytes: Vec<u8>,
    scan: Scan,
}

/// The fence as it is rebuilt.
#[derive(Default)]
struct Rebuilt {
    heads: BTreeMap<PartitionId, Head>,
    index: Index,
    last: Option<Header>,
}

/// Opens the journal in its folder, making an empty one if there is none. Everything is checked
/// before anything is changed.
pub(crate) fn recover(files: Arc<dyn Files>, options: JournalOptions) -> Result<Log, StoreError> {
    let found = sort_out(&*files, &segment_numbers(&*files)?)?;
    let (rebuilt, tail) = rebuild(&*files, found.live)?;
    remove_all(&*files, &found.unused)?;
    let number = tail.number;
    let file = write_tail(&*files, number, &tail.bytes, options).map_err(opening)?;
    remove_all(&*files, &found.copied)?;
    remove_all(&*files, tail.old.as_slice())?;
    Ok(rebuilt.into_log(files, options, &tail, file))
}

/// The last file's content, as it will go on under a new number.
struct NewTail {
    number: u64,
    bytes: Vec<u8>,
    old: Option<u64>,
}

fn rebuild(files: &dyn Files, mut live: Vec<u64>) -> Result<(Rebuilt, NewTail), StoreError> {
    let mut rebuilt = Rebuilt::default();
    let Some(last) = live.pop() else {
        let tail = NewTail {
            number: 1,
            bytes: vec![],
            old: None,
        };
        return Ok((rebuilt, tail));
    };
    for number in live {
        rebuilt.add_sealed(read(files, number)?)?;
    }
    let tail = read(files, last)?;
    check_tail(&tail)?;
    let number = last + 1;
    let bytes = recode(&tail, number);
    rebuilt.add(Read {
        number,
        file: tail.file.clone(),
        scan: scan(&bytes, number),
        bytes: bytes.clone(),
    })?;
    let tail = NewTail {
        number,
        bytes,
        old: Some(last),
    };
    Ok((rebuilt, tail))
}

fn remove_all(files: &dyn Files, numbers: &[u64]) -> Result<(), StoreError> {
    for number in numbers {
        files.remove(&segment_name(*number)).map_err(opening)?;
    }
    if !numbers.is_empty() {
        files.sync_folder().map_err(opening)?;
    }
    Ok(())
}

fn opening(error: io::Error) -> StoreError {
    io_failure("opening the journal", error)
}

/// The numbers of the journal's files, in order.
pub(super) fn segment_numbers(files: &dyn Files) -> Result<Vec<u64>, StoreError> {
    let names = files.list().map_err(opening)?;
    let number = |name: &String| name.strip_suffix(".seg")?.parse().ok();
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// What the folder holds.
#[derive(Default)]
struct Sorted {
    /// Files with blocks, oldest first.
    live: Vec<u64>,
    /// Files laid out and never used, or whose very first write was torn.
    unused: Vec<u64>,
    /// Files whose copy was finished before they could be removed.
    copied: Vec<u64>,
}

fn sort_out(files: &dyn Files, numbers: &[u64]) -> Result<Sorted, StoreError> {
    let mut sorted = Sorted::default();
    let mut before: Option<u64> = None;
    for number in numbers {
        let Some(first) = first_header(files, *number)? else {
            refuse_damage(&read(files, *number)?)?;
            sorted.unused.push(*number);
            continue;
        };
        if let Some(hole) = sorted.unused.first() {
            return Err(corrupt(
                format!("journal/{}", segment_name(*hole)),
                "expected a block at byte 0, but there is none, and a later file has blocks; \
                 nothing was changed: restore the folder from a backup"
                    .into(),
            ));
        }
        if before == Some(first.number) {
            sorted.copied.extend(sorted.live.pop());
        }
        before = Some(first.number);
        sorted.live.push(*number);
    }
    Ok(sorted)
}

/// The header at a file's beginning; `None` if its first block is not whole.
fn first_header(files: &dyn Files, number: u64) -> Result<Option<Header>, StoreError> {
    let file = files.open(&segment_name(number)).map_err(opening)?;
    let size = file.size().map_err(opening)?;
    if size < HEADER as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; HEADER];
    file.read_exact_at(&mut bytes, 0).map_err(opening)?;
    let Some(header) = Header::decode(&bytes).filter(|header| header.segment == number) else {
        return Ok(None);
    };
    let length = HEADER as u64 + u64::from(header.length);
    if length > size {
        return Ok(None);
    }
    bytes.resize(length as usize, 0);
    file.read_exact_at(&mut bytes, 0).map_err(opening)?;
    Ok(header.frames(&bytes).map(|_| header))
}

fn read(files: &dyn Files, number: u64) -> Result<Read, StoreError> {
    let file = files.open(&segment_name(number)).map_err(opening)?;
    let mut bytes = vec![0; file.size().map_err(opening)? as usize];
    file.read_exact_at(&mut bytes, 0).map_err(opening)?;
    let scan = scan(&bytes, number);
    Ok(Read {
        number,
        file,
        bytes,
        scan,
    })
}

fn refuse_damage(read: &Read) -> Result<(), StoreError> {
    if read.scan.end == End::Damaged {
        return Err(damaged(read));
    }
    Ok(())
}

/// The last file may end in an unfinished write, which was never acknowledged and is left behind.
fn check_tail(tail: &Read) -> Result<(), StoreError> {
    refuse_damage(tail)?;
    if tail.scan.end == End::Torn {
        let (file, offset) = (segment_name(tail.number), tail.scan.end_offset());
        tracing::warn!(
            file,
            offset,
            "cut an unfinished write off the journal's end"
        );
    }
    Ok(())
}

fn damaged(read: &Read) -> StoreError {
    corrupt(
        format!("journal/{}", segment_name(read.number)),
        format!(
            "expected a whole block at byte {}, but its checksum does not match; nothing was \
             changed: restore the folder from a backup",
            read.scan.end_offset()
        ),
    )
}

/// The last file's blocks under another segment number.
fn recode(tail: &Read, number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(tail.scan.end_offset());
    for block in &tail.scan.blocks {
        let header = Header {
            segment: number,
            ..block.header
        };
        bytes.extend_from_slice(&header.encode());
        bytes.extend_from_slice(block.frames(&tail.bytes));
    }
    bytes
}

/// Writes and syncs the new last file under another name first: under its own it is whole.
fn write_tail(
    files: &dyn Files,
    number: u64,
    bytes: &[u8],
    options: JournalOptions,
) -> io::Result<Arc<dyn StoredFile>> {
    let file = files.create(COPY)?;
    file.write_all_at(bytes, 0)?;
    let length = bytes.len() as u64;
    let laid_out = options.segment_bytes.min(length + options.first_bytes);
    fill(&*file, length, laid_out, || false)?;
    file.sync()?;
    files.rename(COPY, &segment_name(number))?;
    files.sync_folder()?;
    Ok(file)
}

impl Rebuilt {
    fn into_log(
        mut self,
        files: Arc<dyn Files>,
        options: JournalOptions,
        tail: &NewTail,
        file: Arc<dyn StoredFile>,
    ) -> Log {
        let segments = &mut self.index.segments;
        let segment = segments
            .entry(tail.number)
            .or_insert_with(|| Segment::new(file.clone()));
        segment.file = file.clone();
        let offset = tail.bytes.len() as u64;
        Log {
            files,
            options,
            heads: self.heads,
            index: SharedIndex::new(RwLock::new(self.index)),
            tail: Tail {
                segment: tail.number,
                file,
                offset,
                limit: options.segment_bytes.min(offset + options.first_bytes),
                last: self.last,
            },
            next: None,
            buffer: vec![],
            failed: false,
        }
    }

    /// A file that is not the last: it ends cleanly.
    fn add_sealed(&mut self, read: Read) -> Result<(), StoreError> {
        if read.scan.end != End::Clean {
            return Err(damaged(&read));
        }
        self.add(read)
    }

    fn add(&mut self, read: Read) -> Result<(), StoreError> {
        let mut segment = Segment::new(read.file.clone());
        for block in &read.scan.blocks {
            segment.add_block(block.header.number, block.end() as u64);
        }
        self.index.segments.insert(read.number, segment);
        for block in &read.scan.blocks {
            if self.last.is_some_and(|last| !follows(&last, &block.header)) {
                return Err(corrupt(
                    format!("journal/{}", segment_name(read.number)),
                    format!(
                        "the block at byte {} does not follow the block before it: a file or the \
                         end of one is missing; restore the folder from a backup",
                        block.offset
                    ),
                ));
            }
            self.last = Some(block.header);
            self.add_block(&read, block)?;
        }
        Ok(())
    }

    fn add_block(&mut self, read: &Read, block: &Found) -> Result<(), StoreError> {
        let mut offset = block.offset + HEADER;
        while offset < block.end() {
            let frame = Frame::decode(&read.bytes[offset..block.end()]);
            let taken = frame.and_then(|(frame, length)| {
                let place = Place {
                    segment: read.number,
                    offset: offset as u32,
                    length: length as u32,
                };
                debug_assert!(length >= FRAME_HEADER);
                self.add_frame(&frame, place).then_some(length)
            });
            offset += taken.ok_or_else(|| {
                corrupt(
                    format!("journal/{}", segment_name(read.number)),
                    format!(
                        "the frame at byte {offset} is of an unknown kind or leaves a gap in its \
                         partition's positions; was it written by a newer version?"
                    ),
                )
            })?;
        }
        Ok(())
    }

    /// Takes a frame over; false if it does not fit what came before.
    fn add_frame(&mut self, frame: &Frame<'_>, place: Place) -> bool {
        match frame {
            Frame::Heads(heads) => {
                for (partition, head) in heads {
                    self.heads.entry(*partition).or_insert(*head);
                    self.index.add_partition(*partition, head.head);
                }
                heads
                    .iter()
                    .all(|(partition, head)| self.heads[partition] == *head)
            }
            Frame::Epoch(partition, epoch) => {
                let head = self.heads.entry(*partition).or_default();
                let raised = *epoch > head.epoch;
                head.epoch = *epoch;
                self.index.add_partition(*partition, head.head);
                raised
            }
            Frame::Batch(batch) => {
                let head = self.heads.entry(batch.partition).or_default();
                let next: Position = head.head + 1;
                head.head = next;
                head.batch_id = batch.batch_id;
                self.index.add_batch(batch.partition, next, place);
                batch.position == next && batch.epoch == head.epoch
            }
            Frame::Blob(hash, _) => {
                self.index.add_blob(*hash, place);
                true
            }
        }
    }
}
