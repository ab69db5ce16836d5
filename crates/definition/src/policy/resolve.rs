//! Which retry plan a call gets, and where each of its values comes from.

use super::built_in::{built_in, standard};
use super::{Attempts, Jitter, OnExhausted, PolicyRule, RetryPlan, RetryPolicy};
use crate::catalog::{AdapterSpec, Catalog, DEFAULT_TIMEOUT_MS, Environment, RetryQuestion};
use crate::workflow::RetryChoice;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The step or compensation itself.
    Step,
    /// The adapter's action.
    Action,
    /// The adapter.
    Adapter,
    /// The workflow's `defaults`.
    Workflow,
    /// A rule under `policies.rules`.
    Rule(String),
    /// `policies.defaults`.
    Defaults,
    /// A policy under `policies.retry`.
    Policy(String),
    /// The environment that the server runs as.
    Environment(String),
    /// A built-in policy.
    BuiltIn(String),
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained<T> {
    /// The value that holds.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// A retry plan with the origin of each value.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanExplanation {
    /// The policy's name (none for an object) and what chose it.
    pub policy: Explained<Option<String>>,
    /// Attempts in total.
    pub max_attempts: Explained<Attempts>,
    /// Before the second attempt, in milliseconds.
    pub initial_interval_ms: Explained<u64>,
    /// Growth from one interval to the next.
    pub multiplier: Explained<f64>,
    /// No interval is longer, in milliseconds.
    pub max_interval_ms: Explained<u64>,
    /// How intervals are spread.
    pub jitter: Explained<Jitter>,
    /// No attempt begins later than this after the first, in milliseconds; 0 means no limit.
    pub max_elapsed_ms: Explained<u64>,
    /// Only these are retried; empty means all retryable errors.
    pub retry_on: Explained<Vec<String>>,
    /// These are never retried.
    pub never_on: Explained<Vec<String>>,
    /// When no attempt is left or the error is not retryable.
    pub on_exhausted: Explained<OnExhausted>,
    /// Of one attempt, in milliseconds.
    pub timeout_ms: Explained<u64>,
    /// What rules would set that only evaluate, in words.
    pub evaluated: Vec<String>,
}

/// The retry plan of a call.
pub(crate) fn resolve(catalog: &Catalog, question: RetryQuestion<'_>) -> RetryPlan {
    let explained = explain(catalog, question);
    RetryPlan {
        max_attempts: match explained.max_attempts.value {
            Attempts::Limited(count) => count.max(1),
            Attempts::Unlimited => 0,
        },
        initial_interval_ms: explained.initial_interval_ms.value,
        multiplier: explained.multiplier.value,
        max_interval_ms: explained.max_interval_ms.value,
        jitter: explained.jitter.value,
        max_elapsed_ms: explained.max_elapsed_ms.value,
        retry_on: explained.retry_on.value,
        never_on: explained.never_on.value,
        on_exhausted: explained.on_exhausted.value,
        timeout_ms: explained.timeout_ms.value,
    }
}

/// The retry plan of a call, with the origin of each value.
pub(crate) fn explain(catalog: &Catalog, question: RetryQuestion<'_>) -> PlanExplanation {
    let place = CallPlace::new(catalog, question);
    let policy = place.policy();
    let layers = place.layers(&policy);
    PlanExplanation {
        policy: Explained {
            value: policy_name(&policy.value),
            origin: policy.origin,
        },
        max_attempts: first(&layers, |layer| layer.max_attempts),
        initial_interval_ms: first(&layers, |layer| layer.initial_interval_ms),
        multiplier: first(&layers, |layer| layer.multiplier),
        max_interval_ms: first(&layers, |layer| layer.max_interval_ms),
        jitter: first(&layers, |layer| layer.jitter),
        max_elapsed_ms: first(&layers, |layer| layer.max_elapsed_ms),
        retry_on: first(&layers, |layer| layer.retry_on.clone()),
        never_on: first(&layers, |layer| layer.never_on.clone()),
        on_exhausted: first(&layers, |layer| layer.on_exhausted),
        timeout_ms: place.timeout(),
        evaluated: place.evaluated(),
    }
}

/// A call with what is known about its place.
struct CallPlace<'a> {
    catalog: &'a Catalog,
    question: RetryQuestion<'a>,
    adapter: Option<&'a AdapterSpec>,
    environment: Option<&'a Environment>,
    /// Those about the call, the nearest first.
    rules: Vec<&'a PolicyRule>,
}

/// Fields of one origin; the first layer that has a field gives it.
struct Layer {
    fields: RetryPolicy,
    origin: Origin,
}

impl<'a> CallPlace<'a> {
    fn new(catalog: &'a Catalog, question: RetryQuestion<'a>) -> Self {
        let adapter = question
            .adapter
            .and_then(|name| catalog.adapters.get(name))
            .map(AsRef::as_ref);
        let environment = catalog.environments.get(&catalog.environment);
        let default_action = adapter.and_then(|adapter| adapter.default_action.as_deref());
        let rules = catalog.rules_about(
            question.workflow.map(|workflow| workflow.name.as_str()),
            question.adapter,
            question.action.or(default_action),
        );
        Self {
            rules,
            catalog,
            question,
            adapter,
            environment,
        }
    }

    fn action(&self) -> Option<&'a crate::catalog::ActionSpec> {
        let adapter = self.adapter?;
        let name = self.question.action.or(adapter.default_action.as_deref())?;
        adapter.actions.get(name)
    }

    /// What the nearest rule sets that sets anything of a kind.
    fn ruled<T>(&self, set: impl Fn(&'a PolicyRule) -> Option<T>) -> Option<(T, Origin)> {
        let mut enforced = self.rules.iter().filter(|rule| !rule.evaluate);
        enforced.find_map(|rule| Some((set(rule)?, Origin::Rule(rule.name.clone()))))
    }

    fn evaluated(&self) -> Vec<String> {
        let evaluated = self.rules.iter().filter(|rule| rule.evaluate);
        evaluated.map(|rule| rule.told()).collect()
    }

    /// The choice that is nearest to the call.
    fn policy(&self) -> Explained<RetryChoice> {
        let candidates = [
            (self.question.own, Origin::Step),
            (
                self.action().and_then(|action| action.retry.as_ref()),
                Origin::Action,
            ),
            (
                self.adapter.and_then(|adapter| adapter.retry.as_ref()),
                Origin::Adapter,
            ),
            (
                self.question
                    .workflow
                    .and_then(|workflow| workflow.default_retry.as_ref()),
                Origin::Workflow,
            ),
        ];
        let ruled = self.ruled(|rule| rule.retry.as_ref());
        let (ruled, by) = ruled.map_or((None, Origin::Defaults), |(set, by)| (Some(set), by));
        let further = [
            (ruled, by),
            (self.catalog.defaults.retry.as_ref(), Origin::Defaults),
        ];
        let nearest = candidates
            .into_iter()
            .chain(further)
            .find_map(|(choice, origin)| Some((choice?.clone(), origin)));
        let (value, origin) = nearest.unwrap_or_else(|| {
            let standard = "standard".to_owned();
            (
                RetryChoice::Named(standard.clone()),
                Origin::BuiltIn(standard),
            )
        });
        Explained { value, origin }
    }

    fn layers(&self, policy: &Explained<RetryChoice>) -> Vec<Layer> {
        let mut layers = Vec::new();
        match &policy.value {
            RetryChoice::Inline(fields) => {
                layers.push(Layer {
                    fields: fields.clone(),
                    origin: policy.origin.clone(),
                });
            }
            RetryChoice::Named(name) => layers.extend(self.named(name)),
        }
        layers.extend(self.named("standard"));
        layers.push(Layer {
            fields: standard(),
            origin: Origin::BuiltIn("standard".to_owned()),
        });
        layers
    }

    /// A policy by name. The environment's attempts go before those of a built-in policy; only `none` keeps its own,
    /// for its attempts are its meaning.
    fn named(&self, name: &str) -> Vec<Layer> {
        if let Some(fields) = self.catalog.retry_policies.get(name) {
            return vec![Layer {
                fields: fields.clone(),
                origin: Origin::Policy(name.to_owned()),
            }];
        }
        let Some(fields) = built_in(name) else {
            return Vec::new();
        };
        let built_in = Layer {
            fields,
            origin: Origin::BuiltIn(name.to_owned()),
        };
        match self
            .environment
            .and_then(|environment| environment.retry_attempts)
        {
            Some(attempts) if name != "none" => vec![self.environment_layer(attempts), built_in],
            _ => vec![built_in],
        }
    }

    fn environment_layer(&self, attempts: u32) -> Layer {
        let fields = RetryPolicy {
            max_attempts: Some(Attempts::Limited(attempts)),
            ..RetryPolicy::default()
        };
        Layer {
            fields,
            origin: Origin::Environment(self.catalog.environment.clone()),
        }
    }

    fn timeout(&self) -> Explained<u64> {
        let ruled = self.ruled(|rule| rule.timeout_ms);
        let ruled = ruled.map_or((None, Origin::Defaults), |(set, by)| (Some(set), by));
        let candidates = [
            (self.question.own_timeout_ms, Origin::Step),
            (
                self.action().and_then(|action| action.timeout_ms),
                Origin::Action,
            ),
            (
                self.adapter.and_then(|adapter| adapter.timeout_ms),
                Origin::Adapter,
            ),
            (
                self.question
                    .workflow
                    .and_then(|workflow| workflow.default_timeout_ms),
                Origin::Workflow,
            ),
            ruled,
            (self.catalog.defaults.timeout_ms, Origin::Defaults),
            (
                self.environment
                    .and_then(|environment| environment.timeout_ms),
                Origin::Environment(self.catalog.environment.clone()),
            ),
        ];
        let nearest = candidates.into_iter().find_map(|(value, origin)| {
            Some(Explained {
                value: value?,
                origin,
            })
        });
        let built_in = Origin::BuiltIn("standard".to_owned());
        nearest.unwrap_or(Explained {
            value: DEFAULT_TIMEOUT_MS,
            origin: built_in,
        })
    }
}

fn first<T>(layers: &[Layer], field: impl Fn(&RetryPolicy) -> Option<T>) -> Explained<T> {
    let found = layers.iter().find_map(|layer| {
        Some(Explained {
            value: field(&layer.fields)?,
            origin: layer.origin.clone(),
        })
    });
    found.expect("the last layer is the built-in standard, which has every field")
}

fn policy_name(choice: &RetryChoice) -> Option<String> {
    match choice {
        RetryChoice::Named(name) => Some(name.clone()),
        RetryChoice::Inline(_) => None,
    }
}
