//! Journaling changes of the catalog, one after the other.

use std::sync::Arc;

use definition::CatalogChange;
use engine::codec::{Packer, RecordBatch};
use engine::record::{Body, CatalogChanged, Origin, RECORD_VERSION, Record};
use engine::{Entropy, Id};
use store::{Append, Epoch, PartitionId, Position};
use tokio::sync::{OwnedMutexGuard, oneshot};

use super::recover::recover_catalog;
use super::rows::{Journaled, StoreSettings, changes};
use crate::cluster::told_all;
use crate::error::{ApplyError, OpenError, Unavailable};
use crate::partition::{AppendFailed, Appending, append, overloaded};
use crate::projector::Committed;
use crate::shared::Shared;

/// The catalog partition's journal.
pub(crate) struct CatalogJournal {
    pub(crate) epoch: Epoch,
    pub(super) head: Position,
    pub(super) chain: u32,
    pub(super) last_at: i64,
    pub(crate) settings: StoreSettings,
    pub(super) entropy: Entropy,
}

/// Something to be journaled.
struct Entry {
    actor: String,
    reason: String,
    version: u64,
    journaled: Vec<Journaled>,
    act: Option<SystemAct>,
}

/// An act that is about an instance.
pub(crate) const ADAPTER_CALLED: &str = "adapter-called";

/// What somebody did to the system itself. It stands in the audit only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SystemAct {
    Paused,
    Resumed,
    /// A node was taken out of use.
    Drained(String),
    /// A node was taken back into use.
    Undrained(String),
    /// What a node logs was changed; empty: of all.
    LogLevels(String),
    /// An adapter was called to try it out, by this instance.
    Called(Id),
}

impl SystemAct {
    /// What the audit calls it, and the node or instance that it is about.
    fn named(self) -> (&'static str, String) {
        match self {
            Self::Paused => ("system-paused", String::new()),
            Self::Resumed => ("system-resumed", String::new()),
            Self::Drained(node) => ("node-drained", node),
            Self::Undrained(node) => ("node-undrained", node),
            Self::LogLevels(node) => ("log-levels-set", node),
            Self::Called(instance) => (ADAPTER_CALLED, instance.to_string()),
        }
    }
}

/// How often a change is planned anew when another node is faster.
const TRIES: usize = 10;

/// Changes the catalog; see [`crate::Runtime::apply`]. What is journaled goes on even if the caller
/// goes away.
pub(crate) async fn change_catalog<E>(
    shared: &Arc<Shared>,
    actor: &str,
    reason: &str,
    plan: impl Fn(&definition::Catalog) -> Result<CatalogChange, E>,
) -> Result<CatalogChange, ApplyError<E>> {
    shared.check_open()?;
    for _ in 0..TRIES {
        let journal = journal_of(shared).await?;
        let current = shared.catalog.current();
        let mut change = plan(&current).map_err(ApplyError::Refused)?;
        let stored = change.stored();
        if stored.is_empty() {
            return Ok(change);
        }
        change.new.version = current.version + 1;
        let entry = Entry {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            version: change.new.version,
            journaled: stored.into_iter().map(Journaled::Resource).collect(),
            act: None,
        };
        let catalog = Arc::new(change.new.clone());
        if journaled(shared, journal, entry, Some(catalog)).await? {
            return Ok(change);
        }
    }
    Err(overloaded().into())
}

/// Journals what somebody did to the system itself.
///
/// # Errors
/// When nothing can be made durable now.
pub(crate) async fn note_act(
    shared: &Arc<Shared>,
    actor: &str,
    reason: &str,
    act: SystemAct,
) -> Result<(), Unavailable> {
    for _ in 0..TRIES {
        let journal = journal_of(shared).await?;
        let entry = Entry {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            version: shared.catalog.current().version,
            journaled: Vec::new(),
            act: Some(act.clone()),
        };
        if journaled(shared, journal, entry, None).await? {
            return Ok(());
        }
    }
    Err(overloaded())
}

/// The journal, at its end, for whoever changes it next.
async fn journal_of(shared: &Arc<Shared>) -> Result<OwnedMutexGuard<CatalogJournal>, Unavailable> {
    let mut journal = Arc::clone(&shared.catalog_journal).lock_owned().await;
    if shared.cluster.is_some() {
        journal.take_over(shared).await?;
    }
    Ok(journal)
}

/// Answers false when another node was faster.
async fn journaled(
    shared: &Arc<Shared>,
    journal: OwnedMutexGuard<CatalogJournal>,
    entry: Entry,
    catalog: Option<Arc<definition::Catalog>>,
) -> Result<bool, Unavailable> {
    let (done, answer) = oneshot::channel();
    let task_shared = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let written = journal_and_swap(&task_shared, journal, entry, catalog).await;
        drop(done.send(written));
    });
    match answer.await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(AppendFailed::Fenced)) if shared.cluster.is_some() => Ok(false),
        Ok(Err(AppendFailed::Storage(error))) => Err(Unavailable::from(error)),
        Ok(Err(AppendFailed::Fenced)) | Err(_) => Err(Unavailable::Closed),
    }
}

async fn journal_and_swap(
    shared: &Arc<Shared>,
    mut journal: OwnedMutexGuard<CatalogJournal>,
    entry: Entry,
    catalog: Option<Arc<definition::Catalog>>,
) -> Result<(), AppendFailed> {
    journal.write(shared, entry).await?;
    drop(journal);
    let Some(catalog) = catalog else {
        return Ok(());
    };
    shared.catalog.set(catalog);
    shared.homes.look();
    told_all(shared).await;
    Ok(())
}

impl CatalogJournal {
    /// Nobody owns the journal of a catalog that several nodes change: whoever does takes it over for
    /// that moment, which fences the others, and begins from what they left.
    async fn take_over(&mut self, shared: &Arc<Shared>) -> Result<(), Unavailable> {
        let unavailable = |error: OpenError| Unavailable::Store(error.to_string());
        let (store, fresh) = (shared.store.as_ref(), self.settings.clone());
        let recovered = recover_catalog(store, &shared.config, shared.random(), fresh).await;
        let recovered = recovered.map_err(unavailable)?;
        shared.catalog_port.head.raise(recovered.head());
        *self = recovered.journal;
        for committed in recovered.tail {
            shared.project(committed);
        }
        if shared.catalog.set_newer(Arc::new(recovered.catalog)) {
            shared.homes.look();
        }
        Ok(())
    }

    /// Journals the settings of a store that is new.
    pub(crate) async fn write_settings(
        &mut self,
        shared: &Arc<Shared>,
    ) -> Result<(), AppendFailed> {
        let store = self.settings.clone();
        let entry = Entry {
            actor: String::new(),
            reason: "a new store".to_owned(),
            version: shared.catalog.current().version,
            journaled: vec![Journaled::Settings { store }],
            act: None,
        };
        self.write(shared, entry).await
    }

    async fn write(&mut self, shared: &Arc<Shared>, entry: Entry) -> Result<(), AppendFailed> {
        self.last_at = self.last_at.max(shared.clock.now_ms());
        let changes = changes(&self.settings, entry.version, &entry.journaled);
        let record = self.record(shared, entry);
        let records = Arc::new(RecordBatch::from_iter([record]));
        let (batch, chain) = self.batch(shared, &records);
        let bytes = batch.body.len();
        let appended = append(Arc::clone(shared), batch).await;
        if let Err(AppendFailed::Storage(error)) = &appended {
            shared.fatal(format!("the catalog could not be written: {error}"));
        }
        appended?;
        self.head += 1;
        self.chain = chain;
        shared.catalog_port.head.raise(self.head);
        shared.project(Committed {
            partition: PartitionId::CATALOG,
            position: self.head,
            records,
            deltas: Vec::new(),
            deleted: Vec::new(),
            changes,
            bytes,
        });
        Ok(())
    }

    fn record(&self, shared: &Shared, entry: Entry) -> Record {
        let json = |change: &Journaled| serde_json::to_string(change).unwrap_or_default();
        let resources = entry.journaled.iter().map(json).collect();
        let (act, node) = entry.act.map(SystemAct::named).unwrap_or_default();
        let body = CatalogChanged {
            version: entry.version,
            resources,
            reason: entry.reason,
            act: act.to_owned(),
            node,
        };
        let origin = Origin {
            command_id: shared.new_id(0),
            cause: "api".to_owned(),
            actor: entry.actor,
        };
        Record {
            at: self.last_at,
            version: RECORD_VERSION,
            origin: Some(Box::new(origin)),
            body: Some(Body::CatalogChanged(body)),
            ..Record::default()
        }
    }

    fn batch(&mut self, shared: &Shared, records: &RecordBatch) -> (Append, u32) {
        let appending = Appending {
            partition: PartitionId::CATALOG,
            epoch: self.epoch,
            head: self.head,
            chain: self.chain,
            at: self.last_at,
            catalog_version: shared.catalog.current().version,
        };
        appending.append_of(shared, &mut self.entropy, records, &mut Packer::default())
    }
}
