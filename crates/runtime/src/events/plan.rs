//! What follows from an event: the starts that triggers and routers make of it.

use std::sync::Arc;

use definition::{Catalog, Target, Trigger};
use engine::record::{EventPassed, EventRoute, Failure, StartMessage};
use engine::{Id, Payload};
use router::{Start, StartError, TriggerRef};
use serde_json::Value;

use super::facts::{Facts, Outside};
use super::incoming::Incoming;
use super::meeting::{Meeting, meeting_of};
use super::routing::Routing;
use crate::one_step::ONE_STEP_VERSION;
use crate::shared::Shared;
use crate::windows::Offer;

/// The beginning of the cause of what an event led to.
const CAUSE: &str = "event:";

/// The cause of what an event led to.
pub(crate) fn cause_of(event: Id) -> String {
    format!("{CAUSE}{event}")
}

/// The event that is the cause, if it is one.
pub(crate) fn event_of(cause: &str) -> Option<Id> {
    cause.strip_prefix(CAUSE)?.parse().ok()
}

/// What follows from an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The starts.
    pub(crate) starts: Vec<Planned>,
    /// By what waits find it, if any could.
    pub(crate) meeting: Option<Meeting>,
    /// The routers that saw it and sent it nowhere themselves.
    pub(crate) passed: Vec<EventPassed>,
}

/// A start that follows from an event.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Where the event goes; without an instance yet.
    pub(crate) route: EventRoute,
    /// The id that the instance will have.
    pub(crate) id: Id,
    /// What is to be started.
    pub(crate) start: StartMessage,
    /// Why it cannot be.
    pub(crate) refused: Option<Failure>,
    /// The window that it comes to; none: it is started at once.
    pub(crate) window: Option<Offer>,
}

impl Planned {
    /// A start without a place yet, and with nothing against it.
    pub(crate) fn of(start: StartMessage) -> Self {
        Self {
            route: EventRoute::default(),
            id: Id::default(),
            start,
            refused: None,
            window: None,
        }
    }
}

/// What follows from an event at this moment (milliseconds since the epoch).
pub(crate) fn plan(
    shared: &Shared,
    catalog: &Catalog,
    routing: &Routing,
    about: (&Incoming, &Payload),
    now: i64,
) -> Plan {
    let planning = Planning::new(shared, (catalog, routing), about, now);
    let mut starts = planning.by_triggers();
    let (routed, passed) = planning.by_routers();
    starts.extend(routed);
    let meeting = meeting_of(shared, catalog, routing, about, now);
    Plan {
        starts,
        meeting,
        passed,
    }
}

/// What one trigger makes of an event; none where its condition does not hold.
pub(crate) fn plan_trigger(
    shared: &Shared,
    catalog: &Catalog,
    routing: &Routing,
    trigger: &TriggerRef,
    about: (&Incoming, &Payload),
    now: i64,
) -> Option<Planned> {
    let planning = Planning::new(shared, (catalog, routing), about, now);
    planning.by_trigger(trigger)
}

/// What a trigger makes of a window of events, of which `last` is the start that the last one would have been.
pub(crate) fn plan_window(
    shared: &Shared,
    catalog: &Catalog,
    routing: &Routing,
    of: &TriggerRef,
    about: (&Incoming, &Payload),
    window: Option<Arc<Value>>,
    last: StartMessage,
) -> Planned {
    let now = shared.clock.now_ms();
    let mut planning = Planning::new(shared, (catalog, routing), about, now);
    planning.facts.window = window.clone();
    let (table, outside) = (&routing.table, &planning.outside);
    let input = table.input_of_window(of.trigger(), &planning.facts, outside);
    let (input, refused) = match input {
        Ok(input) => (input.map(Arc::new).or(window), None),
        Err(error) => (window, Some(failed(&error.to_string()))),
    };
    let (name, version) = (of.workflow.name.clone(), of.workflow.version.to_string());
    let made = match input {
        Some(input) => planning.start(name, version, Some(input)),
        None => StartMessage {
            version,
            turn_key: None,
            ..last.clone()
        },
    };
    let mut planned = Planned::of(StartMessage {
        trigger: last.trigger,
        correlation_id: last.correlation_id,
        priority: last.priority,
        ..made
    });
    if of.workflow.subject.is_some() {
        planned.start.subject.clear();
    }
    Planned { refused, ..planned }
}

struct Planning<'a> {
    catalog: &'a Catalog,
    routing: &'a Routing,
    incoming: &'a Incoming,
    meta: &'a Payload,
    facts: Facts<'a>,
    outside: Outside<'a>,
}

impl<'a> Planning<'a> {
    fn new(
        shared: &'a Shared,
        (catalog, routing): (&'a Catalog, &'a Routing),
        (incoming, meta): (&'a Incoming, &'a Payload),
        now: i64,
    ) -> Self {
        Self {
            catalog,
            routing,
            incoming,
            meta,
            facts: Facts::new(incoming, meta, now),
            outside: Outside(shared),
        }
    }

    fn by_triggers(&self) -> Vec<Planned> {
        let Incoming {
            event_type, source, ..
        } = self.incoming;
        let hooks = self.incoming.hook().into_iter();
        let hooks = hooks.flat_map(|hook| self.routing.table.hooks(hook));
        let triggers = self.routing.table.triggers(event_type, source).into_iter();
        hooks
            .chain(triggers)
            .filter_map(|trigger| self.by_trigger(trigger))
            .collect()
    }

    fn by_trigger(&self, of: &TriggerRef) -> Option<Planned> {
        let (workflow, trigger) = (&of.workflow, of.trigger());
        let route = EventRoute {
            rule: trigger.id.clone(),
            workflow: workflow.name.clone(),
            ..EventRoute::default()
        };
        let (input, refused) = match self
            .routing
            .table
            .start(trigger, &self.facts, &self.outside)
        {
            Ok(Start::Yes(input)) => (input.map(Arc::new), None),
            Ok(Start::No) => return None,
            Err(error @ StartError::Condition(_)) => {
                let (workflow, trigger) = (&workflow.name, &trigger.id);
                tracing::debug!(%error, workflow, trigger, "the trigger's condition does not hold");
                return None;
            }
            Err(error) => (None, Some(failed(&error.to_string()))),
        };
        let (window, unkeyed) = self.window_of(trigger);
        let version = workflow.version.to_string();
        let start = StartMessage {
            trigger: trigger.id.clone(),
            ..self.start(workflow.name.clone(), version, input)
        };
        Some(Planned {
            route,
            refused: refused.or(unkeyed),
            window,
            ..Planned::of(start)
        })
    }

    /// The window that a trigger has for the event, or why none can be found.
    fn window_of(&self, trigger: &Trigger) -> (Option<Offer>, Option<Failure>) {
        let Some(window) = &trigger.window else {
            return (None, None);
        };
        let table = &self.routing.table;
        match table.window_key(window, &self.facts, &self.outside) {
            Ok(key) => (Some(Offer::new(window, key)), None),
            Err(error) => (None, Some(failed(&error.to_string()))),
        }
    }

    /// What routers start, and which of them sent it nowhere themselves.
    fn by_routers(&self) -> (Vec<Planned>, Vec<EventPassed>) {
        let routes = self.routing.table.route(&self.facts, &self.outside);
        for error in &routes.errors {
            let (router, error) = (error.router, &error.error);
            tracing::debug!(router, %error, "the router's condition does not hold");
        }
        let passed = routes.passed.iter().map(|passed| EventPassed {
            router: passed.router.to_owned(),
            rule: passed.rule.map(|rule| rule.to_string()).unwrap_or_default(),
        });
        let passed = passed.collect();
        let offers = routes.offers.into_iter();
        let starts = offers.flat_map(|offer| self.by_router(offer)).collect();
        (starts, passed)
    }

    fn by_router(&self, offer: router::Offer<'_>) -> Vec<Planned> {
        let routes = offer.routes.into_iter().filter_map(|route| {
            let priority = route.priority.unwrap_or_default().to_owned();
            let planned = self.to_target(route.target, route.input)?;
            Some(Planned {
                route: EventRoute {
                    router: route.router.to_owned(),
                    rule: route.rule.to_string(),
                    ..planned.route
                },
                start: StartMessage {
                    priority,
                    ..planned.start
                },
                ..planned
            })
        });
        let failures = offer.failures.into_iter().map(|failure| Planned {
            route: EventRoute {
                router: failure.router.to_owned(),
                rule: failure.rule.to_string(),
                ..EventRoute::default()
            },
            refused: Some(failed(&format!(
                "router {}, rule {}: {}",
                failure.router, failure.rule, failure.reason
            ))),
            ..Planned::of(self.start(String::new(), String::new(), None))
        });
        routes.chain(failures).collect()
    }

    fn to_target(&self, target: &Target, input: Option<Arc<Value>>) -> Option<Planned> {
        let (name, version, adapter) = match target {
            Target::Workflow(name) => {
                let workflow = self.catalog.workflow(name, None);
                let version = workflow.map(|workflow| workflow.version.to_string());
                (name.clone(), version.unwrap_or_default(), String::new())
            }
            Target::Adapter { adapter, action } => {
                let action = action.as_deref().unwrap_or_default();
                let told = match action {
                    "" => adapter.clone(),
                    action => format!("{adapter}/{action}"),
                };
                let name = self.routing.one_step(target)?.to_owned();
                (name, ONE_STEP_VERSION.to_owned(), told)
            }
            // The table follows these itself.
            Target::Router(_) => return None,
        };
        Some(Planned {
            route: EventRoute {
                workflow: name.clone(),
                adapter,
                ..EventRoute::default()
            },
            ..Planned::of(self.start(name, version, input))
        })
    }

    /// Without an input of its own it is started with the event's data.
    fn start(&self, workflow: String, version: String, input: Option<Arc<Value>>) -> StartMessage {
        let data = &self.incoming.data;
        let (input, event) = match input {
            Some(input) => (
                Payload::from_value(Value::clone(&input)),
                Some(data.clone()),
            ),
            None => (data.clone(), None),
        };
        StartMessage {
            workflow,
            version,
            input: Some(input),
            event,
            meta: Some(self.meta.clone()),
            ..StartMessage::default()
        }
    }
}

fn failed(message: &str) -> Failure {
    Failure {
        error_type: "expression".to_owned(),
        message: message.to_owned(),
        ..Failure::default()
    }
}
