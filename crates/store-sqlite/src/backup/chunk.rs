//! Blocks read back from a vault, object after object, each block behind the one before.

use bytes::Bytes;
use vault::Vault;

use super::error::BackupError;
use super::layout::{archive_prefix, blocks_of};
use super::manifest::Manifest;
use crate::journal::{Block, runs};

/// An object with blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) name: String,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Chunk {
    pub(super) fn named(name: &str) -> Option<Self> {
        let (first, last) = blocks_of(name)?;
        Some(Self {
            name: name.to_owned(),
            first,
            last,
        })
    }

    /// Its bytes.
    pub(super) async fn get(&self, vault: &dyn Vault) -> Result<Bytes, BackupError> {
        let missing =
            || BackupError::damaged(&*self.name, "expected this object, but it is missing");
        vault.get(&self.name).await?.ok_or_else(missing)
    }
}

/// The archive of an incarnation, in the order of blocks.
pub(super) async fn archived(
    vault: &dyn Vault,
    incarnation: u32,
) -> Result<Vec<Chunk>, BackupError> {
    let objects = vault.list(&archive_prefix(incarnation)).await?;
    let mut chunks: Vec<Chunk> = objects
        .iter()
        .filter_map(|object| Chunk::named(&object.name))
        .collect();
    chunks.sort_unstable_by_key(|chunk| (chunk.first, chunk.last));
    Ok(chunks)
}

/// The chunks of a backup's own journal.
pub(super) fn own_chunks(manifest: &Manifest) -> Result<Vec<Chunk>, BackupError> {
    let named = |part: &super::manifest::Part| {
        let wrong =
            || BackupError::damaged(&*part.name, "expected the numbers of blocks as its name");
        Chunk::named(&part.name).ok_or_else(wrong)
    };
    manifest.journal.iter().map(named).collect()
}

/// The last block seen: the next must follow it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chain {
    /// Its number, and its checksum if it could be read.
    last: Option<(u64, Option<u32>)>,
}

impl Chain {
    /// Goes on behind this block.
    pub(super) fn behind(number: u64, checksum: u32) -> Self {
        Self {
            last: Some((number, Some(checksum))),
        }
    }

    /// Goes on behind a chunk that could not be read.
    pub(super) fn skip(&mut self, chunk: &Chunk) {
        self.last = Some((chunk.last, None));
    }

    /// The last block's number.
    pub(super) fn number(&self) -> Option<u64> {
        self.last.map(|(number, _)| number)
    }

    /// The blocks of a chunk that are new, in order, each checked.
    pub(super) fn take<'a>(
        &mut self,
        chunk: &Chunk,
        bytes: &'a [u8],
    ) -> Result<Vec<Block<'a>>, BackupError> {
        self.check_begin(chunk)?;
        let run = runs(bytes);
        let (found, ends) = (
            run.blocks.last().map(Block::number),
            run.bytes == bytes.len(),
        );
        let mut new = vec![];
        for block in run.blocks {
            if self
                .last
                .is_some_and(|(number, _)| block.number() <= number)
            {
                continue;
            }
            self.check(chunk, &block)?;
            self.last = Some((block.number(), Some(block.checksum())));
            new.push(block);
        }
        if ends && found == Some(chunk.last) {
            return Ok(new);
        }
        let reached = found.map_or("none".to_owned(), |found| format!("block {found}"));
        Err(BackupError::damaged(
            &*chunk.name,
            format!(
                "expected whole blocks up to {}, but they are whole up to {reached} (byte {} of {}): it is torn",
                chunk.last,
                run.bytes,
                bytes.len()
            ),
        ))
    }

    /// A chunk that begins further on leaves a hole.
    pub(super) fn check_begin(&self, chunk: &Chunk) -> Result<(), BackupError> {
        match self.last {
            Some((last, _)) if chunk.first > last + 1 => Err(BackupError::damaged(
                missing_between(&chunk.name, last + 1, chunk.first - 1),
                format!(
                    "expected blocks {} to {}, but they are missing",
                    last + 1,
                    chunk.first - 1
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check(&self, chunk: &Chunk, block: &Block<'_>) -> Result<(), BackupError> {
        let Some((last, checksum)) = self.last else {
            return Ok(());
        };
        let links = checksum.is_none_or(|checksum| block.previous() == checksum);
        if block.number() == last + 1 && links {
            return Ok(());
        }
        let number = block.number();
        Err(BackupError::damaged(
            &*chunk.name,
            format!("block {number} does not follow block {last}: it comes from another past"),
        ))
    }
}

/// What the missing object would be called, if it was one.
fn missing_between(name: &str, first: u64, last: u64) -> String {
    let prefix = name.rsplit_once('/').map_or("", |(prefix, _)| prefix);
    super::layout::chunk_name(&format!("{prefix}/"), first, last)
}
