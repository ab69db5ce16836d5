//! `backup`: copies of the embedded store, and the way back.

mod calls;
mod copies;
mod create;
mod later;
mod moment;
mod restore;
mod verify;

use std::sync::Arc;

use api::Code;
use store_sqlite::BackupError;
use vault::Vault;

use crate::failure::Failure;

pub use copies::Embedded;
pub use create::{create, create_stopped};
pub use later::later;
pub use restore::restore;
pub use verify::{list, verify};

/// The vault at an address; its keys stand in the environment.
pub fn open_vault(address: &str) -> Result<Arc<dyn Vault>, Failure> {
    let opened = vault::open(address, |name| std::env::var(name).ok());
    opened.map_err(|error| Failure::usage(error.to_string()))
}

fn unusable(error: &BackupError) -> Failure {
    Failure::new(Code::BACKUP_UNUSABLE, error.to_string())
}
