//! Reading batches and blobs back.

use bytes::Bytes;
use store::{Batch, BlobHash, PartitionId, Position, StoreError};
use tokio_postgres::Row;

use super::append::number;
use super::segments::{all, table};
use crate::connection::Session;
use crate::failure::Trouble;

/// Batches looked at in one step.
const STEP: i64 = 500;

/// Batches from a position on, in order, at most `limit_bytes` of bodies, at least one.
pub(crate) async fn read(
    session: &Session,
    partition: PartitionId,
    from: Position,
    limit_bytes: usize,
) -> Result<Vec<Batch>, Trouble> {
    let client = &session.client;
    client
        .batch_execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let mut reader = Reader {
        session,
        partition,
        union: union(&all(session).await?),
        room: limit_bytes,
    };
    let batches = reader.read(from.max(1) as i64).await?;
    client.batch_execute("COMMIT").await?;
    Ok(batches)
}

/// All segments as one source. The positions of a partition need not ascend from one to the next:
/// a new owner may still have written into an older one.
fn union(segments: &[i64]) -> Option<String> {
    let arm = |segment: &i64| {
        let table = table(*segment);
        format!(
            "SELECT position, epoch, batch_id, body FROM {table} \
             WHERE partition = $1 AND position >= $2"
        )
    };
    let arms: Vec<String> = segments.iter().map(arm).collect();
    (!arms.is_empty()).then(|| arms.join(" UNION ALL "))
}

struct Reader<'a> {
    session: &'a Session,
    partition: PartitionId,
    union: Option<String>,
    room: usize,
}

impl Reader<'_> {
    async fn read(&mut self, from: i64) -> Result<Vec<Batch>, Trouble> {
        let Some(union) = self.union.clone() else {
            return Ok(vec![]);
        };
        let (mut batches, mut next) = (vec![], from);
        loop {
            let lengths = self.lengths(&union, next).await?;
            if batches.is_empty() {
                let first = lengths.first().map(|(position, _)| *position);
                self.check_next(&union, from, first).await?;
            }
            let looked = lengths.len() as i64;
            let fitting = self.fitting(&lengths, next, batches.is_empty());
            if fitting > 0 {
                batches.extend(self.bodies(&union, next, fitting).await?);
            }
            if let Some((behind, _)) = lengths.get(fitting as usize)
                && *behind != next + fitting
            {
                // What was dropped is told to who asks for it; what is damaged, at once.
                return match self.check_next(&union, next + fitting, Some(*behind)).await {
                    Err(Trouble::Store(StoreError::Gap { .. })) => Ok(batches),
                    other => other.map(|()| batches),
                };
            }
            if fitting < looked || looked < STEP {
                return Ok(batches);
            }
            next += fitting;
        }
    }

    /// Positions and lengths of bodies, in order.
    async fn lengths(&self, union: &str, from: i64) -> Result<Vec<(i64, i32)>, Trouble> {
        let sql = format!(
            "SELECT position, octet_length(body) FROM ({union}) AS j ORDER BY position LIMIT $3"
        );
        let values = [&number(self.partition) as _, &from as _, &STEP as _];
        let rows = self.session.client.query(&sql, &values).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// How many of the batches stand side by side and there is room for.
    fn fitting(&mut self, lengths: &[(i64, i32)], from: i64, nothing_yet: bool) -> i64 {
        let mut fitting = 0;
        for ((position, length), expected) in lengths.iter().zip(from..) {
            let length = (*length).unsigned_abs().max(1) as usize;
            let has_room = length <= self.room || (nothing_yet && fitting == 0);
            if *position != expected || !has_room {
                break;
            }
            self.room = self.room.saturating_sub(length);
            fitting += 1;
        }
        fitting
    }

    async fn bodies(&self, union: &str, from: i64, count: i64) -> Result<Vec<Batch>, Trouble> {
        let sql = format!(
            "SELECT position, epoch, batch_id, body FROM ({union}) AS j WHERE position < $3 ORDER BY position"
        );
        let values = [
            &number(self.partition) as _,
            &from as _,
            &(from + count) as _,
        ];
        let rows = self.session.client.query(&sql, &values).await?;
        rows.iter().map(|row| self.batch(row)).collect()
    }

    fn batch(&self, row: &Row) -> Result<Batch, Trouble> {
        let position = row.get::<_, i64>(0) as u64;
        let batch_id = row.get::<_, &[u8]>(2).try_into().map_err(|_| {
            let place = self.place();
            let detail = format!("expected a batch id of 16 bytes at position {position}");
            StoreError::Corrupt { place, detail }
        })?;
        Ok(Batch {
            position,
            epoch: row.get::<_, i64>(1) as u64,
            batch_id,
            body: Bytes::copy_from_slice(row.get(3)),
        })
    }

    /// The next batch must be the one asked for, unless that lies beyond the head, or was dropped since the state has it.
    async fn check_next(&self, union: &str, from: i64, found: Option<i64>) -> Result<(), Trouble> {
        if found == Some(from) {
            return Ok(());
        }
        let sql = "SELECT head, coalesce(position, 0) FROM heads LEFT JOIN reached USING (partition) \
                   WHERE partition = $1";
        let known = self
            .session
            .client
            .query_opt(sql, &[&number(self.partition)])
            .await?;
        let (head, reached): (i64, i64) = known.map_or((0, 0), |row| (row.get(0), row.get(1)));
        if from > head {
            return Ok(());
        }
        let found = found.unwrap_or(head + 1);
        let sql = format!("SELECT min(position) FROM ({union}) AS j");
        let values = [&number(self.partition) as _, &0_i64 as _];
        let first: Option<i64> = self.session.client.query_one(&sql, &values).await?.get(0);
        // An older segment may still hold what lies before.
        if from > reached && first.is_some_and(|first| first < from) {
            return Err(self.hole(from, found).into());
        }
        Err(StoreError::Gap {
            partition: self.partition.0,
            reached: from as u64 - 1,
            first: found as u64,
        }
        .into())
    }

    fn place(&self) -> String {
        format!("the journal of partition {}", self.partition.0)
    }

    fn hole(&self, expected: i64, found: i64) -> StoreError {
        StoreError::Corrupt {
            place: self.place(),
            detail: format!(
                "expected a batch at position {expected}, but the next is at {found}; restore the \
                 database from a backup"
            ),
        }
    }
}

/// A blob by its hash.
pub(crate) async fn blob(session: &Session, hash: BlobHash) -> Result<Option<Bytes>, Trouble> {
    let statement = session
        .prepared("SELECT bytes FROM blob WHERE hash = $1")
        .await?;
    let row = session.client.query_opt(&statement, &[&&hash[..]]).await?;
    Ok(row.map(|row| Bytes::copy_from_slice(row.get(0))))
}
