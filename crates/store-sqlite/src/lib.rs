//! The embedded store: a checksummed append journal beside SQLite for the state.

mod backup;
mod failure;
mod files;
mod folder;
mod journal;
mod moving;
mod options;
mod pace;
mod sizes;
mod sqlite_store;
mod state;

pub use backup::{
    Archive, ArchiveState, BackupError, Base, Finding, Judge, Manifest, Restored, Verified,
    list_backups, restore, verify_vault,
};
pub use files::{Files, RealFiles, StoredFile};
pub use options::Options;
pub use pace::Pace;
pub use sqlite_store::SqliteStore;
