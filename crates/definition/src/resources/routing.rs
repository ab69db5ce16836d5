//! What a set says of events and where they go, and the names that its documents may use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ResourceKind;
use super::apply::Applying;
use crate::catalog::AdapterSpec;
use crate::compile::{Known, Others, lower_event, lower_router};
use crate::diagnostic::{At, codes};
use crate::router::router_circle;

/// Names of resources that documents may use.
pub(super) struct Names {
    adapters: BTreeMap<String, Arc<AdapterSpec>>,
    workflows: BTreeSet<String>,
    routers: BTreeSet<String>,
    env: BTreeSet<String>,
}

impl Names {
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            others: Some(Others {
                adapters: &self.adapters,
                workflows: &self.workflows,
                routers: &self.routers,
            }),
            env: self.env.clone(),
        }
    }
}

impl Applying<'_> {
    /// What is known beside each document: everything that is there or given, by name.
    pub(super) fn names(&self) -> Names {
        Names {
            adapters: self.draft.catalog.adapters.clone(),
            workflows: self.named(ResourceKind::Workflow, self.base.workflows.keys()),
            routers: self.named(ResourceKind::Router, self.base.routers.keys()),
            env: self.settings(),
        }
    }

    fn named<'n>(
        &self,
        kind: ResourceKind,
        base: impl Iterator<Item = &'n String>,
    ) -> BTreeSet<String> {
        let given = self.of(kind).into_iter();
        let own = given.map(|resource| resource.key.name.clone());
        own.chain(base.cloned()).collect()
    }

    fn settings(&self) -> BTreeSet<String> {
        let environments = self.draft.catalog.environments.values();
        environments
            .flat_map(|environment| environment.vars.keys().cloned())
            .collect()
    }

    pub(super) fn events(&mut self) {
        let names = self.names();
        for resource in self.of(ResourceKind::Event) {
            let report = &mut self.reports[resource.file];
            let (event, uses) = lower_event(report, &names.known(), &resource.node);
            self.uses.push((resource.file, uses));
            event
                .into_iter()
                .for_each(|event| self.draft.put_event(event));
        }
    }

    pub(super) fn routers(&mut self) {
        let names = self.names();
        let given = self.of(ResourceKind::Router);
        for resource in &given {
            let report = &mut self.reports[resource.file];
            let (router, uses) = lower_router(report, &names.known(), &resource.node);
            self.uses.push((resource.file, uses));
            self.draft.put_router(router);
        }
        let mut told = BTreeSet::new();
        for resource in &given {
            let Some(circle) = router_circle(&self.draft.catalog, &resource.key.name) else {
                continue;
            };
            // One circle is reported once, at its first router in the files.
            if told.insert(circle.iter().cloned().collect::<BTreeSet<_>>()) {
                let message = format!("the routers lead in a circle: {}", circle.join(", "));
                let at = At::node(resource.node.get("name").unwrap_or(&resource.node));
                let found = self.reports[resource.file].error(&codes::ROUTER_CYCLE, &at, message);
                found.hint("an event would never come to rest; let one of them send it elsewhere");
            }
        }
    }
}
