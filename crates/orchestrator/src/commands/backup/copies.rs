//! What a server can have done with copies of the embedded store.

use std::sync::Arc;
use std::time::Duration;

use api::{Backup, Time};
use server::{ArchiveFigures, Copies, CopyError};
use store_sqlite::{Archive, BackupError, Manifest, Pace, SqliteStore};
use vault::{Vault, VaultError};

/// How long a stopping server waits for its archive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The embedded store, and its archive if it has one.
pub struct Embedded {
    store: Arc<SqliteStore>,
    archive: Option<(Archive, Arc<dyn Vault>)>,
}

impl Embedded {
    /// Begins to archive, if there is a vault for it. To be called before the store is used.
    ///
    /// # Errors
    /// When the vault cannot be this store's archive.
    pub async fn new(
        store: Arc<SqliteStore>,
        vault: Option<Arc<dyn Vault>>,
    ) -> Result<Self, BackupError> {
        let archive = match vault {
            Some(vault) => {
                let archive = Archive::start(Arc::clone(&store), Arc::clone(&vault)).await?;
                Some((archive, vault))
            }
            None => None,
        };
        Ok(Self { store, archive })
    }

    /// Archives what is left, once nothing more is written.
    pub async fn finish(&self) {
        if let Some((archive, _)) = &self.archive {
            archive.finish(PATIENCE).await;
        }
    }

    fn vault(&self, to: Option<&str>) -> Result<Arc<dyn Vault>, CopyError> {
        if let Some(address) = to {
            let opened = vault::open(address, |name| std::env::var(name).ok());
            return opened.map_err(|error| CopyError::Refused(error.to_string()));
        }
        let archive = self.archive.as_ref().map(|(_, vault)| Arc::clone(vault));
        archive.ok_or_else(|| {
            let text = "expected an address to copy to, for the server has no archive: give `--to`";
            CopyError::Refused(text.to_owned())
        })
    }
}

#[async_trait::async_trait]
impl Copies for Embedded {
    async fn back_up(&self, to: Option<&str>) -> Result<Backup, CopyError> {
        let vault = self.vault(to)?;
        let made =
            self.store
                .back_up(&*vault, Pace::Gentle)
                .await
                .map_err(|error| match error {
                    BackupError::Refused(_) | BackupError::Vault(VaultError::Refused { .. }) => {
                        CopyError::Refused(error.to_string())
                    }
                    error => CopyError::Failed(error.to_string()),
                })?;
        Ok(shown(&made, &*vault))
    }

    fn archive(&self) -> Option<ArchiveFigures> {
        let (archive, _) = self.archive.as_ref()?;
        let state = archive.state();
        Some(ArchiveFigures {
            lag_bytes: state.lag_bytes,
            lag_ms: state.lag_ms,
            bytes: state.bytes,
            failures: state.failures,
        })
    }
}

/// A backup as the API shows it.
pub fn shown(made: &Manifest, vault: &dyn Vault) -> Backup {
    Backup {
        id: made.id.clone(),
        vault: vault.place().to_owned(),
        incarnation: made.incarnation,
        from: Time(made.earliest.at_ms),
        until: Time(made.latest.at_ms),
        bytes: made.bytes(),
        positions: made.latest.positions.clone(),
    }
}
