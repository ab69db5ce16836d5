//! How long ended instances are kept.

use expression::duration;

use crate::catalog::Catalog;
use crate::diagnostic::{At, Report, codes};
use crate::source::Node;

/// Nothing is kept for less, in milliseconds: who has started something can at least look at it.
const SHORTEST_MS: u64 = 1_000;

/// One entry of `policies.retention`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// After an instance's end, in milliseconds.
    pub keep_ms: u64,
}

impl Catalog {
    /// The name of the rule of retention that is about an ended instance: the one for its workflow
    /// and status, else for its workflow, else for its status. None: the default.
    pub fn retention_rule(&self, workflow: &str, status: &str) -> Option<&str> {
        if self.retention_rules.is_empty() {
            return None;
        }
        let (workflow, status) = (Some(workflow), Some(status));
        [(workflow, status), (workflow, None), (None, status)]
            .into_iter()
            .find_map(|(workflow, status)| {
                let name = rule_name(workflow, status);
                self.retention_rules.get_key_value(&name)
            })
            .map(|(name, _)| name.as_str())
    }
}

/// A rule is named by what it matches: one for the same replaces it.
pub(crate) fn name_of_rule(node: &Node) -> String {
    let matched = |key| node.get("match").and_then(|node| node.text_at(key));
    rule_name(matched("workflow"), matched("status"))
}

fn rule_name(workflow: Option<&str>, status: Option<&str>) -> String {
    match (workflow, status) {
        (Some(workflow), Some(status)) => format!("workflow={workflow},status={status}"),
        (Some(workflow), None) => format!("workflow={workflow}"),
        (None, Some(status)) => format!("status={status}"),
        (None, None) => "all".to_owned(),
    }
}

/// A rule, from a node whose shape was checked.
pub(crate) fn read_retention_rule(node: &Node) -> Option<RetentionRule> {
    let keep_ms = duration::parse(node.text_at("keep")?).ok()?;
    Some(RetentionRule { keep_ms })
}

/// `defaults.retention.instances` or another key of it, from a node whose shape was checked.
pub(crate) fn read_default_keep(defaults: &Node, of: &str) -> Option<u64> {
    let keep = defaults.get("retention")?.text_at(of)?;
    duration::parse(keep).ok()
}

/// Reports what a rule must not say.
pub(crate) fn check_retention_rule(report: &mut Report, node: &Node) {
    if let Some(matched) = node.get("match")
        && matched.entries().is_empty()
    {
        let message = "expected `workflow`, `status` or both, but the rule matches everything";
        let found = report.error(&codes::BAD_VALUE, &At::node(matched), message);
        found.hint("what no rule matches is kept for `policies.defaults.retention.instances`");
    }
    check_keep(report, node.get("keep"));
}

/// Reports a time that is too short.
pub(crate) fn check_default_keep(report: &mut Report, defaults: &Node) {
    let retention = defaults.get("retention");
    for key in ["instances", "events", "dead-letters"] {
        check_keep(report, retention.and_then(|node| node.get(key)));
    }
}

fn check_keep(report: &mut Report, keep: Option<&Node>) {
    let Some((node, text)) = keep.and_then(|node| Some((node, node.text()?))) else {
        return;
    };
    if duration::parse(text).is_ok_and(|keep_ms| keep_ms < SHORTEST_MS) {
        let message = format!("expected at least 1s, but found `{text}`");
        report.error(&codes::BAD_VALUE, &At::node(node), message);
    }
}
