//! Lists: open instances and the buckets, merged newest first.

use std::cmp::Reverse;

use store::{InstanceFilter, InstanceRow, ListCursor, Page};
use tokio_postgres::types::Type;

use super::buckets::{self, Bucket, BucketSpan, Place};
use super::conditions::Conditions;
use super::kinds;
use super::rows::{self, COLUMNS};
use crate::connection::Session;
use crate::failure::Trouble;

/// Buckets asked in the first step; each next step asks twice as many.
const FIRST_STEP: usize = 2;

/// Begins a moment: all that is read until `COMMIT` is of one state.
pub(super) const MOMENT: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Instances, newest first by (creation, id).
pub(crate) async fn list(
    session: &Session,
    span: BucketSpan,
    filter: &InstanceFilter,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<Page<InstanceRow>, Trouble> {
    session.client.batch_execute(MOMENT).await?;
    let kinds = kinds::all(session).await?;
    let mut items = vec![];
    if let Some(mut conditions) = Conditions::of(filter, &kinds) {
        if let Some(cursor) = after {
            conditions.after(cursor);
        }
        // One more than the page has, to know whether another follows.
        let mut question = Question {
            session,
            wanted: limit + 1,
            limit: conditions.value(limit as i64 + 1, Type::INT8),
            conditions,
            found: vec![],
        };
        let buckets = concerned(session, span, filter, after).await?;
        question.ask(span, &buckets).await?;
        for row in &question.found {
            items.push(rows::read(row, kinds::find(&kinds, rows::kind(row))?));
        }
    }
    session.client.batch_execute("COMMIT").await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(InstanceRow::cursor);
    Ok(Page { items, next })
}

/// Buckets that may hold rows of the page, those with the newest instances first.
async fn concerned(
    session: &Session,
    span: BucketSpan,
    filter: &InstanceFilter,
    after: Option<ListCursor>,
) -> Result<Vec<Bucket>, Trouble> {
    let mut buckets = buckets::all(session).await?;
    buckets.retain(|bucket| {
        bucket.concerns(filter, span)
            && after.is_none_or(|after| bucket.reaches_back_to(after.created_at))
    });
    buckets.sort_by_key(|bucket| Reverse(bucket.last_created(span)));
    Ok(buckets)
}

struct Question<'a> {
    session: &'a Session,
    conditions: Conditions,
    wanted: usize,
    /// The place of the limit among the values.
    limit: String,
    /// Newest first.
    found: Vec<tokio_postgres::Row>,
}

impl Question<'_> {
    /// Asks the open instances and as many buckets as may still hold newer ones than were found.
    async fn ask(&mut self, span: BucketSpan, buckets: &[Bucket]) -> Result<(), Trouble> {
        let (mut step, mut asked) = (FIRST_STEP, 0);
        let mut places = vec![Place::Open];
        loop {
            let next = &buckets[asked..buckets.len().min(asked + step)];
            places.extend(next.iter().map(Bucket::place));
            let found = self.rows(&places).await?;
            self.merge(found);
            asked += next.len();
            let Some(behind) = buckets.get(asked) else {
                return Ok(());
            };
            let last = self
                .found
                .get(self.wanted - 1)
                .map(|row| row.get::<_, i64>(0));
            if last.is_some_and(|created_at| created_at > behind.last_created(span)) {
                return Ok(());
            }
            places.clear();
            step *= 2;
        }
    }

    async fn rows(&self, places: &[Place]) -> Result<Vec<tokio_postgres::Row>, Trouble> {
        let (conditions, limit) = (self.conditions.sql(), &self.limit);
        let newest_first = format!("ORDER BY created_at DESC, id DESC LIMIT {limit}");
        let arm = |place: &Place| {
            let table = place.rows();
            format!("(SELECT {COLUMNS} FROM {table} WHERE {conditions} {newest_first})")
        };
        let arms: Vec<String> = places.iter().map(arm).collect();
        let sql = format!(
            "SELECT * FROM ({}) AS found {newest_first}",
            arms.join(" UNION ALL ")
        );
        let values = self.conditions.values();
        Ok(self.session.client.query_typed(&sql, &values).await?)
    }

    fn merge(&mut self, found: Vec<tokio_postgres::Row>) {
        self.found.extend(found);
        self.found
            .sort_by_key(|row| Reverse((row.get::<_, i64>(0), row.get::<_, uuid::Uuid>(7))));
        self.found.truncate(self.wanted);
    }
}
