//! What happens to instances that others may want to hear of, and who wants to.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::Program;

use crate::catalog::Catalog;
use crate::trigger::{Trigger, TriggerKind};
use crate::workflow::{Action, Workflow, error_matches};

/// A type of lifecycle event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleType {
    /// As the event bears it.
    pub name: &'static str,
    /// When it happens, for people.
    pub doc: &'static str,
}

/// All types of lifecycle events: there are no others.
pub const LIFECYCLE: [LifecycleType; 17] = [
    of("workflow.started", "an instance was started"),
    of(
        "workflow.completed",
        "it ended well; `output` is what it came to",
    ),
    of(
        "workflow.failed",
        "it failed; nothing is undone yet, and `error` says why",
    ),
    of(
        "workflow.compensated",
        "what it did before it failed is undone",
    ),
    of(
        "workflow.stuck",
        "an undo failed for good: a person must decide",
    ),
    of(
        "workflow.cancelled",
        "it was cancelled, and what it did is undone where that was asked for",
    ),
    of("workflow.paused", "someone holds it"),
    of("workflow.resumed", "it goes on"),
    of(
        "workflow.retried",
        "it had ended without success, and goes on from the steps that failed",
    ),
    of("workflow.restored", "it went back to how it was before"),
    of(
        "workflow.migrated",
        "it goes on with another version of its workflow",
    ),
    of("step.completed", "a step ended well; `output` is its own"),
    of("step.failed", "a step failed for good; `error` says why"),
    of(
        "step.dead-lettered",
        "a step's call failed for good and is kept as a dead letter",
    ),
    of("decision.requested", "a person is asked"),
    of(
        "decision.made",
        "a decision was made, by people or by the end of its time",
    ),
    of(
        "decision.escalated",
        "the time of a decision is over: others are asked",
    ),
];

const fn of(name: &'static str, doc: &'static str) -> LifecycleType {
    LifecycleType { name, doc }
}

/// What the names of the adapters and workflows begin with that deliver for callbacks.
pub const DELIVERY_PREFIX: &str = "callback-";

/// Who is told of lifecycle events by a webhook.
#[derive(Debug)]
pub struct Callback {
    /// Unique. Of one that stands in a workflow, the workflow's name stands before its own.
    pub name: String,
    /// A type of [`LIFECYCLE`], or the beginning of some with a trailing `*`.
    pub event: String,
    /// Where it is sent, as written.
    pub url: String,
    /// Only events of this workflow.
    pub workflow: Option<String>,
    /// Only events for which this holds (sees `event`, `meta`, `env`, `now`); a missing field is no match.
    pub when: Option<Program>,
    /// One at a time, in order.
    pub ordered: bool,
    /// It bears a signature.
    pub signed: bool,
    /// The document, as stored in the catalog; null of one that stands in a workflow.
    pub document: Arc<serde_json::Value>,
}

impl Callback {
    /// The name of the adapter that it sends by, and of the workflow that does the sending.
    #[must_use]
    pub fn delivery(&self) -> String {
        format!("{DELIVERY_PREFIX}{}", self.name)
    }

    /// The version of that workflow: they differ in whether one waits for the other.
    #[must_use]
    pub const fn delivery_version(&self) -> &'static str {
        delivery_version(self.ordered)
    }

    fn wants(&self, workflow: &str, event: &str) -> bool {
        error_matches(&self.event, event)
            && self.workflow.as_ref().is_none_or(|own| own == workflow)
    }
}

pub(crate) const fn delivery_version(ordered: bool) -> &'static str {
    if ordered { "2.0.0" } else { "1.0.0" }
}

impl Workflow {
    /// Whether its instances deliver lifecycle events, which makes none itself.
    #[must_use]
    pub fn is_delivery(&self) -> bool {
        let delivers = |step: &crate::workflow::Step| match &step.action {
            Action::Task(task) => task.adapter.starts_with(DELIVERY_PREFIX),
            _ => false,
        };
        self.steps.iter().any(delivers)
    }
}

/// A live trigger: one of the version that a start would take.
#[derive(Clone, Debug)]
pub struct EndTrigger {
    /// The workflow that it starts.
    pub workflow: Arc<Workflow>,
    /// The trigger's place in [`Workflow::triggers`].
    place: usize,
}

impl EndTrigger {
    /// The trigger.
    #[must_use]
    pub fn trigger(&self) -> &Trigger {
        &self.workflow.triggers[self.place]
    }
}

/// Who wants to hear of lifecycle events, at one version of the catalog.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    callbacks: Vec<Arc<Callback>>,
    /// By the workflow that ends.
    triggers: BTreeMap<String, Vec<EndTrigger>>,
    /// Some workflow has callbacks of its own.
    of_workflows: bool,
}

impl Lifecycle {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let mut found = Self {
            callbacks: catalog.callbacks.values().cloned().collect(),
            ..Self::default()
        };
        for (name, versions) in &catalog.workflows {
            let mut all = versions.versions.values();
            found.of_workflows |= all.any(|workflow| !workflow.callbacks.is_empty());
            if let Some(workflow) = catalog.workflow(name, None) {
                found.add_triggers(workflow);
            }
        }
        found
    }

    fn add_triggers(&mut self, workflow: &Arc<Workflow>) {
        for (place, trigger) in workflow.triggers.iter().enumerate() {
            if let TriggerKind::Workflow(end) = &trigger.kind {
                let triggers = self.triggers.entry(end.name.clone()).or_default();
                triggers.push(EndTrigger {
                    workflow: Arc::clone(workflow),
                    place,
                });
            }
        }
    }

    /// Whether anybody wants to hear of anything.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.of_workflows || !self.callbacks.is_empty() || !self.triggers.is_empty()
    }

    /// The callbacks for an event of an instance of this workflow, their conditions not asked yet.
    pub fn callbacks<'a>(
        &'a self,
        workflow: &'a Workflow,
        event: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Callback>> {
        let all = self.callbacks.iter().chain(&workflow.callbacks);
        all.filter(|callback| callback.wants(&workflow.name, event))
    }

    /// The triggers for an event of an instance of this workflow, their conditions not asked yet.
    pub fn triggers<'a>(
        &'a self,
        workflow: &str,
        event: &'a str,
    ) -> impl Iterator<Item = &'a EndTrigger> {
        let found = self.triggers.get(workflow).into_iter().flatten();
        found.filter(move |found| match &found.trigger().kind {
            TriggerKind::Workflow(end) => end.takes(event),
            _ => false,
        })
    }
}
