//! Bucket files: instances by the time they ended, one SQLite file for each span.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use store::{EntityId, InstanceFilter, InstanceRow, StoreError};

use super::schema::{self, Durability};
use crate::failure::{corrupt, io_failure, sqlite_failure};

/// What `state.db` knows of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Instances that ended at or after this time (and before the next bucket's) lie here.
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

    /// The bucket of a time.
    fn start_of(&self, ended_at: i64) -> i64 {
        ended_at.div_euclid(self.span_ms) * self.span_ms
    }

    /// The bucket of an instance that ended.
    pub(super) fn start_of_row(&self, row: &InstanceRow) -> i64 {
        self.start_of(row.ended_at.unwrap_or(row.updated_at))
    }

    /// The first time that is no longer a bucket's.
    pub(super) fn end_of(&self, start: i64) -> i64 {
        start + self.span_ms
    }

    fn path(&self, start: i64) -> PathBuf {
        self.folder.join(format!("{start}.db"))
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

    /// Unlinks a bucket's files; readers that have them open read on.
    pub(super) fn unlink(&self, start: i64) -> Result<(), StoreError> {
        for suffix in ["", "-wal", "-shm"] {
            let path = self.folder.join(format!("{start}.db{suffix}"));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_failure(&format!("removing {}", path.display()), error));
                }
                _ => {}
            }
        }
        self.sync_folder()
    }

    /// The buckets that have a file, known or not.
    pub(super) fn starts_on_disk(&self) -> Result<Vec<i64>, StoreError> {
        let reading = |error| io_failure(&format!("reading {}", self.folder.display()), error);
        let mut starts = vec![];
        for entry in fs::read_dir(&self.folder).map_err(reading)? {
            let name = entry.map_err(reading)?.file_name();
            let start: Option<i64> = name
                .to_string_lossy()
                .strip_suffix(".db")
                .and_then(|n| n.parse().ok());
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

/// Makes creations and removals in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io_failure(&format!("syncing {}", folder.display()), error))
}
