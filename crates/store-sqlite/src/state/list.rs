//! Lists: open instances, the recently ended and the buckets, merged newest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, params_from_iter};
use store::{EntityId, InstanceFilter, InstanceRow, ListCursor, Page, StoreError};

use super::bucket::{Bucket, Buckets};
use super::conditions::Conditions;
use super::filed::Filing;
use super::readers::Reader;
use super::recent::View;
use super::rows::{COLUMNS, SOURCE, read_row};
use crate::failure::sqlite_failure;

/// What was asked.
struct Question<'a> {
    filter: &'a InstanceFilter,
    after: Option<ListCursor>,
    /// One more than the page has, to know whether another follows.
    wanted: usize,
}

/// What the view answers at the list's moment.
struct Looked {
    rows: Vec<InstanceRow>,
    /// Those that may hold rows of the page, those with the newest instances first.
    buckets: Vec<Bucket>,
    superseded: Arc<BTreeMap<(i64, EntityId), u64>>,
}

impl Question<'_> {
    fn look(&self, view: &View) -> (Looked, Vec<Bucket>) {
        let newest = view
            .recent
            .newest_first(self.after)
            .map(|ended| &ended.family.row);
        let found = newest
            .filter(|row| self.filter.matches(row))
            .take(self.wanted);
        let listed = |row: &InstanceRow| InstanceRow {
            snapshot: Bytes::new(),
            ..row.clone()
        };
        let buckets = self.buckets(&view.buckets);
        let looked = Looked {
            rows: found.map(listed).collect(),
            buckets: buckets.clone(),
            superseded: view.superseded.clone(),
        };
        (looked, buckets)
    }

    /// Matching open instances, newest first.
    fn open(&self, connection: &Connection) -> rusqlite::Result<Vec<InstanceRow>> {
        let conditions = Conditions::of(self.filter).after(self.after);
        let sql = format!(
            "SELECT {COLUMNS} FROM {SOURCE}{} ORDER BY created_at DESC, id DESC",
            conditions.sql()
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(conditions.values))?;
        let mut found = vec![];
        while found.len() < self.wanted {
            let Some(row) = rows.next()? else { break };
            let row = read_row(row)?;
            if self.filter.matches(&row) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Matching rows of a bucket; those of the page are among them.
    fn filed(
        &self,
        connection: &Connection,
        hidden: impl Fn(&EntityId) -> bool,
    ) -> rusqlite::Result<Vec<InstanceRow>> {
        let upto = self.after.map_or(i64::MAX, |after| after.created_at);
        let mut found: Vec<InstanceRow> = vec![];
        Filing::of(connection).matching(self.filter, upto, |row| {
            // Among those created at one moment the order is the ids': all of them are looked at.
            let full = found.len() >= self.wanted;
            if full && row.created_at < found[self.wanted - 1].created_at {
                return false;
            }
            if !hidden(&row.id) && row.follows(self.after) {
                found.push(row);
            }
            true
        })?;
        Ok(found)
    }

    /// Buckets that may hold rows of the page, those with the newest instances first.
    fn buckets(&self, all: &[Bucket]) -> Vec<Bucket> {
        let not_newer = |bucket: &&Bucket| {
            self.after
                .is_none_or(|after| bucket.created.0 <= after.created_at)
        };
        let concerned = all.iter().filter(|bucket| bucket.concerns(self.filter));
        let mut buckets: Vec<_> = concerned.filter(not_newer).cloned().collect();
        buckets.sort_by_key(|bucket| Reverse(bucket.created.1));
        buckets
    }
}

impl Reader {
    /// Instances, newest first by (creation, id).
    pub(crate) fn list(
        &mut self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, StoreError> {
        let question = Question {
            filter,
            after,
            wanted: limit + 1,
        };
        let mut items = self.at_one_moment(
            |view| question.look(view),
            |reader, looked| reader.merge(&question, looked),
        )?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(InstanceRow::cursor);
        Ok(Page { items, next })
    }

    fn merge(
        &mut self,
        question: &Question<'_>,
        mut looked: Looked,
    ) -> Result<Vec<InstanceRow>, StoreError> {
        let open = question.open(&self.state);
        let mut rows = open.map_err(|error| sqlite_failure("state.db", error))?;
        rows.append(&mut looked.rows);
        keep_newest(&mut rows, question.wanted);
        for bucket in &looked.buckets {
            let full = rows.len() == question.wanted;
            if full
                && rows
                    .last()
                    .is_some_and(|row| row.created_at > bucket.created.1)
            {
                break;
            }
            let start = bucket.start;
            let hidden = |id: &EntityId| looked.superseded.contains_key(&(start, *id));
            let Some(connection) = self.bucket(bucket)? else {
                continue;
            };
            let found = question.filed(connection, hidden);
            rows.append(&mut found.map_err(|error| Buckets::failure(start, error))?);
            keep_newest(&mut rows, question.wanted);
        }
        Ok(rows)
    }
}

/// Sorts, keeps the first of several rows of one instance (the nearer to `state.db`, the truer),
/// and cuts.
fn keep_newest(rows: &mut Vec<InstanceRow>, wanted: usize) {
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.id));
    rows.sort_by_key(|row| Reverse((row.created_at, row.id)));
    rows.truncate(wanted);
}
