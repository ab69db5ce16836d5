//! Why a store could not do as asked.

use crate::PartitionId;

/// A store's refusal or failure. A lost race is not an error: see [`crate::Appended`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the store.
    #[error("expected to be the only process on {place}, but another one holds it ({detail})")]
    Locked {
        /// The folder or URL.
        place: String,
        /// Who, as far as known.
        detail: String,
    },
    /// The storage cannot be written or read as it stands: a read-only folder, a full disk, an
    /// I/O error. Nothing that was acknowledged is lost; the process ends and starts anew.
    #[error("{what} failed: {source}; {cure}")]
    Io {
        /// The operation and its place.
        what: String,
        /// The system's error.
        source: std::io::Error,
        /// What the operator can do.
        cure: String,
    },
    /// What is stored contradicts itself: a checksum, a gap in positions, a foreign file.
    #[error("{place} is damaged: {detail}")]
    Corrupt {
        /// The file or table, and the offset or position.
        place: String,
        /// What was expected, and what is there.
        detail: String,
    },
    /// The state is behind the oldest position that the journal still holds.
    #[error(
        "partition {partition}: the state has reached {reached}, but the journal begins at {first}"
    )]
    Gap {
        /// The partition.
        partition: u16,
        /// The state's position.
        reached: u64,
        /// The journal's first position.
        first: u64,
    },
    /// What was to be projected is of a partition that another process took over since: it projects
    /// it itself. Nothing of the call was written.
    #[error("partition {} was taken over by another process", .0.0)]
    TakenOver(PartitionId),
    /// The storage answers slowly or not at all for now; the caller pushes back and tries again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}
