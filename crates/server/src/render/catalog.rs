//! Definitions, policies and environments.

use std::collections::BTreeSet;

use api::{Definition, DefinitionSummary, DefinitionVersion, Environment, Json, Policy, Trigger};
use definition::{
    BUILT_IN, Catalog, ResourceKind, TriggerKind, Workflow, WorkflowVersions, built_in,
};
use serde_json::{Value, json};

use super::explanation::{attempts, exhausted, jitter};
use crate::hex::hex;

/// All workflows.
pub fn summaries(catalog: &Catalog) -> Vec<DefinitionSummary> {
    let workflows = catalog.workflows.iter();
    workflows
        .map(|(name, versions)| overview(catalog, name, versions))
        .collect()
}

fn overview(catalog: &Catalog, name: &str, versions: &WorkflowVersions) -> DefinitionSummary {
    let taken = catalog.workflow(name, None);
    DefinitionSummary {
        name: name.to_owned(),
        versions: versions.versions.keys().map(ToString::to_string).collect(),
        default_version: taken
            .map(|workflow| workflow.version.to_string())
            .unwrap_or_default(),
        pinned: versions.pinned.is_some(),
    }
}

/// One workflow.
pub fn definition(catalog: &Catalog, name: &str) -> Option<Definition> {
    let versions = catalog.workflows.get(name)?;
    let taken = catalog.workflow(name, None)?;
    let DefinitionSummary {
        name,
        versions,
        default_version,
        pinned,
    } = overview(catalog, name, versions);
    let document = Json::from_value(&taken.document);
    Some(Definition {
        name,
        versions,
        default_version,
        pinned,
        triggers: triggers(taken),
        document,
    })
}

/// One workflow at one version.
pub fn version(workflow: &Workflow) -> DefinitionVersion {
    DefinitionVersion {
        name: workflow.name.clone(),
        version: workflow.version.to_string(),
        hash: hex(&workflow.hash),
        triggers: triggers(workflow),
        document: Json::from_value(&workflow.document),
    }
}

fn triggers(workflow: &Workflow) -> Vec<Trigger> {
    let trigger = |trigger: &definition::Trigger| {
        let (kind, source) = match &trigger.kind {
            TriggerKind::Manual => ("manual", None),
            TriggerKind::Webhook(hook) => ("webhook", Some(hook.source.clone())),
            TriggerKind::Event(event) => ("event", event.source.clone()),
            TriggerKind::Workflow(end) => ("workflow", Some(end.name.clone())),
            TriggerKind::Schedule(_) => ("schedule", None),
        };
        let condition = trigger
            .condition
            .as_ref()
            .map(|condition| condition.source().to_owned());
        Trigger {
            id: trigger.id.clone(),
            kind: kind.to_owned(),
            source,
            condition,
            window: trigger
                .window
                .as_ref()
                .map(|window| window.as_str().to_owned()),
        }
    };
    workflow.triggers.iter().map(trigger).collect()
}

/// The policies that hold, the built-in ones included.
pub fn policies(catalog: &Catalog) -> Vec<Policy> {
    let applied = catalog.resources.iter().filter_map(|(key, document)| {
        let kind = match key.kind {
            ResourceKind::RetryPolicy => "retry",
            ResourceKind::RetentionRule => "retention",
            ResourceKind::PolicyRule => "rule",
            ResourceKind::PolicyDefaults => "defaults",
            ResourceKind::RiskPolicy => "risk",
            ResourceKind::ManPolicy => "man-mode",
            _ => return None,
        };
        Some(Policy {
            kind: kind.to_owned(),
            name: key.name.clone(),
            built_in: false,
            document: Json::from_value(document),
        })
    });
    let own: BTreeSet<&String> = catalog.retry_policies.keys().collect();
    let shipped = BUILT_IN
        .iter()
        .filter(|name| !own.contains(&(**name).to_owned()));
    applied
        .chain(shipped.filter_map(|name| shipped_policy(name)))
        .collect()
}

fn shipped_policy(name: &str) -> Option<Policy> {
    let policy = built_in(name)?;
    let document = json!({
        "max-attempts": policy.max_attempts.map(attempts),
        "initial-interval": policy.initial_interval_ms.map(expression::duration::format),
        "multiplier": policy.multiplier,
        "max-interval": policy.max_interval_ms.map(expression::duration::format),
        "jitter": policy.jitter.map(jitter),
        "on-exhausted": policy.on_exhausted.map(exhausted),
    });
    let document = Json::from_value(&document);
    Some(Policy {
        kind: "retry".to_owned(),
        name: name.to_owned(),
        built_in: true,
        document,
    })
}

/// All environments.
pub fn environments(catalog: &Catalog) -> Vec<Environment> {
    let stored = catalog
        .resources
        .iter()
        .filter(|(key, _)| key.kind == ResourceKind::Environment);
    let environment =
        |(key, document): (&definition::ResourceKey, &std::sync::Arc<Value>)| Environment {
            name: key.name.clone(),
            active: key.name == catalog.environment,
            document: Json::from_value(document),
        };
    stored.map(environment).collect()
}
