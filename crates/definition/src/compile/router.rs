//! Routers: their rules, and where these send events.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::context::{Lowering, Use, UseKind};
use super::expressions::Place;
use super::known::{Known, PlaceName};
use super::resolved::put_names;
use super::stepless::without_steps;
use crate::check::is_kebab_case;
use crate::diagnostic::{At, Report, codes};
use crate::router::{
    Balance, DEFAULT_ROUTER, Destination, Pool, PoolMember, Router, RouterMode, RouterRule, Target,
};
use crate::source::{Node, NodeValue};
use crate::turn::MAX_WEIGHT;
use expression::Scope;

/// What `score` sees of a member.
const TARGET_FIELDS: [&str; 5] = ["weight", "in-flight", "latency-p95", "error-rate", "zone"];

/// No pool is larger.
const MAX_MEMBERS: usize = 64;

/// A part of a router, and its stored form.
type Part<T> = (T, Value);

/// A router's name, of either form.
pub(crate) fn router_name(node: &Node) -> &str {
    node.text_at("name").unwrap_or(DEFAULT_ROUTER)
}

/// Lowers a router whose shape was checked, and gives the names that have to be looked up among the other resources.
/// Everything else that is wrong is reported; what was refused is left out.
pub(crate) fn lower_router(
    report: &mut Report,
    known: &Known<'_>,
    node: &Node,
) -> (Router, Vec<Use>) {
    let ((router, mut document), collected) =
        without_steps(report, known, node, |lowering| lowering.router(node));
    put_names(&mut document, &collected);
    let router = Router {
        document: Arc::new(document),
        ..router
    };
    (router, collected.uses)
}

impl Lowering<'_> {
    fn router(&mut self, node: &Node) -> Part<Router> {
        let place = self.routing();
        // The short form is the rules alone.
        let items = node.get("rules").unwrap_or(node);
        let mut document = Map::new();
        let (rules, mut default) = self.rules(items, &place);
        if let Some(entry) = node.entry("default") {
            if default.is_some() {
                let message = "`default` stands beside `rules` or as the last of them, not both";
                self.report
                    .error(&codes::MISPLACED, &At::key(entry), message);
            }
            default = self.destination(&entry.value);
        }
        if items.items().is_empty() && items.kind() == "a list" && !node.has("default") {
            let message = "expected at least one rule or a `default`";
            self.report
                .error(&codes::BAD_VALUE, &At::node(items), message);
        }
        let name = router_name(node).to_owned();
        document.insert("name".to_owned(), json!(name));
        document.extend(as_given(node, &["description", "match", "mode"]));
        let stored = rules.iter().map(|(_, stored)| stored.clone());
        document.insert("rules".to_owned(), stored.collect());
        let default = default.map(|(default, stored)| {
            document.insert("default".to_owned(), stored);
            default
        });
        let router = Router {
            name,
            condition: self.condition_at(node, "match", &place),
            mode: match node.text_at("mode") {
                Some("all") => RouterMode::All,
                _ => RouterMode::First,
            },
            rules: rules.into_iter().map(|(rule, _)| rule).collect(),
            default,
            document: Arc::new(Value::Null),
        };
        (router, Value::Object(document))
    }

    fn rules(
        &mut self,
        node: &Node,
        place: &Place,
    ) -> (Vec<Part<RouterRule>>, Option<Part<Destination>>) {
        let (mut rules, mut default) = (Vec::<Part<RouterRule>>::new(), None);
        let items = node.items();
        for (index, item) in items.iter().enumerate() {
            if item.has("default") {
                self.check_default(item, index + 1 == items.len());
                default = item
                    .get("default")
                    .and_then(|given| self.destination(given));
                continue;
            }
            let rule = self.rule(item, place);
            let name = rule.as_ref().and_then(|(rule, _)| rule.name.as_deref());
            if let Some(name) = name
                && rules
                    .iter()
                    .any(|(other, _)| other.name.as_deref() == Some(name))
            {
                let at = item.get("name").map(At::node).unwrap_or_default();
                let message = format!("the rule name `{name}` is given twice");
                self.report.error(&codes::DUPLICATE_ID, &at, message);
            }
            rules.extend(rule);
        }
        (rules, default)
    }

    fn check_default(&mut self, item: &Node, last: bool) {
        let Some(default) = item.entry("default") else {
            return;
        };
        if let [_, _, ..] = item.entries() {
            let message = "`default` stands alone, without `condition` and `destination`";
            self.report
                .error(&codes::MISPLACED, &At::key(default), message);
        } else if !last {
            let message = "the rules after `default` are never reached";
            let found = self
                .report
                .error(&codes::CASE_ORDER, &At::key(default), message);
            found.hint("move it to the end");
        }
    }

    fn rule(&mut self, node: &Node, place: &Place) -> Option<Part<RouterRule>> {
        for key in ["condition", "destination"] {
            if !node.has(key) && !node.is_broken() {
                let message = format!("a rule lacks the key `{key}`");
                let found = self
                    .report
                    .error(&codes::MISSING_KEY, &At::node(node), message);
                found.hint(
                    "a rule is `{ condition, destination }`, the last one may be `{ default: NAME }`",
                );
            }
        }
        let condition = self.condition_at(node, "condition", place);
        let priority = self.priority(node, place);
        let transform = self.template_at(node, "transform", place);
        let (destination, stored) = self.destination(node.get("destination")?)?;
        let mut document = Map::new();
        document.extend(as_given(
            node,
            &["name", "condition", "priority", "transform"],
        ));
        document.insert("destination".to_owned(), stored);
        let rule = RouterRule {
            name: node.text_at("name").map(str::to_owned),
            condition: condition?,
            destination,
            priority,
            transform,
        };
        Some((rule, Value::Object(document)))
    }

    fn destination(&mut self, node: &Node) -> Option<Part<Destination>> {
        let Some(pool) = node.get("pool") else {
            let (target, stored) = self.target(node, &["workflow", "adapter", "router", "pool"])?;
            return Some((Destination::One(target), stored));
        };
        self.one_of(node, &["workflow", "adapter", "router", "pool"])?;
        let members: Vec<_> = pool
            .items()
            .iter()
            .filter_map(|item| self.member(item))
            .collect();
        if pool.items().is_empty() || pool.items().len() > MAX_MEMBERS {
            let message = format!("expected 1 to {MAX_MEMBERS} destinations in the pool");
            self.report
                .error(&codes::BAD_VALUE, &At::node(pool), message);
        }
        let balance = self.balance(node)?;
        let mut document = Map::new();
        let stored = members.iter().map(|(_, stored)| stored.clone());
        document.insert("pool".to_owned(), stored.collect());
        document.extend(as_given(node, &["balance", "score"]));
        let members = members.into_iter().map(|(member, _)| member).collect();
        let pool = Destination::Pool(Pool { members, balance });
        Some((pool, Value::Object(document)))
    }

    fn balance(&mut self, node: &Node) -> Option<Balance> {
        let custom = node.text_at("balance") == Some("custom");
        if let Some(score) = node.entry("score").filter(|_| !custom) {
            let message = "`score` stands only beside `balance: custom`";
            self.report
                .error(&codes::MISPLACED, &At::key(score), message);
        }
        if custom && !node.has("score") {
            let at = node.entry("balance").map(At::key).unwrap_or_default();
            let message = "`balance: custom` lacks the key `score`";
            let found = self.report.error(&codes::MISSING_KEY, &at, message);
            found.hint("the member with the highest score takes the event: score: 1.0 / (1 + target.in-flight)");
        }
        match node.text_at("balance") {
            Some("weighted") => Some(Balance::Weighted),
            Some("least-connections") => Some(Balance::LeastConnections),
            Some("custom") => {
                let scope = Scope::new()
                    .record("target", TARGET_FIELDS)
                    .record("node", ["zone"]);
                let place = Place::beside_steps(Rc::new(scope));
                self.condition_at(node, "score", &place)
                    .map(Balance::Custom)
            }
            _ => Some(Balance::RoundRobin),
        }
    }

    fn member(&mut self, node: &Node) -> Option<Part<PoolMember>> {
        let given = node.get("destination").unwrap_or(node);
        if matches!(node.value, NodeValue::Map(_)) && !node.has("destination") {
            // That the key is missing was reported.
            return None;
        }
        let weight = self.weight(node);
        let zone = node.text_at("zone").map(str::to_owned);
        let (target, stored) = self.target(given, &["workflow", "adapter", "router"])?;
        let mut document = Map::new();
        document.insert("destination".to_owned(), stored);
        document.extend(as_given(node, &["weight", "zone"]));
        let member = PoolMember {
            target,
            weight,
            zone,
        };
        Some((member, Value::Object(document)))
    }

    fn weight(&mut self, node: &Node) -> u32 {
        let Some(given) = node.get("weight") else {
            return 1;
        };
        let weight = given.count().unwrap_or(1);
        if weight > u64::from(MAX_WEIGHT) {
            let message = format!("expected a weight of at most {MAX_WEIGHT}, but got {weight}");
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        u32::try_from(weight).unwrap_or(MAX_WEIGHT)
    }

    /// Reports a destination that says nothing, or several things.
    fn one_of(&mut self, node: &Node, keys: &[&str]) -> Option<()> {
        let given = keys.iter().filter(|key| node.has(key)).count();
        if given != 1 && !node.is_broken() {
            let words: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let message = format!("expected exactly one of {}", words.join(", "));
            self.report
                .error(&codes::ACTION_COUNT, &At::node(node), message);
        }
        (given == 1).then_some(())
    }

    fn target(&mut self, node: &Node, keys: &[&str]) -> Option<Part<Target>> {
        if let Some(text) = node.text() {
            let target = self.target_named(node, text)?;
            let stored = stored_target(&target);
            return Some((target, stored));
        }
        self.one_of(node, keys)?;
        let (key, named) = ["workflow", "adapter", "router"]
            .into_iter()
            .find_map(|key| Some((key, node.get(key)?)))?;
        let name = named.text()?.to_owned();
        let target = match key {
            "workflow" => Target::Workflow(name),
            "router" => Target::Router(name),
            _ => Target::Adapter {
                adapter: name,
                action: node.text_at("action").map(str::to_owned),
            },
        };
        self.note_target(named, &target);
        let stored = stored_target(&target);
        Some((target, stored))
    }

    /// What a bare name means: a workflow, an adapter, a router.
    fn target_named(&mut self, node: &Node, text: &str) -> Option<Target> {
        let (name, action) = match text.split_once('/') {
            Some((name, action)) => (name, Some(action)),
            None => (text, None),
        };
        if !is_kebab_case(name) || action == Some("") {
            let message = format!(
                "expected the name of a workflow, an adapter or a router, or `ADAPTER/ACTION`, but found `{text}`"
            );
            self.report
                .error(&codes::BAD_NAME, &At::node(node), message);
            return None;
        }
        let name = name.to_owned();
        let target = match (self.known.place_name(&name), action) {
            (_, Some(action)) => Target::Adapter {
                adapter: name,
                action: Some(action.to_owned()),
            },
            (PlaceName::Workflow, None) => Target::Workflow(name),
            (PlaceName::Adapter, None) => Target::Adapter {
                adapter: name,
                action: None,
            },
            (PlaceName::Router, None) => Target::Router(name),
            (PlaceName::Unknown, None) => {
                self.note(node, UseKind::Destination(name.clone()));
                return Some(Target::Workflow(name));
            }
        };
        self.note_target(node, &target);
        Some(target)
    }

    fn note_target(&mut self, node: &Node, target: &Target) {
        let kind = match target.clone() {
            Target::Workflow(name) => UseKind::Workflow { name, range: None },
            Target::Adapter { adapter, action } => UseKind::Adapter {
                name: adapter,
                action,
            },
            Target::Router(name) => UseKind::Router(name),
        };
        self.note(node, kind);
    }
}

/// These keys as they were given.
fn as_given<'n>(node: &'n Node, keys: &'n [&str]) -> impl Iterator<Item = (String, Value)> + 'n {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), node.get(key)?.to_json())))
}

fn stored_target(target: &Target) -> Value {
    match target {
        Target::Workflow(name) => json!({ "workflow": name }),
        Target::Adapter {
            adapter,
            action: None,
        } => json!({ "adapter": adapter }),
        Target::Adapter {
            adapter,
            action: Some(action),
        } => json!({ "adapter": adapter, "action": action }),
        Target::Router(name) => json!({ "router": name }),
    }
}
