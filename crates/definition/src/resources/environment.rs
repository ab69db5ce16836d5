//! Environments and the defaults of policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::duration;
use serde_json::Value;

use super::{ResourceKey, ResourceKind};
use crate::catalog::{Environment, PolicyDefaults};
use crate::limits::{read_breaker, read_rate};
use crate::man::Risk;
use crate::policy::{read_default_keep, read_retry_choice};
use crate::source::Node;

/// No chain of `extends` is longer.
const MAX_CHAIN: usize = 32;

/// The defaults of a node whose shape was checked.
pub(super) fn read_defaults(node: &Node) -> PolicyDefaults {
    PolicyDefaults {
        retry: node.get("retry").and_then(read_retry_choice),
        timeout_ms: duration_at(node, "timeout"),
        breaker: read_breaker(node),
        rate: read_rate(node),
        keep_instances_ms: read_default_keep(node, "instances"),
        keep_dead_letters_ms: read_default_keep(node, "dead-letters"),
        keep_events_ms: read_default_keep(node, "events"),
    }
}

/// All environments, each with what it extends folded in.
pub(super) fn fold_all(
    resources: &BTreeMap<ResourceKey, Arc<Value>>,
) -> BTreeMap<String, Environment> {
    let environments = resources
        .iter()
        .filter(|(key, _)| key.kind == ResourceKind::Environment);
    environments
        .map(|(key, _)| (key.name.clone(), fold(resources, &key.name)))
        .collect()
}

/// Why an environment cannot extend what it names.
pub(super) enum ExtendsError {
    Unknown(String),
    Circle(String),
}

/// Follows `extends` from an environment to its end.
pub(super) fn check_extends(
    resources: &BTreeMap<ResourceKey, Arc<Value>>,
    name: &str,
) -> Result<(), ExtendsError> {
    let mut seen = vec![name.to_owned()];
    while let Some(next) = seen.last().and_then(|last| extends(resources, last)) {
        if !resources.contains_key(&key(&next)) {
            return Err(ExtendsError::Unknown(next));
        }
        if seen.contains(&next) || seen.len() > MAX_CHAIN {
            return Err(ExtendsError::Circle(next));
        }
        seen.push(next);
    }
    Ok(())
}

fn fold(resources: &BTreeMap<ResourceKey, Arc<Value>>, name: &str) -> Environment {
    let mut folded = Environment::default();
    let mut next = Some(name.to_owned());
    for _ in 0..MAX_CHAIN {
        let Some(document) = next.and_then(|name| resources.get(&key(&name))) else {
            break;
        };
        folded = fill(folded, read(&Node::from_json(document)));
        next = document
            .get("extends")
            .and_then(Value::as_str)
            .map(str::to_owned);
    }
    folded
}

/// What the first environment does not say, the second gives.
fn fill(first: Environment, second: Environment) -> Environment {
    let mut vars = second.vars;
    vars.extend(first.vars);
    Environment {
        retry_attempts: first.retry_attempts.or(second.retry_attempts),
        timeout_ms: first.timeout_ms.or(second.timeout_ms),
        man_mode_threshold: first.man_mode_threshold.or(second.man_mode_threshold),
        vars,
    }
}

fn read(node: &Node) -> Environment {
    let vars = node
        .get("vars")
        .map(Node::entries)
        .unwrap_or_default()
        .iter();
    let attempts = node.get("retry-attempts").and_then(Node::count);
    Environment {
        retry_attempts: attempts.and_then(|attempts| u32::try_from(attempts).ok()),
        timeout_ms: duration_at(node, "timeout"),
        man_mode_threshold: node.text_at("man-mode-threshold").and_then(Risk::of_word),
        vars: vars
            .map(|entry| (entry.key.clone(), Arc::new(entry.value.to_json())))
            .collect(),
    }
}

fn extends(resources: &BTreeMap<ResourceKey, Arc<Value>>, name: &str) -> Option<String> {
    resources
        .get(&key(name))?
        .get("extends")?
        .as_str()
        .map(str::to_owned)
}

fn key(name: &str) -> ResourceKey {
    ResourceKey::new(ResourceKind::Environment, name)
}

fn duration_at(node: &Node, key: &str) -> Option<u64> {
    node.text_at(key)
        .and_then(|text| duration::parse(text).ok())
}
