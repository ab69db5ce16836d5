//! The embedded store: a checksummed append journal beside SQLite for the state.

mod failure;
mod files;
mod folder;
mod journal;
mod options;
mod sqlite_store;
mod state;

pub use files::{Files, RealFiles, StoredFile};
pub use options::Options;
pub use sqlite_store::SqliteStore;
