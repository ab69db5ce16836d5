//! What holds for adapters at one moment, by the present catalog.

use std::sync::Arc;

use definition::Catalog;

use super::home::Terms;
use crate::shared::Shared;

/// Why calls of an adapter wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// `limit`, `rate`, `breaker` or `paused`.
    pub(crate) kind: &'static str,
    /// On what, in words.
    pub(crate) what: String,
    /// Until when at least, milliseconds by the boot-time clock; none: nobody knows.
    pub(crate) until: Option<u64>,
}

impl Held {
    /// Whether another wait is of the same kind and no sooner over.
    pub(crate) fn outlasted_by(&self, other: &Self) -> bool {
        let later = match (self.until, other.until) {
            (Some(until), Some(other)) => until <= other,
            (until, other) => until == other,
        };
        self.kind == other.kind && later
    }
}

/// The present catalog at one moment.
pub(crate) struct Lookout<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) catalog: Arc<Catalog>,
}

impl<'a> Lookout<'a> {
    /// Now.
    pub(crate) fn now(shared: &'a Shared) -> Self {
        Self {
            catalog: shared.catalog.current(),
            shared,
        }
    }

    /// How many calls of an adapter this node may have under way.
    pub(crate) fn room(&self, adapter: &str) -> u32 {
        let own = concurrency_of(self.shared, &self.catalog, adapter);
        match (own, &self.shared.cluster) {
            (Some(own), Some(cluster)) => cluster.room(self.shared, adapter, own),
            (Some(own), None) => own,
            // Only to protect this process.
            (None, _) => self.shared.config.bounds.adapter_concurrency.max(1),
        }
    }

    /// What else holds an adapter's calls back.
    pub(super) fn terms(&self, adapter: &str) -> Terms<'_> {
        terms_of(self.shared, &self.catalog, adapter)
    }
}

/// An adapter's `concurrency`, or what holds instead for a while; at least 1.
pub(crate) fn concurrency_of(shared: &Shared, catalog: &Catalog, adapter: &str) -> Option<u32> {
    let other = catalog.limit_override(adapter, shared.clock.now_ms());
    let other = other.and_then(|limits| limits.concurrency);
    let own = || catalog.concurrency(catalog.adapters.get(adapter)?);
    other.or_else(own).map(|own| own.max(1))
}

/// What holds for an adapter now.
pub(super) fn terms_of<'a>(shared: &Shared, catalog: &'a Catalog, adapter: &str) -> Terms<'a> {
    let wall = shared.clock.now_ms();
    let spec = catalog.adapters.get(adapter);
    let other = catalog.limit_override(adapter, wall);
    let other = other.and_then(|limits| limits.rate);
    Terms {
        breaker: spec.and_then(|spec| catalog.breaker(spec)),
        rate: other.or_else(|| spec.and_then(|spec| catalog.rate(spec))),
        switches: catalog.switches.get(adapter).map(Arc::as_ref),
        kept: catalog.breakers.get(adapter).map(Arc::as_ref),
        now: shared.clock.boot_ms(),
        wall,
        new: false,
    }
}
