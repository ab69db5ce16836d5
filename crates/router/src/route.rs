use std::sync::Arc;

use definition::Target;
use expression::EvalError;
use serde_json::Value;

/// What the routers make of an event.
#[derive(Debug, Default)]
pub struct Routes<'t> {
    /// One for each router that the event was offered to and that is for it, by name.
    pub offers: Vec<Offer<'t>>,
    /// Routers that saw it and sent it nowhere themselves.
    pub passed: Vec<Passed<'t>>,
    /// Conditions that were evaluated and named a field that there is not; they are no match.
    pub missing: u32,
    /// Conditions that failed otherwise; they are no match either.
    pub errors: Vec<ConditionError<'t>>,
}

/// A router that saw an event and sent it nowhere itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed<'t> {
    /// The router.
    pub router: &'t str,
    /// The rule that led on to another router; none: no rule took it.
    pub rule: Option<RuleName<'t>>,
}

/// What one router makes of an event, with the routers that it leads to.
#[derive(Debug)]
pub struct Offer<'t> {
    /// The router.
    pub router: &'t str,
    /// Whether something took the event: a route, a failure, or a router that an earlier offer had asked already. Else it
    /// is unrouted here.
    pub taken: bool,
    /// Where the event goes, in the order of the rules.
    pub routes: Vec<Route<'t>>,
    /// Rules that took the event and could not send it on.
    pub failures: Vec<Failure<'t>>,
}

/// One thing that an event sets in motion.
#[derive(Debug)]
pub struct Route<'t> {
    /// The router whose rule decided; not the one of the offer where that led to another.
    pub router: &'t str,
    /// The rule.
    pub rule: RuleName<'t>,
    /// A workflow or an adapter.
    pub target: &'t Target,
    /// How urgent it is, one of [`definition::PRIORITIES`]; none: as the workflow says.
    pub priority: Option<&'static str>,
    /// What it is started with; none: the event's data.
    pub input: Option<Arc<Value>>,
}

/// A rule in answers and figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleName<'t> {
    /// By its own name.
    Named(&'t str),
    /// By its place, from 0.
    At(u32),
    /// What holds when no rule does.
    Default,
}

impl std::fmt::Display for RuleName<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => formatter.write_str(name),
            Self::At(place) => write!(formatter, "{place}"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A rule that took an event and could not send it on: the event is a dead letter.
#[derive(Debug)]
pub struct Failure<'t> {
    /// The router.
    pub router: &'t str,
    /// The rule.
    pub rule: RuleName<'t>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

/// A condition that failed for another reason than a missing field.
#[derive(Debug)]
pub struct ConditionError<'t> {
    /// The router.
    pub router: &'t str,
    /// The rule; none: the router's own `match`.
    pub rule: Option<RuleName<'t>>,
    /// What went wrong.
    pub error: EvalError,
}
