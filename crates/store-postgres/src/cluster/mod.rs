//! What the nodes of a cluster write down for each other: who lives, and who owns which partition.
//! Every change is one statement that compares and sets.

mod leases;
mod nodes;

use async_trait::async_trait;
use store::{Cluster, Lease, Node, NodeId, PartitionId, Position, SeenNode, StoreError};

use crate::PostgresStore;
use crate::connection::{Session, with_session};
use crate::failure::Trouble;

#[async_trait]
impl Cluster for PostgresStore {
    async fn register_node(&self, node: &Node) -> Result<(), StoreError> {
        with_session!(self.control, "registering the node", |session| {
            nodes::register(session, node)
        })
    }

    async fn heartbeat(&self, node: NodeId) -> Result<bool, StoreError> {
        with_session!(self.control, "sending a heartbeat", |session| nodes::beat(
            session, node
        ))
    }

    async fn remove_node(&self, node: NodeId) -> Result<bool, StoreError> {
        with_session!(self.control, "removing a node", |session| nodes::remove(
            session, node
        ))
    }

    async fn nodes(&self) -> Result<Vec<SeenNode>, StoreError> {
        with_session!(self.control, "listing nodes", |session| nodes::all(session))
    }

    async fn clock(&self) -> Result<i64, StoreError> {
        with_session!(self.control, "reading the database's clock", |session| {
            nodes::clock(session)
        })
    }

    async fn format(&self) -> Result<u32, StoreError> {
        with_session!(self.control, "reading the journal's format", |session| {
            nodes::format(session)
        })
    }

    async fn raise_format(&self, to: u32) -> Result<(), StoreError> {
        with_session!(self.control, "raising the journal's format", |session| {
            nodes::raise_format(session, to)
        })
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        with_session!(self.control, "reading leases", |session| leases::all(
            session
        ))
    }

    async fn acquire_lease(
        &self,
        partition: PartitionId,
        node: NodeId,
        seen: Option<Lease>,
    ) -> Result<Option<Lease>, StoreError> {
        with_session!(self.control, "acquiring a lease", |session| {
            leases::acquire(session, partition, node, seen)
        })
    }

    async fn bump_leases(&self, node: NodeId) -> Result<Vec<Lease>, StoreError> {
        with_session!(self.control, "renewing leases", |session| leases::bump(
            session, node
        ))
    }

    async fn release_lease(&self, lease: Lease) -> Result<bool, StoreError> {
        with_session!(self.control, "releasing a lease", |session| {
            leases::release(session, lease)
        })
    }

    async fn heads(&self) -> Result<Vec<(PartitionId, Position)>, StoreError> {
        with_session!(self.control, "reading heads", |session| heads(session))
    }
}

async fn heads(session: &Session) -> Result<Vec<(PartitionId, Position)>, Trouble> {
    let statement = session
        .prepared("SELECT partition, head FROM heads")
        .await?;
    let rows = session.client.query(&statement, &[]).await?;
    let head = |row: &tokio_postgres::Row| {
        let (partition, head) = (row.get::<_, i32>(0) as u16, row.get::<_, i64>(1) as u64);
        (PartitionId(partition), head)
    };
    Ok(rows.iter().map(head).collect())
}
