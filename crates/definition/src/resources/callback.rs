//! What a callback comes to: the adapter that it sends by, and the workflow that does the sending. Both are resources
//! as any, so that a delivery has retries, limits, a breaker, a history and a dead letter.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::apply::Applying;
use super::{ResourceKey, ResourceKind};
use crate::catalog::Catalog;
use crate::compile::{callback_name, lower_callback, secret_named};
use crate::diagnostic::{At, codes};
use crate::lifecycle::{DELIVERY_PREFIX, delivery_version};
use crate::source::{Entry, Node, NodeValue};
use crate::trigger::TriggerKind;

/// Lasts a day, whatever is answered; only one who is gone for good is not asked again.
fn default_retry() -> Value {
    json!({
        "max-attempts": "unlimited",
        "initial-interval": "5s",
        "multiplier": 2,
        "max-interval": "1h",
        "jitter": "full",
        "max-elapsed": "24h",
        "retry-on": ["*"],
        "never-on": ["http.410"],
        "on-exhausted": "dead-letter",
    })
}

/// The resources that deliver for a callback; `workflow` is the one that it stands in. None where it is not whole, which
/// is reported elsewhere.
pub(super) fn delivering(node: &Node, workflow: Option<&str>) -> Vec<(ResourceKey, Node)> {
    let (Some(name), Some(url)) = (callback_name(node, workflow), node.entry("url")) else {
        return Vec::new();
    };
    let name = format!("{DELIVERY_PREFIX}{name}");
    let ordered = node.get("ordered").and_then(Node::bool) == Some(true);
    let version = semver::Version::parse(delivery_version(ordered));
    let version = version.expect("the versions of deliveries are versions");
    vec![
        (
            ResourceKey::new(ResourceKind::Adapter, name.clone()),
            adapter(node, url, &name),
        ),
        (
            ResourceKey::workflow(name.clone(), version),
            Node::from_json(&delivery(&name, ordered)),
        ),
    ]
}

/// Keeps the places of what it takes from the callback, so that what the adapter's type says stands where it belongs.
fn adapter(callback: &Node, url: &Entry, name: &str) -> Node {
    let made = |key: &str, value: &Value| Entry {
        key: key.to_owned(),
        key_span: url.key_span,
        value: placed(Node::from_json(value), callback),
    };
    let mut entries = vec![
        made("name", &json!(name)),
        made("type", &json!("http")),
        url.clone(),
    ];
    let mut headers = vec![made("Content-Type", &json!("application/cloudevents+json"))];
    let own = callback
        .get("headers")
        .map(Node::entries)
        .unwrap_or_default();
    headers.extend(own.iter().cloned());
    entries.push(Entry {
        value: map(headers, callback),
        ..made("headers", &Value::Null)
    });
    // One that is not named as a secret is reported where it stands.
    if let Some(secret) = callback.entry("secret").filter(|given| named(&given.value)) {
        let signature = map(
            vec![secret.clone(), made("id", &json!("${ call.id }"))],
            callback,
        );
        let auth = Entry {
            value: signature,
            ..made("standard-webhooks", &Value::Null)
        };
        entries.push(Entry {
            value: map(vec![auth], callback),
            ..made("auth", &Value::Null)
        });
    }
    entries.push(retry(callback, &made));
    for (key, default) in [("timeout", json!("30s")), ("concurrency", json!(10))] {
        let own = callback.entry(key).cloned();
        entries.push(own.unwrap_or_else(|| made(key, &default)));
    }
    map(entries, callback)
}

/// The callback's own `retry`, and what it does not say; a policy that it names is taken as it is.
fn retry(callback: &Node, made: &dyn Fn(&str, &Value) -> Entry) -> Entry {
    let mut retry = made("retry", &default_retry());
    match callback.entry("retry") {
        Some(own) if own.value.kind() == "a mapping" => {
            if let NodeValue::Map(entries) = &mut retry.value.value {
                entries.retain(|entry| !own.value.has(&entry.key));
                entries.extend(own.value.entries().iter().cloned());
            }
            retry
        }
        Some(own) => own.clone(),
        None => retry,
    }
}

/// The workflow that sends. Its content never changes under its version.
fn delivery(name: &str, ordered: bool) -> Value {
    let mut workflow = json!({
        "name": name,
        "version": delivery_version(ordered),
        "description": "Delivers for a callback.",
        "on-failure": "stop",
        // Where the adapter says nothing: one that waits for its turn or for a breaker has all the time that takes.
        "defaults": { "timeout": "30s" },
        "steps": [{ "id": "deliver", "adapter": name }],
    });
    if ordered {
        workflow["concurrency"] = json!({ "limit": 1, "on-limit": "queue" });
    }
    workflow
}

fn named(secret: &Node) -> bool {
    let is_one = |node: &Node| node.text().and_then(secret_named).is_some();
    match &secret.value {
        NodeValue::List(items) => !items.is_empty() && items.iter().all(is_one),
        _ => is_one(secret),
    }
}

fn map(entries: Vec<Entry>, at: &Node) -> Node {
    Node {
        value: NodeValue::Map(entries),
        ..at.clone()
    }
}

/// What was made for a callback stands where that does.
fn placed(node: Node, at: &Node) -> Node {
    Node {
        span: at.span,
        path: at.path.clone(),
        ..node
    }
}

impl Applying<'_> {
    pub(super) fn callbacks(&mut self) {
        let names = self.names();
        for resource in self.of(ResourceKind::Callback) {
            let report = &mut self.reports[resource.file];
            let (callback, uses) = lower_callback(report, &names.known(), &resource.node);
            self.uses.push((resource.file, uses));
            callback
                .into_iter()
                .for_each(|callback| self.draft.put_callback(callback));
        }
    }

    /// Refuses workflows whose ends start each other in a circle: that would never come to rest.
    pub(super) fn trigger_circles(&mut self) {
        let starts = starts_of(&self.draft.catalog);
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for resource in self.of(ResourceKind::Workflow) {
            let name = resource.key.name.as_str();
            let Some(circle) = circle(&starts, name) else {
                continue;
            };
            let fresh = circle.iter().all(|name| !told.contains(name.as_str()));
            told.insert(name);
            if fresh {
                let way = circle.join(", ");
                let message =
                    format!("the ends of these workflows start each other in a circle: {way}");
                let at = resource.node.get("name").map(At::node).unwrap_or_default();
                let found = self.reports[resource.file].error(&codes::BAD_VALUE, &at, message);
                found.hint("it would never come to rest; leave one of the triggers out");
            }
        }
    }
}

/// Which workflows the end of each one starts, at the versions that a start would take.
fn starts_of(catalog: &Catalog) -> BTreeMap<String, BTreeSet<String>> {
    let mut starts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let names = catalog.workflows.keys();
    for workflow in names.filter_map(|name| catalog.workflow(name, None)) {
        for trigger in &workflow.triggers {
            if let TriggerKind::Workflow(end) = &trigger.kind {
                let started = starts.entry(end.name.clone()).or_default();
                started.insert(workflow.name.clone());
            }
        }
    }
    starts
}

/// The way from a workflow back to itself, both ends included, if there is one.
fn circle(starts: &BTreeMap<String, BTreeSet<String>>, start: &str) -> Option<Vec<String>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(name) = next.pop_front() {
        for started in starts.get(name).into_iter().flatten() {
            if started == start {
                let before = std::iter::successors(Some(name), |name| from.get(name).copied());
                let mut way: Vec<String> = before.map(str::to_owned).collect();
                way.reverse();
                way.push(start.to_owned());
                return Some(way);
            }
            if !from.contains_key(started.as_str()) {
                from.insert(started, name);
                next.push_back(started);
            }
        }
    }
    None
}
