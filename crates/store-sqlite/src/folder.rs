//! The store's folder: one process at a time, and a file that says what the folder is.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use store::StoreError;
use uuid::Uuid;

use crate::failure::{corrupt, io_failure};

const IDENTITY: &str = "store";
/// A file that is there while the store waits for a person.
pub(crate) const PAUSED: &str = "paused";
const FIRST_LINE: &str = "orchestrator store, format 1";

/// The folder, held until this is dropped.
pub(crate) struct Folder {
    pub(crate) incarnation: u32,
    /// The store's own name, which its copies bear.
    pub(crate) store: Uuid,
    /// The block behind which its incarnation began; 0 for the first.
    pub(crate) began_behind: u64,
    /// Closing it lets the lock go.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, and locks it.
    pub(crate) fn hold(path: &Path) -> Result<Self, StoreError> {
        let making = |error| io_failure(&format!("making {}", path.display()), error);
        fs::create_dir_all(path).map_err(making)?;
        let lock = lock(path)?;
        let Identity {
            incarnation,
            store,
            began_behind,
        } = identify(path)?;
        Ok(Self {
            incarnation,
            store,
            began_behind,
            _lock: lock,
        })
    }
}

/// Why the store waits for a person; none when it does not.
pub(crate) fn paused(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path.join(PAUSED)) {
        Ok(why) => Ok(Some(why.trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_failure(
            &format!("reading {PAUSED} in {}", path.display()),
            error,
        )),
    }
}

/// Begins or ends the wait for a person, durably.
pub(crate) fn set_paused(path: &Path, why: Option<&str>) -> Result<(), StoreError> {
    let file = path.join(PAUSED);
    let changed = match why {
        Some(why) => File::create(&file).and_then(|mut file| {
            file.write_all(why.as_bytes())?;
            file.sync_all()
        }),
        None => match fs::remove_file(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    let synced = changed.and_then(|()| File::open(path)?.sync_all());
    synced.map_err(|error| io_failure(&format!("changing {PAUSED} in {}", path.display()), error))
}

/// What the identity file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) incarnation: u32,
    pub(crate) store: Uuid,
    pub(crate) began_behind: u64,
}

impl Identity {
    /// A new store's.
    fn new() -> Self {
        Self {
            incarnation: 1,
            store: Uuid::now_v7(),
            began_behind: 0,
        }
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = path.join("lock");
    let locking = |error| io_failure(&format!("locking {}", file.display()), error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut lock = options.open(&file).map_err(locking)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who holds it is a courtesy; that it is held is the refusal.
            let _ = lock.read_to_string(&mut holder);
            return Err(StoreError::Locked {
                place: path.display().to_string(),
                detail: holder.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(locking(error)),
    }
    lock.set_len(0).map_err(locking)?;
    writeln!(lock, "process {}", std::process::id()).map_err(locking)?;
    Ok(lock)
}

/// Reads the identity, or writes a new folder's.
fn identify(path: &Path) -> Result<Identity, StoreError> {
    let file = path.join(IDENTITY);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return write_identity(path, Identity::new());
        }
        Err(error) => return Err(io_failure(&format!("reading {}", file.display()), error)),
    };
    let mut lines = text.lines();
    let known = lines.next() == Some(FIRST_LINE);
    let incarnation = lines
        .next()
        .and_then(|line| line.strip_prefix("incarnation "))
        .and_then(|number| number.parse().ok());
    let (true, Some(incarnation)) = (known, incarnation) else {
        return Err(corrupt(
            file.display().to_string(),
            format!("expected `{FIRST_LINE}` and an incarnation: is it another program's folder?"),
        ));
    };
    // A folder of an earlier version has no name yet.
    let store = lines
        .next()
        .and_then(|line| line.strip_prefix("id "))
        .and_then(|id| id.parse().ok());
    let began_behind = lines
        .next()
        .and_then(|line| line.strip_prefix("began behind block "))
        .and_then(|number| number.parse().ok());
    let identity = Identity {
        incarnation,
        began_behind: began_behind.unwrap_or(0),
        ..Identity::new()
    };
    match store {
        Some(store) => Ok(Identity { store, ..identity }),
        None => write_identity(path, identity),
    }
}

/// Writes the identity, durable.
pub(crate) fn write_identity(path: &Path, identity: Identity) -> Result<Identity, StoreError> {
    let Identity {
        incarnation,
        store,
        began_behind,
    } = identity;
    let new = path.join("store.tmp");
    let write = || {
        let mut file = File::create(&new)?;
        writeln!(file, "{FIRST_LINE}\nincarnation {incarnation}\nid {store}")?;
        if began_behind > 0 {
            writeln!(file, "began behind block {began_behind}")?;
        }
        file.sync_all()?;
        fs::rename(&new, path.join(IDENTITY))?;
        File::open(path)?.sync_all()
    };
    write().map_err(|error| io_failure(&format!("writing {}", new.display()), error))?;
    Ok(identity)
}
