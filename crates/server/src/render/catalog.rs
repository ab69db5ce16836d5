//! Definitions, policies and environments.

use std::collections::BTreeSet;

use api::{
    Definition, DefinitionSummary, DefinitionVersion, Environment, ExplainedStep, ExplainedValue,
    Explanation, Json, Policy, Trigger,
};
use definition::{
    Action, BUILT_IN, Catalog, Explained, Jitter, OnExhausted, Origin, PlanExplanation,
    ResourceKind, RetryQuestion, Step, TriggerKind, Workflow, WorkflowVersions, built_in,
};
use serde_json::{Value, json};

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

/// Which retry and time-out hold for each call of a workflow.
pub fn explanation(catalog: &Catalog, workflow: &Workflow) -> Explanation {
    Explanation {
        name: workflow.name.clone(),
        version: workflow.version.to_string(),
        environment: catalog.environment.clone(),
        steps: workflow
            .steps
            .iter()
            .filter_map(|step| explained(catalog, workflow, step))
            .collect(),
    }
}

fn explained(catalog: &Catalog, workflow: &Workflow, step: &Step) -> Option<ExplainedStep> {
    let Action::Task(task) = &step.action else {
        return None;
    };
    let own_timeout_ms = match &step.timeout {
        Some(definition::Duration::Fixed(timeout_ms)) => Some(*timeout_ms),
        _ => None,
    };
    let question = RetryQuestion {
        own: task.retry.as_ref(),
        own_timeout_ms,
        adapter: Some(&task.adapter),
        action: task.action.as_deref(),
        workflow: Some(workflow),
    };
    Some(ExplainedStep {
        id: step.id.to_string(),
        adapter: task.adapter.clone(),
        action: task.action.clone(),
        values: values(&catalog.explain_retry(question)),
    })
}

fn values(plan: &PlanExplanation) -> Vec<ExplainedValue> {
    let mut values = vec![
        value("policy", &plan.policy, |name| json!(name)),
        value("max-attempts", &plan.max_attempts, |count| attempts(*count)),
        value("initial-interval-ms", &plan.initial_interval_ms, |ms| {
            json!(ms)
        }),
        value("multiplier", &plan.multiplier, |factor| json!(factor)),
        value("max-interval-ms", &plan.max_interval_ms, |ms| json!(ms)),
        value("jitter", &plan.jitter, |kind| json!(jitter(*kind))),
        value("max-elapsed-ms", &plan.max_elapsed_ms, |ms| json!(ms)),
        value("retry-on", &plan.retry_on, |patterns| json!(patterns)),
        value("never-on", &plan.never_on, |patterns| json!(patterns)),
        value("on-exhausted", &plan.on_exhausted, |what| {
            json!(exhausted(*what))
        }),
        value("timeout-ms", &plan.timeout_ms, |ms| json!(ms)),
    ];
    let evaluated = plan.evaluated.iter().map(|told| ExplainedValue {
        name: "evaluated".to_owned(),
        value: Json::from_value(&json!(told)),
        from: "policies.rules".to_owned(),
    });
    values.extend(evaluated);
    values
}

fn value<T>(
    name: &str,
    explained: &Explained<T>,
    show: impl FnOnce(&T) -> Value,
) -> ExplainedValue {
    let from = match &explained.origin {
        Origin::Step => "step".to_owned(),
        Origin::Action => "action".to_owned(),
        Origin::Adapter => "adapter".to_owned(),
        Origin::Workflow => "workflow".to_owned(),
        Origin::Rule(name) => format!("rule {name}"),
        Origin::Defaults => "policies.defaults".to_owned(),
        Origin::Policy(name) => format!("policy {name}"),
        Origin::Environment(name) => format!("environment {name}"),
        Origin::BuiltIn(name) => format!("built-in {name}"),
    };
    ExplainedValue {
        name: name.to_owned(),
        value: Json::from_value(&show(&explained.value)),
        from,
    }
}

fn attempts(attempts: definition::Attempts) -> Value {
    match attempts {
        definition::Attempts::Limited(count) => json!(count),
        definition::Attempts::Unlimited => json!("unlimited"),
    }
}

fn jitter(jitter: Jitter) -> &'static str {
    match jitter {
        Jitter::Full => "full",
        Jitter::None => "none",
    }
}

fn exhausted(what: OnExhausted) -> &'static str {
    match what {
        OnExhausted::Fail => "fail",
        OnExhausted::Continue => "continue",
        OnExhausted::Man => "man",
        OnExhausted::DeadLetter => "dead-letter",
    }
}
