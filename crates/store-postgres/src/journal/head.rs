//! Taking a partition over.

use store::{PartitionHead, PartitionId, StoreError};

use super::append::number;
use super::segments::{all, table};
use crate::connection::Session;
use crate::failure::Trouble;

/// Raises the epoch of fence and state, durable, and looks whether the journal is whole behind it.
pub(crate) async fn take_over(
    session: &Session,
    partition: PartitionId,
) -> Result<PartitionHead, Trouble> {
    let before = session.unreplicated();
    let (epoch, head, reached) = raise(session, partition).await?;
    if session.unreplicated() != before {
        let reason = "the standby did not confirm a take-over";
        return Err(StoreError::Unavailable(reason.into()).into());
    }
    let held = held(session, partition, reached).await?;
    let needed = (head - reached).max(0);
    if needed > 0 && (held.needed != needed || held.last != head) {
        return Err(not_whole(partition, reached, head, &held).into());
    }
    let first = held.run.filter(|_| held.last == head);
    Ok(PartitionHead {
        epoch: epoch as u64,
        head: head as u64,
        first: first.unwrap_or(head + 1) as u64,
    })
}

/// Answers the new epoch, the head, and how far the state has come.
async fn raise(session: &Session, partition: PartitionId) -> Result<(i64, i64, i64), Trouble> {
    let client = &session.client;
    let number = number(partition);
    client.batch_execute("BEGIN").await?;
    let heads = "INSERT INTO heads VALUES ($1, 1, 0, '') \
                 ON CONFLICT (partition) DO UPDATE SET epoch = heads.epoch + 1 \
                 RETURNING epoch, head";
    let row = client.query_one(heads, &[&number]).await?;
    let (epoch, head): (i64, i64) = (row.get(0), row.get(1));
    let state = "INSERT INTO reached VALUES ($1, 0, $2) \
                 ON CONFLICT (partition) DO UPDATE SET epoch = EXCLUDED.epoch \
                 RETURNING position";
    let reached = client.query_one(state, &[&number, &epoch]).await?.get(0);
    client.batch_execute("COMMIT").await?;
    Ok((epoch, head, reached))
}

/// What the journal holds of a partition.
struct Held {
    /// Batches behind what the state has reached.
    needed: i64,
    /// The first of them.
    first: Option<i64>,
    last: i64,
    /// Where the batches begin that stand side by side up to the last. Before it there may be holes: owners that take turns
    /// write into segments of their own, and one is dropped as soon as all in it is reached, whatever an older one still holds.
    run: Option<i64>,
}

async fn held(session: &Session, partition: PartitionId, reached: i64) -> Result<Held, Trouble> {
    let arm = |segment: &i64| {
        let table = table(*segment);
        format!("SELECT position FROM {table} WHERE partition = $1")
    };
    let arms: Vec<String> = all(session).await?.iter().map(arm).collect();
    if arms.is_empty() {
        return Ok(Held {
            needed: 0,
            first: None,
            last: 0,
            run: None,
        });
    }
    let sql = format!(
        "WITH held AS ({}), placed AS (
            SELECT position, position - row_number() OVER (ORDER BY position) AS run FROM held
        )
        SELECT count(*) FILTER (WHERE position > $2), min(position) FILTER (WHERE position > $2),
            coalesce(max(position), 0),
            min(position) FILTER (WHERE run = (SELECT max(run) FROM placed))
        FROM placed",
        arms.join(" UNION ALL ")
    );
    let row = session
        .client
        .query_one(&sql, &[&number(partition), &reached])
        .await?;
    Ok(Held {
        needed: row.get(0),
        first: row.get(1),
        last: row.get(2),
        run: row.get(3),
    })
}

/// Why the state cannot go on from what the journal holds.
fn not_whole(partition: PartitionId, reached: i64, head: i64, held: &Held) -> StoreError {
    let first = held.first.unwrap_or(head + 1);
    let begins_late = first > reached + 1 && held.needed == head + 1 - first;
    if begins_late {
        let partition = partition.0;
        let (reached, first) = (reached as u64, first as u64);
        return StoreError::Gap {
            partition,
            reached,
            first,
        };
    }
    StoreError::Corrupt {
        place: format!("the journal of partition {}", partition.0),
        detail: format!(
            "expected every position from {} to {head}, but there are {} and the last is {}; \
             restore the database from a backup",
            reached + 1,
            held.needed,
            held.last
        ),
    }
}
