//! Why a copy could not be made, read or restored.

use store::StoreError;
use vault::VaultError;

/// A refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The vault's.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object of the vault is missing, torn or changed.
    #[error("{object}: {what}")]
    Damaged {
        /// The object's name.
        object: String,
        /// What was expected, and what is there.
        what: String,
    },
    /// It cannot be done as asked; the message says why and what can.
    #[error("{0}")]
    Refused(String),
}

impl BackupError {
    pub(super) fn damaged(object: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged {
            object: object.into(),
            what: what.into(),
        }
    }
}
