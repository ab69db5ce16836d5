//! What holds calls back from an adapter: its circuit breaker and its rate.

use expression::duration;
use serde::{Deserialize, Serialize};

use crate::catalog::{AdapterSpec, Catalog};
use crate::diagnostic::{At, Report, codes};
use crate::policy::{Explained, Origin, PolicyRule};
use crate::source::Node;

/// A breaker looks back at least and at most so far, in milliseconds.
const WINDOW_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;
/// It is open at least and at most for so long, in milliseconds.
const OPEN_FOR_MS: std::ops::RangeInclusive<u64> = 100..=86_400_000;
/// A longer chain of fallbacks is a mistake.
const FALLBACKS: usize = 4;

/// `circuit-breaker` with its defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerSpec {
    /// How far back calls are counted, in milliseconds.
    pub window_ms: u64,
    /// It opens only after so many calls within the window.
    pub min_calls: u32,
    /// It opens when this share of them failed, above 0 and up to 1.
    pub failure_rate: f64,
    /// A call that takes longer counts as failed, in milliseconds; none: no call is too slow.
    pub slow_call_ms: Option<u64>,
    /// How long it stays open before probes are sent, in milliseconds.
    pub open_for_ms: u64,
    /// So many probes in all, each of which has to succeed.
    pub half_open_calls: u32,
    /// What becomes of calls while it is open.
    pub on_open: OnOpen,
}

/// What becomes of calls while a breaker is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnOpen {
    /// They wait, and use up no attempt.
    #[default]
    Wait,
    /// They fail with `circuit-open`.
    Fail,
    /// This adapter makes them.
    Fallback(String),
}

/// `rate-limit`: so many calls per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RateSpec {
    /// So many, at least 1.
    pub calls: u32,
    /// In so long, in milliseconds.
    pub per_ms: u64,
    /// So many at once after a quiet time, at least 1.
    pub burst: u32,
}

impl RateSpec {
    /// From `100/s`, `30/m` or `500/h`; without a burst, that of one second. None: it is not one.
    #[must_use]
    pub fn parse(rate: &str, burst: Option<u32>) -> Option<Self> {
        let (calls, unit) = rate.split_once('/')?;
        let calls: u32 = calls.trim().parse().ok().filter(|calls| *calls > 0)?;
        let per_ms = match unit.trim() {
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let second = u64::from(calls) * 1_000 / per_ms;
        let own = u32::try_from(second).unwrap_or(u32::MAX);
        Some(Self {
            calls,
            per_ms,
            burst: burst.unwrap_or(own).max(1),
        })
    }
}

impl std::fmt::Display for RateSpec {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.per_ms {
            1_000 => "s",
            60_000 => "m",
            _ => "h",
        };
        write!(formatter, "{}/{unit}", self.calls)
    }
}

/// The limits of an adapter, each with where it comes from; none: there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterLimits<'a> {
    /// Calls at once.
    pub concurrency: Option<Explained<u32>>,
    /// Calls per time.
    pub rate: Option<Explained<RateSpec>>,
    /// When calls are held back.
    pub breaker: Option<Explained<&'a BreakerSpec>>,
}

impl Catalog {
    /// The breaker of an adapter's targets: its own, else that of the nearest rule, else that of the defaults.
    /// What runs in this process has none unless it says so itself.
    pub fn breaker<'a>(&'a self, spec: &'a AdapterSpec) -> Option<&'a BreakerSpec> {
        self.explained_breaker(spec).map(|found| found.value)
    }

    /// The rate of an adapter, as [`Self::breaker`].
    pub fn rate(&self, spec: &AdapterSpec) -> Option<RateSpec> {
        self.explained_rate(spec).map(|found| found.value)
    }

    /// Calls at once of an adapter: its own, else that of the nearest rule; as [`Self::breaker`].
    pub fn concurrency(&self, spec: &AdapterSpec) -> Option<u32> {
        self.explained_concurrency(spec).map(|found| found.value)
    }

    /// The limits of an adapter with where they come from.
    pub fn explain_limits<'a>(&'a self, spec: &'a AdapterSpec) -> AdapterLimits<'a> {
        AdapterLimits {
            concurrency: self.explained_concurrency(spec),
            rate: self.explained_rate(spec),
            breaker: self.explained_breaker(spec),
        }
    }

    fn explained_breaker<'a>(
        &'a self,
        spec: &'a AdapterSpec,
    ) -> Option<Explained<&'a BreakerSpec>> {
        let default = self.defaults.breaker.as_ref();
        let set = |rule: &'a PolicyRule| rule.breaker.as_ref();
        self.nearest(spec, spec.breaker.as_ref(), set, default)
    }

    fn explained_rate(&self, spec: &AdapterSpec) -> Option<Explained<RateSpec>> {
        self.nearest(spec, spec.rate, |rule| rule.rate, self.defaults.rate)
    }

    fn explained_concurrency(&self, spec: &AdapterSpec) -> Option<Explained<u32>> {
        self.nearest(spec, spec.concurrency, |rule| rule.concurrency, None)
    }

    fn nearest<'a, T>(
        &'a self,
        spec: &AdapterSpec,
        own: Option<T>,
        set: impl Fn(&'a PolicyRule) -> Option<T>,
        default: Option<T>,
    ) -> Option<Explained<T>> {
        let found = |origin| move |value| Explained { value, origin };
        if own.is_some() || spec.kind == "builtin" {
            return own.map(found(Origin::Adapter));
        }
        let rules = self.rules_about(None, Some(&spec.name), None).into_iter();
        let mut enforced = rules.filter(|rule| !rule.evaluate);
        let ruled = enforced.find_map(|rule| Some((set(rule)?, &rule.name)));
        match ruled {
            Some((value, name)) => Some(found(Origin::Rule(name.clone()))(value)),
            None => default.map(found(Origin::Defaults)),
        }
    }
}

/// `circuit-breaker` of a node whose shape was checked.
pub(crate) fn read_breaker(owner: &Node) -> Option<BreakerSpec> {
    let node = owner.get("circuit-breaker")?;
    let count = |key| u32::try_from(node.get(key)?.count()?).ok();
    let on_open = node.get("on-open");
    let fallback = on_open.and_then(|node| node.text_at("fallback"));
    let fails = on_open.and_then(Node::text) == Some("fail");
    Some(BreakerSpec {
        window_ms: duration_at(node, "window").unwrap_or(30_000),
        min_calls: count("min-calls").unwrap_or(20),
        failure_rate: node
            .get("failure-rate")
            .and_then(Node::number)
            .unwrap_or(0.5),
        slow_call_ms: duration_at(node, "slow-call"),
        open_for_ms: duration_at(node, "open-for").unwrap_or(15_000),
        half_open_calls: count("half-open-calls").unwrap_or(3),
        on_open: match fallback {
            Some(name) => OnOpen::Fallback(name.to_owned()),
            None if fails => OnOpen::Fail,
            None => OnOpen::Wait,
        },
    })
}

/// `rate-limit` of a node whose shape was checked.
pub(crate) fn read_rate(owner: &Node) -> Option<RateSpec> {
    let node = owner.get("rate-limit")?;
    let burst = node.get("burst").and_then(Node::count);
    let burst = burst.and_then(|burst| u32::try_from(burst).ok());
    RateSpec::parse(node.text_at("rate")?, burst)
}

fn duration_at(node: &Node, key: &str) -> Option<u64> {
    duration::parse(node.text_at(key)?).ok()
}

/// Reports what a breaker and a rate must not say.
pub(crate) fn check_limits(report: &mut Report, owner: &Node) {
    if let Some(node) = owner.get("circuit-breaker") {
        check_duration(report, node, "window", &WINDOW_MS, "from 1s to 1h");
        check_duration(report, node, "open-for", &OPEN_FOR_MS, "from 100ms to 24h");
        check_share(report, node);
    }
    let rate = owner.get("rate-limit").and_then(|node| node.get("rate"));
    if let Some((node, text)) = rate.and_then(|node| Some((node, node.text()?)))
        && RateSpec::parse(text, None).is_none()
    {
        let message = format!("expected calls per time such as `100/s`, but found `{text}`");
        let found = report.error(&codes::BAD_VALUE, &At::node(node), message);
        found.hint("a whole number, `/` and one of `s`, `m`, `h`");
    }
}

fn check_duration(
    report: &mut Report,
    breaker: &Node,
    key: &str,
    bounds: &std::ops::RangeInclusive<u64>,
    words: &str,
) {
    let Some((node, text)) = breaker.get(key).and_then(|node| Some((node, node.text()?))) else {
        return;
    };
    if duration::parse(text).is_ok_and(|found| !bounds.contains(&found)) {
        let message = format!("expected a duration {words}, but found `{text}`");
        report.error(&codes::BAD_VALUE, &At::node(node), message);
    }
}

fn check_share(report: &mut Report, breaker: &Node) {
    let Some((node, share)) = breaker
        .get("failure-rate")
        .and_then(|node| Some((node, node.number()?)))
    else {
        return;
    };
    if share <= 0.0 || share > 1.0 {
        let message = format!("expected a share above 0 and up to 1, but found {share}");
        let found = report.error(&codes::BAD_VALUE, &At::node(node), message);
        found.hint("half of the calls is `0.5`");
    }
}

/// Why calls that go to an adapter would never come to rest, if its fallbacks lead in a circle.
pub(crate) fn fallback_circle(catalog: &Catalog, adapter: &str) -> Option<String> {
    let mut way = vec![adapter];
    loop {
        let spec = catalog.adapters.get(*way.last()?)?;
        let OnOpen::Fallback(next) = &catalog.breaker(spec)?.on_open else {
            return None;
        };
        let again = way.contains(&next.as_str());
        way.push(next);
        if again {
            return Some(format!("the fallbacks go in a circle: {}", way.join(", ")));
        }
        if way.len() > FALLBACKS {
            let message = format!("expected at most {FALLBACKS} adapters in a row of fallbacks");
            return Some(format!("{message}, but found {}", way.join(", ")));
        }
    }
}
