//! Tables of ended instances, one for each span of time and rule under which they are kept. Retention drops them whole, which gives
//! the space back at once and leaves nothing to vacuum.

use store::{EntityId, InstanceFilter, InstanceRow, RetentionClass};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::Session;
use crate::failure::Trouble;
use crate::text;

/// Where an instance's row and parts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Open,
    /// The bucket of this number.
    Ended(i32),
}

impl Place {
    /// The table of rows.
    pub(super) fn rows(self) -> String {
        match self {
            Self::Open => "instance".into(),
            Self::Ended(number) => format!("ended_{number}"),
        }
    }

    /// The bucket's number, if it is one.
    pub(super) fn bucket(self) -> Option<i32> {
        match self {
            Self::Open => None,
            Self::Ended(number) => Some(number),
        }
    }

    /// The table of chunks and history.
    pub(super) fn parts(self) -> String {
        match self {
            Self::Open => "part".into(),
            Self::Ended(number) => format!("ended_{number}_part"),
        }
    }
}

/// How much time a bucket covers, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BucketSpan(pub(crate) i64);

impl BucketSpan {
    /// The bucket of a time.
    fn start_of(self, ended_at: i64) -> i64 {
        ended_at.div_euclid(self.0) * self.0
    }

    /// The start and the class of the bucket of an ended instance.
    pub(super) fn bucket_of(self, row: &InstanceRow) -> Option<(i64, RetentionClass)> {
        Some((self.start_of(row.ended_at?), row.class.clone()))
    }

    /// The first time behind a bucket.
    pub(super) fn end_of(self, start: i64) -> i64 {
        start.saturating_add(self.0)
    }
}

/// What is known of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) number: i32,
    pub(super) start: i64,
    pub(super) class: RetentionClass,
    /// The least and greatest id and creation time, once it is closed.
    pub(super) bounds: Option<Bounds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) ids: (Uuid, Uuid),
    pub(super) created: (i64, i64),
}

impl Bucket {
    pub(super) fn place(&self) -> Place {
        Place::Ended(self.number)
    }

    /// Whether one of these ids, in ascending order, may lie here.
    pub(super) fn may_hold(&self, ids: &[Uuid]) -> bool {
        let Some(Bounds {
            ids: (first, last), ..
        }) = self.bounds
        else {
            return !ids.is_empty();
        };
        let from = ids.partition_point(|id| *id < first);
        ids.get(from).is_some_and(|id| *id <= last)
    }

    /// No instance here was created later. (None is created after it ended.)
    pub(super) fn last_created(&self, span: BucketSpan) -> i64 {
        match self.bounds {
            Some(bounds) => bounds.created.1,
            None => span.end_of(self.start),
        }
    }

    fn first_created(&self) -> i64 {
        self.bounds.map_or(i64::MIN, |bounds| bounds.created.0)
    }

    /// Whether instances of the asked creation times may lie here.
    pub(super) fn concerns(&self, filter: &InstanceFilter, span: BucketSpan) -> bool {
        filter
            .created_after
            .is_none_or(|at| self.last_created(span) >= at)
            && filter
                .created_before
                .is_none_or(|at| self.first_created() < at)
    }

    /// Whether it may hold instances created at or before a time.
    pub(super) fn reaches_back_to(&self, created_at: i64) -> bool {
        self.first_created() <= created_at
    }
}

/// All buckets, the newest first.
pub(super) async fn all(session: &Session) -> Result<Vec<Bucket>, Trouble> {
    let sql = "SELECT number, start, closed, first_id, last_id, first_created, last_created, class \
               FROM bucket WHERE NOT dropping ORDER BY start DESC";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(bucket).collect())
}

fn bucket(row: &Row) -> Bucket {
    let bounds = || {
        Some(Bounds {
            ids: (
                row.get::<_, Option<Uuid>>(3)?,
                row.get::<_, Option<Uuid>>(4)?,
            ),
            created: (row.get::<_, Option<i64>>(5)?, row.get::<_, Option<i64>>(6)?),
        })
    };
    // A closed bucket without bounds is empty; it is looked into like an open one.
    Bucket {
        number: row.get(0),
        start: row.get(1),
        class: RetentionClass::new(text::read(row.get(7))),
        bounds: row.get::<_, bool>(2).then(bounds).flatten(),
    }
}

/// Makes the bucket of a class that begins at this time, within the caller's transaction, unless another node
/// does. The indexes with values of
/// the caller's choosing leave out rows without a value, so that they cost nothing where there is
/// none; what helps only rare questions comes when the bucket is closed.
pub(super) async fn make(
    session: &Session,
    (start, class): &(i64, RetentionClass),
) -> Result<(), Trouble> {
    let client = &session.client;
    let insert =
        "INSERT INTO bucket (start, class) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING number";
    let class = text::written(class.name());
    if let Some(row) = client.query_opt(insert, &[&start, &class]).await? {
        let place = Place::Ended(row.get(0));
        let (rows, parts) = (place.rows(), place.parts());
        client
            .batch_execute(&format!(
                "CREATE TABLE {rows} (LIKE instance INCLUDING STORAGE, parts bytea, PRIMARY KEY (id));
                ALTER TABLE {rows} ALTER COLUMN parts SET STORAGE EXTERNAL;
                CREATE INDEX {rows}_created ON {rows} (created_at, id) INCLUDE (kind);
                CREATE INDEX {rows}_correlation ON {rows} (left(correlation_id, 256), created_at, id) WHERE correlation_id IS NOT NULL;
                CREATE INDEX {rows}_subject ON {rows} (left(subject, 256), created_at, id) WHERE subject IS NOT NULL;
                CREATE INDEX {rows}_parent ON {rows} (parent_id, created_at, id) WHERE parent_id IS NOT NULL;
                CREATE INDEX {rows}_terms ON {rows} USING gin (terms) WHERE terms IS NOT NULL;
                CREATE TABLE {parts} (LIKE part INCLUDING STORAGE, PRIMARY KEY (id, history, number))"
            ))
            .await?;
    }
    Ok(())
}

/// An id as the tables have it.
pub(super) fn uuid(id: &EntityId) -> Uuid {
    Uuid::from_bytes(*id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_buckets() {
        let span = BucketSpan(100);
        for (ended_at, start) in [(0, 0), (99, 0), (100, 100), (-1, -100), (-100, -100)] {
            assert_eq!(span.start_of(ended_at), start, "{ended_at}");
        }
        assert_eq!(span.end_of(100), 200);
    }

    #[test]
    fn bounds_leave_buckets_out() {
        let id = Uuid::from_u128;
        let bounds = Bounds {
            ids: (id(10), id(20)),
            created: (5, 9),
        };
        let closed = Bucket {
            number: 1,
            start: 0,
            class: RetentionClass::default(),
            bounds: Some(bounds),
        };
        let held = |ids: &[u128]| closed.may_hold(&ids.iter().copied().map(id).collect::<Vec<_>>());
        assert!(held(&[10]) && held(&[1, 20, 30]));
        assert!(!held(&[]) && !held(&[9, 21]));
        let open = Bucket {
            bounds: None,
            ..closed.clone()
        };
        assert!(open.may_hold(&[id(99)]));
        assert_eq!(open.last_created(BucketSpan(100)), 100);
        assert!(closed.reaches_back_to(5) && !closed.reaches_back_to(4));
    }
}
