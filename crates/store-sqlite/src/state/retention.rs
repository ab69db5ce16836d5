//! Drops buckets whose time is over.

use std::sync::Arc;

use store::{Dropped, Expiry, RetentionClass, StoreError};

use super::blobs;
use super::bucket::Buckets;
use super::classes;
use super::filed;
use super::recent::INTACT;
use super::settle::Moves;
use super::writer::Writer;
use crate::failure::sqlite_failure;

fn state(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

impl Writer {
    /// The keys of the buckets whose time is over.
    pub(crate) fn over(&mut self, expiry: &Expiry) -> Result<Vec<i64>, StoreError> {
        let classes = classes::all(&self.state).map_err(state)?;
        let unnamed = RetentionClass::default();
        let buckets = self.view.read().expect(INTACT).buckets.clone();
        let keys = buckets.iter().map(|bucket| bucket.start);
        let over = keys.filter(|key| {
            let (class, end) = self.buckets.class_and_end(*key);
            expiry.is_over(classes.get(&class).unwrap_or(&unnamed), end)
        });
        Ok(over.collect())
    }

    /// Drops a bucket.
    pub(crate) fn drop_bucket(&mut self, key: i64) -> Result<Dropped, StoreError> {
        let superseded = self.view.read().expect(INTACT).superseded.clone();
        let void = superseded.range((key, [0; 16])..=(key, [u8::MAX; 16]));
        let void = void.count() as u64;
        let counted = filed::count(self.bucket(key)?);
        let held = counted.map_err(|error| Buckets::failure(key, error))?;
        self.forget_bucket(key)?;
        self.bucket_connections.remove(&key);
        Ok(Dropped {
            buckets: 1,
            instances: held - void.min(held),
            bytes: self.buckets.unlink(key)?,
        })
    }

    /// Forgets a bucket, durably, before its file goes.
    fn forget_bucket(&mut self, key: i64) -> Result<(), StoreError> {
        self.begin()?;
        let forget = || {
            self.state
                .execute("DELETE FROM bucket WHERE start = ?1", [key])?;
            blobs::drop_bucket(&self.state, key)?;
            self.state
                .execute("DELETE FROM superseded WHERE start = ?1", [key])
        };
        let forgotten = forget().map_err(state);
        let done = forgotten.and_then(|_| self.commit_moves(Moves::default()));
        if done.is_err() {
            self.roll_back();
        }
        done?;
        {
            let mut view = self.view.write().expect(INTACT);
            Arc::make_mut(&mut view.buckets).retain(|bucket| bucket.start != key);
            Arc::make_mut(&mut view.superseded).retain(|(at, _), _| *at != key);
            view.filled.remove(&key);
        }
        self.sync().map(drop)
    }
}
