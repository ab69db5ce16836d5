use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ResourceKey, ResourceKind, adapter, environment};
use crate::catalog::Catalog;
use crate::compile::{
    Known, compile_workflow, lower_callback, lower_event, lower_router, read_man_policy,
    read_risk_policy,
};
use crate::diagnostic::{At, Diagnostic, Report, codes};
use crate::event::EventType;
use crate::lifecycle::{Callback, Lifecycle};
use crate::policy::{read_policy_rule, read_retention_rule, read_retry_policy};
use crate::router::Router;
use crate::source::{Node, SourceFile};
use crate::workflow::Workflow;

/// A catalog under change; [`Draft::finish`] puts it in order.
pub(super) struct Draft {
    pub(super) catalog: Catalog,
}

impl Draft {
    pub(super) fn new(base: &Catalog) -> Self {
        Self {
            catalog: base.clone(),
        }
    }

    /// Adds or replaces resources in their stored form.
    pub(super) fn put_all(
        &mut self,
        resources: Vec<(ResourceKey, Arc<Value>)>,
    ) -> Result<(), Vec<Diagnostic>> {
        for (key, document) in resources {
            self.put(key, document)?;
        }
        Ok(())
    }

    fn put(&mut self, key: ResourceKey, document: Arc<Value>) -> Result<(), Vec<Diagnostic>> {
        let node = Node::from_json(&document);
        let mut report = Report::new(SourceFile::new(&key.to_string(), ""));
        match key.kind {
            ResourceKind::Workflow => {
                self.put_workflow(Arc::new(compile_workflow(&document)?));
                return Ok(());
            }
            ResourceKind::Adapter => {
                if let Some(spec) = adapter::read(&mut report, &node) {
                    self.catalog
                        .adapters
                        .insert(key.name.clone(), Arc::new(spec));
                }
            }
            ResourceKind::RetryPolicy => {
                self.catalog
                    .retry_policies
                    .insert(key.name.clone(), read_retry_policy(&node));
            }
            ResourceKind::RiskPolicy => self.put_risk_policy(&mut report, &node),
            ResourceKind::ManPolicy => self.put_man_policy(&mut report, &node),
            ResourceKind::RetentionRule => {
                let rule = read_retention_rule(&node).map(|rule| (key.name.clone(), rule));
                self.catalog.retention_rules.extend(rule);
            }
            ResourceKind::PolicyRule => self.put_policy_rule(&node),
            ResourceKind::PolicyDefaults => {
                self.catalog.defaults = environment::read_defaults(&node)
            }
            ResourceKind::Router => {
                let known = Known::stored(&document);
                self.put_router(lower_router(&mut report, &known, &node).0);
            }
            ResourceKind::Event => {
                let known = Known::stored(&document);
                let event = lower_event(&mut report, &known, &node).0;
                event.into_iter().for_each(|event| self.put_event(event));
            }
            ResourceKind::Callback => {
                let known = Known::stored(&document);
                let callback = lower_callback(&mut report, &known, &node).0;
                callback
                    .into_iter()
                    .for_each(|callback| self.put_callback(callback));
            }
            ResourceKind::AdapterSwitches => {
                self.catalog
                    .switches
                    .extend(kept(&mut report, &key, &document))
            }
            ResourceKind::OpenBreakers => {
                self.catalog
                    .breakers
                    .extend(kept(&mut report, &key, &document))
            }
            // Folded into each other when the draft is finished, or looked up there.
            ResourceKind::Environment | ResourceKind::Pin => {}
        }
        if report.has_errors() {
            return Err(report.finish());
        }
        self.catalog.resources.insert(key, document);
        Ok(())
    }

    /// Adds a rule with settings for what matches.
    pub(super) fn put_policy_rule(&mut self, node: &Node) {
        let rule = read_policy_rule(node);
        self.catalog.policy_rules.insert(rule.name.clone(), rule);
    }

    /// Adds a rule about risk, if it compiles.
    pub(super) fn put_risk_policy(&mut self, report: &mut Report, node: &Node) {
        let policy = read_risk_policy(report, node).map(Arc::new);
        let policies = &mut self.catalog.risk_policies;
        policies.extend(policy.map(|policy| (policy.name.clone(), policy)));
    }

    /// Adds a rule that holds calls back, if it compiles.
    pub(super) fn put_man_policy(&mut self, report: &mut Report, node: &Node) {
        let policy = read_man_policy(report, node).map(Arc::new);
        let policies = &mut self.catalog.man_policies;
        policies.extend(policy.map(|policy| (policy.name.clone(), policy)));
    }

    /// Adds a router in its stored form.
    pub(super) fn put_router(&mut self, router: Router) {
        let key = ResourceKey::new(ResourceKind::Router, router.name.clone());
        self.catalog.resources.insert(key, router.document.clone());
        self.catalog
            .routers
            .insert(router.name.clone(), Arc::new(router));
    }

    /// Adds an event type in its stored form.
    pub(super) fn put_event(&mut self, event: EventType) {
        let key = ResourceKey::new(ResourceKind::Event, event.name.clone());
        self.catalog.resources.insert(key, event.document.clone());
        self.catalog
            .events
            .insert(event.name.clone(), Arc::new(event));
    }

    /// Adds a callback in its stored form.
    pub(super) fn put_callback(&mut self, callback: Callback) {
        let key = ResourceKey::new(ResourceKind::Callback, callback.name.clone());
        self.catalog
            .resources
            .insert(key, callback.document.clone());
        self.catalog
            .callbacks
            .insert(callback.name.clone(), Arc::new(callback));
    }

    /// Adds a compiled definition.
    pub(super) fn put_workflow(&mut self, workflow: Arc<Workflow>) {
        let key = ResourceKey::workflow(workflow.name.clone(), workflow.version.clone());
        self.catalog
            .resources
            .insert(key, workflow.document.clone());
        let versions = self
            .catalog
            .workflows
            .entry(workflow.name.clone())
            .or_default();
        versions.versions.insert(workflow.version.clone(), workflow);
    }

    pub(super) fn remove(&mut self, key: &ResourceKey) {
        self.catalog.resources.remove(key);
        match key.kind {
            ResourceKind::Adapter => drop(self.catalog.adapters.remove(&key.name)),
            ResourceKind::RetryPolicy => drop(self.catalog.retry_policies.remove(&key.name)),
            ResourceKind::RiskPolicy => drop(self.catalog.risk_policies.remove(&key.name)),
            ResourceKind::ManPolicy => drop(self.catalog.man_policies.remove(&key.name)),
            ResourceKind::RetentionRule => drop(self.catalog.retention_rules.remove(&key.name)),
            ResourceKind::PolicyRule => drop(self.catalog.policy_rules.remove(&key.name)),
            ResourceKind::PolicyDefaults => {
                self.catalog.defaults = crate::catalog::PolicyDefaults::default()
            }
            ResourceKind::Router => drop(self.catalog.routers.remove(&key.name)),
            ResourceKind::Event => drop(self.catalog.events.remove(&key.name)),
            ResourceKind::Callback => drop(self.catalog.callbacks.remove(&key.name)),
            ResourceKind::AdapterSwitches => drop(self.catalog.switches.remove(&key.name)),
            ResourceKind::OpenBreakers => drop(self.catalog.breakers.remove(&key.name)),
            ResourceKind::Workflow => self.remove_workflow(key),
            ResourceKind::Environment | ResourceKind::Pin => {}
        }
    }

    fn remove_workflow(&mut self, key: &ResourceKey) {
        let Some(versions) = self.catalog.workflows.get_mut(&key.name) else {
            return;
        };
        if let Some(version) = &key.version {
            versions.versions.remove(version);
        }
        if versions.versions.is_empty() {
            self.catalog.workflows.remove(&key.name);
        }
    }

    /// Folds the environments, sets the pins and gives the version.
    pub(super) fn finish(mut self, version: u64) -> Catalog {
        self.catalog.environments = environment::fold_all(&self.catalog.resources);
        for (name, versions) in &mut self.catalog.workflows {
            let pin = self
                .catalog
                .resources
                .get(&ResourceKey::new(ResourceKind::Pin, name.clone()));
            let pinned = pin.and_then(|pin| pin.get("version")?.as_str()?.parse().ok());
            versions.pinned = pinned.filter(|version| versions.versions.contains_key(version));
        }
        self.catalog.version = version;
        self.catalog.lifecycle = Arc::new(Lifecycle::new(&self.catalog));
        self.catalog
    }
}

/// What is kept of a running adapter; what cannot be read comes from another version.
fn kept<T: DeserializeOwned>(
    report: &mut Report,
    key: &ResourceKey,
    document: &Value,
) -> Option<(String, Arc<T>)> {
    match T::deserialize(document) {
        Ok(value) => Some((key.name.clone(), Arc::new(value))),
        Err(error) => {
            let message = format!("the {key} cannot be read: {error}");
            report.error(&codes::BAD_VALUE, &At::default(), message);
            None
        }
    }
}
