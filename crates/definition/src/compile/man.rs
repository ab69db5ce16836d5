//! What holds a step back, and how a person is asked.

use expression::{Program, Scope};

use super::context::{Lowering, UseKind};
use super::expressions::{Place, refuse_expression};
use super::scopes::settings_named;
use super::visibility::Moment;
use crate::diagnostic::{At, Report, codes};
use crate::man::{
    Ask, Form, Gate, GateMode, ManEffect, ManPolicy, Notice, OnReject, OnTimeout, Risk, RiskPolicy,
    is_approver,
};
use crate::source::{Node, NodeValue};
use crate::workflow::{Action, StepIx};

/// What a notice sees of its decision.
pub(super) const DECISION_FIELDS: [&str; 6] = [
    "id",
    "prompt",
    "url",
    "approve-url",
    "reject-url",
    "expires-at",
];

impl Lowering<'_> {
    /// What a step says about its being held back.
    pub(super) fn gate(&mut self, step: StepIx, node: &Node) -> Option<Box<Gate>> {
        let risk = node.text_at("risk").and_then(Risk::of_word);
        let given = node.get("man-mode");
        let mapping = given.filter(|given| matches!(given.value, NodeValue::Map(_)));
        if let (Some(entry), true) = (node.entry("man-mode"), node.has("decision")) {
            let message = "a `decision` is itself a question: its keys stand under `decision`";
            self.report
                .error(&codes::MISPLACED, &At::key(entry), message);
        }
        if risk.is_none() && given.is_none() {
            return None;
        }
        let place = self.at_start(step);
        let always = mapping.and_then(|mapping| mapping.get("always")?.bool());
        let mode = match given.and_then(Node::bool).or(always.filter(|on| *on)) {
            Some(true) => GateMode::Always,
            Some(false) => GateMode::Never,
            None => GateMode::Risk,
        };
        Some(Box::new(Gate {
            mode,
            risk,
            when: mapping.and_then(|mapping| self.condition_at(mapping, "when", &place)),
            ask: mapping.map(|mapping| self.ask(step, mapping)),
        }))
    }

    pub(super) fn decision(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let given = node.get("decision")?;
        let on_reject = match given.text_at("on-reject") {
            Some("fail") => OnReject::Fail,
            _ => OnReject::Continue,
        };
        let ask = Box::new(self.ask(step, given));
        Some(Action::Decision { ask, on_reject })
    }

    fn ask(&mut self, step: StepIx, node: &Node) -> Ask {
        let place = self.at_start(step);
        let on_timeout = match node.text_at("on-timeout") {
            Some("approve") => OnTimeout::Approve,
            Some("escalate") => OnTimeout::Escalate,
            Some("pause") => OnTimeout::Pause,
            _ => OnTimeout::Reject,
        };
        self.check_times(node, on_timeout);
        let reminders = node.get("reminders").map(Node::items).unwrap_or_default();
        let after = |item: &Node| expression::duration::parse(item.text()?).ok();
        Ask {
            prompt: self.template_at(node, "prompt", &place),
            show: self.template_at(node, "show", &place),
            data: self.template_at(node, "data", &place),
            form: self.form(node),
            approvers: self.people(node, "approvers", &place),
            quorum: count_at(node, "quorum"),
            comment_required: node.text_at("comment") == Some("required"),
            reminders: reminders.iter().filter_map(after).collect(),
            timeout: self.duration_at(node, "timeout", &place),
            on_timeout,
            escalate_to: self.people(node, "escalate-to", &place),
            delegate: node.get("delegate").and_then(Node::bool) == Some(true),
            notify: self.notices(step, node),
        }
    }

    fn check_times(&mut self, node: &Node, on_timeout: OnTimeout) {
        if let (Some(entry), false) = (node.entry("on-timeout"), node.has("timeout")) {
            let message = "`on-timeout` stands beside `timeout`";
            let found = self
                .report
                .error(&codes::MISPLACED, &At::key(entry), message);
            found.hint("say how long is waited, such as `timeout: 24h`");
        }
        if on_timeout == OnTimeout::Escalate && !node.has("escalate-to") {
            let at = node.entry("on-timeout").map(At::key).unwrap_or_default();
            let message = "`on-timeout: escalate` lacks the key `escalate-to`";
            let found = self.report.error(&codes::MISSING_KEY, &at, message);
            found.hint("say who decides then, such as `escalate-to: [role:board]`");
        }
    }

    fn form(&mut self, node: &Node) -> Option<Form> {
        let node = node.get("form")?;
        let form = Form::compile(node.to_json());
        let refuse = |error| {
            self.report
                .error(&codes::BAD_SCHEMA, &At::node(node), error);
        };
        form.map_err(refuse).ok()
    }

    /// Names of people and roles; what is computed is checked when it is known.
    fn people(&mut self, node: &Node, key: &str, place: &Place) -> Option<expression::Template> {
        let list = node.get(key)?;
        check_people(self.report, list);
        self.template(list, place)
    }

    fn notices(&mut self, step: StepIx, node: &Node) -> Vec<Notice> {
        let list = self.outline.step(step).list;
        let place = self.place(list, Moment::Start(step), &["decision"]);
        let items = node.get("notify").map(Node::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| self.notice(item, &place))
            .collect()
    }

    fn notice(&mut self, node: &Node, place: &Place) -> Option<Notice> {
        let named = node.get("adapter")?;
        let adapter = named.text()?.to_owned();
        let action = node.text_at("action").map(str::to_owned);
        let kind = UseKind::Adapter {
            name: adapter.clone(),
            action: action.clone(),
        };
        self.note(named, kind);
        let input = self.template_at(node, "input", place);
        Some(Notice {
            adapter,
            action,
            input,
        })
    }
}

fn check_people(report: &mut Report, list: &Node) {
    for item in list.items() {
        let Some(text) = item.text().filter(|text| !text.contains("${")) else {
            continue;
        };
        if !is_approver(text) {
            let message = format!("expected `user:NAME` or `role:NAME`, but found `{text}`");
            report.error(&codes::BAD_VALUE, &At::node(item), message);
        }
    }
}

fn count_at(node: &Node, key: &str) -> Option<u32> {
    node.get(key)
        .and_then(Node::count)
        .and_then(|count| u32::try_from(count).ok())
}

/// A rule about risk, from a node whose shape was checked.
pub(crate) fn read_risk_policy(report: &mut Report, node: &Node) -> Option<RiskPolicy> {
    Some(RiskPolicy {
        name: policy_name(node),
        when: condition(report, node)?,
        level: Risk::of_word(node.text_at("level")?)?,
        evaluate: node.text_at("mode") == Some("evaluate"),
    })
}

/// A rule that holds calls back, from a node whose shape was checked.
pub(crate) fn read_man_policy(report: &mut Report, node: &Node) -> Option<ManPolicy> {
    let approvers = node.get("approvers");
    if let Some(list) = approvers {
        check_people(report, list);
    }
    let people = approvers.map(Node::items).unwrap_or_default().iter();
    Some(ManPolicy {
        name: policy_name(node),
        when: condition(report, node)?,
        effect: match node.text_at("effect") {
            Some("block") => ManEffect::Block,
            Some("audit") => ManEffect::Audit,
            _ => ManEffect::Require,
        },
        approvers: people
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
        four_eyes: node.get("four-eyes").and_then(Node::bool) == Some(true),
        evaluate: node.text_at("mode") == Some("evaluate"),
    })
}

/// A policy's name: the text of its condition where it has none.
pub(crate) fn policy_name(node: &Node) -> String {
    let name = node.text_at("name").map(str::to_owned);
    name.unwrap_or_else(|| condition_text(node).unwrap_or_default())
}

fn condition_text(node: &Node) -> Option<String> {
    match &node.get("when")?.value {
        NodeValue::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        NodeValue::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn condition(report: &mut Report, node: &Node) -> Option<Program> {
    let text = condition_text(node)?;
    let settings = settings_named(node, &std::collections::BTreeSet::new());
    let scope = Scope::new()
        .variables(["adapter", "action", "step", "call", "input", "now"])
        .members("env", settings.iter().map(String::as_str));
    let compiled = Program::compile(&text, &scope);
    let refuse = |error| {
        if let Some(when) = node.get("when") {
            refuse_expression(report, when, &error);
        }
    };
    compiled.map_err(refuse).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_policy_without_a_name_goes_by_its_condition() {
        let node = Node::from_json(&Value::from_iter([("when", "call.amount > 3")]));
        assert_eq!(policy_name(&node), "call.amount > 3");
    }
}
