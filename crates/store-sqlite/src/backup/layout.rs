//! Names in a vault.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::Vault;

use super::error::BackupError;

const OWNER: &str = "store.json";
/// The layout that this binary writes and reads.
pub(super) const FORMAT: u32 = 1;

/// Whose vault it is.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    format: u32,
    store: Uuid,
}

/// Where all backups lie.
pub(super) const BACKUPS: &str = "backups/";

pub(super) fn manifest_name(id: &str) -> String {
    format!("{BACKUPS}{id}/manifest.json")
}

/// The backup whose manifest this is.
pub(super) fn backup_of(object: &str) -> Option<&str> {
    let (id, rest) = object.strip_prefix(BACKUPS)?.split_once('/')?;
    (!rest.is_empty()).then_some(id)
}

/// Where the archive of an incarnation lies.
pub(super) fn archive_prefix(incarnation: u32) -> String {
    format!("journal/{incarnation:010}/")
}

/// The name of the blocks from one to another, below a prefix.
pub(super) fn chunk_name(prefix: &str, first: u64, last: u64) -> String {
    format!("{prefix}{first:020}-{last:020}.blocks")
}

/// The numbers of the first and the last block of a chunk, by its name.
pub(super) fn blocks_of(name: &str) -> Option<(u64, u64)> {
    let file = name.rsplit('/').next()?;
    let (first, last) = file.strip_suffix(".blocks")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The incarnation of an archive's object, by its name.
pub(super) fn incarnation_of(name: &str) -> Option<u32> {
    let (incarnation, _) = name.strip_prefix("journal/")?.split_once('/')?;
    incarnation.parse().ok()
}

/// Makes the vault this store's, or refuses when it is another's.
pub(super) async fn claim(vault: &dyn Vault, store: Uuid) -> Result<(), BackupError> {
    let Some(owner) = owner(vault).await? else {
        let owner = Owner {
            format: FORMAT,
            store,
        };
        let text = serde_json::to_vec(&owner).map_err(|e| BackupError::Refused(e.to_string()))?;
        return Ok(vault.put(OWNER, Bytes::from(text)).await?);
    };
    if owner == store {
        return Ok(());
    }
    Err(BackupError::Refused(format!(
        "expected {} to be empty or to hold copies of this store ({store}), but it holds those of store \
         {owner}: use another folder or prefix for each store",
        vault.place()
    )))
}

/// The store whose copies the vault holds; none if it holds nothing.
pub(super) async fn owner(vault: &dyn Vault) -> Result<Option<Uuid>, BackupError> {
    let Some(text) = vault.get(OWNER).await? else {
        return Ok(None);
    };
    let owner: Owner = serde_json::from_slice(&text)
        .map_err(|error| BackupError::damaged(OWNER, format!("it cannot be read: {error}")))?;
    check_format(OWNER, owner.format)?;
    Ok(Some(owner.store))
}

/// Refuses what another version of the program wrote.
pub(super) fn check_format(object: &str, format: u32) -> Result<(), BackupError> {
    if format == FORMAT {
        return Ok(());
    }
    Err(BackupError::Refused(format!(
        "{object}: expected format {FORMAT}, but it is {format}: use the version of the program that wrote it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_read_back() {
        let name = chunk_name(&archive_prefix(3), 7, 12);
        assert_eq!(blocks_of(&name), Some((7, 12)));
        assert_eq!(incarnation_of(&name), Some(3));
        assert_eq!(backup_of(&manifest_name("x")), Some("x"));
        assert_eq!(blocks_of("journal/1/other.txt"), None);
        assert_eq!(backup_of("journal/1"), None);
    }
}
