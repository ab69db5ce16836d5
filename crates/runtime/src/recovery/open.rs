//! Opening a node.

use std::sync::{Arc, Mutex};

use engine::Entropy;
use store::{PartitionId, StoreError};
use tokio::sync::mpsc;

use super::partition::recover;
use super::restart::{check_marks, restart};
use crate::catalog::{
    CatalogCell, RecoveredCatalog, StoreSettings, recover_catalog, shared_catalog,
};
use crate::cluster::{Cluster, borrow, watch};
use crate::config::{Begins, Config, Surroundings};
use crate::dispatch::{Dispatcher, Tokens};
use crate::error::OpenError;
use crate::events::RoutingCell;
use crate::health::Stats;
use crate::limits::Homes;
use crate::partition::{AppendFailed, Opened, Partition, Port};
use crate::placement::Placement;
use crate::projector::{Asked, Awaited, Committed, News, Projector, overlay_channel};
use crate::shared::{Phase, Shared};
use crate::sizes::Sizes;
use crate::tasks::Tasks;

/// How often a new store is tried again whose settings another node writes at the same moment.
const TRIES: usize = 10;

/// Opens the store's partitions and begins to work. One node of several opens none by itself: it
/// joins the others, and partitions come to it.
pub(crate) async fn open(config: Config, with: Surroundings) -> Result<Arc<Shared>, OpenError> {
    Placement::new(config.partitions).ok_or(OpenError::Partitions(config.partitions))?;
    for _ in 1..TRIES {
        match open_once(config.clone(), with.clone()).await {
            Err(OpenError::Fenced(_)) if with.cluster.is_some() => {}
            opened => return opened,
        }
    }
    open_once(config, with).await
}

async fn open_once(config: Config, with: Surroundings) -> Result<Arc<Shared>, OpenError> {
    let mut entropy = Entropy::new(with.seed);
    let fresh = StoreSettings {
        partitions: config.partitions,
        callback_key: key(&mut entropy),
    };
    let store = with.store.as_ref();
    let catalog = match &with.cluster {
        Some(cluster) => shared_catalog(store, cluster, &config, with.seed, fresh).await?,
        None => recover_catalog(store, &config, with.seed, fresh).await?,
    };
    let incarnation = store.incarnation().await?;
    let begins = config.begins;
    if begins == Begins::Paused {
        store.set_paused(Some("it was started so")).await?;
    }
    let paused = match begins {
        Begins::AtRest => Some("it is brought to rest".to_owned()),
        Begins::AsTheStoreSays | Begins::Paused => store.paused().await?,
    };
    // The same seed must not give the same ids again after a restart.
    let entropy = Entropy::new(with.seed ^ catalog.journal.epoch.rotate_left(32));
    let (shared, to_project) = share(config, with, catalog, incarnation, entropy)?;
    shared.dispatcher.set_paused(&shared, paused);
    let opened = match &shared.cluster {
        Some(cluster) => join(&shared, cluster, to_project).await,
        None => open_all(&shared, to_project).await,
    };
    if let Err(error) = opened {
        shared.phase.end();
        shared.tasks.abort();
        return Err(error);
    }
    let keeping = crate::limits::keep(Arc::clone(&shared));
    shared.spawn_vital("the limits of adapters".to_owned(), keeping);
    let kept = crate::limits::keep_changes(Arc::clone(&shared));
    shared.spawn_vital("the keeping of breakers".to_owned(), kept);
    let giving = crate::dispatch::give_permits_on(Arc::clone(&shared));
    shared.spawn_vital("the limits of steps".to_owned(), giving);
    let purging = crate::retention::purge_regularly(Arc::clone(&shared));
    shared.spawn_vital("the purge of ended instances".to_owned(), purging);
    Ok(shared)
}

fn key(entropy: &mut Entropy) -> [u8; 32] {
    let mut key = [0; 32];
    for part in key.chunks_exact_mut(8) {
        part.copy_from_slice(&entropy.next_u64().to_be_bytes());
    }
    key
}

/// What the projector's task begins with.
struct ToProject {
    news: mpsc::UnboundedReceiver<News>,
    asked: mpsc::Receiver<Asked>,
    catalog_tail: Vec<Committed>,
    catalog_is_new: bool,
}

fn share(
    config: Config,
    with: Surroundings,
    catalog: RecoveredCatalog,
    incarnation: u32,
    entropy: Entropy,
) -> Result<(Arc<Shared>, ToProject), OpenError> {
    let partitions = catalog.settings().partitions;
    let placement = Placement::new(partitions).ok_or(OpenError::Partitions(partitions))?;
    let catalog_port = Port::default();
    catalog_port.head.raise(catalog.head());
    let (projector, news) = mpsc::unbounded_channel();
    let (overlay, asked) = overlay_channel();
    let to_project = ToProject {
        news,
        asked,
        catalog_tail: catalog.tail,
        catalog_is_new: catalog.is_new,
    };
    let cluster = with.cluster.map(|with| Cluster::new(with, partitions));
    let shared = Shared {
        tokens: Tokens::new(catalog.journal.settings.callback_key),
        store: with.store,
        clock: with.clock,
        kinds: with.kinds,
        secrets: with.secrets,
        log_filter: with.log_filter,
        on_fatal: with.on_fatal,
        incarnation,
        placement,
        sizes: Sizes::default(),
        stats: Stats::default(),
        catalog: CatalogCell::new(catalog.catalog),
        routing: RoutingCell::default(),
        catalog_journal: Arc::new(tokio::sync::Mutex::new(catalog.journal)),
        cluster: cluster.map(Arc::new),
        ports: (0..partitions).map(|_| Port::default()).collect(),
        catalog_port,
        projector,
        awaited: Awaited::default(),
        overlay,
        dispatcher: Dispatcher::default(),
        homes: Homes::default(),
        tasks: Tasks::default(),
        entropy: Mutex::new(entropy),
        phase: Phase::default(),
        config,
    };
    Ok((Arc::new(shared), to_project))
}

/// Begins to project, the catalog first.
async fn begin_projecting(shared: &Arc<Shared>, to_project: ToProject) -> Result<(), OpenError> {
    let projector = Projector::new(shared, to_project.news, to_project.asked);
    shared.spawn_vital("the projector".to_owned(), projector.run());
    for committed in to_project.catalog_tail {
        shared.project(committed);
    }
    if to_project.catalog_is_new {
        let mut journal = shared.catalog_journal.lock().await;
        journal
            .write_settings(shared)
            .await
            .map_err(|failed| match failed {
                AppendFailed::Fenced => OpenError::Fenced(PartitionId::CATALOG.0),
                AppendFailed::Storage(error) => error.into(),
            })?;
    }
    Ok(())
}

async fn join(
    shared: &Arc<Shared>,
    cluster: &Arc<Cluster>,
    to_project: ToProject,
) -> Result<(), OpenError> {
    begin_projecting(shared, to_project).await?;
    let watching = watch(Arc::clone(shared), Arc::clone(cluster));
    shared.spawn_vital("the watch over the cluster".to_owned(), watching);
    let borrowing = borrow(Arc::clone(shared), Arc::clone(cluster));
    shared.spawn_vital("the borrowing of permits".to_owned(), borrowing);
    Ok(())
}

async fn open_all(shared: &Arc<Shared>, to_project: ToProject) -> Result<(), OpenError> {
    begin_projecting(shared, to_project).await?;
    let (mut opened, mut inboxes) = (Vec::new(), Vec::new());
    for index in 0..shared.placement.count() {
        inboxes.push(shared.ports[usize::from(index)].renew());
        opened.push(recover(shared, index).await?);
    }
    check_marks(shared, &opened);
    for (index, partition) in (0..).zip(&opened) {
        wait_projected(shared, index, partition).await?;
    }
    for index in 0..shared.placement.count() {
        restart(shared, index).await?;
    }
    for ((index, opened), inbox) in (0..).zip(opened).zip(inboxes) {
        shared.homes.begin(shared, index);
        shared.ports[usize::from(index)].set_open(true);
        let partition = Partition::new(Arc::clone(shared), index, opened, inbox);
        let running = async move {
            partition.run().await;
        };
        shared.spawn_vital(format!("partition {index}"), running);
    }
    shared.dispatcher.resume(shared);
    Ok(())
}

/// Opens one partition, which others owned before.
pub(crate) async fn open_one(shared: &Arc<Shared>, index: u16) -> Result<Partition, OpenError> {
    wait_forgotten(shared, index).await;
    let inbox = shared.ports[usize::from(index)].renew();
    let opened = recover(shared, index).await?;
    wait_projected(shared, index, &opened).await?;
    restart(shared, index).await?;
    let partition = Partition::new(Arc::clone(shared), index, opened, inbox);
    shared.dispatcher.resume(shared);
    Ok(partition)
}

/// Waits until nothing is being written any more that was gathered when the partition was this
/// process's before. The store knows a late write by its process, not by its ownership, and would
/// take it in the midst of what this ownership reads and writes: a segment of a history that begins
/// where a longer one of ours begins would stand in its place.
async fn wait_forgotten(shared: &Shared, index: u16) {
    let _hurry = shared.awaited.hurry();
    let port = &shared.ports[usize::from(index)];
    tokio::select! {
        biased;
        () = port.forgotten.reach(port.given_up.get()) => {}
        () = shared.phase.ended() => {}
    }
}

/// Waits until the tables hold everything up to the partition's head. They never do when another
/// process has taken the partition over since: it projects what is left then.
async fn wait_projected(shared: &Shared, index: u16, opened: &Opened) -> Result<(), OpenError> {
    let _hurry = shared.awaited.hurry();
    let port = &shared.ports[usize::from(index)];
    tokio::select! {
        biased;
        () = port.reached.reach(opened.head) => Ok(()),
        () = port.refused.reach(opened.refused + 1) => Err(OpenError::Fenced(index)),
        () = shared.phase.ended() => {
            Err(StoreError::Unavailable("the state could not be written".to_owned()).into())
        }
    }
}
