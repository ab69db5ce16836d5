//! Puts a store back as it was at a moment: a backup's state, and the journal up to a block.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use store::{PartitionId, Position, StoreError};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use vault::Vault;

use super::chunk::{Chain, Chunk, archived, own_chunks};
use super::error::BackupError;
use super::layout::incarnation_of;
use super::manifest::{Manifest, list_backups};
use crate::failure::io_failure;
use crate::folder::{Identity, PAUSED, write_identity};
use crate::journal::{Block, segment_name};

/// Which backup to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The newest.
    Newest,
    /// The newest from which this time can be restored, in milliseconds since the epoch.
    Before(i64),
    /// The newest from which a partition's position can be restored.
    Holding(PartitionId, Position),
    /// The one of this id.
    Named(String),
}

/// Judges the batches of the journal, in its order. A block is restored wholly or not at all.
pub trait Judge: Send {
    /// Whether a block with this batch belongs to what is restored; the first that does not ends it.
    ///
    /// # Errors
    /// When the batch cannot be read.
    fn keeps(
        &mut self,
        partition: PartitionId,
        position: Position,
        body: &[u8],
    ) -> Result<bool, String>;

    /// Whether the moment was reached, when all is kept that belongs to it; `held` are the positions that the
    /// backup's state holds in any case.
    ///
    /// # Errors
    /// With what is missing.
    fn is_reached(&self, held: &BTreeMap<u16, Position>) -> Result<(), String>;

    /// A batch behind the moment, which is left out.
    ///
    /// # Errors
    /// When it cannot be taken note of.
    fn left_out(&mut self, partition: PartitionId, body: &[u8]) -> Result<(), String>;
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The backup that it began with.
    pub backup: Manifest,
    /// The new incarnation.
    pub incarnation: u32,
    /// The last block of the journal that is in it.
    pub block: u64,
    /// Batches of the archive that are left out.
    pub left_out: u64,
    /// Why what is left out may not be known wholly.
    pub unread: Vec<String>,
}

/// Restores a store into a folder that is not there or empty. The store is given the next
/// incarnation, and waits until it is resumed.
///
/// # Errors
/// When the folder is in use, no backup fits or reaches the moment, or something that is needed is damaged or missing;
/// the folder is then as it was.
pub async fn restore(
    vault: &dyn Vault,
    folder: &Path,
    base: &Base,
    judge: &mut dyn Judge,
) -> Result<Restored, BackupError> {
    refuse_used(folder)?;
    let backups = list_backups(vault).await?;
    let backup = choose(vault, &backups, base)?;
    let incarnations = incarnations(vault, &backups).await?;
    let incarnation = incarnations.last().copied().unwrap_or(backup.incarnation) + 1;
    let making = Making::begin(folder).await?;
    let later = Later::of(&incarnations, &backups, backup.incarnation);
    let filled = making.fill(vault, &backup, &later, judge).await;
    let filled = match filled {
        Ok(filled) => {
            let identity = Identity {
                incarnation,
                store: backup.store,
                began_behind: filled.block,
            };
            making.finish(folder, identity).await.map(|()| filled)
        }
        Err(error) => Err(error),
    };
    match filled {
        Ok(filled) => Ok(Restored {
            backup,
            incarnation,
            block: filled.block,
            left_out: filled.left_out,
            unread: filled.unread,
        }),
        Err(error) => {
            making.discard().await;
            Err(error)
        }
    }
}

/// An incarnation that began after the one that is restored.
struct Later {
    incarnation: u32,
    /// Its first backup, in which its beginning lies.
    first: Option<Manifest>,
}

impl Later {
    fn of(incarnations: &[u32], backups: &[Manifest], than: u32) -> Vec<Self> {
        let later = incarnations.iter().copied().filter(|other| *other > than);
        let with_first = |incarnation| Self {
            incarnation,
            first: backups
                .iter()
                .find(|b| b.incarnation == incarnation)
                .cloned(),
        };
        later.map(with_first).collect()
    }
}

/// What is known when everything is written.
struct Filled {
    block: u64,
    left_out: u64,
    unread: Vec<String>,
}

fn refuse_used(folder: &Path) -> Result<(), BackupError> {
    let refused = |what: &str| {
        let place = folder.display();
        Err(BackupError::Refused(format!(
            "expected {place} to be a new or empty folder, but {what}: name another, or move it away"
        )))
    };
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => refused("it has files"),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => refused("it is a file"),
        Err(error) => Err(failure("reading", folder, error)),
    }
}

fn choose(vault: &dyn Vault, backups: &[Manifest], base: &Base) -> Result<Manifest, BackupError> {
    let fits = |backup: &&Manifest| match base {
        Base::Newest => true,
        Base::Before(at_ms) => backup.earliest.at_ms <= *at_ms,
        Base::Holding(partition, position) => {
            let held = backup.earliest.positions.get(&partition.0);
            held.copied().unwrap_or(0) <= *position
        }
        Base::Named(id) => backup.id == *id,
    };
    if let Some(backup) = backups.iter().rfind(fits) {
        return Ok(backup.clone());
    }
    let Some(oldest) = backups.first() else {
        return Err(BackupError::Refused(format!(
            "expected a backup in {}, but there is none that was finished",
            vault.place()
        )));
    };
    let ids: Vec<&str> = backups.iter().map(|backup| &*backup.id).collect();
    Err(BackupError::Refused(match base {
        Base::Named(id) => format!(
            "expected one of the backups {}, but not {id}",
            ids.join(", ")
        ),
        _ => format!(
            "expected a moment that a backup reaches, but the oldest, {}, begins at {} (positions {}): \
             give a later one",
            oldest.id,
            oldest.earliest.at,
            positions(oldest)
        ),
    }))
}

fn positions(backup: &Manifest) -> String {
    let positions = backup.earliest.positions.iter();
    let texts: Vec<String> = positions.map(|(p, at)| format!("{p}:{at}")).collect();
    texts.join(" ")
}

/// All incarnations that the vault knows of, ascending.
async fn incarnations(vault: &dyn Vault, backups: &[Manifest]) -> Result<Vec<u32>, BackupError> {
    let objects = vault.list("journal/").await?;
    let archived = objects
        .iter()
        .filter_map(|object| incarnation_of(&object.name));
    let known: BTreeSet<u32> = archived
        .chain(backups.iter().map(|backup| backup.incarnation))
        .collect();
    Ok(known.into_iter().collect())
}

/// A folder beside the target that becomes it at the end.
struct Making {
    path: PathBuf,
}

impl Making {
    async fn begin(folder: &Path) -> Result<Self, BackupError> {
        let mut path = folder.as_os_str().to_owned();
        path.push(".restoring");
        let path = PathBuf::from(path);
        // What an interrupted restore left.
        match fs::remove_dir_all(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failure("removing", &path, error));
            }
            _ => {}
        }
        for part in ["journal", "ended"] {
            let made = fs::create_dir_all(path.join(part)).await;
            made.map_err(|error| failure("making", &path, error))?;
        }
        Ok(Self { path })
    }

    /// Writes the state and the journal.
    async fn fill(
        &self,
        vault: &dyn Vault,
        backup: &Manifest,
        later: &[Later],
        judge: &mut dyn Judge,
    ) -> Result<Filled, BackupError> {
        for file in &backup.files {
            self.file(vault, file).await?;
        }
        let mut journal = Journal::of(self, backup);
        journal.restore(vault, judge).await?;
        journal.check_reached()?;
        let reached = judge.is_reached(&backup.earliest.positions);
        reached.map_err(BackupError::Refused)?;
        journal.note_later(vault, later, judge).await?;
        Ok(Filled {
            block: journal.last,
            left_out: journal.left_out,
            unread: journal.unread,
        })
    }

    async fn discard(&self) {
        // One that stays is removed by the next restore to the same folder.
        let _ = fs::remove_dir_all(&self.path).await;
    }

    async fn file(
        &self,
        vault: &dyn Vault,
        file: &super::manifest::CopiedFile,
    ) -> Result<(), BackupError> {
        if !is_ours(&file.name) {
            return Err(BackupError::damaged(
                &*file.name,
                "expected a file of the state, but it is none",
            ));
        }
        let path = self.path.join(&file.name);
        let writing = |error| failure("writing", &path, error);
        let mut target = File::create(&path).await.map_err(writing)?;
        for part in &file.parts {
            let bytes = part.get(vault).await?;
            target.write_all(&bytes).await.map_err(writing)?;
        }
        target.sync_all().await.map_err(writing)
    }

    /// Gives the store its identity, makes everything durable, and puts it in its place.
    async fn finish(&self, folder: &Path, identity: Identity) -> Result<(), BackupError> {
        let pause = self.path.join(PAUSED);
        let paused = fs::write(&pause, "it was restored").await;
        paused.map_err(|error| failure("writing", &pause, error))?;
        write_identity(&self.path, identity)?;
        for part in ["", "journal", "ended"] {
            sync(&self.path.join(part)).await?;
        }
        // An empty folder may be in the way.
        match fs::remove_dir(folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failure("replacing", folder, error));
            }
            _ => {}
        }
        let moved = fs::rename(&self.path, folder).await;
        moved.map_err(|error| failure("naming", folder, error))?;
        let above = folder.parent().filter(|above| *above != Path::new(""));
        sync(above.unwrap_or_else(|| Path::new("."))).await
    }
}

/// Whether a name is one of the state's files.
fn is_ours(name: &str) -> bool {
    let bucket = name
        .strip_prefix("ended/")
        .and_then(|n| n.strip_suffix(".db"));
    name == "state.db" || bucket.is_some_and(|bucket| !bucket.contains('/'))
}

async fn sync(folder: &Path) -> Result<(), BackupError> {
    let synced = async { File::open(folder).await?.sync_all().await };
    synced
        .await
        .map_err(|error| failure("syncing", folder, error))
}

fn failure(what: &str, path: &Path, error: io::Error) -> BackupError {
    let error: StoreError = io_failure(&format!("{what} {}", path.display()), error);
    error.into()
}

/// The journal as it is written, and what is left out of it.
struct Journal<'a> {
    folder: PathBuf,
    backup: &'a Manifest,
    chain: Chain,
    segment: u64,
    file: Option<File>,
    buffer: Vec<u8>,
    last: u64,
    cut: bool,
    /// Blocks up to this one belong to an earlier incarnation as well.
    shared: u64,
    left_out: u64,
    unread: Vec<String>,
}

impl<'a> Journal<'a> {
    fn of(making: &Making, backup: &'a Manifest) -> Self {
        Self {
            folder: making.path.join("journal"),
            backup,
            chain: Chain::default(),
            segment: 0,
            file: None,
            buffer: vec![],
            last: 0,
            cut: false,
            shared: 0,
            left_out: 0,
            unread: vec![],
        }
    }

    /// The backup's own journal, then the archive's.
    async fn restore(
        &mut self,
        vault: &dyn Vault,
        judge: &mut dyn Judge,
    ) -> Result<(), BackupError> {
        let archived = archived(vault, self.backup.incarnation).await?;
        let end = self.backup.latest.block;
        let later = archived.into_iter().filter(|chunk| chunk.last > end);
        let own = own_chunks(self.backup)?;
        for (chunk, part) in own.iter().zip(&self.backup.journal) {
            let bytes = part.get(vault).await?;
            self.chunk(chunk, &bytes, judge).await?;
        }
        self.chain = match self.chain.number() {
            Some(_) => self.chain,
            None => Chain::behind(end, self.backup.checksum),
        };
        for chunk in later {
            let taken = match chunk.get(vault).await {
                Ok(bytes) => self.chunk(&chunk, &bytes, judge).await,
                Err(error) => Err(error),
            };
            match taken {
                // What is left out need not be known wholly.
                Err(error @ BackupError::Damaged { .. }) if self.cut => {
                    self.unread.push(error.to_string());
                    self.chain.skip(&chunk);
                }
                Err(BackupError::Damaged { object, what }) => {
                    return Err(self.stuck(object, &what));
                }
                taken => taken?,
            }
        }
        self.flush().await
    }

    fn stuck(&self, object: String, what: &str) -> BackupError {
        let what = format!(
            "{what}. Everything up to block {} can be restored: give `--to-time` or `--to-position` of a \
             moment before it, or put the object back",
            self.last
        );
        BackupError::Damaged { object, what }
    }

    async fn chunk(
        &mut self,
        chunk: &Chunk,
        bytes: &[u8],
        judge: &mut dyn Judge,
    ) -> Result<(), BackupError> {
        let unread = |error| BackupError::damaged(&*chunk.name, error);
        let blocks = self.chain.take(chunk, bytes)?;
        let shared = self.shared;
        for block in blocks.into_iter().filter(|block| block.number() > shared) {
            let batches = block.batches();
            for (partition, position, body) in &batches {
                if !self.cut {
                    let keeps = judge.keeps(*partition, *position, body);
                    self.cut = !keeps.map_err(unread)?;
                }
            }
            if self.cut {
                self.leave_out(&batches, judge).map_err(unread)?;
                continue;
            }
            self.add(&block).await?;
        }
        Ok(())
    }

    fn leave_out(
        &mut self,
        batches: &[(PartitionId, Position, &[u8])],
        judge: &mut dyn Judge,
    ) -> Result<(), String> {
        for (partition, _, body) in batches {
            judge.left_out(*partition, body)?;
            self.left_out += 1;
        }
        Ok(())
    }

    /// What was done under later incarnations was done after the moment as well.
    async fn note_later(
        &mut self,
        vault: &dyn Vault,
        later: &[Later],
        judge: &mut dyn Judge,
    ) -> Result<(), BackupError> {
        self.cut = true;
        for Later { incarnation, first } in later {
            let mut chunks = match first {
                Some(first) => own_chunks(first)?,
                None => vec![],
            };
            chunks.extend(archived(vault, *incarnation).await?);
            self.chain = Chain::default();
            // What it has in common with the earlier one was told already, or is restored.
            self.shared = first.as_ref().map_or(0, |first| first.began_behind);
            for chunk in chunks {
                let noted = match chunk.get(vault).await {
                    Ok(bytes) => self.chunk(&chunk, &bytes, judge).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = noted {
                    self.unread.push(error.to_string());
                    self.chain.skip(&chunk);
                }
            }
        }
        Ok(())
    }

    /// A file begins where the store's own did: with the heads of all partitions.
    async fn add(&mut self, block: &Block<'_>) -> Result<(), BackupError> {
        if self.file.is_none() || block.begins_file() {
            self.next_file(block).await?;
        }
        block.encode(self.segment, &mut self.buffer);
        self.last = block.number();
        if self.buffer.len() >= 1 << 20 {
            self.write().await?;
        }
        Ok(())
    }

    async fn next_file(&mut self, block: &Block<'_>) -> Result<(), BackupError> {
        self.flush().await?;
        if !block.begins_file() {
            let what = format!(
                "expected block {} to begin a file of the journal",
                block.number()
            );
            return Err(BackupError::damaged(&*self.backup.id, what));
        }
        self.segment += 1;
        let path = self.folder.join(segment_name(self.segment));
        let file = File::create(&path).await;
        self.file = Some(file.map_err(|error| failure("writing", &path, error))?);
        Ok(())
    }

    async fn write(&mut self) -> Result<(), BackupError> {
        if let Some(file) = &mut self.file {
            let written = file.write_all(&self.buffer).await;
            written.map_err(|error| failure("writing", &self.folder, error))?;
        }
        self.buffer.clear();
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        self.write().await?;
        if let Some(file) = self.file.take() {
            let synced = file.sync_all().await;
            synced.map_err(|error| failure("syncing", &self.folder, error))?;
        }
        Ok(())
    }

    /// The state that was copied must not be ahead of the journal.
    fn check_reached(&self) -> Result<(), BackupError> {
        let earliest = &self.backup.earliest;
        if self.last >= earliest.block {
            return Ok(());
        }
        Err(BackupError::Refused(format!(
            "expected a moment at or after {} (block {}), at which backup {} begins, but the one asked for \
             ends at block {}: give a later one, or `--backup` with the id of an earlier backup",
            earliest.at, earliest.block, self.backup.id, self.last
        )))
    }
}
