//! One instance and its history, wherever it lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Connection;
use store::{EntityId, HistorySegment, Slot, StoreError, StoredInstance};

use super::bucket::{Bucket, Buckets};
use super::filed::Filing;
use super::readers::Reader;
use super::recent::{Ended, View};
use super::rows;
use crate::failure::sqlite_failure;

/// Where to look, as of one moment.
struct Whereabouts {
    ended: Option<Arc<Ended>>,
    /// Newest first.
    buckets: Vec<Bucket>,
}

fn whereabouts(view: &View, id: &EntityId) -> (Whereabouts, Vec<Bucket>) {
    let counts = |bucket: &&Bucket| {
        bucket.may_hold(id) && !view.superseded.contains_key(&(bucket.start, *id))
    };
    let ended = view.recent.get(id).cloned();
    let buckets: Vec<Bucket> = match ended {
        Some(_) => vec![],
        None => view.buckets.iter().rev().filter(counts).cloned().collect(),
    };
    let pinned = buckets.clone();
    (Whereabouts { ended, buckets }, pinned)
}

fn state(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

impl Reader {
    /// An instance with its snapshot and chunks.
    pub(crate) fn instance(
        &mut self,
        slot: Slot,
        id: EntityId,
    ) -> Result<Option<StoredInstance>, StoreError> {
        let found = self.at_one_moment(
            |view| whereabouts(view, &id),
            |reader, places| match places.ended {
                Some(ended) => reader.recent_instance(&ended).map(Some).map_err(state),
                None => reader.stored_instance(&id, &places.buckets),
            },
        )?;
        Ok(found.filter(|instance| instance.row.slot == slot))
    }

    fn recent_instance(&self, ended: &Ended) -> rusqlite::Result<StoredInstance> {
        let family = &ended.family;
        let mut chunks: BTreeMap<u32, Bytes> = family.parts.chunks.iter().cloned().collect();
        if family.spilled {
            chunks.extend(rows::get_chunks(&self.state, &family.row.id)?);
        }
        Ok(StoredInstance {
            row: family.row.clone(),
            chunks: chunks.into_iter().collect(),
        })
    }

    fn stored_instance(
        &mut self,
        id: &EntityId,
        buckets: &[Bucket],
    ) -> Result<Option<StoredInstance>, StoreError> {
        if let Some(open) = read_instance(&self.state, id).map_err(state)? {
            return Ok(Some(open));
        }
        for bucket in buckets {
            let Some(connection) = self.bucket(bucket)? else {
                continue;
            };
            let read = Filing::of(connection).instance(id);
            let read = read.map_err(|error| Buckets::failure(bucket.start, error))?;
            if read.is_some() {
                return Ok(read);
            }
        }
        Ok(None)
    }

    /// An instance's history after a seq.
    pub(crate) fn history(
        &mut self,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        self.at_one_moment(
            |view| whereabouts(view, &id),
            |reader, places| match places.ended {
                Some(ended) => reader.recent_history(&ended, after_seq, limit_bytes),
                None => reader.stored_history(&id, after_seq, limit_bytes, &places.buckets),
            },
        )
    }

    fn recent_history(
        &self,
        ended: &Ended,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Result<Vec<HistorySegment>, StoreError> {
        let family = &ended.family;
        if family.spilled {
            let read = rows::get_history(&self.state, &family.row.id, after_seq, limit_bytes);
            return read.map_err(state);
        }
        Ok(family.parts.history_after(after_seq, limit_bytes))
    }

    fn stored_history(
        &mut self,
        id: &EntityId,
        after_seq: u64,
        limit_bytes: usize,
        buckets: &[Bucket],
    ) -> Result<Vec<HistorySegment>, StoreError> {
        let open = rows::read_history(&self.state, id, after_seq, limit_bytes).map_err(state)?;
        if !open.is_empty() {
            return Ok(open);
        }
        for bucket in buckets {
            let Some(connection) = self.bucket(bucket)? else {
                continue;
            };
            let read = Filing::of(connection).history(id, after_seq, limit_bytes);
            let read = read.map_err(|error| Buckets::failure(bucket.start, error))?;
            if !read.is_empty() {
                return Ok(read);
            }
        }
        Ok(vec![])
    }
}

fn read_instance(
    connection: &Connection,
    id: &EntityId,
) -> rusqlite::Result<Option<StoredInstance>> {
    let Some(row) = rows::get_row(connection, id)? else {
        return Ok(None);
    };
    let chunks = match rows::get_inline(connection, id)? {
        Some(parts) => parts.chunks,
        None => rows::get_chunks(connection, id)?,
    };
    Ok(Some(StoredInstance { row, chunks }))
}
