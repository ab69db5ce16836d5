//! Turns errors of the system and of SQLite into refusals that say what can be done.

use std::io;

use rusqlite::ffi::ErrorCode;
use store::StoreError;

/// A failure of the file system, with its cure.
pub(crate) fn io_failure(what: &str, source: io::Error) -> StoreError {
    StoreError::Io {
        what: what.to_owned(),
        cure: cure(source.kind()).to_owned(),
        source,
    }
}

/// Damage, with its place.
pub(crate) fn corrupt(place: String, detail: String) -> StoreError {
    StoreError::Corrupt { place, detail }
}

/// The same failure for another waiting caller.
pub(crate) fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io { what, source, cure } => StoreError::Io {
            what: what.clone(),
            source: io::Error::new(source.kind(), source.to_string()),
            cure: cure.clone(),
        },
        StoreError::Corrupt { place, detail } => corrupt(place.clone(), detail.clone()),
        StoreError::Locked { place, detail } => StoreError::Locked {
            place: place.clone(),
            detail: detail.clone(),
        },
        StoreError::Gap {
            partition,
            reached,
            first,
        } => StoreError::Gap {
            partition: *partition,
            reached: *reached,
            first: *first,
        },
        StoreError::TakenOver(partition) => StoreError::TakenOver(*partition),
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
    }
}

/// A failure of SQLite on a file of the store.
pub(crate) fn sqlite_failure(place: &str, error: rusqlite::Error) -> StoreError {
    let detail = error.to_string();
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            return corrupt(place.to_owned(), damage(&detail));
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return StoreError::Unavailable(format!("{place} is busy: {detail}"));
        }
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly) => io::ErrorKind::ReadOnlyFilesystem,
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::AuthorizationForStatementDenied,
        ) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io_failure(&format!("using {place}"), io::Error::new(kind, detail))
}

fn damage(detail: &str) -> String {
    format!(
        "SQLite reports `{detail}`; restore the folder from a backup, or, if the journal still \
         begins at position 1, move state.db away to have it rebuilt"
    )
}

fn cure(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on this file system, then start again; everything acknowledged is kept"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "make the folder writable for this user, then start again"
        }
        io::ErrorKind::NotFound => "put the file back, or restore the folder from a backup",
        _ => {
            "check the disk and the system's log, then start again; everything acknowledged is kept"
        }
    }
}
