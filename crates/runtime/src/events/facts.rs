//! An event, and how the outside is, as routers ask for it.

use std::cell::OnceCell;
use std::sync::Arc;

use definition::Target;
use engine::Payload;
use expression::Document;
use router::{AdapterStats, Breaker, TargetStats};
use serde_json::Value;

use super::incoming::Incoming;
use crate::limits::{AdapterStanding, BreakerState};
use crate::shared::Shared;

/// An event on its way to the routers.
pub(super) struct Facts<'a> {
    incoming: &'a Incoming,
    meta: Payload,
    /// What is read of it when it is asked first.
    read: OnceCell<Meta>,
    data: Payload,
    /// The events of a window that closes.
    pub(super) window: Option<Arc<Value>>,
    at_ms: i64,
}

impl<'a> Facts<'a> {
    pub(super) fn new(incoming: &'a Incoming, meta: &Payload, at_ms: i64) -> Self {
        Self {
            incoming,
            meta: meta.clone(),
            read: OnceCell::new(),
            data: incoming.data.clone(),
            window: None,
            at_ms,
        }
    }
}

/// What an event says of itself.
enum Meta {
    Document(Arc<Document>),
    Value(Arc<Value>),
}

impl Facts<'_> {
    fn read(&self) -> &Meta {
        let read = || match self.meta.document() {
            Some(document) => Meta::Document(document),
            None => Meta::Value(self.meta.value()),
        };
        self.read.get_or_init(read)
    }
}

impl router::Event for Facts<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            "type" => Some(&self.incoming.event_type),
            "source" => Some(&self.incoming.source),
            other => match self.read() {
                Meta::Document(document) => document.member_text(other),
                Meta::Value(value) => value.get(other)?.as_str(),
            },
        }
    }

    fn meta(&self) -> Arc<Value> {
        self.meta.value()
    }

    fn data(&self) -> Option<Arc<Value>> {
        Some(self.data.value())
    }

    fn document(&self, root: &str) -> Option<Arc<Document>> {
        match (root, self.read.get()) {
            ("event", _) => self.data.document(),
            ("meta", None) => self.meta.document(),
            ("meta", Some(Meta::Document(document))) => Some(Arc::clone(document)),
            _ => None,
        }
    }

    fn window(&self) -> Option<Arc<Value>> {
        self.window.clone()
    }

    fn at_ms(&self) -> i64 {
        self.at_ms
    }
}

/// How adapters stand, as far as this node knows.
pub(crate) struct Outside<'a>(pub(crate) &'a Shared);

impl Outside<'_> {
    fn standing(&self, adapter: &str) -> Option<AdapterStanding> {
        let known = self.0.catalog.current().adapters.contains_key(adapter);
        known.then(|| self.0.dispatcher.standing(self.0, adapter))
    }

    fn is_paused(&self, adapter: &str) -> bool {
        let catalog = self.0.catalog.current();
        let switches = catalog.switches.get(adapter);
        switches.is_some_and(|switches| switches.whole.hold.is_some())
    }
}

impl router::Stats for Outside<'_> {
    fn adapter(&self, name: &str) -> Option<AdapterStats> {
        let standing = self.standing(name)?;
        let breaker = breaker_of(&standing);
        Some(AdapterStats {
            healthy: breaker == Breaker::Closed && !self.is_paused(name),
            breaker,
            in_flight: standing.running,
            error_rate: error_rate(&standing).unwrap_or(0.0),
        })
    }

    fn target(&self, target: &Target) -> TargetStats {
        let Target::Adapter { adapter, .. } = target else {
            return TargetStats::default();
        };
        let Some(standing) = self.standing(adapter) else {
            return TargetStats {
                available: false,
                ..TargetStats::default()
            };
        };
        TargetStats {
            available: breaker_of(&standing) != Breaker::Open && !self.is_paused(adapter),
            in_flight: standing.running + standing.waiting,
            latency_p95_ms: None,
            error_rate: error_rate(&standing),
        }
    }

    fn zone(&self) -> Option<&str> {
        let cluster = self.0.cluster.as_ref()?;
        Some(cluster.zone.as_str()).filter(|zone| !zone.is_empty())
    }
}

/// Of several targets the best: a call goes to another while one is open.
fn breaker_of(standing: &AdapterStanding) -> Breaker {
    let states = || standing.targets.iter().map(|target| target.state);
    let any = |wanted| states().any(|state| state == wanted);
    match () {
        () if standing.targets.is_empty() || any(BreakerState::Closed) => Breaker::Closed,
        () if any(BreakerState::HalfOpen) => Breaker::HalfOpen,
        () => Breaker::Open,
    }
}

/// Over all targets, within the windows of their breakers.
fn error_rate(standing: &AdapterStanding) -> Option<f64> {
    let sum = |of: fn(&crate::limits::TargetStanding) -> u32| {
        standing
            .targets
            .iter()
            .map(|target| u64::from(of(target)))
            .sum::<u64>()
    };
    let (calls, failed) = (sum(|target| target.calls), sum(|target| target.failed));
    #[expect(clippy::cast_precision_loss, reason = "a share of calls in a window")]
    let rate = (calls > 0).then(|| failed as f64 / calls as f64);
    rate
}
