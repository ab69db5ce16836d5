//! Decides where an instance lives, and writes its changes there.

use std::sync::Arc;

use store::{EntityId, InstanceRow, Parts, StoreError, Touched, instance_key};

use super::block::Family;
use super::bucket::Buckets;
use super::codec::encode_parts;
use super::filed::Filing;
use super::recent::{Ended, INTACT};
use super::writer::Writer;
use super::{blobs, rows, run};
use crate::failure::sqlite_failure;

/// Beyond this, an ended instance's chunks and history lie in tables, row by row, not in memory
/// and in its own row.
const INLINE_BYTES: usize = 64 << 10;

/// Beyond this, an open instance's chunks and history lie in tables: its row is written whole
/// each time.
const OPEN_INLINE_BYTES: usize = 2 << 10;

/// Where an instance is before a change.
enum Home {
    Nowhere,
    /// With its chunks and history, when they lie in its row.
    Open(Option<Parts>),
    Recent(Arc<Ended>),
    Bucket(i64),
}

impl Home {
    /// The bucket where it lies, or will lie soon.
    fn bucket(&self) -> Option<i64> {
        match self {
            Self::Nowhere | Self::Open(_) => None,
            Self::Recent(ended) => Some(ended.bucket),
            Self::Bucket(start) => Some(*start),
        }
    }
}

/// What a transaction changes beside `state.db`, once it is visible.
#[derive(Default)]
pub(super) struct Moves {
    /// With the keys of their buckets.
    pub(super) put: Vec<(i64, Family)>,
    pub(super) removed: Vec<EntityId>,
    pub(super) superseded: Vec<(i64, EntityId)>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty() && self.superseded.is_empty()
    }
}

fn state(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

impl Writer {
    /// Writes all changes of one instance.
    pub(super) fn settle(
        &mut self,
        id: EntityId,
        mut touched: Touched,
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        let mut home = self.home(&id)?;
        let holder = instance_key(&id);
        if touched.deleted {
            self.delete(&id, &home, moves)?;
            blobs::forget(&self.state, &holder).map_err(state)?;
            home = Home::Nowhere;
        }
        let (known, left) = (!matches!(home, Home::Nowhere), home.bucket());
        let bucket = match touched.row.take() {
            None => {
                if !touched.parts.is_empty() {
                    self.add_parts(&id, touched.parts, home, moves)?;
                }
                left
            }
            Some(row) if row.ended_at.is_none() => {
                self.put_open(&row, touched.parts, home, moves)?;
                None
            }
            Some(row) => Some(self.put_ended(*row, touched.parts, home, moves)?),
        };
        if known && bucket != left {
            blobs::move_to(&self.state, &holder, bucket).map_err(state)?;
        }
        blobs::name(&self.state, &holder, &touched.blobs, bucket).map_err(state)
    }

    fn home(&mut self, id: &EntityId) -> Result<Home, StoreError> {
        if self.seen.first_time(id) {
            return Ok(Home::Nowhere);
        }
        if let Some(ended) = self.view.read().expect(INTACT).recent.get(id) {
            return Ok(Home::Recent(ended.clone()));
        }
        if let Some(inline) = rows::find_inline(&self.state, id).map_err(state)? {
            return Ok(Home::Open(inline));
        }
        Ok(self.bucket_of(id)?.map_or(Home::Nowhere, Home::Bucket))
    }

    /// The bucket that holds an instance's valid copy.
    fn bucket_of(&mut self, id: &EntityId) -> Result<Option<i64>, StoreError> {
        let (buckets, superseded) = {
            let view = self.view.read().expect(INTACT);
            (view.buckets.clone(), view.superseded.clone())
        };
        for bucket in buckets.iter().rev().filter(|bucket| bucket.may_hold(id)) {
            let start = bucket.start;
            if superseded.contains_key(&(start, *id)) {
                continue;
            }
            let found = Filing::of(self.bucket(start)?).find(id);
            let found = found.map_err(|error| Buckets::failure(start, error))?;
            if found.is_some() {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    fn delete(&mut self, id: &EntityId, home: &Home, moves: &mut Moves) -> Result<(), StoreError> {
        match home {
            Home::Nowhere => {}
            Home::Open(_) => rows::delete_row(&self.state, id).map_err(state)?,
            Home::Recent(ended) => {
                run::strike_out(&self.state, ended).map_err(state)?;
                self.leave_recent(ended, moves);
            }
            Home::Bucket(start) => moves.superseded.push((*start, *id)),
        }
        self.forget_rowless(id)?;
        rows::delete_parts(&self.state, id).map_err(state)
    }

    /// Remembers that chunks or history came before their instance's row.
    fn note_rowless(&mut self, id: &EntityId) -> Result<(), StoreError> {
        if self.rowless.insert(*id) {
            let sql = "INSERT INTO rowless VALUES (?1) ON CONFLICT DO NOTHING";
            self.state.execute(sql, [&id[..]]).map_err(state)?;
        }
        Ok(())
    }

    /// Answers whether they had.
    fn forget_rowless(&mut self, id: &EntityId) -> Result<bool, StoreError> {
        let noted = self.rowless.remove(id);
        if noted {
            let sql = "DELETE FROM rowless WHERE id = ?1";
            self.state.execute(sql, [&id[..]]).map_err(state)?;
        }
        Ok(noted)
    }

    /// Takes an instance out of the recently ended. A copy that a crash left in its bucket must
    /// not come to light.
    fn leave_recent(&self, ended: &Ended, moves: &mut Moves) {
        let id = ended.family.row.id;
        moves.removed.push(id);
        if self.may_hold_copy(ended) {
            moves.superseded.push((ended.bucket, id));
        }
    }

    /// Whether the bucket of a recently ended instance may hold a copy of it.
    fn may_hold_copy(&self, ended: &Ended) -> bool {
        self.view.read().expect(INTACT).may_hold_copy(ended)
    }

    /// Chunks and history without a row go where the instance is.
    fn add_parts(
        &mut self,
        id: &EntityId,
        parts: Parts,
        home: Home,
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        match home {
            Home::Nowhere => {
                self.note_rowless(id)?;
                self.put_parts(id, &parts)
            }
            Home::Open(None) => self.put_parts(id, &parts),
            Home::Open(Some(mut inline)) => {
                inline.extend(parts);
                let encoded = self.settle_open(id, &inline)?;
                rows::put_inline(&self.state, id, encoded.as_deref()).map_err(state)
            }
            Home::Recent(ended) => {
                self.spill(&ended.family)?;
                self.put_parts(id, &parts)?;
                let replaces = self.may_hold_copy(&ended);
                keep(ended.bucket, ended.family.row.clone(), replaces, moves);
                Ok(())
            }
            Home::Bucket(start) => {
                let row = self.pull(start, id, moves)?;
                self.put_parts(id, &parts)?;
                keep(start, row, true, moves);
                Ok(())
            }
        }
    }

    fn put_open(
        &mut self,
        row: &InstanceRow,
        parts: Parts,
        home: Home,
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        let rowless = self.forget_rowless(&row.id)?;
        let inline = match home {
            Home::Nowhere => (!rowless).then(Parts::default),
            Home::Open(inline) => inline,
            Home::Recent(ended) => {
                self.spill(&ended.family)?;
                self.leave_recent(&ended, moves);
                None
            }
            Home::Bucket(start) => {
                self.pull(start, &row.id, moves)?;
                None
            }
        };
        let encoded = match inline {
            Some(mut inline) => {
                inline.extend(parts);
                self.settle_open(&row.id, &inline)?
            }
            None => {
                self.put_parts(&row.id, &parts)?;
                None
            }
        };
        rows::put_row(&self.state, &mut self.kinds, row, encoded.as_deref()).map_err(state)
    }

    /// All that an open instance has beside its row: encoded to lie in the row while it is small,
    /// from then on in the tables.
    fn settle_open(&self, id: &EntityId, parts: &Parts) -> Result<Option<Vec<u8>>, StoreError> {
        if parts.bytes() > OPEN_INLINE_BYTES {
            self.put_parts(id, parts)?;
            return Ok(None);
        }
        let mut encoded = vec![];
        encode_parts(parts, &mut encoded);
        Ok(Some(encoded))
    }

    /// Answers the bucket.
    fn put_ended(
        &mut self,
        mut row: InstanceRow,
        parts: Parts,
        home: Home,
        moves: &mut Moves,
    ) -> Result<i64, StoreError> {
        let rowless = self.forget_rowless(&row.id)?;
        let class = std::mem::take(&mut row.class);
        let class = self.classes.number(&self.state, &class).map_err(state)?;
        let bucket = self.buckets.key_of(&row, class)?;
        let mut replaces = false;
        let inline = match home {
            Home::Nowhere => (!rowless).then(Parts::default),
            Home::Open(inline) => {
                rows::delete_row(&self.state, &row.id).map_err(state)?;
                inline
            }
            Home::Recent(ended) => {
                self.spill(&ended.family)?;
                let moved = ended.bucket != bucket;
                replaces = !moved && self.may_hold_copy(&ended);
                if moved {
                    self.leave_recent(&ended, moves);
                }
                None
            }
            Home::Bucket(start) => {
                self.pull(start, &row.id, moves)?;
                replaces = start == bucket;
                None
            }
        };
        let gathered = match inline {
            Some(mut inline) => {
                inline.extend(parts);
                self.keep_small(&row.id, inline)?
            }
            None => self.take_small(&row.id, parts)?,
        };
        let family = Family {
            row,
            spilled: gathered.is_none(),
            parts: gathered.unwrap_or_default(),
            replaces,
        };
        moves.put.push((bucket, family));
        Ok(bucket)
    }

    /// What an ended instance has, when it is small; else it goes into the tables.
    fn keep_small(&self, id: &EntityId, parts: Parts) -> Result<Option<Parts>, StoreError> {
        if parts.bytes() <= INLINE_BYTES {
            return Ok(Some(parts));
        }
        self.put_parts(id, &parts)?;
        Ok(None)
    }

    /// What an ended instance has in the tables, and more: out of them when it is small together;
    /// else all goes there.
    fn take_small(&self, id: &EntityId, parts: Parts) -> Result<Option<Parts>, StoreError> {
        let room = INLINE_BYTES.saturating_sub(parts.bytes());
        let Some(mut held) = rows::get_small(&self.state, id, room).map_err(state)? else {
            self.put_parts(id, &parts)?;
            return Ok(None);
        };
        if !held.is_empty() {
            rows::delete_parts(&self.state, id).map_err(state)?;
        }
        held.extend(parts);
        self.keep_small(id, held)
    }

    fn put_parts(&self, id: &EntityId, parts: &Parts) -> Result<(), StoreError> {
        rows::put_parts(&self.state, id, parts).map_err(state)
    }

    /// Moves what a run holds of an instance into the tables.
    fn spill(&self, family: &Family) -> Result<(), StoreError> {
        self.put_parts(&family.row.id, &family.parts)
    }

    /// Copies chunks and history back out of a bucket, answers the row, and has the copy there
    /// ignored from now on. It is removed once this transaction cannot be lost.
    fn pull(
        &mut self,
        start: i64,
        id: &EntityId,
        moves: &mut Moves,
    ) -> Result<InstanceRow, StoreError> {
        self.bucket(start)?;
        let bucket = &self.bucket_connections[&start];
        let row = Filing::of(bucket)
            .copy_out(id, &self.state)
            .map_err(|error| Buckets::failure(start, error))?;
        moves.superseded.push((start, *id));
        row.ok_or_else(|| Buckets::failure(start, rusqlite::Error::QueryReturnedNoRows))
    }
}

/// Puts a row whose chunks and history lie in the tables among the recently ended.
fn keep(bucket: i64, row: InstanceRow, replaces: bool, moves: &mut Moves) {
    let family = Family {
        row,
        spilled: true,
        replaces,
        ..Family::default()
    };
    moves.put.push((bucket, family));
}
