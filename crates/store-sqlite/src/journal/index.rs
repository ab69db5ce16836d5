//! Where each durable batch and blob lies. Readers share it with the commit thread, which adds to
//! it only after the sync: what is not durable cannot be read.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use store::{Batch, Blob, BlobHash, PartitionId, Position, StoreError};

use super::block::{FRAME_HEADER, Frame};
use crate::failure::{corrupt, io_failure};
use crate::files::StoredFile;

/// The index as readers and the commit thread hold it.
pub(crate) type SharedIndex = Arc<RwLock<Index>>;

/// A frame's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// One file of the journal.
pub(super) struct Segment {
    pub(super) file: Arc<dyn StoredFile>,
    /// Durable blocks end here.
    pub(super) end: u64,
    /// The numbers of the first and the last of them; none before the first.
    pub(super) blocks: Option<(u64, u64)>,
    /// The last position of each partition that has batches here.
    pub(super) last: BTreeMap<PartitionId, Position>,
    pub(super) blobs: Vec<BlobHash>,
}

impl Segment {
    pub(super) fn new(file: Arc<dyn StoredFile>) -> Self {
        Self {
            file,
            end: 0,
            blocks: None,
            last: BTreeMap::new(),
            blobs: vec![],
        }
    }

    /// Takes in that a block, the next one, is durable.
    pub(super) fn add_block(&mut self, number: u64, end: u64) {
        let first = self.blocks.map_or(number, |(first, _)| first);
        self.blocks = Some((first, number));
        self.end = end;
    }

    /// Whether a block of this number or a later one lies here.
    fn reaches(&self, block: u64) -> bool {
        self.blocks.is_some_and(|(_, last)| last >= block)
    }
}

/// A partition's batches, without gaps.
pub(super) struct Batches {
    pub(super) first: Position,
    places: VecDeque<Place>,
}

/// What the journal holds, by partition and by blob.
#[derive(Default)]
pub(crate) struct Index {
    pub(super) segments: BTreeMap<u64, Segment>,
    pub(super) partitions: BTreeMap<PartitionId, Batches>,
    blobs: HashMap<BlobHash, Place>,
}

impl Index {
    /// Makes a partition known whose journal is empty behind `head`.
    pub(super) fn add_partition(&mut self, partition: PartitionId, head: Position) {
        self.partitions.entry(partition).or_insert(Batches {
            first: head + 1,
            places: VecDeque::new(),
        });
    }

    /// Adds a batch at the partition's next position.
    pub(super) fn add_batch(&mut self, partition: PartitionId, position: Position, place: Place) {
        self.add_partition(partition, position - 1);
        if let Some(batches) = self.partitions.get_mut(&partition) {
            batches.places.push_back(place);
        }
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.last.insert(partition, position);
        }
    }

    pub(super) fn add_blob(&mut self, hash: BlobHash, place: Place) {
        self.blobs.insert(hash, place);
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.blobs.push(hash);
        }
    }

    pub(super) fn has_blob(&self, hash: &BlobHash) -> bool {
        self.blobs.contains_key(hash)
    }

    /// Forgets a segment, which must be the oldest; false if it is not there.
    pub(super) fn remove_segment(&mut self, number: u64) -> bool {
        let Some(segment) = self.segments.remove(&number) else {
            return false;
        };
        for partition in segment.last.keys() {
            let Some(batches) = self.partitions.get_mut(partition) else {
                continue;
            };
            while batches
                .places
                .front()
                .is_some_and(|place| place.segment == number)
            {
                batches.places.pop_front();
                batches.first += 1;
            }
        }
        self.blobs.retain(|_, place| place.segment != number);
        true
    }

    /// The first position that the journal holds of a partition; 1 if it never had any.
    pub(crate) fn first(&self, partition: PartitionId) -> Position {
        self.partitions
            .get(&partition)
            .map_or(1, |batches| batches.first)
    }

    /// Every partition's first position.
    pub(crate) fn firsts(&self) -> Vec<(PartitionId, Position)> {
        let first = |(partition, batches): (&PartitionId, &Batches)| (*partition, batches.first);
        self.partitions.iter().map(first).collect()
    }

    /// Every partition's last durable position.
    pub(crate) fn heads(&self) -> BTreeMap<PartitionId, Position> {
        let head = |batches: &Batches| batches.first + batches.places.len() as Position - 1;
        let heads = self.partitions.iter();
        heads
            .map(|(partition, batches)| (*partition, head(batches)))
            .collect()
    }

    /// The numbers of the first and the last durable block; none before the first.
    pub(crate) fn blocks(&self) -> Option<(u64, u64)> {
        let mut blocks = self.segments.values().filter_map(|segment| segment.blocks);
        let (first, last) = blocks.next()?;
        Some((first, blocks.next_back().map_or(last, |(_, last)| last)))
    }

    /// How many bytes of durable blocks lie from a block on, which stands at this offset if it lies
    /// in the segment of this number.
    pub(super) fn bytes_from(&self, block: u64, place: Option<(u64, u64)>) -> u64 {
        let later = self
            .segments
            .iter()
            .filter(|(_, segment)| segment.reaches(block));
        let bytes = later.map(|(number, segment)| match place {
            Some((at, offset)) if at == *number => segment.end.saturating_sub(offset),
            _ => segment.end,
        });
        bytes.sum()
    }

    /// The segment that holds a block.
    pub(super) fn segment_of(&self, block: u64) -> Option<(u64, &Segment)> {
        let holds = |(_, segment): &(&u64, &Segment)| segment.reaches(block);
        let (number, segment) = self.segments.iter().find(holds)?;
        let begins = segment.blocks.is_some_and(|(first, _)| first <= block);
        begins.then_some((*number, segment))
    }

    /// The oldest segments whose batches all lie at or below the reached positions, and whose blocks
    /// all lie below the first one that is still needed, in order; never the newest one.
    pub(crate) fn behind(
        &self,
        reached: &BTreeMap<PartitionId, Position>,
        needed: u64,
    ) -> Vec<u64> {
        let newest = self.segments.keys().next_back().copied();
        let done = |(partition, last): (&PartitionId, &Position)| {
            reached
                .get(partition)
                .is_some_and(|reached| reached >= last)
        };
        let behind = self
            .segments
            .iter()
            .take_while(|(_, segment)| segment.last.iter().all(done) && !segment.reaches(needed));
        behind
            .map(|(number, _)| *number)
            .filter(|number| Some(*number) != newest)
            .collect()
    }

    /// All blobs that lie in the journal.
    pub(crate) fn blobs(&self) -> Vec<BlobHash> {
        self.blobs.keys().copied().collect()
    }

    /// The blobs that lie in a segment.
    pub(crate) fn blobs_of(&self, segment: u64) -> Vec<BlobHash> {
        self.segments
            .get(&segment)
            .map(|segment| segment.blobs.clone())
            .unwrap_or_default()
    }

    fn frame(&self, place: Place) -> Option<FrameAt> {
        let segment = self.segments.get(&place.segment)?;
        Some(FrameAt {
            file: segment.file.clone(),
            place,
        })
    }
}

/// A frame to be read, outside of the index's lock.
struct FrameAt {
    file: Arc<dyn StoredFile>,
    place: Place,
}

impl FrameAt {
    fn read(&self) -> Result<Bytes, StoreError> {
        let mut bytes = vec![0; self.place.length as usize];
        let read = self
            .file
            .read_exact_at(&mut bytes, u64::from(self.place.offset));
        read.map_err(|error| self.failure(error))?;
        Ok(bytes.into())
    }

    fn failure(&self, error: io::Error) -> StoreError {
        io_failure(
            &format!("reading journal segment {}", self.place.segment),
            error,
        )
    }

    fn damaged(&self) -> StoreError {
        corrupt(
            format!("journal/{}", segment_name(self.place.segment)),
            format!(
                "the frame at byte {} does not match its checksum",
                self.place.offset
            ),
        )
    }
}

/// A segment's file name.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:020}.seg")
}

/// Durable batches from a position, at most `limit_bytes` of bodies (at least one).
pub(crate) fn read_batches(
    index: &SharedIndex,
    partition: PartitionId,
    from: Position,
    limit_bytes: usize,
) -> Result<Vec<Batch>, StoreError> {
    let frames = batch_frames(index, partition, from.max(1), limit_bytes)?;
    frames.iter().map(read_batch).collect()
}

fn batch_frames(
    index: &SharedIndex,
    partition: PartitionId,
    from: Position,
    limit_bytes: usize,
) -> Result<Vec<FrameAt>, StoreError> {
    let index = index.read().expect(INTACT);
    let Some(batches) = index.partitions.get(&partition) else {
        return Ok(vec![]);
    };
    if from < batches.first {
        return Err(StoreError::Gap {
            partition: partition.0,
            reached: from - 1,
            first: batches.first,
        });
    }
    let mut bytes = 0;
    let mut frames = vec![];
    for place in batches.places.iter().skip((from - batches.first) as usize) {
        bytes += place.length as usize - FRAME_HEADER - BATCH_PREFIX;
        if bytes > limit_bytes && !frames.is_empty() {
            break;
        }
        frames.extend(index.frame(*place));
    }
    Ok(frames)
}

/// What stands before the body in a batch frame's payload: partition, epoch, position, id.
const BATCH_PREFIX: usize = 2 + 8 + 8 + 16;

/// Why a lock is taken without a way out.
pub(crate) const INTACT: &str = "no holder of this lock panics while it changes the index";

fn read_batch(at: &FrameAt) -> Result<Batch, StoreError> {
    let bytes = at.read()?;
    let Some((Frame::Batch(batch), _)) = Frame::decode(&bytes) else {
        return Err(at.damaged());
    };
    Ok(Batch {
        position: batch.position,
        epoch: batch.epoch,
        batch_id: batch.batch_id,
        body: bytes.slice_ref(batch.body),
    })
}

/// Blobs that lie in the journal, in the order of their hashes, behind one of them, until
/// `limit_bytes` is passed (at least one if there is one).
pub(crate) fn read_blobs(
    index: &SharedIndex,
    after: Option<BlobHash>,
    limit_bytes: usize,
) -> Result<Vec<Blob>, StoreError> {
    let mut hashes: Vec<BlobHash> = {
        let index = index.read().expect(INTACT);
        let behind = |hash: &&BlobHash| after.is_none_or(|after| **hash > after);
        index.blobs.keys().filter(behind).copied().collect()
    };
    hashes.sort_unstable();
    let (mut found, mut bytes) = (vec![], 0);
    for hash in hashes {
        if bytes > limit_bytes {
            break;
        }
        let blob = read_blob(index, hash)?;
        bytes += blob.as_ref().map_or(0, |blob| blob.bytes.len());
        found.extend(blob);
    }
    Ok(found)
}

/// A blob that lies in the journal.
pub(crate) fn read_blob(index: &SharedIndex, hash: BlobHash) -> Result<Option<Blob>, StoreError> {
    let frame = {
        let index = index.read().expect(INTACT);
        index.blobs.get(&hash).and_then(|place| index.frame(*place))
    };
    let Some(at) = frame else {
        return Ok(None);
    };
    let bytes = at.read()?;
    match Frame::decode(&bytes) {
        Some((Frame::Blob(hash, content), _)) => Ok(Some(Blob {
            hash,
            bytes: bytes.slice_ref(content),
        })),
        _ => Err(at.damaged()),
    }
}
