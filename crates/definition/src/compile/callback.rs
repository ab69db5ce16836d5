//! Callbacks: who is told of lifecycle events.

use std::sync::Arc;

use serde_json::Value;

use super::context::{Lowering, Use, UseKind};
use super::known::Known;
use super::resolved::put_names;
use super::stepless::without_steps;
use crate::check::is_kebab_case;
use crate::diagnostic::{At, Report, codes, nearest};
use crate::lifecycle::{Callback, DELIVERY_PREFIX, LIFECYCLE};
use crate::source::Node;
use crate::workflow::error_matches;

/// Digits of the URL's hash in a name that nobody gave.
const HASH_DIGITS: usize = 8;

/// Its name: its own, or the event and a short hash of the URL, and before that the workflow's that it stands in. None
/// where it cannot be told.
pub(crate) fn callback_name(node: &Node, workflow: Option<&str>) -> Option<String> {
    let own = match node.text_at("name") {
        Some(name) => name.to_owned(),
        None => default_name(node.text_at("event")?, node.text_at("url")?),
    };
    Some(match workflow {
        Some(workflow) => format!("{workflow}-{own}"),
        None => own,
    })
}

fn default_name(event: &str, url: &str) -> String {
    let hash = blake3::hash(url.as_bytes()).to_hex();
    let words = event.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        words.push("all");
    }
    format!("{}-{}", words.join("-"), &hash[..HASH_DIGITS])
}

/// Lowers a callback for all workflows whose shape was checked, and gives the names that have to be looked up among the
/// other resources. Everything else that is wrong is reported; without an event and a URL there is none.
pub(crate) fn lower_callback(
    report: &mut Report,
    known: &Known<'_>,
    node: &Node,
) -> (Option<Callback>, Vec<Use>) {
    let (callback, collected) = without_steps(report, known, node, |lowering| {
        let workflow = lowering.filtered_workflow(node);
        lowering.callback(node, None, workflow)
    });
    let mut document = node.to_json();
    put_names(&mut document, &collected);
    let callback = callback.map(|callback| Callback {
        document: Arc::new(document),
        ..callback
    });
    (callback, collected.uses)
}

impl Lowering<'_> {
    /// A workflow's own.
    pub(super) fn callbacks(&mut self, workflow: &Node) -> Vec<Arc<Callback>> {
        let Some(name) = workflow.text_at("name") else {
            return Vec::new();
        };
        let given = workflow
            .get("callbacks")
            .map(Node::items)
            .unwrap_or_default();
        let mut callbacks: Vec<Arc<Callback>> = Vec::new();
        for node in given {
            if let Some(entry) = node.entry("workflow") {
                let message = "`workflow` belongs to a callback that stands beside the workflows";
                self.report
                    .error(&codes::MISPLACED, &At::key(entry), message);
            }
            let callback = self.callback(node, Some(name), Some(name.to_owned()));
            let Some(callback) = callback else { continue };
            if callbacks.iter().any(|other| other.name == callback.name) {
                let message = format!("the callback {} is given twice", callback.name);
                let found = self
                    .report
                    .error(&codes::DUPLICATE_ID, &At::node(node), message);
                found.hint("give one of them another `name`");
            }
            callbacks.push(Arc::new(callback));
        }
        callbacks
    }

    fn callback(
        &mut self,
        node: &Node,
        within: Option<&str>,
        workflow: Option<String>,
    ) -> Option<Callback> {
        let event = self.lifecycle_types(node);
        let when = self.condition_at(node, "when", &self.of_event());
        let secrets = node.get("secret").map(|given| self.secrets(given));
        Some(Callback {
            name: self.name_of_callback(node, within)?,
            event: event?,
            url: node.text_at("url")?.to_owned(),
            workflow,
            when,
            ordered: node.get("ordered").and_then(Node::bool) == Some(true),
            signed: secrets.is_some(),
            document: Arc::new(Value::Null),
        })
    }

    fn name_of_callback(&mut self, node: &Node, within: Option<&str>) -> Option<String> {
        let name = callback_name(node, within)?;
        let given = node.get("name").or_else(|| node.get("event"));
        if !is_kebab_case(&format!("{DELIVERY_PREFIX}{name}")) {
            let message = format!("`{name}` is too long for the name of a callback");
            let at = given.map(At::node).unwrap_or_default();
            let found = self.report.error(&codes::BAD_NAME, &at, message);
            found.hint("give it a short `name`");
            return None;
        }
        Some(name)
    }

    /// A type that there is, or the beginning of some.
    fn lifecycle_types(&mut self, node: &Node) -> Option<String> {
        let given = node.get("event")?;
        let text = given.text()?;
        let mut known = LIFECYCLE.iter().map(|known| known.name);
        if known.any(|known| error_matches(text, known)) {
            return Some(text.to_owned());
        }
        let known = LIFECYCLE.iter().map(|known| known.name);
        let message = format!("there is no lifecycle event `{text}`");
        let hint = match nearest(text, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        let found = self
            .report
            .error(&codes::BAD_VALUE, &At::node(given), message);
        found.hint(hint);
        None
    }

    fn filtered_workflow(&mut self, node: &Node) -> Option<String> {
        let given = node.get("workflow")?;
        let name = given.text()?.to_owned();
        let kind = UseKind::Workflow {
            name: name.clone(),
            range: None,
        };
        let at = At::node(given);
        self.collected.uses.push(Use { at, kind });
        Some(name)
    }
}
