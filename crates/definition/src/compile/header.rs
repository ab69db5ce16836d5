//! What stands around the steps: input, attributes.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::Template;
use serde_json::Value;

use super::context::Lowering;
use crate::diagnostic::{At, codes};
use crate::input::InputCheck;
use crate::source::Node;

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

    /// A schema, checked to be one.
    pub(super) fn schema(&mut self, node: Option<&Node>) -> (Option<Arc<Value>>, InputCheck) {
        let Some(node) = node else {
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
}
