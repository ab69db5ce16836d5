//! The journal as its one writer sees it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use store::{Append, Appended, BlobHash, PartitionHead, PartitionId, StoreError};

use super::block::{BatchFrame, Frame, HEADER, Head, Header};
use super::index::{INTACT, Place, Segment, SharedIndex};
use super::layout::{Layout, lay_out};
use crate::failure::io_failure;
use crate::files::{Files, StoredFile};

/// How the journal's files are laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JournalOptions {
    /// A file is closed when the next block would pass this length.
    pub(crate) segment_bytes: u64,
    /// How much of a file is laid out in advance when the journal opens; later files are laid out
    /// whole, behind the commits.
    pub(crate) first_bytes: u64,
    /// Whether the next file is laid out by a thread of its own.
    pub(crate) ahead: bool,
}

/// What is asked of the writer.
#[derive(Debug)]
pub(crate) enum Request {
    Append(Append),
    TakeOver(PartitionId),
}

/// What the writer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Appended(Appended),
    Head(PartitionHead),
}

/// The file that is being written.
pub(super) struct Tail {
    pub(super) segment: u64,
    pub(super) file: Arc<dyn StoredFile>,
    pub(super) offset: u64,
    /// The file is closed when a block would pass this.
    pub(super) limit: u64,
    /// The last block's header; `None` before the journal's first block.
    pub(super) last: Option<Header>,
}

/// What a commit will add to the index when it is durable.
enum Added {
    Partition(PartitionId, u64),
    Batch(PartitionId, u64, Place),
    Blob(BlobHash, Place),
}

/// The journal's writer. After the first error it refuses everything: what a failed sync left in
/// the page cache cannot be trusted.
pub(crate) struct Log {
    pub(super) files: Arc<dyn Files>,
    pub(super) options: JournalOptions,
    pub(super) heads: BTreeMap<PartitionId, Head>,
    pub(super) index: SharedIndex,
    pub(super) tail: Tail,
    pub(super) next: Option<Layout>,
    pub(super) buffer: Vec<u8>,
    pub(super) failed: bool,
}

impl Log {
    /// Makes all requests durable with one write and one sync, and answers them in order.
    pub(crate) fn commit(&mut self, requests: &[Request]) -> Result<Vec<Answer>, StoreError> {
        if self.failed {
            let why = io::Error::other("an earlier commit failed");
            return Err(io_failure("appending to the journal", why));
        }
        let done = self.try_commit(requests);
        self.failed = done.is_err();
        done.map_err(|error| io_failure("appending to the journal", error))
    }

    fn try_commit(&mut self, requests: &[Request]) -> io::Result<Vec<Answer>> {
        if self.must_rotate(room_for(requests)) {
            self.rotate()?;
        }
        self.buffer.clear();
        self.buffer.resize(HEADER, 0);
        if self.tail.offset == 0 {
            let heads = self
                .heads
                .iter()
                .map(|(partition, head)| (*partition, *head));
            Frame::Heads(heads.collect()).encode(&mut self.buffer);
        }
        let empty = self.buffer.len();
        let mut added = vec![];
        let answers: Vec<_> = requests
            .iter()
            .map(|request| self.decide(request, &mut added))
            .collect();
        if self.buffer.len() > empty {
            self.write()?;
            self.look_ahead();
        }
        self.publish(added);
        Ok(answers
            .into_iter()
            .map(|answer| self.with_first(answer))
            .collect())
    }

    fn decide(&mut self, request: &Request, added: &mut Vec<Added>) -> (PartitionId, Answer) {
        match request {
            Request::TakeOver(partition) => (*partition, self.take_over(*partition, added)),
            Request::Append(append) => {
                let appended = self.append(append, added);
                (append.partition, Answer::Appended(appended))
            }
        }
    }

    fn take_over(&mut self, partition: PartitionId, added: &mut Vec<Added>) -> Answer {
        let head = self.heads.entry(partition).or_default();
        head.epoch += 1;
        let answer = PartitionHead {
            epoch: head.epoch,
            head: head.head,
            first: 0,
        };
        Frame::Epoch(partition, answer.epoch).encode(&mut self.buffer);
        added.push(Added::Partition(partition, answer.head));
        Answer::Head(answer)
    }

    /// The fence. What a repeated batch finds committed was synced by this very journal, or copied
    /// and synced when it was opened.
    fn append(&mut self, append: &Append, added: &mut Vec<Added>) -> Appended {
        let Some(head) = self.heads.get_mut(&append.partition) else {
            return Appended::Fenced;
        };
        if head.head == append.expected_head + 1 && head.batch_id == append.batch_id {
            return Appended::Committed;
        }
        if head.epoch != append.epoch || head.head != append.expected_head {
            return Appended::Fenced;
        }
        head.head += 1;
        head.batch_id = append.batch_id;
        let position = head.head;
        self.encode_blobs(append, added);
        let frame = Frame::Batch(BatchFrame {
            partition: append.partition,
            epoch: append.epoch,
            position,
            batch_id: append.batch_id,
            body: &append.body,
        });
        let place = self.encode(&frame);
        added.push(Added::Batch(append.partition, position, place));
        Appended::Committed
    }

    /// A blob that the journal holds already is not written again.
    fn encode_blobs(&mut self, append: &Append, added: &mut Vec<Added>) {
        for blob in &append.blobs {
            if self.index.read().expect(INTACT).has_blob(&blob.hash) {
                continue;
            }
            let place = self.encode(&Frame::Blob(blob.hash, &blob.bytes));
            added.push(Added::Blob(blob.hash, place));
        }
    }

    fn encode(&mut self, frame: &Frame<'_>) -> Place {
        let start = self.buffer.len();
        frame.encode(&mut self.buffer);
        Place {
            segment: self.tail.segment,
            offset: self.tail.offset as u32 + start as u32,
            length: (self.buffer.len() - start) as u32,
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let last = self.tail.last;
        let frames = &self.buffer[HEADER..];
        let header = Header {
            length: frames.len() as u32,
            segment: self.tail.segment,
            number: last.map_or(1, |last| last.number + 1),
            previous: last.map_or(0, |last| last.checksum),
            checksum: crc32c::crc32c(frames),
        };
        self.buffer[..HEADER].copy_from_slice(&header.encode());
        self.tail
            .file
            .write_all_at(&self.buffer, self.tail.offset)?;
        self.tail.file.sync()?;
        self.tail.offset += self.buffer.len() as u64;
        self.tail.last = Some(header);
        Ok(())
    }

    fn publish(&mut self, added: Vec<Added>) {
        if added.is_empty() {
            return;
        }
        let mut index = self.index.write().expect(INTACT);
        for added in added {
            match added {
                Added::Partition(partition, head) => index.add_partition(partition, head),
                Added::Batch(partition, position, place) => {
                    index.add_batch(partition, position, place);
                }
                Added::Blob(hash, place) => index.add_blob(hash, place),
            }
        }
        let segment = index.segments.get_mut(&self.tail.segment);
        if let (Some(segment), Some(last)) = (segment, self.tail.last) {
            segment.add_block(last.number, self.tail.offset);
        }
    }

    fn with_first(&self, (partition, answer): (PartitionId, Answer)) -> Answer {
        match answer {
            Answer::Head(head) => Answer::Head(PartitionHead {
                first: self.index.read().expect(INTACT).first(partition),
                ..head
            }),
            answered @ Answer::Appended(_) => answered,
        }
    }

    /// Whether these bytes go into the next file. While that is being laid out, this one may grow
    /// to a whole file's length: slower commits are better than one that waits.
    fn must_rotate(&self, room: u64) -> bool {
        let end = self.tail.offset + room;
        let waits = self.next.as_ref().is_some_and(|next| !next.is_ready());
        let limit = if waits {
            self.options.segment_bytes
        } else {
            self.tail.limit
        };
        self.tail.offset > 0 && end > limit
    }

    /// Goes on in the next file, which is laid out already or is now.
    fn rotate(&mut self) -> io::Result<()> {
        let segment = self.tail.segment + 1;
        let file = match self.next.take() {
            Some(laid_out) => laid_out.take()?,
            None => lay_out(&*self.files, segment, self.options.segment_bytes, || false)?,
        };
        let kept = Segment::new(file.clone());
        self.index
            .write()
            .expect(INTACT)
            .segments
            .insert(segment, kept);
        self.tail = Tail {
            segment,
            file,
            offset: 0,
            limit: self.options.segment_bytes,
            last: self.tail.last,
        };
        Ok(())
    }

    /// Has the next file laid out once this one is half full.
    fn look_ahead(&mut self) {
        let half = self.tail.offset > self.tail.limit / 2;
        if self.options.ahead && half && self.next.is_none() {
            let (number, bytes) = (self.tail.segment + 1, self.options.segment_bytes);
            self.next = Layout::start(self.files.clone(), number, bytes);
        }
    }
}

/// An upper bound for the block that these requests make.
fn room_for(requests: &[Request]) -> u64 {
    let room = |request: &Request| match request {
        Request::TakeOver(_) => 32,
        Request::Append(append) => {
            let blobs = append.blobs.iter().map(|blob| blob.bytes.len() + 64);
            64 + append.body.len() + blobs.sum::<usize>()
        }
    };
    (HEADER + requests.iter().map(room).sum::<usize>()) as u64
}
