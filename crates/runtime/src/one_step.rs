//! Workflows of one step that call an action of an adapter: what routers send to adapters, calls of dead letters made
//! anew, and what a person tries out, have retries, limits, history and dead letters as any call.

use definition::{Catalog, Jitter, ResourceSet, RetryQuestion, no_settings_check};
use serde_json::{Value, json};

use crate::error::ApplyError;
use crate::handle::Runtime;

/// The version of all of them: their names say what is in them.
pub(crate) const ONE_STEP_VERSION: &str = "1.0.0";

/// A workflow of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneStep {
    /// Its name, which says what is in it.
    pub(crate) name: String,
    document: String,
}

impl OneStep {
    /// The one that calls this action (empty: the adapter's default), tried as the adapter's policies say, and kept
    /// as a dead letter if it fails for good.
    pub(crate) fn new(catalog: &Catalog, adapter: &str, action: &str) -> Self {
        let (timeout, retry) = plan_of(catalog, adapter, action);
        Self::with(adapter, action, timeout, retry)
    }

    /// The one that calls it once: whoever tries it out looks at what comes back, so that nothing is tried again and
    /// nothing is kept as a dead letter.
    pub(crate) fn once(catalog: &Catalog, adapter: &str, action: &str) -> Self {
        let (timeout, _) = plan_of(catalog, adapter, action);
        let retry = json!({ "max-attempts": 1, "on-exhausted": "fail" });
        Self::with(adapter, action, timeout, retry)
    }

    fn with(adapter: &str, action: &str, timeout: Value, retry: Value) -> Self {
        let mut step = json!({
            "id": "call",
            "adapter": adapter,
            "input": "${ input }",
        });
        if !action.is_empty() {
            step["action"] = json!(action);
        }
        step["timeout"] = timeout;
        step["retry"] = retry;
        let hash = blake3::hash(step.to_string().as_bytes()).to_hex();
        let name = format!("call-{}-{}", slug(adapter), &hash[..12]);
        let workflow = json!({
            "workflow": {
                "name": name,
                "version": ONE_STEP_VERSION,
                "output": "${ steps.call.output }",
                "steps": [step],
            }
        });
        Self {
            name,
            document: workflow.to_string(),
        }
    }
}

impl Runtime {
    /// Has the workflow in the catalog; applied when it is the first of its kind.
    pub(crate) async fn have_one_step(
        &self,
        one: &OneStep,
        actor: &str,
    ) -> Result<(), ApplyError<String>> {
        let OneStep { name, document } = one;
        if self
            .catalog()
            .recorded_workflow(name, ONE_STEP_VERSION)
            .is_some()
        {
            return Ok(());
        }
        let files = vec![(format!("{name}.yaml"), document.clone().into_bytes())];
        let (set, _) = ResourceSet::parse(files);
        let plan = |catalog: &Catalog| set.apply_to(catalog, &no_settings_check);
        let reason = "calls that no workflow makes are workflows of one step";
        match self.apply(actor, reason, plan).await {
            Ok(_) => Ok(()),
            Err(ApplyError::Unavailable(outage)) => Err(outage.into()),
            Err(ApplyError::Refused(findings)) => Err(ApplyError::Refused(format!("{findings:?}"))),
        }
    }
}

/// The time-out of a try, and how often it is tried.
fn plan_of(catalog: &Catalog, adapter: &str, action: &str) -> (Value, Value) {
    let plan = catalog.retry_plan(RetryQuestion {
        own: None,
        own_timeout_ms: None,
        adapter: Some(adapter),
        action: Some(action).filter(|action| !action.is_empty()),
        workflow: None,
    });
    let ms = |ms: u64| Value::String(format!("{ms}ms"));
    let attempts = match plan.max_attempts {
        0 => json!("unlimited"),
        count => json!(count),
    };
    let mut retry = json!({
        "max-attempts": attempts,
        "initial-interval": ms(plan.initial_interval_ms),
        "multiplier": plan.multiplier,
        "max-interval": ms(plan.max_interval_ms),
        "jitter": if plan.jitter == Jitter::Full { "full" } else { "none" },
        "on-exhausted": "dead-letter",
    });
    if plan.max_elapsed_ms > 0 {
        retry["max-elapsed"] = ms(plan.max_elapsed_ms);
    }
    for (key, patterns) in [("retry-on", &plan.retry_on), ("never-on", &plan.never_on)] {
        if !patterns.is_empty() {
            retry[key] = json!(patterns);
        }
    }
    (ms(plan.timeout_ms), retry)
}

/// A name's letters and digits in kebab-case.
fn slug(name: &str) -> String {
    let fitting = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let text: String = name.chars().map(fitting).take(40).collect();
    text.trim_matches('-').to_owned()
}
