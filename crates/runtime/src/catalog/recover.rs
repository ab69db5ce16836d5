//! The catalog as the store has it: its rows, then the journal behind them.

use std::sync::Arc;

use bytes::Bytes;
use definition::{Catalog, Diagnostic, StoredChange};
use engine::Entropy;
use engine::record::Body;
use store::{Epoch, PartitionHead, PartitionId, Position, Scan, Store, Table};

use super::journal::CatalogJournal;
use super::rows::{Journaled, Rows, StoreSettings, changes};
use crate::cluster::Membership;
use crate::config::Config;
use crate::error::OpenError;
use crate::projector::Committed;
use crate::recovery::{ReadBatch, Tail, scan_all};

/// The recovered catalog.
pub(crate) struct RecoveredCatalog {
    /// Ready for further changes.
    pub(crate) journal: CatalogJournal,
    /// It.
    pub(crate) catalog: Catalog,
    /// Batches that are not projected yet.
    pub(crate) tail: Vec<Committed>,
    /// The store is new: its settings have to be journaled first.
    pub(crate) is_new: bool,
}

/// Takes the catalog's partition over and reads it. `fresh` are the settings of a store that has
/// none yet.
pub(crate) async fn recover_catalog(
    store: &dyn Store,
    config: &Config,
    seed: u64,
    fresh: StoreSettings,
) -> Result<RecoveredCatalog, OpenError> {
    let head = store.take_over(PartitionId::CATALOG).await?;
    let read = read(store, config, head).await?;
    Ok(read.recovered(head.epoch, seed, fresh, true))
}

/// The catalog of a store that other nodes use as well: it is only read, unless it is new.
pub(crate) async fn shared_catalog(
    store: &dyn Store,
    cluster: &Membership,
    config: &Config,
    seed: u64,
    fresh: StoreSettings,
) -> Result<RecoveredCatalog, OpenError> {
    let heads = cluster.store.heads().await?;
    let head = heads.iter().find(|(id, _)| *id == PartitionId::CATALOG);
    if let Some((_, head)) = head {
        let read = read(store, config, untaken(*head)).await?;
        if read.settings.is_some() {
            return Ok(read.recovered(0, seed, fresh, false));
        }
    }
    recover_catalog(store, config, seed, fresh).await
}

/// The catalog up to this head of its journal, which another node may have written; none if the
/// store is new.
pub(crate) async fn read_catalog(
    store: &dyn Store,
    config: &Config,
    head: Position,
) -> Result<Option<Catalog>, OpenError> {
    let read = read(store, config, untaken(head)).await?;
    Ok(read.settings.is_some().then_some(read.catalog))
}

/// A head that was not taken over: what stands before the tail is not looked at.
fn untaken(head: Position) -> PartitionHead {
    PartitionHead {
        epoch: 0,
        head,
        first: Position::MAX,
    }
}

/// What the rows and the journal behind them say.
struct ReadCatalog {
    settings: Option<StoreSettings>,
    catalog: Catalog,
    batches: Vec<(ReadBatch, Vec<Journaled>, u64)>,
    head: Position,
    chain: u32,
    last_at: i64,
}

async fn read(
    store: &dyn Store,
    config: &Config,
    head: PartitionHead,
) -> Result<ReadCatalog, OpenError> {
    // First: rows may be newer than this, but never older.
    let reached = store.reached(PartitionId::CATALOG).await?;
    let rows = read_rows(store).await?;
    let mut settings = rows.settings;
    let mut catalog = Catalog::from_stored(&config.environment, rows.version, rows.resources)
        .map_err(unreadable)?;
    let mut tail = Tail::new(PartitionId::CATALOG, head, reached, config.format);
    let mut batches = vec![];
    while let Some(batch) = tail.next(store).await? {
        let journaled = journaled_in(&batch)?;
        for change in &journaled {
            match change {
                Journaled::Settings { store } => settings = Some(store.clone()),
                Journaled::Resource(change) => catalog = with_change(&catalog, change)?,
            }
        }
        catalog.version = version_of(&batch).unwrap_or(catalog.version);
        batches.push((batch, journaled, catalog.version));
    }
    Ok(ReadCatalog {
        settings,
        catalog,
        batches,
        head: head.head,
        chain: tail.chain(),
        last_at: tail.last_at(),
    })
}

impl ReadCatalog {
    /// Ready for changes, its tail to be projected if it is `ours`.
    fn recovered(
        self,
        epoch: Epoch,
        seed: u64,
        fresh: StoreSettings,
        ours: bool,
    ) -> RecoveredCatalog {
        let is_new = self.settings.is_none();
        let settings = self.settings.unwrap_or(fresh);
        let batches = self.batches.into_iter().filter(|_| ours);
        let tail = batches.map(|(batch, journaled, version)| {
            to_project(batch, changes(&settings, version, &journaled))
        });
        RecoveredCatalog {
            tail: tail.collect(),
            journal: CatalogJournal {
                epoch,
                head: self.head,
                chain: self.chain,
                last_at: self.last_at,
                settings,
                entropy: Entropy::new(seed ^ epoch),
            },
            catalog: self.catalog,
            is_new,
        }
    }
}

impl RecoveredCatalog {
    /// What the store was made with.
    pub(crate) fn settings(&self) -> &StoreSettings {
        &self.journal.settings
    }

    /// The last durable position.
    pub(crate) fn head(&self) -> store::Position {
        self.journal.head
    }
}

async fn read_rows(store: &dyn Store) -> Result<Rows, OpenError> {
    let scan = Scan {
        table: Table::Catalog,
        slots: 0..=0,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: 0,
    };
    let mut rows = Rows::default();
    let mut result = Ok(());
    scan_all(store, scan, |row| {
        if let Err(error) = rows.add(row) {
            result = Err(OpenError::Catalog(error.to_string()));
        }
    })
    .await?;
    result.map(|()| rows)
}

fn journaled_in(batch: &ReadBatch) -> Result<Vec<Journaled>, OpenError> {
    let changed = batch
        .records
        .iter()
        .filter_map(|record| match &record.body {
            Some(Body::CatalogChanged(changed)) => Some(changed),
            _ => None,
        });
    let texts = changed.flat_map(|changed| &changed.resources);
    let parsed: Result<Vec<Journaled>, _> = texts.map(|text| serde_json::from_str(text)).collect();
    parsed.map_err(|error| OpenError::Catalog(error.to_string()))
}

fn version_of(batch: &ReadBatch) -> Option<u64> {
    batch
        .records
        .iter()
        .rev()
        .find_map(|record| match &record.body {
            Some(Body::CatalogChanged(changed)) => Some(changed.version),
            _ => None,
        })
}

fn with_change(catalog: &Catalog, change: &StoredChange) -> Result<Catalog, OpenError> {
    catalog
        .with_changes(std::slice::from_ref(change))
        .map_err(unreadable)
}

fn to_project(batch: ReadBatch, changes: Vec<store::Change>) -> Committed {
    Committed {
        partition: PartitionId::CATALOG,
        position: batch.position,
        records: Arc::new(batch.records),
        deltas: Vec::new(),
        deleted: Vec::new(),
        changes,
        bytes: batch.bytes,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn unreadable(diagnostics: Vec<Diagnostic>) -> OpenError {
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|found| found.message.clone())
        .collect();
    OpenError::Catalog(texts.join("; "))
}
