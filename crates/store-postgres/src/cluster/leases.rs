//! Leases on partitions.

use store::{PartitionId, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::connection::{Session, with_session};
use crate::failure::Trouble;

/// The ownership of a partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The partition.
    pub partition: PartitionId,
    /// The node that owns it; none when it was released.
    pub owner: Option<Uuid>,
    /// Rises with each change of owner. (It is not the epoch of the journal's fence, which
    /// `take_over` raises.)
    pub epoch: u64,
    /// Raised by the owner while it lives.
    pub counter: u64,
}

impl PostgresStore {
    /// All leases that ever were, by partition.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached: nothing is known of any lease then.
    pub async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        with_session!(self.control, "reading leases", |session| all(session))
    }

    /// Makes a node the owner of a partition if its lease still is exactly what was `seen` (none
    /// for a partition that never had one). Answers the new lease, or none when it had moved.
    ///
    /// It is for the caller to have seen the lease released, or its counter stand still for a
    /// whole lease.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached; it may have been done nonetheless, which
    /// [`PostgresStore::leases`] tells.
    pub async fn acquire_lease(
        &self,
        partition: PartitionId,
        node: Uuid,
        seen: Option<Lease>,
    ) -> Result<Option<Lease>, StoreError> {
        let what = "acquiring a lease";
        with_session!(self.control, what, |session| acquire(
            session, partition, node, seen
        ))
    }

    /// Raises the counters of all partitions that a node owns; answers its leases as they are now.
    /// One that is missing was lost. The owner counts its time from before this call.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached; a lease ends for its owner when no call
    /// succeeds in time.
    pub async fn bump_leases(&self, node: Uuid) -> Result<Vec<Lease>, StoreError> {
        with_session!(self.control, "renewing leases", |session| bump(
            session, node
        ))
    }

    /// Gives a partition up so that another node need not wait; false when it was lost already.
    ///
    /// # Errors
    /// `Unavailable` when the database cannot be reached; the lease then ends by itself.
    pub async fn release_lease(&self, lease: Lease) -> Result<bool, StoreError> {
        with_session!(self.control, "releasing a lease", |session| release(
            session, lease
        ))
    }
}

fn lease(row: &Row) -> Lease {
    let partition = row.get::<_, i32>(0) as u16;
    Lease {
        partition: PartitionId(partition),
        owner: row.get(1),
        epoch: row.get::<_, i64>(2) as u64,
        counter: row.get::<_, i64>(3) as u64,
    }
}

async fn all(session: &Session) -> Result<Vec<Lease>, Trouble> {
    let sql = "SELECT partition, owner, epoch, counter FROM lease ORDER BY partition";
    let statement = session.prepared(sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    Ok(rows.iter().map(lease).collect())
}

async fn acquire(
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

async fn bump(session: &Session, node: Uuid) -> Result<Vec<Lease>, Trouble> {
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

async fn release(session: &Session, lease: Lease) -> Result<bool, Trouble> {
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
