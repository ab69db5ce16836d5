//! What belongs to a backup.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use store::{PartitionId, Position};
use uuid::Uuid;
use vault::Vault;

use super::error::BackupError;
use super::layout::{BACKUPS, backup_of, check_format, manifest_name};

/// What belongs to a backup; it is written last, so that a backup with a manifest is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout's version.
    pub format: u32,
    /// The backup's name in its vault.
    pub id: String,
    /// The store.
    pub store: Uuid,
    /// The store's incarnation; rises with each restore.
    pub incarnation: u32,
    /// The block behind which that began; 0 for the first.
    pub began_behind: u64,
    /// The program that made it.
    pub program: String,
    /// The first moment that can be restored from it.
    pub earliest: Moment,
    /// The moment that it holds by itself; later ones come from the archive.
    pub latest: Moment,
    /// The checksum of the last block.
    pub checksum: u32,
    /// The state's files.
    pub files: Vec<CopiedFile>,
    /// The journal, oldest first.
    pub journal: Vec<Part>,
}

/// A moment of the store, between two blocks of its journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339, UTC.
    pub at: String,
    /// The same in milliseconds since the epoch.
    pub at_ms: i64,
    /// The last block of the journal.
    pub block: u64,
    /// Each partition's last position; 65535 is the catalog's.
    pub positions: BTreeMap<u16, Position>,
}

/// A file of the store's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// Its name there.
    pub name: String,
    /// Its bytes, in order.
    pub parts: Vec<Part>,
}

/// An object of the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, hexadecimal.
    pub blake3: String,
}

impl Part {
    /// Puts an object and notes what it is.
    pub(super) async fn put(
        vault: &dyn Vault,
        name: String,
        bytes: Bytes,
    ) -> Result<Self, BackupError> {
        let part = Self {
            bytes: bytes.len() as u64,
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            name,
        };
        vault.put(&part.name, bytes).await?;
        Ok(part)
    }

    /// The object's bytes, if they are as they were.
    pub(super) async fn get(&self, vault: &dyn Vault) -> Result<Bytes, BackupError> {
        let damaged = |what: String| BackupError::damaged(&*self.name, what);
        let found = vault.get(&self.name).await?;
        let found =
            found.ok_or_else(|| damaged("expected this object, but it is missing".into()))?;
        if found.len() as u64 != self.bytes {
            let (expected, length) = (self.bytes, found.len());
            return Err(damaged(format!(
                "expected {expected} bytes, but it has {length}: it is torn"
            )));
        }
        if blake3::hash(&found).to_hex().as_str() != self.blake3 {
            return Err(damaged(
                "its checksum does not match: it was changed".into(),
            ));
        }
        Ok(found)
    }
}

impl Manifest {
    /// How many bytes the backup has.
    pub fn bytes(&self) -> u64 {
        self.parts().map(|part| part.bytes).sum()
    }

    /// All its objects.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        let files = self.files.iter().flat_map(|file| &file.parts);
        files.chain(&self.journal)
    }

    pub(super) async fn put(&self, vault: &dyn Vault) -> Result<(), BackupError> {
        let text = serde_json::to_vec_pretty(self);
        let text = text.map_err(|error| BackupError::Refused(error.to_string()))?;
        Ok(vault.put(&manifest_name(&self.id), text.into()).await?)
    }

    /// Reads a backup's manifest.
    pub(super) async fn read(vault: &dyn Vault, id: &str) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let name = manifest_name(id);
        let unreadable = |error: serde_json::Error| {
            BackupError::damaged(&*name, format!("it cannot be read: {error}"))
        };
        let missing = || BackupError::damaged(&*name, "expected a manifest, but it is missing");
        let text = vault.get(&name).await?.ok_or_else(missing)?;
        let Format { format } = serde_json::from_slice(&text).map_err(unreadable)?;
        check_format(&name, format)?;
        serde_json::from_slice(&text).map_err(unreadable)
    }
}

/// A moment, now.
pub(super) fn moment(at_ms: i64, block: u64, heads: BTreeMap<PartitionId, Position>) -> Moment {
    Moment {
        at: time_text(at_ms),
        at_ms,
        block,
        positions: heads
            .into_iter()
            .map(|(partition, head)| (partition.0, head))
            .collect(),
    }
}

/// RFC 3339, UTC, with milliseconds.
pub(super) fn time_text(at_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    format!("{time:.3}")
}

/// The ids of all backups of a vault, oldest first; those without a manifest were not finished.
pub(super) async fn backup_ids(
    vault: &dyn Vault,
) -> Result<(Vec<String>, Vec<String>), BackupError> {
    let objects = vault.list(BACKUPS).await?;
    let mut ids: BTreeMap<&str, bool> = BTreeMap::new();
    for object in &objects {
        if let Some(id) = backup_of(&object.name) {
            *ids.entry(id).or_default() |= object.name == manifest_name(id);
        }
    }
    let of = |whole: bool| {
        let ids = ids.iter().filter(move |(_, found)| **found == whole);
        ids.map(|(id, _)| (*id).to_owned()).collect()
    };
    Ok((of(true), of(false)))
}

/// All finished backups of a vault, oldest first.
///
/// # Errors
/// When a manifest cannot be read.
pub async fn list_backups(vault: &dyn Vault) -> Result<Vec<Manifest>, BackupError> {
    let mut found = vec![];
    for id in backup_ids(vault).await?.0 {
        found.push(Manifest::read(vault, &id).await?);
    }
    found.sort_by_key(|manifest| manifest.earliest.at_ms);
    Ok(found)
}
