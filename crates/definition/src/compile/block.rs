//! Blocks: steps that hold lists of steps.

use super::context::Lowering;
use super::outline::Block;
use super::scopes::{RESERVED, item_name, loop_variables};
use super::visibility::Moment;
use crate::check::percent;
use crate::diagnostic::{At, codes};
use crate::limits::RateSpec;
use crate::source::Node;
use crate::workflow::{
    Action, Branch, Case, Catch, FailureMode, ForEach, Join, ListIx, Parallel, Repeat, StepIx,
    Threshold,
};

/// Lanes at once where a `for-each` does not say.
const DEFAULT_LANES: u32 = 64;

impl Lowering<'_> {
    pub(super) fn parallel(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let given = node.get("parallel")?;
        let outline = self.outline.step(step);
        let branch = |(block, list): &(Block<'_>, ListIx)| match block {
            Block::Branch(name) => Some(Branch {
                name: name.map(str::to_owned),
                list: *list,
            }),
            _ => None,
        };
        let branches: Vec<_> = outline.blocks.iter().filter_map(branch).collect();
        if branches.is_empty() {
            self.report.error(
                &codes::BAD_VALUE,
                &At::node(given),
                "expected at least one branch",
            );
        }
        let place = self.place(outline.list, Moment::Start(step), &["branch", "output"]);
        let accept = self.condition_at(node, "accept", &place);
        let join = self.join(node, branches.len());
        Some(Action::Parallel(Parallel {
            named: !given.entries().is_empty(),
            branches,
            join,
            failure: failure_mode(node),
            accept,
            keep_losers: node.text_at("losers") == Some("keep"),
        }))
    }

    fn join(&mut self, node: &Node, branches: usize) -> Join {
        let Some(join) = node.get("join") else {
            return Join::All;
        };
        if join.text() == Some("any") {
            return Join::First(1);
        }
        let Some(count) = join.count() else {
            return Join::All;
        };
        if count > branches as u64 {
            let message = format!("`join: {count}` can never be reached by {branches} branches");
            self.report
                .error(&codes::BAD_VALUE, &At::node(join), message);
        }
        Join::First(u32::try_from(count).unwrap_or(u32::MAX))
    }

    pub(super) fn switch(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let given = node.get("switch")?.items();
        for (index, case) in given.iter().enumerate() {
            self.check_case(case, index + 1 == given.len());
        }
        let outline = self.outline.step(step);
        let mut cases = Vec::new();
        for (block, list) in &outline.blocks {
            if let Block::Case(case) = block {
                cases.push(Case {
                    when: self.condition_at(case, "when", &place),
                    list: *list,
                });
            }
        }
        Some(Action::Switch(cases))
    }

    fn check_case(&mut self, case: &Node, last: bool) {
        if let Some(default) = case.entry("default") {
            if case.has("when") || case.has("steps") {
                let message = "`default` stands alone, without `when` and `steps`";
                self.report
                    .error(&codes::MISPLACED, &At::key(default), message);
            } else if !last {
                let message = "the cases after `default` are never reached";
                self.report
                    .error(&codes::CASE_ORDER, &At::key(default), message);
            }
            return;
        }
        for key in ["when", "steps"] {
            if !case.has(key) && !case.is_broken() {
                let found = self.report.error(
                    &codes::MISSING_KEY,
                    &At::node(case),
                    format!("a case lacks the key `{key}`"),
                );
                found.hint("a case is `{ when, steps }`, the last one may be `{ default: [...] }`");
            }
        }
    }

    pub(super) fn for_each(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let list = self.body(step, node)?;
        let items = self.template_at(node, "for-each", &place);
        self.check_items(node);
        self.check_item_name(node);
        let end = self.place(list, Moment::ListEnd(list), &[]);
        let collect = self.template_at(node, "collect", &end);
        let count = |key| {
            node.get(key)
                .and_then(Node::count)
                .and_then(|count| u32::try_from(count).ok())
        };
        Some(Action::ForEach(ForEach {
            items: items?,
            item_name: item_name(node).to_owned(),
            batch: count("batch"),
            concurrency: count("concurrency").unwrap_or(DEFAULT_LANES),
            rate: self.lane_rate(node),
            failure: failure_mode(node),
            max_failures: node.get("max-failures").and_then(threshold),
            collect,
            list,
        }))
    }

    fn lane_rate(&mut self, node: &Node) -> Option<RateSpec> {
        let given = node.get("rate")?;
        let text = given.text()?;
        let rate = RateSpec::parse(text, None);
        if rate.is_none() {
            let message = format!("expected lanes per time such as `10/s`, but found `{text}`");
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint("a whole number, `/` and one of `s`, `m`, `h`");
        }
        rate
    }

    /// A text without `${` is no list, and most likely an expression.
    fn check_items(&mut self, node: &Node) {
        let Some(given) = node.get("for-each") else {
            return;
        };
        let constant = given.to_json();
        let computed = constant.as_str().is_some_and(|text| text.contains("${"));
        if constant.is_array() || constant.is_object() || computed || given.is_broken() {
            return;
        }
        let message =
            format!("expected a list or an expression that gives one, but found {constant}");
        let found = self
            .report
            .error(&codes::BAD_VALUE, &At::node(given), message);
        found.hint = given
            .text()
            .map(|text| format!("write it in `${{ }}`: for-each: \"${{ {text} }}\""));
    }

    fn check_item_name(&mut self, node: &Node) {
        if let Some(name) = node
            .get("as")
            .filter(|name| name.text().is_some_and(|text| RESERVED.contains(&text)))
        {
            let message = format!(
                "`{}` has a meaning of its own in expressions",
                item_name(node)
            );
            self.report
                .error(&codes::BAD_NAME, &At::node(name), message)
                .hint("choose another name for the item");
        }
    }

    pub(super) fn repeat(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let given = node.get("repeat")?;
        let list = self.body(step, node)?;
        let start = self.at_start(step);
        let more = loop_variables(node);
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let round = self.place(self.outline.step(step).list, Moment::Start(step), &more);
        let end = self.place(list, Moment::ListEnd(list), &[]);
        if !["while", "until", "max"].iter().any(|key| given.has(key)) {
            let at = node.entry("repeat").map(At::key).unwrap_or_default();
            let found =
                self.report
                    .warning(&codes::ENDLESS, &at, "nothing ends this loop but a `break`");
            found.hint("add `max`, `until` or `while`");
        }
        Some(Action::Repeat(Repeat {
            state: self.template_at(given, "state", &start),
            next: self.template_at(given, "next", &end),
            condition_before: self.condition_at(given, "while", &round),
            condition_after: self.condition_at(given, "until", &end),
            max: given
                .get("max")
                .and_then(Node::count)
                .and_then(|max| u32::try_from(max).ok()),
            delay: self.duration_at(given, "delay", &end),
            continue_on_max: given.text_at("on-max") == Some("continue"),
            list,
        }))
    }

    /// The list under `steps`; a loop without one is reported.
    pub(super) fn body(&mut self, step: StepIx, node: &Node) -> Option<ListIx> {
        let blocks = &self.outline.step(step).blocks;
        let body = blocks
            .iter()
            .find(|(block, _)| matches!(block, Block::Body));
        if body.is_none() {
            self.report.error(
                &codes::MISSING_KEY,
                &At::node(node),
                "a loop lacks the key `steps`",
            );
        }
        body.map(|(_, list)| *list)
    }

    pub(super) fn catches(&mut self, step: StepIx) -> Vec<Catch> {
        let blocks = self.outline.step(step).blocks.iter();
        let catch = |(block, list): &(Block<'_>, ListIx)| match block {
            Block::Catch(handler) => Some(Catch {
                pattern: handler.text_at("error")?.to_owned(),
                list: *list,
            }),
            _ => None,
        };
        blocks.filter_map(catch).collect()
    }
}

fn failure_mode(node: &Node) -> FailureMode {
    if node.text_at("failure") == Some("collect") {
        FailureMode::Collect
    } else {
        FailureMode::FailFast
    }
}

fn threshold(node: &Node) -> Option<Threshold> {
    let share = node.text().and_then(percent).map(Threshold::Percent);
    share.or_else(|| node.count().map(Threshold::Count))
}
