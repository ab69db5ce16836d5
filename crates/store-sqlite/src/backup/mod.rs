//! Copies of the store in a vault: whole ones (*backups*) and the journal as it goes on (the *archive*), and
//! the way back.
//!
//! ```text
//! store.json                              whose vault this is
//! backups/<id>/files/state.db.00000 ...   the state's files at one moment, in parts
//! backups/<id>/journal/<blocks>.blocks    the journal up to a later moment
//! backups/<id>/manifest.json              written last: what belongs to it, with checksums
//! journal/<incarnation>/<blocks>.blocks   every block, copied behind the commits
//! ```
//!
//! A backup holds trimming, copies the state, then the journal: what the state has not reached yet is in the
//! journal that was copied after it. Blocks are in one order for all partitions, so a restore is a backup and
//! the blocks behind it up to some block.

mod archive;
mod chunk;
mod create;
mod error;
mod layout;
mod manifest;
mod restore;
mod verify;

pub use archive::{Archive, ArchiveState};
pub use error::BackupError;
pub use manifest::{Manifest, list_backups};
pub use restore::{Base, Judge, Restored, restore};
pub use verify::{Finding, Verified, verify_vault};
