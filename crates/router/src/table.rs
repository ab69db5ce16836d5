//! The routers of a catalog, compiled once per version.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::PRIORITIES;
use definition::{Catalog, Destination, Router, RouterMode, RouterRule, Target};
use expression::{EvalError, EvalErrorKind, Program, Template};
use serde_json::Value;

use crate::index::Index;
use crate::pool::Turns;
use crate::route::{ConditionError, Failure, Offer, Passed, Route, Routes, RuleName};
use crate::seen::{Seen, Settings};
use crate::triggers::Triggers;
use crate::{Event, Stats};

/// Everything that decides where an event goes, at one version of a catalog.
#[derive(Debug, Default)]
pub struct Table {
    pub(crate) settings: Settings,
    /// By name.
    pub(crate) routers: Vec<Compiled>,
    places: BTreeMap<String, usize>,
    /// The routers that events are offered to: those that no other one leads to.
    first: Vec<usize>,
    /// Over the `match` of these.
    matches: Index,
    pub(crate) triggers: Triggers,
}

/// A router with what is made of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) router: Arc<Router>,
    index: Index,
    /// By rule, the default's last; only of pools.
    turns: Vec<Option<Turns>>,
}

impl Table {
    /// The routers and the live triggers of a catalog.
    #[must_use]
    pub fn new(catalog: &Catalog) -> Self {
        let routers: Vec<Compiled> = catalog.routers.values().map(Compiled::new).collect();
        let places: BTreeMap<String, usize> = routers
            .iter()
            .zip(0..)
            .map(|(compiled, place)| (compiled.router.name.clone(), place))
            .collect();
        let led_to = |name: &str| {
            let others = catalog.routers.values().filter(|other| other.name != name);
            others
                .flat_map(|other| other.next())
                .any(|next| next == name)
        };
        let first: Vec<usize> = (0..routers.len())
            .filter(|place| !led_to(&routers[*place].router.name))
            .collect();
        let matches = first
            .iter()
            .map(|place| routers[*place].router.condition.as_ref());
        Self {
            settings: Settings::new(catalog),
            matches: Index::new(matches),
            triggers: Triggers::new(catalog),
            routers,
            places,
            first,
        }
    }

    /// Where an event goes. A router that several others lead to is asked once, by the first of them.
    pub fn route<'t>(&'t self, event: &dyn Event, stats: &dyn Stats) -> Routes<'t> {
        let seen = self.seen(event, stats);
        let mut routing = Routing {
            table: self,
            seen,
            asked: vec![false; self.routers.len()],
            routes: Routes::default(),
        };
        for candidate in self.matches.candidates(seen) {
            let place = self.first[candidate.place as usize];
            let compiled = &self.routers[place];
            if candidate.holds || routing.matches(compiled) {
                let mut offer = Offer {
                    router: &compiled.router.name,
                    taken: false,
                    routes: Vec::new(),
                    failures: Vec::new(),
                };
                routing.ask(place, &Given::default(), &mut offer);
                offer.taken |= !offer.routes.is_empty() || !offer.failures.is_empty();
                routing.routes.offers.push(offer);
            }
        }
        routing.routes
    }

    pub(crate) fn seen<'a>(&'a self, event: &'a dyn Event, stats: &'a dyn Stats) -> Seen<'a> {
        Seen {
            event,
            stats,
            settings: &self.settings,
        }
    }

    pub(crate) fn place(&self, router: &str) -> Option<usize> {
        self.places.get(router).copied()
    }
}

impl Compiled {
    fn new(router: &Arc<Router>) -> Self {
        let conditions = router.rules.iter().map(|rule| Some(&rule.condition));
        let destinations = router.rules.iter().map(|rule| &rule.destination);
        let turns = destinations
            .map(Some)
            .chain([router.default.as_ref()])
            .map(|destination| match destination {
                Some(Destination::Pool(pool)) => Some(Turns::new(pool)),
                Some(Destination::One(_)) | None => None,
            });
        Self {
            index: Index::new(conditions),
            turns: turns.collect(),
            router: router.clone(),
        }
    }

    /// The turns of a rule's pool, or of the default's behind the last rule.
    pub(crate) fn turns(&self, place: usize) -> Option<&Turns> {
        self.turns.get(place)?.as_ref()
    }
}

/// What a router that leads to another one says for it.
#[derive(Clone, Default)]
struct Given {
    priority: Option<&'static str>,
    input: Option<Arc<Value>>,
}

struct Routing<'t, 'a> {
    table: &'t Table,
    seen: Seen<'a>,
    /// By router.
    asked: Vec<bool>,
    routes: Routes<'t>,
}

impl<'t> Routing<'t, '_> {
    fn matches(&mut self, compiled: &'t Compiled) -> bool {
        let condition = compiled.router.condition.as_ref();
        condition.is_none_or(|condition| self.holds(condition, &compiled.router.name, None))
    }

    /// Whether a condition holds; a missing field is counted, any other error is told.
    fn holds(&mut self, condition: &Program, router: &'t str, rule: Option<RuleName<'t>>) -> bool {
        let held = self.seen.holds(condition);
        held.unwrap_or_else(|error| {
            match error.kind {
                EvalErrorKind::MissingField => self.routes.missing += 1,
                EvalErrorKind::Other => self.routes.errors.push(ConditionError {
                    router,
                    rule,
                    error,
                }),
            }
            false
        })
    }

    fn ask(&mut self, place: usize, given: &Given, offer: &mut Offer<'t>) {
        if std::mem::replace(&mut self.asked[place], true) {
            offer.taken = true;
            return;
        }
        let compiled = &self.table.routers[place];
        let router: &'t Router = &compiled.router;
        let mut taken = false;
        for candidate in compiled.index.candidates(self.seen) {
            let Some(rule) = router.rules.get(candidate.place as usize) else {
                continue;
            };
            let name = rule_name(rule, candidate.place);
            if !candidate.holds && !self.holds(&rule.condition, &router.name, Some(name)) {
                continue;
            }
            taken = true;
            match self.said(rule, given) {
                Ok(given) => {
                    let turns = compiled.turns(candidate.place as usize);
                    self.send(router, name, &rule.destination, turns, &given, offer);
                }
                Err(reason) => offer.failures.push(Failure {
                    router: &router.name,
                    rule: name,
                    reason,
                }),
            }
            if router.mode == RouterMode::First {
                break;
            }
        }
        if taken {
            return;
        }
        let Some(default) = router.default.as_ref() else {
            return self.pass(router, None);
        };
        let turns = compiled.turns(router.rules.len());
        self.send(router, RuleName::Default, default, turns, given, offer);
    }

    fn send(
        &mut self,
        router: &'t Router,
        rule: RuleName<'t>,
        destination: &'t Destination,
        turns: Option<&Turns>,
        given: &Given,
        offer: &mut Offer<'t>,
    ) {
        let target = match destination {
            Destination::One(target) => Some(target),
            Destination::Pool(pool) => turns.and_then(|turns| turns.take(pool, self.seen.stats)),
        };
        match target {
            Some(Target::Router(next)) if self.table.place(next).is_some() => {
                let place = self.table.place(next).unwrap_or_default();
                self.pass(router, Some(rule));
                self.ask(place, given, offer);
            }
            Some(Target::Router(next)) => offer.failures.push(Failure {
                router: &router.name,
                rule,
                reason: format!("there is no router `{next}`"),
            }),
            Some(target) => offer.routes.push(Route {
                router: &router.name,
                rule,
                target,
                priority: given.priority,
                input: given.input.clone(),
            }),
            None => self.pass(router, Some(rule)),
        }
    }

    fn pass(&mut self, router: &'t Router, rule: Option<RuleName<'t>>) {
        let router = router.name.as_str();
        self.routes.passed.push(Passed { router, rule });
    }

    /// What a rule says of what it starts; what it leaves out is as the router before it said.
    fn said(&self, rule: &RouterRule, given: &Given) -> Result<Given, String> {
        let priority = rule.priority.as_ref().map(|told| self.priority(told));
        let input = rule.transform.as_ref().map(|told| self.seen.value(told));
        let told = |what: &str, error: EvalError| format!("`{what}` has no value: {error}");
        Ok(Given {
            priority: priority.transpose()?.or(given.priority),
            input: input
                .transpose()
                .map_err(|error| told("transform", error))?
                .map(Arc::new)
                .or_else(|| given.input.clone()),
        })
    }

    fn priority(&self, template: &Template) -> Result<&'static str, String> {
        let value = self
            .seen
            .value(template)
            .map_err(|error| format!("`priority` has no value: {error}"))?;
        let word = PRIORITIES.into_iter().find(|word| value == *word);
        word.ok_or_else(|| {
            let known = PRIORITIES.join(", ");
            format!("`priority` is {value}, which is none of {known}")
        })
    }
}

pub(crate) fn rule_name(rule: &RouterRule, place: u32) -> RuleName<'_> {
    rule.name
        .as_deref()
        .map_or(RuleName::At(place), RuleName::Named)
}
