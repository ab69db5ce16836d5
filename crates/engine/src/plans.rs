//! Calls that were resolved before, so that the policies are not asked for every step of every
//! instance. Remembering changes no decision: the same question under the same catalog has one answer.

use std::collections::HashMap;
use std::sync::Arc;

use definition::{StepIx, Workflow};

use crate::record::{Plan, Shared};

/// Definitions whose calls are remembered; beyond that all are forgotten and learned anew.
const WORKFLOWS: usize = 1_024;

/// The resolved calls of steps, under one version of the catalog.
#[derive(Debug, Default)]
pub struct Plans {
    catalog_version: u64,
    workflows: HashMap<usize, OfWorkflow>,
}

#[derive(Debug)]
struct OfWorkflow {
    /// Held so that no other definition comes to lie at the address by which this one is found.
    _workflow: Arc<Workflow>,
    by_step: Vec<Option<Shared<Plan>>>,
}

impl Plans {
    /// The call that a step was resolved to under this version of the catalog.
    pub(crate) fn get(
        &self,
        catalog_version: u64,
        workflow: &Arc<Workflow>,
        step: StepIx,
    ) -> Option<Shared<Plan>> {
        if self.catalog_version != catalog_version {
            return None;
        }
        let of = self.workflows.get(&address(workflow))?;
        of.by_step.get(step.0 as usize)?.clone()
    }

    /// Remembers what a step was resolved to.
    pub(crate) fn put(
        &mut self,
        catalog_version: u64,
        workflow: &Arc<Workflow>,
        step: StepIx,
        plan: Shared<Plan>,
    ) {
        if self.catalog_version != catalog_version || self.workflows.len() >= WORKFLOWS {
            self.workflows.clear();
            self.catalog_version = catalog_version;
        }
        let of = self.workflows.entry(address(workflow));
        let of = of.or_insert_with(|| OfWorkflow {
            _workflow: Arc::clone(workflow),
            by_step: vec![None; workflow.steps.len()],
        });
        if let Some(place) = of.by_step.get_mut(step.0 as usize) {
            *place = Some(plan);
        }
    }
}

fn address(workflow: &Arc<Workflow>) -> usize {
    Arc::as_ptr(workflow).addr()
}
