//! The catalog on several nodes: whoever changes it takes its journal over for that moment, and all
//! others follow its head.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use store::{PartitionId, StoreError};

use super::wire::Ask;
use crate::catalog::read_catalog;
use crate::error::OpenError;
use crate::shared::Shared;

/// Reads the catalog again, and puts it in force if it is newer.
pub(super) async fn refresh(shared: &Arc<Shared>) -> Result<(), OpenError> {
    let Some(cluster) = &shared.cluster else {
        return Ok(());
    };
    let heads = cluster.store.heads().await?;
    let head = heads.iter().find(|(id, _)| *id == PartitionId::CATALOG);
    let Some((_, head)) = head.copied() else {
        return Ok(());
    };
    let store = shared.store.as_ref();
    let read = read_catalog(store, &shared.config, head).await?;
    let Some(catalog) = read else {
        return Ok(());
    };
    if shared.catalog.set_newer(Arc::new(catalog)) {
        let version = shared.catalog.current().version;
        tracing::info!(version, "another node changed the catalog");
        shared.homes.look();
    }
    shared.catalog_port.head.raise(head);
    Ok(())
}

/// Follows the head of the catalog's journal.
pub(super) async fn follow(shared: &Arc<Shared>, head: u64) -> Result<(), StoreError> {
    if shared.catalog_port.head.get() >= head {
        return Ok(());
    }
    match refresh(shared).await {
        Ok(()) => Ok(()),
        Err(OpenError::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "the catalog of another node cannot be read");
            Ok(())
        }
    }
}

/// Waits until every node that lives has the present catalog; one that does not answer within a
/// lease does not live, and reads it before it does anything.
pub(crate) async fn told_all(shared: &Arc<Shared>) {
    let Some(cluster) = &shared.cluster else {
        return;
    };
    let version = shared.catalog.current().version;
    let links = cluster.others().into_iter();
    let links: Vec<_> = links.filter_map(|id| cluster.link(shared, id)).collect();
    let asked = links
        .iter()
        .map(|link| link.ask(version, Ask::Catalog(true)));
    let lease = Duration::from_millis(cluster.lease_ms);
    let _late = tokio::time::timeout(lease, join_all(asked)).await;
}
