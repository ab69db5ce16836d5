//! Limits, shares and priorities of a workflow.

use expression::Template;

use super::context::Lowering;
use crate::diagnostic::{At, codes};
use crate::source::Node;
use crate::turn::{
    Concurrency, Fairness, LimitScope, MAX_WEIGHT, OnLimit, PRIORITIES, StepConcurrency,
    is_priority,
};

/// The highest limit of a key.
const MAX_LIMIT: u64 = 1_000_000;

impl Lowering<'_> {
    pub(super) fn concurrency(&mut self, workflow: &Node) -> Option<Concurrency> {
        let node = workflow.get("concurrency")?;
        let header = self.header();
        let key = self.template_at(node, "key", &header);
        let limit = self.limit_at(node)?;
        let on_limit = match node.text_at("on-limit") {
            Some("reject") => OnLimit::Reject,
            Some("cancel-oldest") => OnLimit::CancelOldest,
            _ => OnLimit::Queue,
        };
        let scope = scope(node);
        self.expect_key(node, scope, "workflows");
        Some(Concurrency {
            key,
            limit,
            on_limit,
            scope,
        })
    }

    /// `concurrency` of a call: a number, or a mapping.
    pub(super) fn step_concurrency(
        &mut self,
        node: &Node,
        place: &super::expressions::Place,
    ) -> Option<StepConcurrency> {
        let given = node.get("concurrency")?;
        if let Some(limit) = given.count() {
            return Some(StepConcurrency {
                key: None,
                limit: u32::try_from(limit).ok()?,
                scope: LimitScope::Workflow,
            });
        }
        let scope = scope(given);
        self.expect_key(given, scope, "steps");
        Some(StepConcurrency {
            key: self.template_at(given, "key", place),
            limit: self.limit_at(given)?,
            scope,
        })
    }

    /// What counts over all workflows needs a name that they share.
    fn expect_key(&mut self, node: &Node, scope: LimitScope, what: &str) {
        if scope == LimitScope::All && !node.has("key") {
            let message = format!("a limit over all {what} lacks the key `key`");
            let found = self
                .report
                .error(&codes::MISSING_KEY, &At::node(node), message);
            found.hint(format!(
                "add `key: ...`: the {what} that name the same one count together"
            ));
        }
    }

    /// `limit` of a mapping.
    pub(super) fn limit_at(&mut self, node: &Node) -> Option<u32> {
        let given = node.get("limit")?;
        let limit = given.count()?;
        if limit > MAX_LIMIT {
            let message = format!("expected a limit of at most {MAX_LIMIT}, but got {limit}");
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            return None;
        }
        u32::try_from(limit).ok()
    }

    pub(super) fn fairness(&mut self, workflow: &Node) -> Option<Fairness> {
        let node = workflow.get("fairness")?;
        let header = self.header();
        let weight = self.template_at(node, "weight", &header);
        if let Some(given) = node.get("weight")
            && let Some(weight) = given.count()
            && weight > u64::from(MAX_WEIGHT)
        {
            let message = format!("expected a weight of at most {MAX_WEIGHT}, but got {weight}");
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        } else if let Some(given) = node.get("weight")
            && given.text().is_some_and(|text| !text.contains("${"))
        {
            let message = "expected a whole number or an expression, but found a text";
            self.report
                .error(&codes::WRONG_TYPE, &At::node(given), message);
        }
        Some(Fairness {
            key: self.template_at(node, "key", &header)?,
            weight,
        })
    }

    /// `priority`, a word or an expression that gives one.
    pub(super) fn priority(
        &mut self,
        node: &Node,
        place: &super::expressions::Place,
    ) -> Option<Template> {
        let given = node.get("priority")?;
        if let Some(word) = given.text().filter(|text| !text.contains("${"))
            && !is_priority(word)
        {
            let message = format!("expected a priority, but got `{word}`");
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint(format!("one of: {}", PRIORITIES.join(", ")));
            return None;
        }
        self.template(given, place)
    }
}

/// `scope` of a mapping.
pub(super) fn scope(node: &Node) -> LimitScope {
    match node.text_at("scope") {
        Some("all") => LimitScope::All,
        _ => LimitScope::Workflow,
    }
}
