//! Settings for the calls that match: `policies.rules`.

use expression::duration;

use super::read_retry_choice;
use crate::catalog::Catalog;
use crate::diagnostic::{At, Report, codes};
use crate::limits::{BreakerSpec, RateSpec, check_limits, read_breaker, read_rate};
use crate::man::{ManEffect, Risk};
use crate::source::Node;
use crate::workflow::{RetryChoice, error_matches};

/// What a rule sets for whole adapters.
const OF_ADAPTERS: [&str; 3] = ["concurrency", "rate-limit", "circuit-breaker"];

/// What a rule may match by.
const MATCHED: [&str; 4] = ["workflow", "adapter", "action", "env"];

/// One entry of `policies.rules`.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRule {
    /// Its name; without one, what it matches.
    pub name: String,
    /// Patterns of workflow, adapter, action and environment, exact or with a trailing `*`; none: any.
    patterns: [Option<String>; 4],
    /// The retry of what matches.
    pub retry: Option<RetryChoice>,
    /// The time-out of what matches, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Calls at once of the adapters that match.
    pub concurrency: Option<u32>,
    /// Their rate.
    pub rate: Option<RateSpec>,
    /// Their breaker.
    pub breaker: Option<BreakerSpec>,
    /// How risky the calls are that match.
    pub risk: Option<Risk>,
    /// What is done to them.
    pub man: Option<ManEffect>,
    /// It only reports what it would set.
    pub evaluate: bool,
}

impl PolicyRule {
    fn matches(&self, place: [Option<&str>; 4]) -> bool {
        let both = self.patterns.iter().zip(place);
        both.into_iter().all(|(pattern, value)| match pattern {
            None => true,
            Some(pattern) => value.is_some_and(|value| error_matches(pattern, value)),
        })
    }

    /// How much it says of what it matches: the more goes first.
    fn nearness(&self) -> (usize, usize) {
        let given = self.patterns.iter().flatten();
        let exact = given.clone().filter(|pattern| !pattern.ends_with('*'));
        (given.count(), exact.count())
    }

    /// Whether it holds calls back.
    #[must_use]
    pub const fn gates(&self) -> bool {
        self.risk.is_some() || self.man.is_some()
    }

    /// What it would set, in words.
    #[must_use]
    pub fn told(&self) -> String {
        let retry = self.retry.as_ref().map(|retry| match retry {
            RetryChoice::Named(name) => format!("retry {name}"),
            RetryChoice::Inline(_) => "a retry of its own".to_owned(),
        });
        let timeout = self.timeout_ms.map(|ms| format!("timeout {ms}ms"));
        let concurrency = self.concurrency.map(|count| format!("concurrency {count}"));
        let rate = self.rate.map(|rate| format!("rate-limit {rate}"));
        let breaker = self.breaker.as_ref();
        let breaker = breaker.map(|_| "a circuit-breaker".to_owned());
        let risk = self.risk.map(|risk| format!("risk {}", risk.as_str()));
        let man = self.man.map(|man| format!("man-mode {}", man.as_str()));
        let all = [retry, timeout, concurrency, rate, breaker, risk, man];
        let parts: Vec<String> = all.into_iter().flatten().collect();
        format!("rule {} would set {}", self.name, parts.join(" and "))
    }
}

impl Catalog {
    /// The rules about a call (workflow, adapter, action), the nearest first: those that match by more, then
    /// those that name it exactly, then by name.
    pub fn rules_about(
        &self,
        workflow: Option<&str>,
        adapter: Option<&str>,
        action: Option<&str>,
    ) -> Vec<&PolicyRule> {
        let place = [workflow, adapter, action, Some(self.environment.as_str())];
        let matching = self
            .policy_rules
            .values()
            .filter(|rule| rule.matches(place));
        let mut found: Vec<&PolicyRule> = matching.collect();
        // Rules come by name, and what is equally near stays so.
        found.sort_by_key(|rule| std::cmp::Reverse(rule.nearness()));
        found
    }
}

/// A rule's name: what it matches where it has none.
pub(crate) fn name_of_policy_rule(node: &Node) -> String {
    if let Some(name) = node.text_at("name") {
        return name.to_owned();
    }
    let matched = node.get("match");
    let parts = MATCHED.iter().filter_map(|key| {
        let text = matched?.text_at(key)?;
        Some(format!("{key}={text}"))
    });
    parts.collect::<Vec<_>>().join(",")
}

/// A rule, from a node whose shape was checked.
pub(crate) fn read_policy_rule(node: &Node) -> PolicyRule {
    let pattern = |key| node.get("match")?.text_at(key).map(str::to_owned);
    let set = node.get("set");
    let timeout = set.and_then(|set| set.text_at("timeout"));
    PolicyRule {
        name: name_of_policy_rule(node),
        patterns: MATCHED.map(pattern),
        retry: set
            .and_then(|set| set.get("retry"))
            .and_then(read_retry_choice),
        timeout_ms: timeout.and_then(|text| duration::parse(text).ok()),
        concurrency: set.and_then(read_concurrency),
        rate: set.and_then(read_rate),
        breaker: set.and_then(read_breaker),
        risk: set.and_then(|set| Risk::of_word(set.text_at("risk")?)),
        man: set.and_then(|set| ManEffect::of_word(set.text_at("man-mode")?)),
        evaluate: node.text_at("mode") == Some("evaluate"),
    }
}

fn read_concurrency(set: &Node) -> Option<u32> {
    u32::try_from(set.get("concurrency")?.count()?).ok()
}

/// Reports what a rule must not say.
pub(crate) fn check_policy_rule(report: &mut Report, node: &Node) {
    let empty = |key| node.get(key).filter(|node| node.entries().is_empty());
    if let Some(matched) = empty("match") {
        let expected = MATCHED.map(|key| format!("`{key}`")).join(", ");
        let message = format!("expected one of {expected}, but the rule matches everything");
        let found = report.error(&codes::BAD_VALUE, &At::node(matched), message);
        found.hint("what holds for everything stands in `policies.defaults`");
    }
    if let Some(set) = empty("set") {
        let message = "expected something to set, such as `retry`, but the rule sets nothing";
        report.error(&codes::BAD_VALUE, &At::node(set), message);
    }
    if let Some(set) = node.get("set") {
        check_limits(report, set);
        check_shared(report, node, set);
    }
}

/// What belongs to a whole adapter is not set for some of its calls.
fn check_shared(report: &mut Report, rule: &Node, set: &Node) {
    let matched = rule.get("match");
    let narrow = ["workflow", "action"].into_iter();
    let narrow = narrow.filter_map(|key| matched?.entry(key)).next();
    let shared = OF_ADAPTERS.iter().filter_map(|key| set.entry(key)).next();
    if let (Some(narrow), Some(shared)) = (narrow, shared) {
        let (by, what) = (&narrow.key, &shared.key);
        let message = format!(
            "`{what}` is shared by all calls of an adapter, but the rule matches by `{by}`"
        );
        let found = report.error(&codes::MISPLACED, &At::key(shared), message);
        found.hint("match by `adapter` and `env` alone, or limit the step with its `concurrency`");
    }
}
