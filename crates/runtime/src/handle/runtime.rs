//! Opening, changing the catalog, health, going down.

use std::sync::Arc;
use std::time::Duration;

use definition::{Catalog, CatalogChange};
use engine::TaskOutcome;
use engine::record::TaskKey;
use store::{NodeId, StoreSizes};
use tokio::sync::oneshot;

use crate::catalog::{SystemAct, change_catalog, note_act};
use crate::cluster::NodeView;
use crate::config::{Config, Surroundings};
use crate::dispatch::keep_output;
use crate::error::{ApplyError, CallbackError, CommandError, OpenError, StreamError, Unavailable};
use crate::health::Health;
use crate::measures::Measures;
use crate::partition::Internal;
use crate::shared::Shared;
use crate::subscribe::{StreamFrom, Subscription};

/// A running node; a clone is another handle to it. It works until [`Runtime::shutdown`] or
/// [`Runtime::abort`], or until its tokio runtime goes.
#[derive(Clone)]
pub struct Runtime {
    pub(super) shared: Arc<Shared>,
}

impl Runtime {
    /// Opens the store's partitions, recovers what they hold, and begins to work. Must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// When the store refuses, or holds what this binary cannot read.
    pub async fn open(config: Config, with: Surroundings) -> Result<Self, OpenError> {
        let shared = crate::recovery::open(config, with).await?;
        Ok(Self { shared })
    }

    /// The present catalog.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.shared.catalog.current()
    }

    /// Changes the catalog: `plan` is worked out against the present one (by
    /// `ResourceSet::apply_to`, `Catalog::with_pin`, `Catalog::without`), journaled, and in force
    /// on all partitions when this answers (it is planned anew when another node was faster). Changes are carried out one after the other. A dry run
    /// works its plan out on [`Self::catalog`] and comes not here.
    ///
    /// # Errors
    /// With what `plan` refuses.
    pub async fn apply<E>(
        &self,
        actor: &str,
        reason: &str,
        plan: impl Fn(&Catalog) -> Result<CatalogChange, E>,
    ) -> Result<CatalogChange, ApplyError<E>> {
        change_catalog(&self.shared, actor, reason, plan).await
    }

    /// Completes or fails a task from outside, by the token of its callback address.
    ///
    /// # Errors
    /// See [`CallbackError`].
    pub async fn callback(&self, token: &str, outcome: TaskOutcome) -> Result<(), CallbackError> {
        let read = self.shared.tokens.read(token);
        let (id, task) = read.ok_or(CallbackError::UnknownToken)?;
        self.keep_called_back(id, task, &outcome).await;
        let command = engine::Command::Result { task, outcome };
        match self.carry_out(id, command, "", "callback").await {
            Ok(carried) if !carried.ignored => Ok(()),
            Err(CommandError::Unavailable(reason)) => Err(reason.into()),
            Ok(_) | Err(CommandError::NotFound(_) | CommandError::Refused(_)) => {
                Err(CallbackError::Closed)
            }
        }
    }

    /// Keeps what a call that is waited for comes to by its callback, where its step has a `cache`.
    async fn keep_called_back(&self, id: engine::Id, task: TaskKey, outcome: &TaskOutcome) {
        if !matches!(outcome, TaskOutcome::Completed { .. }) {
            return;
        }
        let Ok(instance) = self.instance(id).await else {
            return;
        };
        if let Some(cache) = instance.cache_of(task) {
            keep_output(&self.shared, id, cache, outcome).await;
        }
    }

    /// What a link of a decision does, if this store made it and it still works.
    pub fn decision_link(&self, token: &str) -> Option<crate::DecisionLink> {
        let link = crate::DecisionLink::open(token, &self.shared.tokens)?;
        (self.shared.clock.now_ms() < link.expires_at).then_some(link)
    }

    /// One instance's records after `from_seq`: past ones first, then live.
    ///
    /// # Errors
    /// When there is no such instance.
    pub async fn subscribe(
        &self,
        id: engine::Id,
        from_seq: u64,
    ) -> Result<Subscription, StreamError> {
        Subscription::of_instance(self.clone(), id, from_seq).await
    }

    /// All records of instances.
    ///
    /// # Errors
    /// When the cursor is not ours, or has expired.
    pub async fn subscribe_all(&self, from: StreamFrom) -> Result<Subscription, StreamError> {
        Subscription::of_all(&self.shared, from, false).await
    }

    /// The same, and events that are taken.
    ///
    /// # Errors
    /// As [`Self::subscribe_all`].
    pub async fn subscribe_with_events(
        &self,
        from: StreamFrom,
    ) -> Result<Subscription, StreamError> {
        Subscription::of_all(&self.shared, from, true).await
    }

    /// How the node stands.
    pub fn health(&self) -> Health {
        let shared = &self.shared;
        let partitions = shared.partitions();
        let closed = partitions.iter().find(|partition| !partition.open);
        let reason = match (closed, &shared.cluster) {
            _ if !shared.phase.is_open() => "the server is shutting down".to_owned(),
            (_, Some(cluster)) => cluster.hindrance(shared),
            (Some(partition), None) => format!("partition {} is closed", partition.id),
            (None, None) => String::new(),
        };
        let figures = shared.stats.figures();
        Health {
            ready: reason.is_empty(),
            reason,
            paused: shared.dispatcher.why_paused(),
            partitions,
            figures,
        }
    }

    /// How much room the store takes, as it was some seconds ago at most; none where the store does not say so soon.
    pub async fn store_sizes(&self) -> Option<StoreSizes> {
        self.shared.sizes.get(self.shared.store.as_ref()).await
    }

    /// What the node measures of itself.
    pub fn measures(&self) -> Measures {
        self.shared.measures()
    }

    /// Holds all calls and timers back, for the reason that `actor` gives: here at once, on other nodes with
    /// their next look at the store, after a fifth of a lease at most. Calls under way end. It outlasts
    /// restarts, and stands in the audit.
    ///
    /// # Errors
    /// When the store cannot note it; where only the audit could not be written, it is in force all the same.
    pub async fn pause(&self, actor: &str, reason: &str) -> Result<(), Unavailable> {
        let why = match reason {
            "" => format!("{actor} paused it"),
            said => format!("{actor}: {said}"),
        };
        self.set_paused(Some(why)).await?;
        note_act(&self.shared, actor, reason, SystemAct::Paused).await
    }

    /// Lets calls and timers go on.
    ///
    /// # Errors
    /// As [`Self::pause`].
    pub async fn resume(&self, actor: &str, reason: &str) -> Result<(), Unavailable> {
        self.set_paused(None).await?;
        note_act(&self.shared, actor, reason, SystemAct::Resumed).await
    }

    async fn set_paused(&self, why: Option<String>) -> Result<(), Unavailable> {
        self.shared.store.set_paused(why.as_deref()).await?;
        self.shared.dispatcher.set_paused(&self.shared, why);
        Ok(())
    }

    /// Hands the node's partitions over to the other nodes, while it still takes requests and sends
    /// them on. Without a cluster there is nothing to do.
    pub async fn leave(&self) {
        if let Some(cluster) = &self.shared.cluster {
            let at_most = Duration::from_millis(self.shared.config.bounds.leave_wait_ms);
            cluster.leave(&self.shared, at_most).await;
        }
    }

    /// The nodes of the cluster as this one sees them, and the owner of each partition; none without
    /// a cluster.
    pub fn nodes(&self) -> Option<(Vec<NodeView>, Vec<Option<NodeId>>)> {
        let cluster = self.shared.cluster.as_ref()?;
        Some((cluster.nodes(), cluster.owners()))
    }

    /// Closes the door, lets what is under way commit, waits a little for calls in flight (those
    /// that take longer are made again after the next start), projects, and leaves.
    pub async fn shutdown(&self) {
        if !self.shared.phase.close_door() {
            self.shared.phase.ended().await;
            return;
        }
        let grace = Duration::from_millis(self.shared.config.bounds.shutdown_grace_ms);
        self.shared.dispatcher.stop();
        self.shared.dispatcher.idle(grace).await;
        // A partition that is closed, or a store that does not answer, must not keep us here.
        if tokio::time::timeout(grace, self.settle()).await.is_err() {
            tracing::warn!(
                "the state is not wholly written; the next start goes on from the journal"
            );
        }
        self.shared.dispatcher.close().await;
        if let Some(cluster) = &self.shared.cluster {
            // A store that does not answer must not keep us here.
            let _late = tokio::time::timeout(grace, cluster.strike_out_this()).await;
        }
        self.abort();
    }

    /// Everything durable and projected.
    async fn settle(&self) {
        // Twice: what the first round commits may send messages between partitions.
        for _ in 0..2 {
            for port in &self.shared.ports {
                let (done, drained) = oneshot::channel();
                port.notify(Internal::Drain(done));
                let _closed = drained.await;
            }
        }
        self.projected_to_heads().await;
        crate::projector::checkpoint(&self.shared).await;
    }

    /// Drops all work at once, as a crash would; what is durable is all that remains.
    pub fn abort(&self) {
        self.shared.phase.end();
        self.shared.tasks.abort();
    }
}

impl Runtime {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(crate) fn partition_of(&self, id: engine::Id) -> u16 {
        u16::try_from(self.shared.placement.of(id.slot())).unwrap_or_default()
    }
}
