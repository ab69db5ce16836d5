//! From a set of resources and a catalog to the next catalog, or to everything that speaks against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::Draft;
use super::environment::{ExtendsError, check_extends, fold_all, read_defaults};
use super::set::Resource;
use super::uses::{self, Unknown};
use super::{
    CatalogChange, ResourceChange, ResourceKey, ResourceKind, ResourceSet, SettingsCheck, adapter,
    difference,
};
use crate::catalog::Catalog;
use crate::compile::{Use, UseKind, lower};
use crate::diagnostic::{At, Diagnostic, Report, Severity, codes};
use crate::limits::{check_limits, fallback_circle};
use crate::policy::{
    check_default_keep, check_policy_rule, check_retention_rule, read_retention_rule,
    read_retry_policy,
};
use crate::source::Node;
use crate::workflow::Workflow;

impl ResourceSet {
    /// Everything that is wrong with the set, and what is likely to hurt. Names that neither the set nor the base has
    /// are warnings, for the server may have them.
    #[must_use]
    pub fn validate(&self, base: &Catalog, check: &SettingsCheck<'_>) -> Vec<Diagnostic> {
        let mut applying = Applying::new(self, base, Unknown::Warning);
        applying.run(check);
        applying.finish().1
    }

    /// The catalog after the set: all of it or none.
    ///
    /// # Errors
    /// Everything that speaks against it, parts of the language that are not available yet included; their severity is
    /// then an error.
    pub fn apply_to(
        &self,
        base: &Catalog,
        check: &SettingsCheck<'_>,
    ) -> Result<CatalogChange, Vec<Diagnostic>> {
        let mut applying = Applying::new(self, base, Unknown::Error);
        applying.run(check);
        let changes = applying.changes();
        let (draft, mut diagnostics) = applying.finish();
        if diagnostics.iter().any(Diagnostic::refuses_apply) {
            for found in diagnostics
                .iter_mut()
                .filter(|found| found.severity == Severity::NotYet)
            {
                found.severity = Severity::Error;
            }
            return Err(diagnostics);
        }
        let changed = changes.iter().any(|change| change.before != change.after);
        let new = draft.finish(base.version + u64::from(changed));
        Ok(CatalogChange {
            new,
            changes,
            warnings: diagnostics,
        })
    }
}

/// A set on its way into a catalog.
pub(super) struct Applying<'a> {
    set: &'a ResourceSet,
    pub(super) base: &'a Catalog,
    unknown: Unknown,
    pub(super) draft: Draft,
    /// By file.
    pub(super) reports: Vec<Report>,
    pub(super) uses: Vec<(usize, Vec<Use>)>,
}

impl<'a> Applying<'a> {
    fn new(set: &'a ResourceSet, base: &'a Catalog, unknown: Unknown) -> Self {
        let reports = set.files.iter().zip(&set.diagnostics).map(|(file, found)| {
            let mut report = Report::new(file.clone());
            report.diagnostics.clone_from(found);
            report
        });
        Self {
            set,
            base,
            unknown,
            draft: Draft::new(base),
            reports: reports.collect(),
            uses: Vec::new(),
        }
    }

    fn run(&mut self, check: &SettingsCheck<'_>) {
        for resource in self.of(ResourceKind::Adapter) {
            self.adapter(resource, check);
        }
        for resource in self.of(ResourceKind::RetryPolicy) {
            let policy = read_retry_policy(&resource.node);
            self.draft
                .catalog
                .retry_policies
                .insert(resource.key.name.clone(), policy);
            self.keep(resource);
        }
        for kind in [ResourceKind::RiskPolicy, ResourceKind::ManPolicy] {
            for resource in self.of(kind) {
                let report = &mut self.reports[resource.file];
                match kind {
                    ResourceKind::RiskPolicy => self.draft.put_risk_policy(report, &resource.node),
                    _ => self.draft.put_man_policy(report, &resource.node),
                }
                self.keep(resource);
            }
        }
        for resource in self.of(ResourceKind::RetentionRule) {
            self.retention_rule(resource);
        }
        for resource in self.of(ResourceKind::PolicyRule) {
            check_policy_rule(&mut self.reports[resource.file], &resource.node);
            self.draft.put_policy_rule(&resource.node);
            self.note_policies(resource);
            self.keep(resource);
        }
        for resource in self.of(ResourceKind::PolicyDefaults) {
            check_default_keep(&mut self.reports[resource.file], &resource.node);
            check_limits(&mut self.reports[resource.file], &resource.node);
            self.draft.catalog.defaults = read_defaults(&resource.node);
            self.note_policies(resource);
            self.keep(resource);
        }
        self.fallbacks();
        self.environments();
        self.workflows();
        self.events();
        self.routers();
        self.callbacks();
        self.trigger_circles();
        for (file, uses) in std::mem::take(&mut self.uses) {
            uses::check(
                &mut self.reports[file],
                &uses,
                &self.draft.catalog,
                self.unknown,
            );
        }
    }

    fn finish(self) -> (Draft, Vec<Diagnostic>) {
        (
            self.draft,
            self.reports.into_iter().flat_map(Report::finish).collect(),
        )
    }

    pub(super) fn of(&self, kind: ResourceKind) -> Vec<&'a Resource> {
        self.set
            .resources
            .iter()
            .filter(|resource| resource.key.kind == kind)
            .collect()
    }

    /// Puts the document into the draft as it is.
    fn keep(&mut self, resource: &Resource) {
        let document = Arc::new(resource.node.to_json());
        self.draft
            .catalog
            .resources
            .insert(resource.key.clone(), document);
    }

    fn retention_rule(&mut self, resource: &Resource) {
        check_retention_rule(&mut self.reports[resource.file], &resource.node);
        let matched = resource.node.get("match");
        if let Some(workflow) = matched.and_then(|matched| matched.get("workflow")) {
            let name = workflow.text().unwrap_or_default().to_owned();
            let kind = UseKind::Workflow { name, range: None };
            let at = At::node(workflow);
            self.uses.push((resource.file, vec![Use { at, kind }]));
        }
        let rule = read_retention_rule(&resource.node);
        let named = rule.map(|rule| (resource.key.name.clone(), rule));
        self.draft.catalog.retention_rules.extend(named);
        self.keep(resource);
    }

    fn adapter(&mut self, resource: &Resource, check: &SettingsCheck<'_>) {
        let report = &mut self.reports[resource.file];
        let Some(spec) = adapter::read(report, &resource.node) else {
            return;
        };
        adapter::check_settings(report, &resource.node, &spec, check);
        self.draft
            .catalog
            .adapters
            .insert(spec.name.clone(), Arc::new(spec));
        self.note_policies(resource);
        self.keep(resource);
    }

    /// Looks whether the adapters that `on-open` names are there, and lead somewhere.
    fn fallbacks(&mut self) {
        let kinds = [
            ResourceKind::Adapter,
            ResourceKind::PolicyDefaults,
            ResourceKind::PolicyRule,
        ];
        let resources: Vec<_> = kinds.into_iter().flat_map(|kind| self.of(kind)).collect();
        for resource in resources {
            let owner = resource.node.get("set").unwrap_or(&resource.node);
            let breaker = owner.get("circuit-breaker");
            let on_open = breaker.and_then(|node| node.get("on-open"));
            let Some(named) = on_open.and_then(|node| node.get("fallback")) else {
                continue;
            };
            let name = named.text().unwrap_or_default().to_owned();
            let circle = fallback_circle(&self.draft.catalog, &name);
            let (at, kind) = (At::node(named), UseKind::AdapterAlone(name));
            if let Some(message) = circle {
                self.reports[resource.file].error(&codes::BAD_VALUE, &at, message);
            }
            self.uses.push((resource.file, vec![Use { at, kind }]));
        }
    }

    /// Notes the policies that `retry` names, at the resource itself and in its actions.
    fn note_policies(&mut self, resource: &Resource) {
        let actions = resource
            .node
            .get("actions")
            .map(Node::entries)
            .unwrap_or_default();
        let places = std::iter::once(&resource.node)
            .chain(resource.node.get("set"))
            .chain(actions.iter().map(|entry| &entry.value));
        let named = places
            .filter_map(|place| place.get("retry"))
            .filter_map(|retry| {
                let kind = UseKind::Policy(retry.text()?.to_owned());
                Some(Use {
                    at: At::node(retry),
                    kind,
                })
            });
        self.uses.push((resource.file, named.collect()));
    }

    fn environments(&mut self) {
        for resource in self.of(ResourceKind::Environment) {
            self.keep(resource);
        }
        for resource in self.of(ResourceKind::Environment) {
            let Err(error) = check_extends(&self.draft.catalog.resources, &resource.key.name)
            else {
                continue;
            };
            let at = resource
                .node
                .get("extends")
                .map(At::node)
                .unwrap_or_default();
            let report = &mut self.reports[resource.file];
            match (error, self.unknown) {
                (ExtendsError::Unknown(name), Unknown::Warning) => report.warning(
                    &codes::BAD_EXTENDS,
                    &at,
                    format!("there is no environment `{name}`"),
                ),
                (ExtendsError::Unknown(name), Unknown::Error) => report.error(
                    &codes::BAD_EXTENDS,
                    &at,
                    format!("there is no environment `{name}`"),
                ),
                (ExtendsError::Circle(name), _) => report.error(
                    &codes::BAD_EXTENDS,
                    &at,
                    format!("environments extend each other in a circle through `{name}`"),
                ),
            };
        }
        self.draft.catalog.environments = fold_all(&self.draft.catalog.resources);
    }

    fn workflows(&mut self) {
        let names = self.names();
        for resource in self.of(ResourceKind::Workflow) {
            let report = &mut self.reports[resource.file];
            let lowered = lower(report, &names.known(), &resource.node);
            self.uses.push((resource.file, lowered.uses));
            if let Some(workflow) = lowered.workflow {
                self.check_version(resource, &workflow);
                self.draft.put_workflow(Arc::new(workflow));
            }
        }
        self.stand_in_for_refused();
    }

    /// A workflow that was refused still has its name, so that naming it is not reported as well.
    fn stand_in_for_refused(&mut self) {
        for resource in self.of(ResourceKind::Workflow) {
            self.draft
                .catalog
                .workflows
                .entry(resource.key.name.clone())
                .or_default();
        }
    }

    /// A version that is there already never gets another content.
    fn check_version(&mut self, resource: &Resource, workflow: &Workflow) {
        let versions = self
            .base
            .workflows
            .get(&workflow.name)
            .map(|found| &found.versions);
        let Some(before) = versions.and_then(|versions| versions.get(&workflow.version)) else {
            return;
        };
        if before.hash == workflow.hash {
            return;
        }
        let at = resource
            .node
            .get("version")
            .map(At::node)
            .unwrap_or_default();
        let message = format!(
            "version {} of `{}` exists with another content",
            workflow.version, workflow.name
        );
        let found = self.reports[resource.file].error(&codes::VERSION_TAKEN, &at, message);
        found.hint(format!(
            "raise the version\n  = {}",
            difference::differences(&before.document, &workflow.document)
        ));
    }

    fn changes(&self) -> Vec<ResourceChange> {
        let after: &BTreeMap<ResourceKey, _> = &self.draft.catalog.resources;
        let change = |resource: &Resource| {
            let key = resource.key.clone();
            let (before, after) = (
                self.base.resources.get(&key).cloned(),
                after.get(&key).cloned(),
            );
            ResourceChange::new(key, before, after)
        };
        self.set.resources.iter().map(change).collect()
    }
}
