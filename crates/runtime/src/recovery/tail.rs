//! Reading a journal from the projected position on, and tables from end to end.

use engine::codec::{CodecError, RecordBatch, decode_batch_up_to, verify_batch};
use store::{Batch, PartitionHead, PartitionId, Position, Row, Scan, Store, StoreError};

use crate::error::OpenError;

/// Bytes read at once.
const READ_BYTES: usize = 8 << 20;
/// Rows read at once.
const PAGE: usize = 5_000;

/// Why a batch cannot be read.
enum Unread {
    /// Its binary was newer than this one.
    Newer(String),
    /// Expected and found.
    Damaged(String),
}

impl From<CodecError> for Unread {
    fn from(error: CodecError) -> Self {
        let reason = error.to_string();
        match error {
            CodecError::Newer { .. } | CodecError::UnknownRecord { .. } => Self::Newer(reason),
            CodecError::Damaged(_) | CodecError::Checksum { .. } => Self::Damaged(reason),
        }
    }
}

/// A batch as it was read back.
pub(crate) struct ReadBatch {
    pub(crate) position: Position,
    pub(crate) records: RecordBatch,
    /// Of its records, as journaled.
    pub(crate) bytes: usize,
}

/// The journal of one partition behind its projected position.
pub(crate) struct Tail {
    partition: PartitionId,
    head: Position,
    reached: Position,
    next: Position,
    chain: Option<u32>,
    last_at: i64,
    newest: u32,
    read: std::vec::IntoIter<Batch>,
}

impl Tail {
    /// Begins behind `reached`, for a reader that knows formats up to `newest`; the batch there is read too, if it is still held, for its checksum.
    pub(crate) fn new(
        partition: PartitionId,
        head: PartitionHead,
        reached: Position,
        newest: u32,
    ) -> Self {
        let next = reached.max(head.first).max(1).min(reached + 1);
        let chain = (next == 1).then_some(0);
        let read = Vec::new().into_iter();
        Self {
            partition,
            head: head.head,
            reached,
            next,
            chain,
            last_at: 0,
            newest,
            read,
        }
    }

    /// The next batch that is not projected.
    pub(crate) async fn next(&mut self, store: &dyn Store) -> Result<Option<ReadBatch>, OpenError> {
        while self.next <= self.head {
            let batch = self.next_batch(store).await?;
            let position = batch.position;
            let read = self.judge(&batch).map_err(|unread| match unread {
                Unread::Newer(reason) => OpenError::Newer {
                    partition: self.partition.0,
                    position,
                    reason,
                },
                Unread::Damaged(reason) => self.damaged(position, reason),
            })?;
            self.next += 1;
            if position > self.reached {
                return Ok(Some(read));
            }
        }
        Ok(None)
    }

    /// The checksum of the last batch read; 0 for an empty journal.
    pub(crate) fn chain(&self) -> u32 {
        self.chain.unwrap_or(0)
    }

    /// The time of the last batch read; 0 for an empty journal.
    pub(crate) fn last_at(&self) -> i64 {
        self.last_at
    }

    async fn next_batch(&mut self, store: &dyn Store) -> Result<Batch, OpenError> {
        if let Some(batch) = self.read.next() {
            return Ok(batch);
        }
        let batches = store
            .read_journal(self.partition, self.next, READ_BYTES)
            .await?;
        self.read = batches.into_iter();
        let next = self.read.next();
        next.ok_or_else(|| self.damaged(self.next, "expected a batch, but the journal ends".into()))
    }

    /// Whether the batch is the next one, unchanged, and readable here.
    fn judge(&mut self, batch: &Batch) -> Result<ReadBatch, Unread> {
        if batch.position != self.next {
            return Err(Unread::Damaged(format!(
                "expected position {}, but found a gap before this one",
                self.next
            )));
        }
        let (header, records) = decode_batch_up_to(&batch.body, self.newest)?;
        if let Some(previous) = self.chain {
            verify_batch(&batch.body, previous)?;
        }
        let owner = (header.partition, header.position);
        if owner != (u32::from(self.partition.0), batch.position) {
            return Err(Unread::Damaged(format!(
                "expected a batch of this place, but it says {owner:?}"
            )));
        }
        self.chain = Some(header.checksum);
        self.last_at = self.last_at.max(header.at);
        let (position, bytes) = (batch.position, batch.body.len());
        Ok(ReadBatch {
            position,
            records,
            bytes,
        })
    }

    fn damaged(&self, position: Position, reason: String) -> OpenError {
        OpenError::Journal {
            partition: self.partition.0,
            position,
            reason,
        }
    }
}

/// Reads a table from end to end, page by page.
pub(crate) async fn scan_all(
    store: &dyn Store,
    mut scan: Scan,
    mut each: impl FnMut(&Row),
) -> Result<(), StoreError> {
    scan.limit = PAGE;
    loop {
        let rows = store.scan(scan.clone()).await?;
        rows.iter().for_each(&mut each);
        match rows.last() {
            Some(last) if rows.len() >= PAGE => scan.after = Some((last.key.clone(), last.slot)),
            _ => return Ok(()),
        }
    }
}
