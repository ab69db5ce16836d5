//! What stands around the steps: triggers, input, attributes.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::Template;
use serde_json::Value;

use super::context::Lowering;
use super::expressions::Place;
use super::visibility::Moment;
use crate::diagnostic::{At, codes};
use crate::input::InputCheck;
use crate::source::Node;
use crate::workflow::{Trigger, TriggerKind};

impl Lowering<'_> {
    pub(super) fn attributes(&mut self, workflow: &Node) -> BTreeMap<String, Template> {
        let place = self.header();
        let entries = workflow
            .get("attributes")
            .map(Node::entries)
            .unwrap_or_default();
        let compiled = entries
            .iter()
            .map(|entry| (entry.key.clone(), self.template(&entry.value, &place)));
        let compiled: Vec<_> = compiled.collect();
        compiled
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The schema of the input, checked to be one.
    pub(super) fn input(&mut self, workflow: &Node) -> (Option<Arc<Value>>, InputCheck) {
        let Some(node) = workflow.get("input").and_then(|input| input.get("schema")) else {
            return (None, InputCheck::default());
        };
        let schema = node.to_json();
        match InputCheck::compile(&schema) {
            Ok(check) => (Some(Arc::new(schema)), check),
            Err(error) => {
                self.report
                    .error(&codes::BAD_SCHEMA, &At::node(node), error);
                (None, InputCheck::default())
            }
        }
    }

    pub(super) fn sensitive(&self, workflow: &Node) -> Vec<String> {
        let input = workflow
            .get("input")
            .and_then(|input| input.get("sensitive"));
        input
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect()
    }

    pub(super) fn triggers(&mut self, workflow: &Node) -> Vec<Trigger> {
        if let (Some(_), Some(both)) = (workflow.get("trigger"), workflow.entry("triggers")) {
            let message = "`triggers` stands instead of `trigger`, not beside it";
            self.report
                .error(&codes::MISPLACED, &At::key(both), message);
        }
        let one = workflow.get("trigger").into_iter();
        let all: Vec<_> = one
            .chain(
                workflow
                    .get("triggers")
                    .map(Node::items)
                    .unwrap_or_default(),
            )
            .collect();
        let mut triggers: Vec<Trigger> = Vec::new();
        for (index, node) in all.into_iter().enumerate() {
            let Some(trigger) = self.trigger(index, node) else {
                continue;
            };
            if triggers.iter().any(|other| other.id == trigger.id) {
                let message = format!("the trigger id `{}` is given twice", trigger.id);
                self.report
                    .error(&codes::DUPLICATE_ID, &At::node(node), message);
            }
            triggers.push(trigger);
        }
        triggers
    }

    fn trigger(&mut self, index: usize, node: &Node) -> Option<Trigger> {
        let kind = node.text_at("type")?;
        let id = node
            .text_at("id")
            .map_or_else(|| format!("{index}-{kind}"), str::to_owned);
        let source = node.text_at("source").map(str::to_owned);
        let kind = match (kind, source) {
            ("manual", _) => TriggerKind::Manual,
            ("webhook", Some(source)) => TriggerKind::Webhook { source },
            ("webhook", None) => {
                let found = self.report.error(
                    &codes::MISSING_KEY,
                    &At::node(node),
                    "a webhook trigger lacks the key `source`",
                );
                found.hint("add `source: ...`, the name in /api/v1/hooks/{source}");
                return None;
            }
            _ => return None,
        };
        let scope = self.scopes.condition_of_trigger.clone();
        let place = Place {
            scope,
            moment: Moment::Header,
            secrets: false,
        };
        let condition = self.condition_at(node, "condition", &place);
        let input = self.template_at(node, "input", &place);
        Some(Trigger {
            id,
            kind,
            condition,
            input,
        })
    }
}
