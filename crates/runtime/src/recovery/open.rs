//! Opening a node.

use std::sync::{Arc, Mutex};

use engine::Entropy;
use store::{Position, StoreError};
use tokio::sync::mpsc;

use super::partition::{project, recover};
use super::restart::{check_marks, restart};
use crate::catalog::{CatalogCell, RecoveredCatalog, StoreSettings, recover_catalog};
use crate::config::{Config, Surroundings};
use crate::dispatch::{Dispatcher, Tokens};
use crate::error::OpenError;
use crate::health::Stats;
use crate::partition::{Inbox, Opened, Partition, inbox};
use crate::placement::Placement;
use crate::projector::{Asked, Awaited, Committed, Projector, overlay_channel};
use crate::shared::{Phase, Shared};
use crate::tasks::Tasks;

/// Opens the store's partitions and begins to work.
pub(crate) async fn open(config: Config, with: Surroundings) -> Result<Arc<Shared>, OpenError> {
    Placement::new(config.partitions).ok_or(OpenError::Partitions(config.partitions))?;
    let mut entropy = Entropy::new(with.seed);
    let fresh = StoreSettings {
        partitions: config.partitions,
        callback_key: key(&mut entropy),
    };
    let store = with.store.as_ref();
    let catalog = recover_catalog(store, &config.environment, with.seed, fresh).await?;
    let incarnation = store.incarnation().await?;
    let paused = config.start_paused || store.is_paused().await?;
    // The same seed must not give the same ids again after a restart.
    let entropy = Entropy::new(with.seed ^ catalog.journal.epoch.rotate_left(32));
    let (shared, inboxes, to_project) = share(config, with, catalog, incarnation, entropy)?;
    shared.dispatcher.set_paused(paused);
    let opened = match recover_all(&shared, to_project).await {
        Ok(opened) => opened,
        Err(error) => {
            shared.tasks.abort();
            return Err(error);
        }
    };
    run_partitions(&shared, opened, inboxes);
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
    committed: mpsc::UnboundedReceiver<Committed>,
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
) -> Result<(Arc<Shared>, Vec<Inbox>, ToProject), OpenError> {
    let partitions = catalog.settings().partitions;
    let placement = Placement::new(partitions).ok_or(OpenError::Partitions(partitions))?;
    let (ports, inboxes) = (0..partitions).map(|_| inbox()).unzip();
    let (catalog_port, _no_commands) = inbox();
    catalog_port.head.raise(catalog.head());
    let (projector, committed) = mpsc::unbounded_channel();
    let (overlay, asked) = overlay_channel();
    let to_project = ToProject {
        committed,
        asked,
        catalog_tail: catalog.tail,
        catalog_is_new: catalog.is_new,
    };
    let shared = Shared {
        tokens: Tokens::new(catalog.journal.settings.callback_key),
        store: with.store,
        clock: with.clock,
        kinds: with.kinds,
        secrets: with.secrets,
        on_fatal: with.on_fatal,
        incarnation,
        placement,
        stats: Stats::default(),
        catalog: CatalogCell::new(catalog.catalog),
        catalog_journal: Arc::new(tokio::sync::Mutex::new(catalog.journal)),
        ports,
        catalog_port,
        projector,
        awaited: Awaited::default(),
        overlay,
        dispatcher: Dispatcher::default(),
        tasks: Tasks::default(),
        entropy: Mutex::new(entropy),
        phase: Phase::default(),
        config,
    };
    Ok((Arc::new(shared), inboxes, to_project))
}

async fn recover_all(
    shared: &Arc<Shared>,
    to_project: ToProject,
) -> Result<Vec<Opened>, OpenError> {
    let projector = Projector::new(shared, to_project.committed, to_project.asked);
    shared.spawn_vital("the projector".to_owned(), projector.run());
    for committed in to_project.catalog_tail {
        project(shared, committed);
    }
    if to_project.catalog_is_new {
        let mut journal = shared.catalog_journal.lock().await;
        let written = journal.write_settings(shared).await;
        written.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    let mut opened = Vec::with_capacity(shared.ports.len());
    for index in 0..shared.placement.count() {
        opened.push(recover(shared, index).await?);
    }
    check_marks(shared, &opened);
    for (index, partition) in (0..).zip(&opened) {
        wait_projected(shared, index, partition.head).await?;
    }
    for index in 0..shared.placement.count() {
        restart(shared, index).await?;
    }
    Ok(opened)
}

/// Waits until the tables hold everything up to the partition's head.
async fn wait_projected(shared: &Shared, index: u16, head: Position) -> Result<(), OpenError> {
    let _hurry = shared.awaited.hurry();
    tokio::select! {
        biased;
        () = shared.ports[usize::from(index)].reached.reach(head) => Ok(()),
        () = shared.phase.ended() => {
            Err(StoreError::Unavailable("the state could not be written".to_owned()).into())
        }
    }
}

fn run_partitions(shared: &Arc<Shared>, opened: Vec<Opened>, inboxes: Vec<Inbox>) {
    for ((index, opened), inbox) in (0..).zip(opened).zip(inboxes) {
        shared.ports[usize::from(index)].set_open(true);
        let partition = Partition::new(Arc::clone(shared), index, opened, inbox);
        shared.spawn_vital(format!("partition {index}"), partition.run());
    }
    shared.dispatcher.resume(shared);
}
