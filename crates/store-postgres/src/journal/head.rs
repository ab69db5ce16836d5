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
    let held = held(session, partition).await?;
    let first = held.first.unwrap_or(head + 1);
    if held.first.is_some() && (held.last != head || held.count != head + 1 - first) {
        return Err(damaged(partition, first, head, &held).into());
    }
    if reached + 1 < first {
        let partition = partition.0;
        let (reached, first) = (reached as u64, first as u64);
        return Err(StoreError::Gap {
            partition,
            reached,
            first,
        }
        .into());
    }
    Ok(PartitionHead {
        epoch: epoch as u64,
        head: head as u64,
        first: first as u64,
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
    count: i64,
    first: Option<i64>,
    last: i64,
}

async fn held(session: &Session, partition: PartitionId) -> Result<Held, Trouble> {
    let arm = |segment: &i64| {
        let table = table(*segment);
        format!("SELECT position FROM {table} WHERE partition = $1")
    };
    let arms: Vec<String> = all(session).await?.iter().map(arm).collect();
    if arms.is_empty() {
        return Ok(Held {
            count: 0,
            first: None,
            last: 0,
        });
    }
    let sql = format!(
        "SELECT count(*), min(position), coalesce(max(position), 0) FROM ({}) AS held",
        arms.join(" UNION ALL ")
    );
    let row = session
        .client
        .query_one(&sql, &[&number(partition)])
        .await?;
    Ok(Held {
        count: row.get(0),
        first: row.get(1),
        last: row.get(2),
    })
}

fn damaged(partition: PartitionId, first: i64, head: i64, held: &Held) -> StoreError {
    StoreError::Corrupt {
        place: format!("the journal of partition {}", partition.0),
        detail: format!(
            "expected every position from {first} to {head}, but there are {} and the last is {}; \
             restore the database from a backup",
            held.count, held.last
        ),
    }
}
