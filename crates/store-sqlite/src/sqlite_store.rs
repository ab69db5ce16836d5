//! The store: journal and state behind the contract.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use store::{
    Append, Appended, Batch, BlobHash, Count, CountBy, Dropped, EntityId, Expiry, HistorySegment,
    InstanceFilter, InstanceRow, ListCursor, Page, PartitionHead, PartitionId, Position,
    Projection, Row, Scan, Slot, Store, StoreError, StoreSizes, StoredInstance, Swept, Table,
};

use tokio::sync::Mutex;

use crate::failure::io_failure;
use crate::files::{Files, RealFiles};
use crate::folder::{self, Folder};
use crate::journal::{
    Answer, Committer, Holds, INTACT, JournalOptions, Request, read_batches, read_blob, recover,
    remove, verify,
};
use crate::options::Options;
use crate::sizes::sizes;
use crate::state::{self, Readers, StateOptions, Sweep, Synced, WriterHandle};

/// Bytes of blobs that are kept in one transaction when their journal file goes.
const BLOB_STEP: usize = 64;

/// The embedded store: one folder, one process.
pub struct SqliteStore {
    // Dropped in this order: threads end before the folder is let go, and the writer closes `state.db`
    // last and alone, for only then does SQLite fold its log into the file.
    pub(crate) committer: Committer,
    pub(crate) readers: Readers,
    pub(crate) writer: WriterHandle,
    /// One checkpoint at a time: files must go in order.
    pub(crate) checkpointing: Mutex<()>,
    /// One backup at a time.
    pub(crate) backing_up: Mutex<()>,
    /// What trimming must leave.
    pub(crate) holds: Arc<Holds>,
    pub(crate) folder: Folder,
    pub(crate) path: PathBuf,
}

impl SqliteStore {
    /// Opens the store in a folder, making it if it is missing.
    ///
    /// # Errors
    /// `Locked` when another process has it; `Io` when it cannot be written; `Corrupt` when
    /// something in it is damaged, in which case nothing was changed; `Gap` when the state is
    /// older than what the journal still holds.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        let journal = folder.join("journal");
        let held = Folder::hold(folder)?;
        let files = RealFiles::new(&journal)
            .map_err(|error| io_failure(&format!("making {}", journal.display()), error))?;
        Self::open_held(folder, held, options, Arc::new(files))
    }

    /// The same with another layer of files below the journal, for tests of faults.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_on(
        folder: &Path,
        options: &Options,
        files: Arc<dyn Files>,
    ) -> Result<Self, StoreError> {
        Self::open_held(folder, Folder::hold(folder)?, options, files)
    }

    fn open_held(
        path: &Path,
        folder: Folder,
        options: &Options,
        files: Arc<dyn Files>,
    ) -> Result<Self, StoreError> {
        let log = recover(
            files,
            JournalOptions {
                segment_bytes: options.segment_bytes,
                first_bytes: options.first_bytes,
                ahead: true,
            },
        )?;
        let committer = Committer::start(log)?;
        if !path.join("state.db").exists() {
            refuse_gaps(&committer, |_| 0)?;
        }
        let (writer, readers) = state::open(&StateOptions {
            folder: path.to_owned(),
            bucket_ms: options.bucket_ms,
            recent_bytes: options.recent_bytes,
            readers: options.readers,
            max_pages: options.max_pages,
        })?;
        refuse_gaps(&committer, |partition| readers.reached(partition))?;
        Ok(Self {
            committer,
            writer,
            readers,
            checkpointing: Mutex::new(()),
            backing_up: Mutex::new(()),
            holds: Arc::default(),
            folder,
            path: path.to_owned(),
        })
    }

    /// Checks every checksum of the journal and every page of the state and of the buckets; answers
    /// what is damaged, empty when all is well. The store stays in use meanwhile.
    ///
    /// # Errors
    /// `Unavailable` when the store is closing.
    pub async fn verify(&self) -> Result<Vec<StoreError>, StoreError> {
        let index = self.committer.index().clone();
        let check = move |reader: &mut state::Reader| {
            let mut findings = verify(&index);
            findings.extend(reader.integrity());
            Ok(findings)
        };
        self.readers.read(check).await
    }

    /// Blobs of journal files that are about to go move into the state.
    async fn keep_blobs(&self, segments: &[u64]) -> Result<bool, StoreError> {
        let hashes: Vec<BlobHash> = {
            let index = self.committer.index().read().expect(INTACT);
            segments
                .iter()
                .flat_map(|segment| index.blobs_of(*segment))
                .collect()
        };
        for step in hashes.chunks(BLOB_STEP) {
            let (index, step) = (self.committer.index().clone(), step.to_vec());
            self.writer
                .work(move |writer| {
                    let blobs = step
                        .iter()
                        .filter_map(|hash| read_blob(&index, *hash).transpose());
                    writer.put_blobs(&blobs.collect::<Result<Vec<_>, _>>()?)
                })
                .await?;
        }
        Ok(!hashes.is_empty())
    }

    async fn trim(&self, synced: &Synced) -> Result<(), StoreError> {
        let behind = self
            .committer
            .index()
            .read()
            .expect(INTACT)
            .behind(&synced.reached, self.holds.needed_from());
        if behind.is_empty() {
            return Ok(());
        }
        if self.keep_blobs(&behind).await? {
            self.writer.work(|writer| writer.sync()).await?;
        }
        let (files, index) = (
            self.committer.files().clone(),
            self.committer.index().clone(),
        );
        self.readers
            .read(move |_| remove(&*files, &index, &behind))
            .await
    }
}

/// What lies between the state and the journal's first batch would be lost without a word.
fn refuse_gaps(
    committer: &Committer,
    reached: impl Fn(PartitionId) -> Position,
) -> Result<(), StoreError> {
    for (partition, first) in committer.index().read().expect(INTACT).firsts() {
        let reached = reached(partition);
        if reached + 1 < first {
            return Err(StoreError::Gap {
                partition: partition.0,
                reached,
                first,
            });
        }
    }
    Ok(())
}

#[async_trait]
impl Store for SqliteStore {
    async fn incarnation(&self) -> Result<u32, StoreError> {
        Ok(self.folder.incarnation)
    }

    async fn paused(&self) -> Result<Option<String>, StoreError> {
        let path = self.path.clone();
        self.readers.read(move |_| folder::paused(&path)).await
    }

    async fn set_paused(&self, why: Option<&str>) -> Result<(), StoreError> {
        let (path, why) = (self.path.clone(), why.map(str::to_owned));
        self.readers
            .read(move |_| folder::set_paused(&path, why.as_deref()))
            .await
    }

    async fn take_over(&self, partition: PartitionId) -> Result<PartitionHead, StoreError> {
        match self.committer.ask(Request::TakeOver(partition)).await? {
            Answer::Head(head) => Ok(head),
            Answer::Appended(_) => unreachable!("a take-over is answered with a head"),
        }
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        match self.committer.ask(Request::Append(append)).await? {
            Answer::Appended(appended) => Ok(appended),
            Answer::Head(_) => unreachable!("an append is answered with its outcome"),
        }
    }

    async fn read_journal(
        &self,
        partition: PartitionId,
        from: Position,
        limit_bytes: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let index = self.committer.index().clone();
        let read = move |_: &mut _| read_batches(&index, partition, from, limit_bytes);
        self.readers.read(read).await
    }

    async fn blob(&self, hash: BlobHash) -> Result<Option<Bytes>, StoreError> {
        let index = self.committer.index().clone();
        let read = move |reader: &mut state::Reader| match read_blob(&index, hash)? {
            Some(blob) => Ok(Some(blob.bytes)),
            None => reader.blob(&hash),
        };
        self.readers.read(read).await
    }

    async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError> {
        self.writer.project(projections).await
    }

    async fn reached(&self, partition: PartitionId) -> Result<Position, StoreError> {
        Ok(self.readers.reached(partition))
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        let _alone = self.checkpointing.lock().await;
        let synced = self.writer.work(|writer| writer.sync()).await?;
        self.trim(&synced).await?;
        let run = synced.run;
        while self
            .writer
            .work(move |writer| writer.flush_some(run))
            .await?
        {}
        Ok(())
    }

    async fn instance(
        &self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        self.readers
            .read(move |reader| reader.instance(slot, id))
            .await
    }

    async fn history(
        &self,
        _slot: Slot,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        self.readers
            .read(move |reader| reader.history(id, after_seq, limit_bytes))
            .await
    }

    async fn get_many(
        &self,
        table: Table,
        keys: Vec<(Slot, Bytes)>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.readers
            .read(move |reader| reader.get_many(table, &keys))
            .await
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<Row>, StoreError> {
        self.readers.read(move |reader| reader.scan(&scan)).await
    }

    async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        let (filter, limit) = (filter.clone(), limit.clamp(1, 1000));
        self.readers
            .read(move |reader| reader.list(&filter, after, limit))
            .await
    }

    async fn count(&self, filter: &InstanceFilter, by: CountBy) -> Result<Vec<Count>, StoreError> {
        let filter = filter.clone();
        self.readers
            .read(move |reader| reader.count(&filter, by))
            .await
    }

    async fn drop_ended(&self, expiry: &Expiry) -> Result<Dropped, StoreError> {
        // Into their buckets first, with what ended a moment ago.
        self.checkpoint().await?;
        let expiry = expiry.clone();
        let over = self.writer.work(move |writer| writer.over(&expiry)).await?;
        let mut dropped = Dropped::default();
        for key in over {
            dropped += self
                .writer
                .work(move |writer| writer.drop_bucket(key))
                .await?;
            self.readers.read(|reader| reader.free_dropped()).await?;
        }
        Ok(dropped)
    }

    async fn sweep_blobs(&self, now_ms: i64, keep_ms: u64) -> Result<Swept, StoreError> {
        // What trimming keeps for a batch is kept before the next step, or counts for it.
        let _alone = self.checkpointing.lock().await;
        let (heads, journaled) = {
            let index = self.committer.index().read().expect(INTACT);
            (index.heads(), index.blobs())
        };
        let sweep = Sweep {
            now_ms,
            keep_ms,
            heads,
            journaled,
        };
        self.writer
            .work(move |writer| writer.sweep_blobs(&sweep))
            .await
    }

    async fn sizes(&self) -> Result<StoreSizes, StoreError> {
        let path = self.path.clone();
        self.readers.read(move |_| sizes(&path)).await
    }
}
