//! Why a vault could not do as asked.

/// A vault's refusal or failure.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// The address names no vault.
    #[error(
        "expected file:///folder or s3://bucket/prefix?endpoint=...&region=..., but {address}: {reason}"
    )]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It will not work until someone mends something.
    #[error("{place}: {reason}; {cure}")]
    Refused {
        /// The vault, and the object if it is about one.
        place: String,
        /// What was answered.
        reason: String,
        /// What the operator can do.
        cure: String,
    },
    /// It may work later.
    #[error("{place} cannot be reached: {reason}")]
    Unavailable {
        /// The vault, and the object if it is about one.
        place: String,
        /// What was answered.
        reason: String,
    },
}
