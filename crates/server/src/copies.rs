//! Copies of the store, as far as the server has to know of them.

use api::Backup;
use async_trait::async_trait;

/// What can be done with copies of the store behind the server.
#[async_trait]
pub trait Copies: Send + Sync + 'static {
    /// Copies the store while it is in use; without an address to where its archive is.
    async fn back_up(&self, to: Option<&str>) -> Result<Backup, CopyError>;

    /// How far the archive is, if there is one.
    fn archive(&self) -> Option<ArchiveFigures>;
}

/// Why the store was not copied.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be done as asked.
    #[error("{0}")]
    Refused(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

/// How far an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveFigures {
    /// Durable bytes that are not archived yet.
    pub lag_bytes: u64,
    /// How long the oldest of them waits, in milliseconds.
    pub lag_ms: u64,
    /// Bytes archived by this process.
    pub bytes: u64,
    /// Tries that failed.
    pub failures: u64,
}
