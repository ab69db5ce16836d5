//! Leases on partitions.

use store::{Lease, PartitionId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::Session;
use crate::failure::Trouble;

fn lease(row: &Row) -> Lease {
    let partition = row.get::<_, i32>(0) as u16;
    Lease {
        partition: PartitionId(partition),
        owner: row.get(1),
        epoch: row.get::<_, i64>(2) as u64,
        counter: row.get::<_, i64>(3) as u64,
    }
}

pub(super) async fn all(session: &Session) -> Result<Vec<Lease>, Trouble> {
    let sql = "SELECT partition, owner, epoch, counter FROM lease ORDER BY partition";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(lease).collect())
}

pub(super) async fn acquire(
    session: &Session,
    partition: PartitionId,
    node: Uuid,
    seen: Option<Lease>,
) -> Result<Option<Lease>, Trouble> {
    let number = i32::from(partition.0);
    let row = match seen {
        None => {
            let sql = "INSERT INTO lease VALUES ($1, $2, 1, 1) ON CONFLICT DO NOTHING \
                       RETURNING partition, owner, epoch, counter";
            let statement = session.prepared(sql).await?;
            session
                .client
                .query_opt(&statement, &[&number, &node])
                .await?
        }
        Some(seen) => {
            let sql = "UPDATE lease SET owner = $2, epoch = epoch + 1, counter = counter + 1 \
                       WHERE partition = $1 AND owner IS NOT DISTINCT FROM $3 AND epoch = $4 \
                       AND counter = $5 RETURNING partition, owner, epoch, counter";
            let statement = session.prepared(sql).await?;
            let (epoch, counter) = (seen.epoch as i64, seen.counter as i64);
            let values = [
                &number as _,
                &node as _,
                &seen.owner as _,
                &epoch as _,
                &counter as _,
            ];
            session.client.query_opt(&statement, &values).await?
        }
    };
    Ok(row.as_ref().map(lease))
}

pub(super) async fn bump(session: &Session, node: Uuid) -> Result<Vec<Lease>, Trouble> {
    // In order of partitions, as every statement locks them.
    let sql = "WITH held AS (SELECT partition FROM lease WHERE owner = $1 ORDER BY partition FOR UPDATE) \
               UPDATE lease SET counter = counter + 1 FROM held \
               WHERE lease.partition = held.partition \
               RETURNING lease.partition, owner, epoch, counter";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[&node]).await?;
    let mut leases: Vec<Lease> = rows.iter().map(lease).collect();
    leases.sort_unstable_by_key(|lease| lease.partition);
    Ok(leases)
}

pub(super) async fn release(session: &Session, lease: Lease) -> Result<bool, Trouble> {
    let sql = "UPDATE lease SET owner = NULL, counter = counter + 1 \
               WHERE partition = $1 AND owner = $2 AND epoch = $3";
    let statement = session.prepared(sql).await?;
    let (number, epoch) = (i32::from(lease.partition.0), lease.epoch as i64);
    let changed = session
        .client
        .execute(&statement, &[&number, &lease.owner, &epoch])
        .await?;
    Ok(changed > 0)
}
