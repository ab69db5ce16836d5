//! Why a router sends an event where it does.

use definition::{Destination, Router, RouterMode, Target};
use expression::{EvalErrorKind, Program};

use crate::route::RuleName;
use crate::seen::Seen;
use crate::table::{Compiled, Table, rule_name};
use crate::{Event, Stats};

/// What a router makes of an event, and why.
#[derive(Debug, PartialEq)]
pub struct Explanation<'t> {
    /// The router.
    pub router: &'t str,
    /// What its `match` says; none where it has none.
    pub matches: Option<Verdict>,
    /// Every rule, in order; the default last.
    pub rules: Vec<RuleExplanation<'t>>,
}

/// What a rule makes of an event, and why.
#[derive(Debug, PartialEq)]
pub struct RuleExplanation<'t> {
    /// The rule.
    pub rule: RuleName<'t>,
    /// Its condition, as written; none of the default.
    pub condition: Option<&'t str>,
    /// What its condition says; of the default whether no rule before holds.
    pub verdict: Verdict,
    /// It is what decides. Under `mode: first` a rule behind the one that decides is not, though its condition may hold.
    pub decides: bool,
    /// Where it would send the event at this moment; of a pool the member whose turn it is.
    pub target: Option<&'t Target>,
}

/// What a condition says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, because of this part of it.
    False {
        /// The part, as written.
        part: String,
    },
    /// It does not, for this part names a field that there is not.
    Missing {
        /// The part, as written.
        part: String,
        /// Which field.
        message: String,
    },
    /// It does not, for this part fails.
    Error {
        /// The part, as written.
        part: String,
        /// How.
        message: String,
    },
}

impl Table {
    /// What a router makes of an event and why, then what the routers that it leads to make of it. None: there is no
    /// such router. Nothing is taken: pools stay at their turn.
    pub fn explain<'t>(
        &'t self,
        router: &str,
        event: &dyn Event,
        stats: &dyn Stats,
    ) -> Option<Vec<Explanation<'t>>> {
        let seen = self.seen(event, stats);
        let mut asked = vec![self.place(router)?];
        let mut told: Vec<Explanation<'t>> = Vec::new();
        while let Some(place) = asked.get(told.len()) {
            // A router that is led to is not asked whether it would match.
            let explanation = explain(&self.routers[*place], &seen, told.is_empty());
            let next = explanation.rules.iter().filter(|rule| rule.decides);
            let next = next.filter_map(|rule| match rule.target {
                Some(Target::Router(name)) => self.place(name),
                _ => None,
            });
            for place in next {
                if !asked.contains(&place) {
                    asked.push(place);
                }
            }
            told.push(explanation);
        }
        Some(told)
    }
}

fn explain<'t>(compiled: &'t Compiled, seen: &Seen<'_>, first: bool) -> Explanation<'t> {
    let router: &'t Router = &compiled.router;
    let matches = router.condition.as_ref().filter(|_| first);
    let matches = matches.map(|condition| verdict(condition, seen));
    let asked = matches
        .as_ref()
        .is_none_or(|verdict| *verdict == Verdict::Holds);
    let mut taken = false;
    let mut rules = Vec::new();
    for (rule, place) in router.rules.iter().zip(0_u32..) {
        let verdict = verdict(&rule.condition, seen);
        let over = taken && router.mode == RouterMode::First;
        let decides = asked && verdict == Verdict::Holds && !over;
        taken |= decides;
        rules.push(RuleExplanation {
            rule: rule_name(rule, place),
            condition: Some(rule.condition.source()),
            verdict,
            decides,
            target: target(compiled, &rule.destination, place as usize, seen),
        });
    }
    if let Some(default) = &router.default {
        let verdict = match taken {
            false => Verdict::Holds,
            true => Verdict::False {
                part: "default".to_owned(),
            },
        };
        rules.push(RuleExplanation {
            rule: RuleName::Default,
            condition: None,
            verdict,
            decides: asked && !taken,
            target: target(compiled, default, router.rules.len(), seen),
        });
    }
    Explanation {
        router: &router.name,
        matches,
        rules,
    }
}

fn target<'t>(
    compiled: &'t Compiled,
    destination: &'t Destination,
    place: usize,
    seen: &Seen<'_>,
) -> Option<&'t Target> {
    match destination {
        Destination::One(target) => Some(target),
        Destination::Pool(pool) => compiled.turns(place)?.peek(pool, seen.stats),
    }
}

fn verdict(condition: &Program, seen: &Seen<'_>) -> Verdict {
    let (held, part) = condition.explain_bool(seen, seen.event.at_ms());
    // What failed stands deeper than what decided.
    let failed = held.as_ref().err().and_then(|error| error.span.clone());
    let part = failed.unwrap_or(part);
    let part = condition.source().get(part).unwrap_or_default().to_owned();
    match held {
        Ok(true) => Verdict::Holds,
        Ok(false) => Verdict::False { part },
        Err(error) => {
            let message = error.message;
            match error.kind {
                EvalErrorKind::MissingField => Verdict::Missing { part, message },
                EvalErrorKind::Other => Verdict::Error { part, message },
            }
        }
    }
}
