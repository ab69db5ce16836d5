//! Bucket files: instances by the time they ended and the rule under which they are kept, one
//! SQLite file for each span and class.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use store::{EntityId, InstanceFilter, InstanceRow, StoreError};

use super::schema::{self, Durability};
use crate::failure::{corrupt, io_failure, sqlite_failure};

/// How the file of a bucket that was dropped ends, until its space is free.
const REST: &str = ".dropped";

/// What `state.db` knows of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// The bucket's key: the time at or after which its instances ended (and before the next
    /// span's), and the number of their class, added up. A span has more milliseconds than there
    /// are classes.
    pub(super) start: i64,
    /// Bounds of the ids and creation times within.
    pub(super) ids: (EntityId, EntityId),
    pub(super) created: (i64, i64),
    /// Differs between two files that bore the same name.
    pub(super) generation: u64,
}

impl Bucket {
    pub(super) fn may_hold(&self, id: &EntityId) -> bool {
        self.ids.0 <= *id && *id <= self.ids.1
    }

    /// Whether instances of the asked creation times may lie here.
    pub(super) fn concerns(&self, filter: &InstanceFilter) -> bool {
        filter.created_after.is_none_or(|at| self.created.1 >= at)
            && filter.created_before.is_none_or(|at| self.created.0 < at)
    }

    /// Widens the bounds to hold this instance.
    pub(super) fn include(&mut self, id: EntityId, created_at: i64) {
        self.ids = (self.ids.0.min(id), self.ids.1.max(id));
        self.created = (
            self.created.0.min(created_at),
            self.created.1.max(created_at),
        );
    }
}

/// The folder of the bucket files.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    folder: PathBuf,
    span_ms: i64,
}

impl Buckets {
    /// Makes the folder if it is missing. `span_ms` is how much time a bucket covers.
    pub(crate) fn new(folder: PathBuf, span_ms: i64) -> Result<Self, StoreError> {
        fs::create_dir_all(&folder)
            .map_err(|error| io_failure(&format!("making {}", folder.display()), error))?;
        Ok(Self { folder, span_ms })
    }

    /// The same with another span.
    pub(crate) fn with_span(self, span_ms: i64) -> Self {
        Self { span_ms, ..self }
    }

    /// The key of the bucket of an instance that ended, of the class of this number.
    pub(super) fn key_of(&self, row: &InstanceRow, class: i64) -> Result<i64, StoreError> {
        if class >= self.span_ms {
            let detail = format!("expected at most {} rules of retention", self.span_ms);
            return Err(corrupt("state.db".into(), detail));
        }
        let ended_at = row.ended_at.unwrap_or(row.updated_at);
        Ok(ended_at.div_euclid(self.span_ms) * self.span_ms + class)
    }

    /// The number of a bucket's class, and the first time that is no longer the bucket's.
    pub(super) fn class_and_end(&self, key: i64) -> (i64, i64) {
        let class = key.rem_euclid(self.span_ms);
        (class, key - class + self.span_ms)
    }

    fn path(&self, start: i64) -> PathBuf {
        self.folder.join(format!("{start}.db"))
    }

    /// What is left of a bucket that was dropped.
    fn rest(&self, start: i64) -> PathBuf {
        self.folder.join(format!("{start}{REST}"))
    }

    pub(super) fn place(start: i64) -> String {
        format!("ended/{start}.db")
    }

    /// The bucket's file, made if it is missing.
    pub(super) fn connect(&self, start: i64) -> Result<Connection, StoreError> {
        let path = self.path(start);
        let new = !path.exists();
        let connect = || {
            let connection = schema::connect(&path, Durability::Full)?;
            schema::create_bucket(&connection)?;
            Ok(connection)
        };
        let connection = connect().map_err(|error| Self::failure(start, error))?;
        if new {
            self.sync_folder()?;
        }
        Ok(connection)
    }

    /// The bucket's file, which must be there, for reading.
    pub(super) fn connect_to_read(&self, start: i64) -> Result<Connection, StoreError> {
        schema::connect_to_read(&self.path(start)).map_err(|error| Self::failure(start, error))
    }

    pub(super) fn failure(start: i64, error: rusqlite::Error) -> StoreError {
        sqlite_failure(&Self::place(start), error)
    }

    pub(super) fn check_present(&self, start: i64) -> Result<(), StoreError> {
        if self.path(start).exists() {
            return Ok(());
        }
        Err(corrupt(
            Self::place(start),
            "expected this file of ended instances, but it is missing; restore it from a backup"
                .into(),
        ))
    }

    /// Takes a bucket's files away; readers that have them open read on. The large one is only put
    /// aside, for [`Buckets::remove_rest`]: freeing it takes the disk a while. Answers their bytes.
    pub(super) fn unlink(&self, start: i64) -> Result<u64, StoreError> {
        let path = self.path(start);
        let mut bytes = fs::metadata(&path).map_or(0, |file| file.len());
        if_there(&path, fs::rename(&path, self.rest(start)))?;
        for suffix in ["-wal", "-shm"] {
            let path = self.folder.join(format!("{start}.db{suffix}"));
            bytes += fs::metadata(&path).map_or(0, |file| file.len());
            if_there(&path, fs::remove_file(&path))?;
        }
        self.sync_folder()?;
        Ok(bytes)
    }

    /// Frees what is left of buckets that were dropped, now or before a crash.
    pub(crate) fn remove_rest(&self) -> Result<(), StoreError> {
        for path in self.paths()? {
            if path.to_string_lossy().ends_with(REST) {
                if_there(&path, fs::remove_file(&path))?;
            }
        }
        Ok(())
    }

    fn paths(&self) -> Result<Vec<PathBuf>, StoreError> {
        let entries = fs::read_dir(&self.folder)
            .and_then(|folder| folder.map(|entry| Ok(entry?.path())).collect());
        entries.map_err(|error| io_failure(&format!("reading {}", self.folder.display()), error))
    }

    /// The buckets that have a file, known or not.
    pub(super) fn starts_on_disk(&self) -> Result<Vec<i64>, StoreError> {
        let mut starts = vec![];
        for path in self.paths()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let start: Option<i64> = name.strip_suffix(".db").and_then(|n| n.parse().ok());
            starts.extend(start);
        }
        starts.sort_unstable();
        Ok(starts)
    }

    /// Puts all bucket files aside, under a name that is free, because the state begins anew.
    pub(super) fn set_aside(&self) -> Result<(), StoreError> {
        if self.starts_on_disk()?.is_empty() {
            return Ok(());
        }
        let aside = (1..)
            .map(|n| self.folder.with_file_name(format!("ended-set-aside-{n}")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| self.folder.with_file_name("ended-set-aside"));
        tracing::warn!(folder = %aside.display(), "put ended instances of an earlier state aside");
        let moved = fs::rename(&self.folder, &aside).and_then(|()| fs::create_dir(&self.folder));
        moved.map_err(|error| io_failure("putting the ended instances aside", error))
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        sync_folder(&self.folder)
    }
}

/// A file that is not there any more is no failure.
fn if_there(path: &Path, done: io::Result<()>) -> Result<(), StoreError> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_failure(&format!("removing {}", path.display()), error))
        }
        _ => Ok(()),
    }
}

/// Makes creations and removals in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io_failure(&format!("syncing {}", folder.display()), error))
}
