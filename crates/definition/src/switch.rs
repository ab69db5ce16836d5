//! What people and breakers set on a running adapter, besides its document: it is kept with the
//! catalog, so that it outlives a restart and holds on all nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::limits::RateSpec;
use crate::resources::{CatalogChange, ResourceKey, ResourceKind};

/// Who switched something, when, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Note {
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// Why.
    pub reason: String,
}

/// Calls are held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Hold {
    /// It is to come to rest: people are told when nothing is under way any more.
    pub drain: bool,
    /// Who, when, why.
    pub note: Note,
}

/// What is switched on an adapter, or on one of its targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Switch {
    /// No further call begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Its breaker is open until it is reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Note>,
    /// How often its breaker was reset: whoever sees it rise begins anew.
    pub resets: u64,
}

/// Other limits than those of the document, for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LimitOverride {
    /// Calls at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Calls per time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateSpec>,
    /// Until when, milliseconds since the epoch.
    pub until: i64,
    /// Who, when, why.
    pub note: Note,
}

/// All that is switched on an adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct AdapterSwitches {
    /// On the adapter as a whole.
    pub whole: Switch,
    /// On single targets, by name.
    pub targets: BTreeMap<String, Switch>,
    /// Other limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitOverride>,
}

impl AdapterSwitches {
    /// The switch of the adapter, or of one target, to be set.
    pub fn of(&mut self, target: Option<&str>) -> &mut Switch {
        match target {
            Some(target) => self.targets.entry(target.to_owned()).or_default(),
            None => &mut self.whole,
        }
    }

    /// Whether they hold any call back.
    pub fn hold_back(&self) -> bool {
        let mut all = std::iter::once(&self.whole).chain(self.targets.values());
        all.any(|switch| switch.hold.is_some() || switch.open.is_some())
    }

    /// The hold of a target: its own, else that of the whole adapter.
    pub fn hold(&self, target: &str) -> Option<&Hold> {
        let own = self.targets.get(target).and_then(|own| own.hold.as_ref());
        self.whole.hold.as_ref().or(own)
    }

    /// Who opened a target's breaker by hand.
    pub fn opened(&self, target: &str) -> Option<&Note> {
        let own = self.targets.get(target).and_then(|own| own.open.as_ref());
        self.whole.open.as_ref().or(own)
    }

    /// How often a target's breaker was reset.
    pub fn resets(&self, target: &str) -> u64 {
        let own = self.targets.get(target).map_or(0, |own| own.resets);
        self.whole.resets + own
    }
}

/// A breaker that opened by itself, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OpenBreaker {
    /// Since when, milliseconds since the epoch.
    pub since: i64,
    /// Until when nothing is sent, milliseconds since the epoch; after that, probes are.
    pub until: i64,
    /// Why, in words.
    pub why: String,
}

/// The open breakers of an adapter, by target.
pub type OpenBreakers = BTreeMap<String, OpenBreaker>;

impl Catalog {
    /// Other limits of an adapter that hold at this moment (milliseconds since the epoch).
    pub fn limit_override(&self, adapter: &str, now: i64) -> Option<&LimitOverride> {
        let limits = self.switches.get(adapter)?.limits.as_ref();
        limits.filter(|limits| now < limits.until)
    }

    /// Changes what is switched on an adapter.
    ///
    /// # Errors
    /// As [`Catalog::with_changes`].
    pub fn with_switches(
        &self,
        adapter: &str,
        change: impl FnOnce(&mut AdapterSwitches),
    ) -> Result<CatalogChange, Vec<Diagnostic>> {
        let mut switches = self
            .switches
            .get(adapter)
            .map(|switches| AdapterSwitches::clone(switches))
            .unwrap_or_default();
        change(&mut switches);
        let key = ResourceKey::new(ResourceKind::AdapterSwitches, adapter);
        let document = serde_json::to_value(&switches).unwrap_or_default();
        self.with_one(key, Some(Arc::new(document)))
    }

    /// Keeps that a breaker opened, or that it does not any more.
    ///
    /// # Errors
    /// As [`Catalog::with_changes`].
    pub fn with_breaker(
        &self,
        adapter: &str,
        target: &str,
        open: Option<OpenBreaker>,
    ) -> Result<CatalogChange, Vec<Diagnostic>> {
        let mut breakers = self
            .breakers
            .get(adapter)
            .map(|breakers| OpenBreakers::clone(breakers))
            .unwrap_or_default();
        match open {
            Some(open) => drop(breakers.insert(target.to_owned(), open)),
            None => drop(breakers.remove(target)),
        }
        let key = ResourceKey::new(ResourceKind::OpenBreakers, adapter);
        let document = (!breakers.is_empty())
            .then(|| Arc::new(serde_json::to_value(&breakers).unwrap_or_default()));
        self.with_one(key, document)
    }
}
