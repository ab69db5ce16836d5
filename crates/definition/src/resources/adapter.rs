//! Adapters: what the engine reads of them, and the checks of their own types.

use std::sync::Arc;

use expression::duration;
use serde_json::Value;

use crate::catalog::{ActionSpec, AdapterSpec};
use crate::compile::check_adapter_templates;
use crate::diagnostic::{At, Report, codes, nearest};
use crate::language::ADAPTER_TYPES;
use crate::limits::{check_limits, read_breaker, read_rate};
use crate::man::Risk;
use crate::policy::read_retry_choice;
use crate::source::Node;

/// Something that an adapter's type refuses in its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// JSON pointer into the adapter's document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
    /// Right, but of a later release.
    pub not_yet: bool,
}

/// Asks an adapter's type (first argument) about a whole document (second).
pub type SettingsCheck<'a> = dyn Fn(&str, &Value) -> Vec<SettingsError> + 'a;

/// A check that finds nothing: where adapter types are not at hand.
#[must_use]
pub fn no_settings_check(_kind: &str, _settings: &Value) -> Vec<SettingsError> {
    Vec::new()
}

/// The adapter of a node whose shape was checked; none without name or with an unknown type.
pub(super) fn read(report: &mut Report, node: &Node) -> Option<AdapterSpec> {
    let (name, kind) = (node.text_at("name")?, node.text_at("type")?);
    if !ADAPTER_TYPES.contains(&kind) {
        unknown_type(report, node, kind);
        return None;
    }
    let actions = node.get("actions").map(Node::entries).unwrap_or_default();
    Some(AdapterSpec {
        name: name.to_owned(),
        kind: kind.to_owned(),
        default_action: node.text_at("default-action").map(str::to_owned),
        retry: node.get("retry").and_then(read_retry_choice),
        timeout_ms: duration_at(node),
        concurrency: concurrency_at(node),
        breaker: read_breaker(node),
        rate: read_rate(node),
        actions: actions
            .iter()
            .map(|entry| (entry.key.clone(), read_action(&entry.value)))
            .collect(),
        settings: Arc::new(node.to_json()),
    })
}

/// Lets the adapter's type look at its settings; what was reported at the same place before is not repeated.
pub(super) fn check_settings(
    report: &mut Report,
    node: &Node,
    spec: &AdapterSpec,
    check: &SettingsCheck<'_>,
) {
    check_adapter_templates(report, node);
    check_limits(report, node);
    let base = node.path.pointer();
    for error in check(&spec.kind, &spec.settings) {
        let pointer = format!("{base}{}", error.pointer);
        let refused = |found: &crate::diagnostic::Diagnostic| {
            found.pointer == pointer && found.refuses_apply()
        };
        if report.diagnostics.iter().any(refused) {
            continue;
        }
        let at = place(node, &error.pointer);
        let found = if error.not_yet {
            let what = error.message.trim_end_matches(" is not available yet");
            report.not_yet(&at, what)
        } else {
            report.error(&codes::BAD_SETTINGS, &at, error.message)
        };
        found.hint = error.hint;
    }
}

fn read_action(node: &Node) -> ActionSpec {
    ActionSpec {
        retry: node.get("retry").and_then(read_retry_choice),
        timeout_ms: duration_at(node),
        risk: node.text_at("risk").and_then(Risk::of_word),
        concurrency: concurrency_at(node),
        async_callback: node.text_at("async") == Some("callback"),
    }
}

fn concurrency_at(node: &Node) -> Option<u32> {
    u32::try_from(node.get("concurrency")?.count()?).ok()
}

fn duration_at(node: &Node) -> Option<u64> {
    node.text_at("timeout")
        .and_then(|text| duration::parse(text).ok())
}

fn unknown_type(report: &mut Report, node: &Node, kind: &str) {
    let at = node.get("type").map(At::node).unwrap_or_default();
    let found = report.error(
        &codes::UNKNOWN_TYPE,
        &at,
        format!("there is no adapter type `{kind}`"),
    );
    found.hint(match nearest(kind, ADAPTER_TYPES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "expected `http` or `builtin`".to_owned(),
    });
}

/// The node at a JSON pointer, or the nearest one around it.
fn place(node: &Node, pointer: &str) -> At {
    let mut at = At::node(node);
    let mut current = node;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        if let Some(entry) = current.entry(&name) {
            at = At::key(entry);
            current = &entry.value;
        } else if let Some(item) = name
            .parse()
            .ok()
            .and_then(|index: usize| current.items().get(index))
        {
            at = At::node(item);
            current = item;
        } else {
            break;
        }
    }
    at
}
