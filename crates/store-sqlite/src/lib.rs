//! The embedded store: a checksummed append journal beside SQLite for the state.

mod failure;
mod files;
mod journal;

pub use files::{Files, RealFiles, StoredFile};
