//! The state's files as they were at one moment, for a copy.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use store::StoreError;

use super::bucket::Buckets;
use super::readers::begin;
use super::recent::INTACT;
use super::schema;
use super::writer::Writer;
use crate::failure::sqlite_failure;
use crate::pace::{Pace, Rests};

/// Pages that are copied at once.
const STEP_PAGES: i32 = 256;

/// One file as it was when the copy began. While it is held, SQLite's log of the file grows.
pub(crate) struct Frozen {
    /// Its name in the store's folder.
    pub(crate) name: String,
    connection: Connection,
}

impl Writer {
    /// `state.db` and all buckets that it names, as they are between two transactions of the one
    /// thread that writes them.
    pub(crate) fn freeze(&mut self) -> Result<Vec<Frozen>, StoreError> {
        let name = "state.db".to_owned();
        let connection = schema::connect_to_read(&self.folder.join(&name))
            .map_err(|error| sqlite_failure(&name, error))?;
        let mut files = vec![Frozen { name, connection }];
        let buckets = self.view.read().expect(INTACT).buckets.clone();
        for bucket in buckets.iter() {
            files.push(Frozen {
                name: Buckets::place(bucket.start),
                connection: self.buckets.connect_to_read(bucket.start)?,
            });
        }
        for file in &files {
            let begun = begin(&file.connection);
            begun.map_err(|error| sqlite_failure(&file.name, error))?;
        }
        Ok(files)
    }
}

impl Frozen {
    /// Copies the file to a path where nothing is yet. Blocks.
    pub(crate) fn copy_to(&self, path: &Path, pace: Pace) -> Result<(), StoreError> {
        let copy = || -> rusqlite::Result<()> {
            let mut copy = Connection::open(path)?;
            copy.pragma_update(None, "journal_mode", "OFF")?;
            copy.pragma_update(None, "synchronous", "OFF")?;
            let backup = Backup::new(&self.connection, &mut copy)?;
            let mut rests = Rests::at(pace);
            while backup.step(STEP_PAGES)? != StepResult::Done {
                rests.rest_blocking();
            }
            Ok(())
        };
        copy().map_err(|error| sqlite_failure(&format!("{}'s copy", self.name), error))
    }
}
