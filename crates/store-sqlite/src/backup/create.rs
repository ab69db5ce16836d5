//! Makes a backup of a store in use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use store::{PartitionId, Position, StoreError};
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt;
use vault::Vault;

use super::error::BackupError;
use super::layout::{BACKUPS, FORMAT, chunk_name, claim};
use super::manifest::{CopiedFile, Manifest, Moment, Part, moment, time_text};
use crate::SqliteStore;
use crate::failure::io_failure;
use crate::journal::{BlockCursor, INTACT, runs};
use crate::pace::{Pace, Rests};
use crate::state::Frozen;

/// Objects have at most about this many bytes; one is in memory at a time.
pub(super) const PART_BYTES: usize = 4 << 20;
/// What a file's copy is called until it is in the vault.
const COPY: &str = "backup.tmp";

impl SqliteStore {
    /// Copies the store into a vault while it is in use. Commits go on; trimming waits.
    ///
    /// # Errors
    /// When another backup is under way, the vault is another store's, or something cannot be read
    /// or written. Nothing that is unfinished is ever taken for a backup.
    pub async fn back_up(&self, vault: &dyn Vault, pace: Pace) -> Result<Manifest, BackupError> {
        let busy = |_| {
            let text =
                "expected no other backup at the same time, but one is being made: wait for it";
            BackupError::Refused(text.to_owned())
        };
        let _alone = self.backing_up.try_lock().map_err(busy)?;
        claim(vault, self.folder.store).await?;
        let (hold, first) = {
            let _no_trimming = self.checkpointing.lock().await;
            let (first, _) = self.blocks_now();
            (self.holds.hold(first), first)
        };
        let frozen = self.writer.work(|writer| writer.freeze()).await?;
        let (block, heads) = self.heads_now();
        let earliest = moment(now_ms(), block, heads);
        let id = format!("{}-{}", file_time(earliest.at_ms), self.folder.incarnation);
        let base = format!("{BACKUPS}{id}/");
        let mut files = Vec::with_capacity(frozen.len());
        for file in frozen {
            files.push(self.copy_file((vault, pace), &base, file).await?);
        }
        let (journal, latest, checksum) = self.copy_journal((vault, pace), &base, first).await?;
        drop(hold);
        let manifest = Manifest {
            format: FORMAT,
            id,
            store: self.folder.store,
            incarnation: self.folder.incarnation,
            began_behind: self.folder.began_behind,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            earliest,
            latest,
            checksum,
            files,
            journal,
        };
        manifest.put(vault).await?;
        tracing::info!(
            id = manifest.id,
            vault = vault.place(),
            bytes = manifest.bytes(),
            "backup made"
        );
        Ok(manifest)
    }

    /// The first block that the journal holds, and the last durable one; 1 and 0 before the first.
    pub(super) fn blocks_now(&self) -> (u64, u64) {
        let index = self.committer.index().read().expect(INTACT);
        index.blocks().unwrap_or((1, 0))
    }

    fn heads_now(&self) -> (u64, BTreeMap<PartitionId, Position>) {
        let index = self.committer.index().read().expect(INTACT);
        (index.blocks().map_or(0, |(_, last)| last), index.heads())
    }

    /// Copies one file of the state by way of the store's own disk, so that SQLite's log of it need
    /// not grow for as long as the vault takes.
    async fn copy_file(
        &self,
        (vault, pace): (&dyn Vault, Pace),
        base: &str,
        file: Frozen,
    ) -> Result<CopiedFile, BackupError> {
        let name = file.name.clone();
        let copy = TemporaryFile::new(self.path.join(COPY)).await?;
        let path = copy.path.clone();
        let copied = tokio::task::spawn_blocking(move || file.copy_to(&path, pace)).await;
        copied.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        let mut read = File::open(&copy.path).await.map_err(|e| copy.failure(e))?;
        let mut parts = vec![];
        let mut rests = Rests::at(pace);
        loop {
            let bytes = read_part(&mut read).await.map_err(|e| copy.failure(e))?;
            if bytes.is_empty() {
                break;
            }
            let part = format!("{base}files/{name}.{:05}", parts.len());
            parts.push(Part::put(vault, part, bytes).await?);
            rests.rest().await;
        }
        Ok(CopiedFile { name, parts })
    }

    /// Copies the journal from a block on, up to what is durable now.
    async fn copy_journal(
        &self,
        (vault, pace): (&dyn Vault, Pace),
        base: &str,
        first: u64,
    ) -> Result<(Vec<Part>, Moment, u32), BackupError> {
        let (last, heads) = self.heads_now();
        let latest = moment(now_ms(), last, heads);
        let mut cursor = BlockCursor::at(first);
        let (mut parts, mut checksum) = (vec![], 0);
        let mut rests = Rests::at(pace);
        while cursor.next <= last {
            let (bytes, goes_on) = self.read_blocks(cursor).await?;
            cursor = goes_on;
            let run = runs(&bytes);
            let wanted: Vec<_> = run.blocks.iter().filter(|b| b.number() <= last).collect();
            let (Some(from), Some(to)) = (wanted.first(), wanted.last()) else {
                break;
            };
            checksum = to.checksum();
            let length: usize = wanted.iter().map(|block| block.bytes()).sum();
            let name = chunk_name(&format!("{base}journal/"), from.number(), to.number());
            parts.push(Part::put(vault, name, Bytes::from(bytes).slice(..length)).await?);
            rests.rest().await;
        }
        Ok((parts, latest, checksum))
    }

    /// Reads durable blocks, off the async runtime's threads.
    pub(super) async fn read_blocks(
        &self,
        mut cursor: BlockCursor,
    ) -> Result<(Vec<u8>, BlockCursor), StoreError> {
        let index = Arc::clone(self.committer.index());
        let read = tokio::task::spawn_blocking(move || {
            let bytes = cursor.read(&index, PART_BYTES / 2)?;
            Ok((bytes, cursor))
        });
        let read = read.await;
        read.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}

/// A file that goes when this does.
struct TemporaryFile {
    path: PathBuf,
}

impl TemporaryFile {
    /// A name where nothing is: what an interrupted backup left is removed.
    async fn new(path: PathBuf) -> Result<Self, StoreError> {
        match fs::remove_file(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(&path, error)),
            _ => Ok(Self { path }),
        }
    }

    fn failure(&self, error: io::Error) -> BackupError {
        failure(&self.path, error).into()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // One that stays is removed by the next backup.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn failure(path: &Path, error: io::Error) -> StoreError {
    io_failure(&format!("copying to {}", path.display()), error)
}

async fn read_part(file: &mut File) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(PART_BYTES);
    file.take(PART_BYTES as u64).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}

/// The present time in milliseconds since the epoch.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A time as part of a file's name: `20261126T150405.123Z`.
fn file_time(at_ms: i64) -> String {
    time_text(at_ms).replace(['-', ':'], "")
}
