//! Which settings hold for the calls of a workflow, and where each comes from.

use api::{ExplainedStep, ExplainedValue, Explanation, Json};
use definition::{
    Action, Catalog, Explained, Jitter, OnExhausted, Origin, PlanExplanation, PolicyRule,
    RetryQuestion, Step, Task, Workflow,
};
use serde_json::{Value, json};

/// Which settings hold for each call of a workflow.
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
    let plan = catalog.explain_retry(question);
    let mut all = values(&plan);
    all.extend(gates(catalog, workflow, step, task));
    all.extend(limits(catalog, task));
    all.extend(plan.evaluated.iter().map(|told| evaluated(told)));
    Some(ExplainedStep {
        id: step.id.to_string(),
        adapter: task.adapter.clone(),
        action: task.action.clone(),
        values: all,
    })
}

/// What holds the step's call back, as far as that is known before it is made: policies look at its input.
fn gates(catalog: &Catalog, workflow: &Workflow, step: &Step, task: &Task) -> Vec<ExplainedValue> {
    let adapter = catalog.adapters.get(&task.adapter);
    let default = adapter.and_then(|adapter| adapter.default_action.as_deref());
    let action = task.action.as_deref().or(default);
    let of_action = adapter.and_then(|adapter| adapter.actions.get(action?)?.risk);
    let of_step = step.gate.as_deref().and_then(|gate| gate.risk);
    let rules = catalog.rules_about(Some(&workflow.name), Some(&task.adapter), action);
    let enforced = || rules.iter().filter(|rule| !rule.evaluate);
    let by = |rule: &PolicyRule| Origin::Rule(rule.name.clone());
    let own = match of_step {
        Some(risk) => Some((risk, Origin::Step)),
        None => of_action.map(|risk| (risk, Origin::Action)),
    };
    let ruled = enforced().find_map(|rule| Some((rule.risk?, by(rule))));
    // Of two that are equally high the nearer one is named.
    let risk = ruled.into_iter().chain(own).max_by_key(|(risk, _)| *risk);
    let man = enforced().find_map(|rule| Some((rule.man?, by(rule))));
    let risk = risk.map(|(value, origin)| {
        let risk = Explained { value, origin };
        value_of("risk", &risk, |risk| json!(risk.as_str()))
    });
    let man = man.map(|(value, origin)| {
        let man = Explained { value, origin };
        value_of("man-mode", &man, |man| json!(man.as_str()))
    });
    risk.into_iter().chain(man).collect()
}

/// The limits of the adapter, and of the action, that is called.
fn limits(catalog: &Catalog, task: &Task) -> Vec<ExplainedValue> {
    let Some(spec) = catalog.adapters.get(&task.adapter) else {
        return Vec::new();
    };
    let limits = catalog.explain_limits(spec);
    let action = task.action.as_ref().or(spec.default_action.as_ref());
    let of_action = action.and_then(|action| spec.actions.get(action)?.concurrency);
    let of_action = of_action.map(|value| Explained {
        value,
        origin: Origin::Action,
    });
    let of_action = of_action.as_ref();
    let concurrency = limits.concurrency.as_ref();
    let rate = limits.rate.as_ref();
    let breaker = limits.breaker.as_ref();
    let all = [
        concurrency.map(|found| value_of("concurrency", found, |count| json!(count))),
        of_action.map(|found| value_of("action-concurrency", found, |count| json!(count))),
        rate.map(|found| value_of("rate-limit", found, |rate| json!(rate.to_string()))),
        breaker.map(|found| {
            value_of("circuit-breaker", found, |breaker| {
                json!({ "failure-rate": breaker.failure_rate, "window-ms": breaker.window_ms })
            })
        }),
    ];
    all.into_iter().flatten().collect()
}

fn evaluated(told: &str) -> ExplainedValue {
    ExplainedValue {
        name: "evaluated".to_owned(),
        value: Json::from_value(&json!(told)),
        from: "policies.rules".to_owned(),
    }
}

fn values(plan: &PlanExplanation) -> Vec<ExplainedValue> {
    vec![
        value_of("policy", &plan.policy, |name| json!(name)),
        value_of("max-attempts", &plan.max_attempts, |count| attempts(*count)),
        value_of("initial-interval-ms", &plan.initial_interval_ms, |ms| {
            json!(ms)
        }),
        value_of("multiplier", &plan.multiplier, |factor| json!(factor)),
        value_of("max-interval-ms", &plan.max_interval_ms, |ms| json!(ms)),
        value_of("jitter", &plan.jitter, |kind| json!(jitter(*kind))),
        value_of("max-elapsed-ms", &plan.max_elapsed_ms, |ms| json!(ms)),
        value_of("retry-on", &plan.retry_on, |patterns| json!(patterns)),
        value_of("never-on", &plan.never_on, |patterns| json!(patterns)),
        value_of("on-exhausted", &plan.on_exhausted, |what| {
            json!(exhausted(*what))
        }),
        value_of("timeout-ms", &plan.timeout_ms, |ms| json!(ms)),
    ]
}

fn value_of<T>(
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

pub(super) fn attempts(attempts: definition::Attempts) -> Value {
    match attempts {
        definition::Attempts::Limited(count) => json!(count),
        definition::Attempts::Unlimited => json!("unlimited"),
    }
}

pub(super) fn jitter(jitter: Jitter) -> &'static str {
    match jitter {
        Jitter::Full => "full",
        Jitter::None => "none",
    }
}

pub(super) fn exhausted(what: OnExhausted) -> &'static str {
    match what {
        OnExhausted::Fail => "fail",
        OnExhausted::Continue => "continue",
        OnExhausted::Man => "man",
        OnExhausted::DeadLetter => "dead-letter",
    }
}
