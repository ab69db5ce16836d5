//! What is needed when everything in the store moves from here or to here.

use std::fs;

use async_trait::async_trait;
use store::{Blob, BlobHash, Movable, StoreError};

use crate::SqliteStore;
use crate::failure::io_failure;
use crate::folder::{Identity, PAUSED, write_identity};
use crate::journal::read_blobs;
use crate::state::Reader;

#[async_trait]
impl Movable for SqliteStore {
    async fn blobs(
        &self,
        after: Option<BlobHash>,
        limit_bytes: usize,
    ) -> Result<Vec<Blob>, StoreError> {
        let index = self.committer.index().clone();
        let read = move |reader: &mut Reader| {
            let mut found = read_blobs(&index, after, limit_bytes)?;
            found.extend(reader.blobs(after, limit_bytes)?);
            found.sort_unstable_by_key(|blob| blob.hash);
            found.dedup_by_key(|blob| blob.hash);
            // Beyond the limit of one there may be some of the other that are not read yet.
            let mut read = 0;
            let fits = |blob: &Blob| {
                let room = read <= limit_bytes;
                read += blob.bytes.len();
                room
            };
            Ok(found.into_iter().take_while(fits).collect())
        };
        self.readers.read(read).await
    }

    async fn put_blobs(&self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        self.writer
            .work(move |writer| writer.put_blobs(&blobs))
            .await
    }

    async fn begin_incarnation(&self, incarnation: u32) -> Result<(), StoreError> {
        let path = self.path.clone();
        let identity = Identity {
            incarnation,
            store: self.folder.store,
            began_behind: 0,
        };
        let write = move |_: &mut Reader| write_identity(&path, identity).map(drop);
        self.readers.read(write).await
    }
}

impl SqliteStore {
    /// Has the store wait for a person at its next start; the note is for whoever looks into the folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn pause(&self, note: &str) -> Result<(), StoreError> {
        let file = self.path.join(PAUSED);
        let written = fs::write(&file, format!("{note}\n"))
            .and_then(|()| fs::File::open(&file)?.sync_all())
            .and_then(|()| fs::File::open(&self.path)?.sync_all());
        written.map_err(|error| io_failure(&format!("writing {}", file.display()), error))
    }
}
