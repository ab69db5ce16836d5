//! The handle: what the server, the command line and the simulator call.

use std::sync::Arc;

use definition::Catalog;
use engine::{Command, Id, TaskOutcome};
use store::{CountBy, InstanceFilter, ListCursor};

use crate::Instance;
use crate::config::{Config, Surroundings};
use crate::error::{
    ApplyError, CallbackError, CommandError, OpenError, ReadError, StreamError, SubmitError,
    Unavailable,
};
use crate::health::Health;
use crate::reads::{
    AuditEntry, AuditFilter, Consistency, Counted, DecisionRow, DecisionStatus, HistoryPage,
    Listed, TablePage,
};
use crate::submit::{Submit, Submitted};
use crate::subscribe::{StreamFrom, Subscription};

/// A running node; a clone is another handle to it.
#[derive(Clone)]
pub struct Runtime {
    catalog: Arc<Catalog>,
}

/// A change of the catalog, worked out against the present one.
pub struct CatalogPlan<R> {
    /// The catalog after it; the runtime sets its `version` and `environment`.
    pub catalog: Catalog,
    /// The changed resources, each the JSON text of a stored resource; empty: nothing changes and
    /// nothing is recorded.
    pub resources: Vec<String>,
    /// What the caller is told.
    pub report: R,
}

impl Runtime {
    /// Opens the store's partitions, recovers what they hold, and begins to work. Must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// When the store refuses, or holds what this binary cannot read.
    pub async fn open(_config: Config, _with: Surroundings) -> Result<Self, OpenError> {
        Ok(Self {
            catalog: Arc::new(Catalog::default()),
        })
    }

    /// Starts an instance; answers when it is durable.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, _submit: Submit) -> Result<Submitted, SubmitError> {
        Err(Unavailable::ShuttingDown.into())
    }

    /// Starts many; the answers stand in the order of the requests. One that fails does not touch
    /// the others.
    pub async fn submit_batch(&self, submits: Vec<Submit>) -> Vec<Result<Submitted, SubmitError>> {
        submits
            .into_iter()
            .map(|_| Err(Unavailable::ShuttingDown.into()))
            .collect()
    }

    /// Carries a command out on an instance; answers with its state when that is durable.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn command(
        &self,
        id: Id,
        _command: Command,
        _actor: &str,
    ) -> Result<Arc<Instance>, CommandError> {
        Err(CommandError::NotFound(id))
    }

    /// An instance as its owner has it, durable.
    ///
    /// # Errors
    /// When there is none, or it cannot be read for the moment.
    pub async fn instance(&self, id: Id) -> Result<Arc<Instance>, ReadError> {
        Err(CommandError::NotFound(id))
    }

    /// An instance when it has ended, or as it is after `timeout_ms`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read for the moment.
    pub async fn wait_ended(&self, id: Id, _timeout_ms: u64) -> Result<Arc<Instance>, ReadError> {
        Err(CommandError::NotFound(id))
    }

    /// Records of one instance after `after_seq`, at most `limit`.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn history(
        &self,
        id: Id,
        _after_seq: u64,
        _limit: usize,
    ) -> Result<HistoryPage, ReadError> {
        Err(CommandError::NotFound(id))
    }

    /// An instance as it was after its record `seq`.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn state_at(&self, id: Id, _seq: u64) -> Result<Instance, ReadError> {
        Err(CommandError::NotFound(id))
    }

    /// A page of instances, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        _filter: &InstanceFilter,
        _after: Option<ListCursor>,
        _limit: usize,
        _consistency: Consistency,
    ) -> Result<Listed, Unavailable> {
        Err(Unavailable::ShuttingDown)
    }

    /// How many instances there are, by group.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(
        &self,
        _filter: &InstanceFilter,
        _by: CountBy,
        _consistency: Consistency,
    ) -> Result<Counted, Unavailable> {
        Err(Unavailable::ShuttingDown)
    }

    /// Questions to people, newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decisions(
        &self,
        _status: Option<DecisionStatus>,
        _after: Option<String>,
        _limit: usize,
    ) -> Result<TablePage<DecisionRow>, Unavailable> {
        Err(Unavailable::ShuttingDown)
    }

    /// One question.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decision(&self, _id: Id) -> Result<Option<DecisionRow>, Unavailable> {
        Err(Unavailable::ShuttingDown)
    }

    /// Who did what, newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audit(
        &self,
        _filter: &AuditFilter,
        _after: Option<String>,
        _limit: usize,
    ) -> Result<TablePage<AuditEntry>, Unavailable> {
        Err(Unavailable::ShuttingDown)
    }

    /// One instance's records after `from_seq`: past ones first, then live.
    ///
    /// # Errors
    /// When there is no such instance.
    pub async fn subscribe(&self, id: Id, _from_seq: u64) -> Result<Subscription, StreamError> {
        Err(StreamError::NotFound(id))
    }

    /// All records of instances.
    ///
    /// # Errors
    /// When the cursor is not ours, or has expired.
    pub async fn subscribe_all(&self, _from: StreamFrom) -> Result<Subscription, StreamError> {
        Err(StreamError::InvalidCursor)
    }

    /// The present catalog.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Changes the catalog: `plan` is worked out against the present catalog, journaled, and in
    /// force on all partitions when this answers. A dry run calls its own plan on
    /// [`Self::catalog`] and comes not here. Changes are carried out one after the other.
    ///
    /// # Errors
    /// With what `plan` refuses.
    pub async fn apply<R, E>(
        &self,
        _actor: &str,
        _reason: &str,
        plan: impl FnOnce(&Catalog) -> Result<CatalogPlan<R>, E>,
    ) -> Result<R, ApplyError<E>> {
        let _plan = plan(&self.catalog).map_err(ApplyError::Refused)?;
        Err(Unavailable::ShuttingDown.into())
    }

    /// Completes or fails a task from outside, by the token of its callback address.
    ///
    /// # Errors
    /// See [`CallbackError`].
    pub async fn callback(&self, _token: &str, _outcome: TaskOutcome) -> Result<(), CallbackError> {
        Err(CallbackError::UnknownToken)
    }

    /// How the node stands.
    pub fn health(&self) -> Health {
        let figures = crate::health::Stats::default().figures();
        Health {
            ready: false,
            reason: "not open".into(),
            partitions: vec![],
            figures,
        }
    }

    /// Closes the door, lets what is under way commit, waits a little for calls in flight (those
    /// that take longer are made again after the next start), projects, and leaves.
    pub async fn shutdown(&self) {}

    /// Drops all work at once, as a crash would; what is durable is all that remains.
    pub fn abort(&self) {}
}
