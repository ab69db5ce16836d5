//! The routers and triggers of the present catalog, compiled once per version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use definition::{Catalog, Target};
use router::{Table, TriggerRef};

use super::facts::{Facts, Outside};
use super::incoming::Incoming;
use crate::error::{ApplyError, Unavailable};
use crate::handle::Runtime;
use crate::one_step::OneStep;

/// What decides where events go, at one version of the catalog.
#[derive(Default)]
pub(crate) struct Routing {
    version: u64,
    pub(crate) table: Table,
    /// The workflows that call the adapters which routers send to.
    one_steps: BTreeMap<Target, OneStep>,
    /// Event types that steps of any version wait for: instances may run on each.
    awaited: BTreeSet<String>,
}

/// The present one.
#[derive(Default)]
pub(crate) struct RoutingCell(RwLock<Arc<Routing>>);

impl Routing {
    fn new(catalog: &Catalog) -> Self {
        let targets = catalog.routers.values().flat_map(|router| router.targets());
        let one_steps = targets.filter_map(|target| match target {
            Target::Adapter { adapter, action } => {
                let action = action.as_deref().unwrap_or_default();
                let one = OneStep::new(catalog, adapter, action);
                Some((target.clone(), one))
            }
            Target::Workflow(_) | Target::Router(_) => None,
        });
        let workflows = catalog.workflows.values();
        let workflows = workflows.flat_map(|workflow| workflow.versions.values());
        let awaited = workflows.flat_map(|workflow| workflow.awaited_types());
        Self {
            version: catalog.version,
            table: Table::new(catalog),
            one_steps: one_steps.collect(),
            awaited: awaited.map(str::to_owned).collect(),
        }
    }

    /// Whether a step of any definition waits for events of this type.
    pub(super) fn is_awaited(&self, event_type: &str) -> bool {
        self.awaited.contains(event_type)
    }

    /// The name of the workflow that calls an adapter.
    pub(super) fn one_step(&self, target: &Target) -> Option<&str> {
        Some(&self.one_steps.get(target)?.name)
    }
}

impl RoutingCell {
    fn current(&self) -> Arc<Routing> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps the newer of two; answers with it.
    fn set_newer(&self, routing: Arc<Routing>) -> Arc<Routing> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if routing.version > current.version {
            *current = routing;
        }
        Arc::clone(&current)
    }
}

impl Runtime {
    /// What decides where events go, at this version of the catalog or a newer one. Workflows that it needs are applied.
    ///
    /// # Errors
    /// When one cannot be applied for the moment.
    pub(crate) async fn routing(&self, catalog: &Catalog) -> Result<Arc<Routing>, Unavailable> {
        let shared = self.shared();
        let cell = &shared.routing;
        let current = cell.current();
        if current.version >= catalog.version {
            return Ok(current);
        }
        let routing = Arc::new(Routing::new(catalog));
        for one in routing.one_steps.values() {
            match self.have_one_step(one, "").await {
                Ok(()) => {}
                Err(ApplyError::Unavailable(outage)) => return Err(outage),
                // The events that are sent there become dead letters.
                Err(ApplyError::Refused(told)) => {
                    tracing::error!(
                        workflow = one.name,
                        told,
                        "a call of a router cannot be made"
                    );
                }
            }
        }
        Ok(cell.set_newer(routing))
    }

    /// The live triggers of webhooks with this source.
    ///
    /// # Errors
    /// When what routers need cannot be applied for the moment.
    pub async fn hooks(&self, source: &str) -> Result<Vec<TriggerRef>, Unavailable> {
        let routing = self.routing(&self.shared().catalog.current()).await?;
        Ok(routing.table.hooks(source).cloned().collect())
    }

    /// Has somebody look at where an event would go; nothing is taken.
    ///
    /// # Errors
    /// When a workflow that calls a router's adapter cannot be applied for the moment.
    pub async fn look_at_routing<T>(
        &self,
        incoming: &Incoming,
        look: impl FnOnce(&Table, &dyn router::Event, &dyn router::Stats) -> T,
    ) -> Result<T, Unavailable> {
        let shared = self.shared();
        let routing = self.routing(&shared.catalog.current()).await?;
        let facts = Facts::new(incoming, &incoming.meta, shared.clock.now_ms());
        Ok(look(&routing.table, &facts, &Outside(&shared)))
    }
}
