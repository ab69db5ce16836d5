//! The continuous archive: every block, copied behind the commits. What it lacks is not trimmed.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vault::{Vault, VaultError};

use super::chunk::{Chunk, archived};
use super::create::now_ms;
use super::error::BackupError;
use super::layout::{archive_prefix, chunk_name, claim};
use super::manifest::list_backups;
use crate::SqliteStore;
use crate::journal::{BlockCursor, Hold, runs};
use crate::pace::Pace;

/// How long blocks gather before they are copied; a busy store copies without a pause.
const EVERY: Duration = Duration::from_secs(1);
/// When more than this waits, in bytes, copying does not pause.
const FULL: u64 = 1 << 20;
/// The longest pause between tries while the vault does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How far an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveState {
    /// Durable bytes that are not archived yet.
    pub lag_bytes: u64,
    /// How long the oldest of them waits, in milliseconds.
    pub lag_ms: u64,
    /// Bytes archived by this process.
    pub bytes: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Why the last try failed, if it did.
    pub trouble: Option<String>,
}

/// A running archive.
pub struct Archive {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    store: Arc<SqliteStore>,
    vault: Arc<dyn Vault>,
    /// Where copying goes on.
    cursor: Mutex<BlockCursor>,
    caught_up_at: AtomicI64,
    bytes: AtomicU64,
    failures: AtomicU64,
    trouble: Mutex<Option<String>>,
    /// Keeps from trimming what is not archived.
    hold: Hold,
}

impl Archive {
    /// Goes on with the archive of this store in a vault, from now on trimming only what is in it.
    /// The first time, and whenever the archive has no backup to build on, one is made. A vault
    /// that does not answer is tried again.
    ///
    /// # Errors
    /// When the vault is another store's, goes on differently, or refuses the keys.
    pub async fn start(
        store: Arc<SqliteStore>,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, BackupError> {
        let hold = {
            let _no_trimming = store.checkpointing.lock().await;
            store.holds.hold(store.blocks_now().0)
        };
        let cursor = BlockCursor::at(store.blocks_now().0);
        let shared = Arc::new(Shared {
            store,
            vault,
            cursor: Mutex::new(cursor),
            caught_up_at: AtomicI64::new(now_ms()),
            bytes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            trouble: Mutex::new(None),
            hold,
        });
        let next = match shared.check().await {
            Ok(next) => next,
            Err(BackupError::Vault(error @ VaultError::Unavailable { .. })) => {
                shared.failed(&error);
                Next::Check
            }
            Err(error) => return Err(error),
        };
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(&shared), next, stopping));
        Ok(Self {
            shared,
            stop,
            task: Mutex::new(Some(task)),
        })
    }

    /// How far it is.
    pub fn state(&self) -> ArchiveState {
        let shared = &self.shared;
        let lag_bytes = shared.bytes_left();
        let caught_up_at = shared.caught_up_at.load(Ordering::Relaxed);
        let waits = u64::try_from(now_ms() - caught_up_at).unwrap_or(0);
        ArchiveState {
            lag_bytes,
            lag_ms: if lag_bytes == 0 { 0 } else { waits },
            bytes: shared.bytes.load(Ordering::Relaxed),
            failures: shared.failures.load(Ordering::Relaxed),
            trouble: shared
                .trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// Copies what is durable by now and ends; what does not fit into `patience` is copied after
    /// the next start.
    pub async fn finish(&self, patience: Duration) {
        self.stop.send_replace(true);
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut task) = task else { return };
        if tokio::time::timeout(patience, &mut task).await.is_err() {
            tracing::warn!("the archive lags; it goes on with the next start");
            task.abort();
        }
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// What is to be done next.
enum Next {
    /// Find out how far the archive is.
    Check,
    /// Make the backup that the archive builds on; `continues` says that there is an archive without
    /// a gap, which goes on where it ends, not where the backup does.
    Base { continues: bool },
    /// Copy what is new.
    Copy(Option<Pending>),
}

/// Blocks under way to the vault: a try that failed is repeated as it was.
struct Pending {
    name: String,
    bytes: Bytes,
    behind: BlockCursor,
    /// With these, all is archived that was durable at this time.
    all_until: Option<i64>,
}

async fn run(shared: Arc<Shared>, mut next: Next, mut stopping: watch::Receiver<bool>) {
    let mut pause = EVERY;
    loop {
        let stops = *stopping.borrow();
        match shared.step(&mut next).await {
            Ok(more) => {
                pause = EVERY;
                if more || (stops && shared.bytes_left() > 0) {
                    continue;
                }
                if stops {
                    return;
                }
            }
            Err(error) => {
                shared.failed(&error);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        // A sender that is gone is a stop as well, but then the task is ended from outside.
        let asked = stopping.wait_for(|stop| *stop && !stops);
        drop(tokio::time::timeout(pause, asked).await);
    }
}

impl Shared {
    fn cursor(&self) -> BlockCursor {
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on_at(&self, cursor: BlockCursor) {
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = cursor;
        self.hold.move_to(cursor.next);
    }

    fn failed(&self, error: &dyn std::error::Error) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let text = error.to_string();
        tracing::warn!(
            vault = self.vault.place(),
            error = text,
            "the archive waits"
        );
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    fn bytes_left(&self) -> u64 {
        self.cursor().bytes_left(self.store.committer.index())
    }

    /// Does the next thing; answers whether there is more at once.
    async fn step(&self, next: &mut Next) -> Result<bool, BackupError> {
        let more = match next {
            Next::Check => {
                *next = self.check().await?;
                true
            }
            Next::Base { continues } => {
                self.make_base(*continues).await?;
                *next = Next::Copy(None);
                true
            }
            Next::Copy(pending) => self.copy(pending).await?,
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(more)
    }

    /// Finds out where the archive ends and goes on there.
    async fn check(&self) -> Result<Next, BackupError> {
        let (vault, incarnation) = (&*self.vault, self.store.folder.incarnation);
        claim(vault, self.store.folder.store).await?;
        let chunks = archived(vault, incarnation).await?;
        let (first, last) = self.store.blocks_now();
        let Some(end) = chunks.iter().max_by_key(|chunk| chunk.last) else {
            return Ok(Next::Base { continues: false });
        };
        if end.last > last {
            return Err(self.other_past(end, &format!("this store ends at block {last}")));
        }
        if end.last + 1 < first {
            tracing::warn!(
                archived = end.last,
                first,
                "the archive has a gap; a backup closes it"
            );
            return Ok(Next::Base { continues: false });
        }
        if end.last >= first {
            self.compare(end).await?;
        }
        self.go_on_at(BlockCursor::at(end.last + 1));
        let backups = list_backups(vault).await?;
        let mut backups = backups.iter();
        Ok(
            match backups.any(|backup| backup.incarnation == incarnation) {
                true => Next::Copy(None),
                false => Next::Base { continues: true },
            },
        )
    }

    /// The archive's last block must be ours.
    async fn compare(&self, end: &Chunk) -> Result<(), BackupError> {
        let theirs = end.get(&*self.vault).await?;
        let theirs = runs(&theirs)
            .blocks
            .last()
            .map(|b| (b.number(), b.checksum()));
        let (ours, _) = self.store.read_blocks(BlockCursor::at(end.last)).await?;
        let ours = runs(&ours)
            .blocks
            .first()
            .map(|b| (b.number(), b.checksum()));
        match theirs {
            Some(theirs) if theirs.0 == end.last && Some(theirs) == ours => Ok(()),
            Some(theirs) if theirs.0 == end.last => {
                Err(self.other_past(end, "this store's block of that number is another"))
            }
            _ => Err(BackupError::damaged(
                &*end.name,
                format!(
                    "expected whole blocks up to {}: it is torn; remove it, it is copied again",
                    end.last
                ),
            )),
        }
    }

    fn other_past(&self, end: &Chunk, what: &str) -> BackupError {
        BackupError::Refused(format!(
            "the archive in {} goes on to block {} ({}), but {what}: was this folder copied, or put back \
             without `backup restore`? Use another folder or prefix for the archive, or restore",
            self.vault.place(),
            end.last,
            end.name
        ))
    }

    async fn make_base(&self, continues: bool) -> Result<(), BackupError> {
        // Until it is made nothing is archived, and what waits for that is bounded.
        let backup = self.store.back_up(&*self.vault, Pace::Full).await?;
        if !continues {
            self.go_on_at(BlockCursor::at(backup.latest.block + 1));
        }
        Ok(())
    }

    async fn copy(&self, pending: &mut Option<Pending>) -> Result<bool, BackupError> {
        if pending.is_none() {
            *pending = self.next_pending().await?;
        }
        let Some(chunk) = &*pending else {
            return Ok(false);
        };
        self.vault.put(&chunk.name, chunk.bytes.clone()).await?;
        self.bytes
            .fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
        if let Some(at) = chunk.all_until {
            self.caught_up_at.store(at, Ordering::Relaxed);
        }
        self.go_on_at(chunk.behind);
        *pending = None;
        // Small chunks come at intervals, not one for each commit.
        Ok(self.bytes_left() > FULL)
    }

    async fn next_pending(&self) -> Result<Option<Pending>, BackupError> {
        let (read_at, (_, durable)) = (now_ms(), self.store.blocks_now());
        let (bytes, behind) = self.store.read_blocks(self.cursor()).await?;
        let run = runs(&bytes);
        let (Some(first), Some(last)) = (run.blocks.first(), run.blocks.last()) else {
            self.caught_up_at.store(read_at, Ordering::Relaxed);
            return Ok(None);
        };
        let prefix = archive_prefix(self.store.folder.incarnation);
        let name = chunk_name(&prefix, first.number(), last.number());
        Ok(Some(Pending {
            name,
            bytes: bytes.into(),
            behind,
            all_until: (behind.next > durable).then_some(read_at),
        }))
    }
}
