//! How much room the folder takes, by what its files are of.

use std::fs;
use std::io;
use std::path::Path;

use store::{StoreError, StoreSizes};

use crate::failure::io_failure;

/// Adds up the lengths of the files. Payloads lie in journal and state, and are not told apart from them.
pub(crate) fn sizes(folder: &Path) -> Result<StoreSizes, StoreError> {
    let within = |name: &str| bytes_in(&folder.join(name), "");
    Ok(StoreSizes {
        journal: within("journal")?,
        state: bytes_in(folder, "state.db")?,
        ended: within("ended")?,
        blobs: None,
    })
}

/// Of the files in a folder whose names begin so.
fn bytes_in(folder: &Path, prefix: &str) -> Result<u64, StoreError> {
    let failed = |error| io_failure(&format!("looking at {}", folder.display()), error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(failed)?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        match entry.metadata() {
            Ok(file) if file.is_file() => bytes += file.len(),
            Ok(_) => {}
            // It went meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(bytes)
}
