//! Looks at everything in a vault, and names what is damaged, torn or missing.

use std::collections::BTreeSet;

use vault::Vault;

use super::chunk::{Chain, Chunk, archived, own_chunks};
use super::error::BackupError;
use super::layout::{incarnation_of, owner};
use super::manifest::{Manifest, backup_ids};

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Finished backups.
    pub backups: u64,
    /// Objects read.
    pub objects: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Every damage.
    pub findings: Vec<Finding>,
}

/// A damage.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object, or where it should be.
    pub object: String,
    /// What is wrong with it.
    pub what: String,
    /// What can be done.
    pub mend: String,
}

/// Reads all backups and archives of a vault.
///
/// # Errors
/// When the vault cannot be read, or holds no copies of a store.
pub async fn verify_vault(vault: &dyn Vault) -> Result<Verified, BackupError> {
    let mut look = Look {
        vault,
        verified: Verified::default(),
    };
    let (whole, unfinished) = backup_ids(vault).await?;
    if owner(vault).await?.is_none() && whole.is_empty() {
        let place = vault.place();
        return Err(BackupError::Refused(format!(
            "expected copies of a store in {place}, but there are none: check the address"
        )));
    }
    for id in unfinished {
        look.found(
            &format!("backups/{id}/"),
            "it has no manifest: the backup was not finished, or is being made",
            "if no backup is being made, remove it",
        );
    }
    let mut ends = vec![];
    for id in whole {
        if let Some(manifest) = look.backup(&id).await? {
            ends.push(manifest);
        }
    }
    look.archives(&ends).await?;
    Ok(look.verified)
}

struct Look<'a> {
    vault: &'a dyn Vault,
    verified: Verified,
}

impl Look<'_> {
    fn found(&mut self, object: &str, what: &str, mend: &str) {
        self.verified.findings.push(Finding {
            object: object.to_owned(),
            what: what.to_owned(),
            mend: mend.to_owned(),
        });
    }

    /// Notes damage; what the vault itself could not do ends the look.
    fn damaged(&mut self, error: BackupError, mend: &str) -> Result<(), BackupError> {
        match error {
            BackupError::Damaged { object, what } => self.found(&object, &what, mend),
            BackupError::Refused(what) => self.found("", &what, mend),
            other => return Err(other),
        }
        Ok(())
    }

    async fn backup(&mut self, id: &str) -> Result<Option<Manifest>, BackupError> {
        const MEND: &str = "restore from another backup, make a new one, and remove this one";
        let manifest = match Manifest::read(self.vault, id).await {
            Ok(manifest) => manifest,
            Err(error) => {
                self.damaged(error, MEND)?;
                return Ok(None);
            }
        };
        self.verified.backups += 1;
        for part in manifest.parts() {
            self.verified.objects += 1;
            match part.get(self.vault).await {
                Ok(bytes) => self.verified.bytes += bytes.len() as u64,
                Err(error) => self.damaged(error, MEND)?,
            }
        }
        match own_chunks(&manifest) {
            Ok(chunks) => {
                let mut chain = Chain::default();
                for chunk in chunks {
                    // Its checksum was judged above; here only whether one follows the other.
                    self.chunk(&mut chain, &chunk, MEND, true).await?;
                }
            }
            Err(error) => self.damaged(error, MEND)?,
        }
        Ok(Some(manifest))
    }

    async fn archives(&mut self, backups: &[Manifest]) -> Result<(), BackupError> {
        let objects = self.vault.list("journal/").await?;
        let incarnations: BTreeSet<u32> = objects
            .iter()
            .filter_map(|object| incarnation_of(&object.name))
            .collect();
        for incarnation in incarnations {
            let chunks = archived(self.vault, incarnation).await?;
            let mut chain = first_chain(backups, incarnation, chunks.first());
            for chunk in &chunks {
                const MEND: &str = "moments behind it can be restored only from a later backup: make one \
                                    now; if another copy of the object exists, put it back";
                self.chunk(&mut chain, chunk, MEND, false).await?;
            }
        }
        Ok(())
    }

    async fn chunk(
        &mut self,
        chain: &mut Chain,
        chunk: &Chunk,
        mend: &str,
        known: bool,
    ) -> Result<(), BackupError> {
        if chain.number().is_some_and(|last| last >= chunk.last) {
            return Ok(());
        }
        self.verified.objects += u64::from(!known);
        // A hole is told once; what lies behind it is looked at all the same.
        if let Err(hole) = chain.check_begin(chunk) {
            self.damaged(hole, mend)?;
            *chain = Chain::default();
        }
        let taken = match chunk.get(self.vault).await {
            Ok(bytes) => {
                self.verified.bytes += if known { 0 } else { bytes.len() as u64 };
                chain.take(chunk, &bytes).map(drop)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            chain.skip(chunk);
            if !known {
                self.damaged(error, mend)?;
            }
        }
        Ok(())
    }
}

/// Where an archive goes on: behind the oldest backup that ends right before it, or within reach.
fn first_chain(backups: &[Manifest], incarnation: u32, first: Option<&Chunk>) -> Chain {
    let before = |backup: &&Manifest| {
        backup.incarnation == incarnation
            && first.is_some_and(|first| backup.latest.block < first.first)
    };
    let nearest = backups
        .iter()
        .filter(before)
        .max_by_key(|backup| backup.latest.block);
    nearest.map_or_else(Chain::default, |backup| {
        Chain::behind(backup.latest.block, backup.checksum)
    })
}
