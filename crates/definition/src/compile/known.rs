use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::resolved::names_of;
use crate::catalog::AdapterSpec;

/// The actions of the `builtin` adapter.
pub(crate) const BUILTIN_ACTIONS: [&str; 5] = ["transform", "validate", "log", "delay", "echo"];

/// What is known beside the document itself.
#[derive(Default)]
pub(crate) struct Known<'a> {
    /// None: nothing is known of adapters and workflows, and bare names are taken as they come.
    pub(crate) others: Option<Others<'a>>,
    /// The settings that `env.` may name.
    pub(crate) env: BTreeSet<String>,
}

/// The other resources that a document may name.
pub(crate) struct Others<'a> {
    pub(crate) adapters: &'a BTreeMap<String, Arc<AdapterSpec>>,
    pub(crate) workflows: &'a BTreeSet<String>,
    pub(crate) routers: &'a BTreeSet<String>,
}

/// What a bare name under `compensation` means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BareName {
    Action,
    Adapter,
    Workflow,
    /// None of these, as far as the other resources are known.
    Unknown,
}

/// What a bare name under `destination` means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PlaceName {
    Workflow,
    Adapter,
    Router,
    /// None of these, as far as the other resources are known.
    Unknown,
}

impl Known<'_> {
    /// What is known to a document in its stored form, whose names are resolved.
    pub(crate) fn stored(document: &Value) -> Self {
        Self {
            others: None,
            env: names_of(document),
        }
    }

    /// A workflow, else an adapter, else a router.
    pub(crate) fn place_name(&self, name: &str) -> PlaceName {
        match &self.others {
            Some(others) if others.workflows.contains(name) => PlaceName::Workflow,
            Some(others) if others.adapters.contains_key(name) => PlaceName::Adapter,
            Some(others) if others.routers.contains(name) => PlaceName::Router,
            _ => PlaceName::Unknown,
        }
    }

    /// An action of the step's own adapter, else an adapter, else a workflow.
    pub(crate) fn bare_name(&self, own_adapter: Option<&str>, name: &str) -> BareName {
        let Some(others) = &self.others else {
            return BareName::Action;
        };
        let own = own_adapter.map(|own| others.adapters.get(own));
        if own.flatten().is_some_and(|own| has_action(own, name)) {
            BareName::Action
        } else if others.adapters.contains_key(name) {
            BareName::Adapter
        } else if others.workflows.contains(name) {
            BareName::Workflow
        } else if own.is_some_and(|own| own.is_none()) {
            // The own adapter is itself unknown, which is reported by itself.
            BareName::Action
        } else {
            BareName::Unknown
        }
    }
}

fn has_action(adapter: &AdapterSpec, name: &str) -> bool {
    adapter.actions.contains_key(name)
        || (adapter.kind == "builtin" && BUILTIN_ACTIONS.contains(&name))
}
