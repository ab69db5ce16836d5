//! What follows from lifecycle events: deliveries of callbacks, and what triggers of ends start.

use std::sync::Arc;

use definition::{Callback, Catalog, EndTrigger, Trigger, Window};
use engine::record::{Failure, Record, StartMessage};
use engine::{HOPS, Instance, MAX_HOPS, Payload, Slot};
use router::{Start, StartError, look, window_key};
use serde_json::Value;

use super::cause_of;
use super::happened::{Happened, types_of};
use super::mask::mask;
use crate::events::Outside;
use crate::shared::Shared;
use crate::windows::Offer;

/// A start that follows from a lifecycle event.
#[derive(Debug)]
pub(crate) struct Follow {
    /// What is to be started.
    pub(crate) start: StartMessage,
    /// The slot of what is started.
    pub(crate) slot: Slot,
    /// It delivers for a callback.
    pub(crate) delivers: bool,
    /// Why it cannot be started.
    pub(crate) refused: Option<Failure>,
    /// The window that it comes to; none: it is started at once.
    pub(crate) window: Option<Offer>,
}

/// What follows from what these records say of an instance. `instance` is how it is after them.
pub(crate) fn follow(
    shared: &Shared,
    catalog: &Catalog,
    instance: &Instance,
    records: &[Record],
) -> Vec<Follow> {
    let workflow = instance.workflow();
    if !catalog.lifecycle.is_wanted() || workflow.is_delivery() {
        return Vec::new();
    }
    let mut follows = Vec::new();
    for record in records {
        for event in record.body.as_ref().map_or(&[][..], types_of) {
            let happened = Happened {
                event,
                record,
                instance,
            };
            let following = Following {
                shared,
                catalog,
                happened: &happened,
            };
            following.tell(&mut follows);
            let triggers = catalog.lifecycle.triggers(&workflow.name, event);
            follows.extend(triggers.filter_map(|trigger| following.trigger(trigger)));
        }
    }
    follows
}

struct Following<'a> {
    shared: &'a Shared,
    catalog: &'a Catalog,
    happened: &'a Happened<'a>,
}

impl Following<'_> {
    /// The deliveries of callbacks.
    fn tell(&self, follows: &mut Vec<Follow>) {
        let instance = self.happened.instance;
        let workflow = instance.workflow();
        let callbacks = self
            .catalog
            .lifecycle
            .callbacks(workflow, self.happened.event);
        let mut seen: Option<Seen> = None;
        for callback in callbacks {
            // Made when the first one wants it.
            let seen = seen.get_or_insert_with(|| {
                let mut data = self.happened.data();
                mask(workflow, &instance.header().input(), &mut data);
                Seen::new(self.happened, data)
            });
            if self.wants(callback, seen) {
                follows.push(self.delivery(callback, seen));
            }
        }
    }

    fn wants(&self, callback: &Callback, seen: &Seen) -> bool {
        let question = (callback.when.as_ref(), None);
        match look(self.catalog, question, seen, &Outside(self.shared)) {
            Ok(Start::Yes(_)) => true,
            Ok(Start::No) => false,
            Err(error) => {
                let callback = &callback.name;
                tracing::debug!(%error, callback, "the callback's condition does not hold");
                false
            }
        }
    }

    fn delivery(&self, callback: &Callback, seen: &Seen) -> Follow {
        let started = &self.happened.instance.header().started;
        let mut event = Value::clone(&seen.meta);
        event["data"] = Value::clone(&seen.data);
        let mut start = StartMessage {
            workflow: callback.delivery(),
            version: callback.delivery_version().to_owned(),
            input: Some(Payload::from_value(event)),
            priority: started.priority.clone(),
            ..self.start()
        };
        let near = self.happened.instance.id().slot();
        // Those that wait for each other are together; the others stay where they come from.
        let slot = match callback.ordered {
            true => self.slot(&mut start, near),
            false => near,
        };
        Follow {
            start,
            slot,
            delivers: true,
            refused: None,
            window: None,
        }
    }

    fn trigger(&self, of: &EndTrigger) -> Option<Follow> {
        let (workflow, trigger) = (&of.workflow, of.trigger());
        let mut seen = Seen::new(self.happened, self.happened.data());
        let hops = self.hops() + 1;
        seen.add(HOPS, Value::from(hops));
        let question = (trigger.condition.as_ref(), trigger.input_of_each());
        let looked = look(self.catalog, question, &seen, &Outside(self.shared));
        let (input, refused) = match looked {
            Ok(Start::Yes(input)) => (input.map(Payload::from_value), None),
            Ok(Start::No) => return None,
            Err(error @ StartError::Condition(_)) => {
                let (workflow, trigger) = (&workflow.name, &trigger.id);
                tracing::debug!(%error, workflow, trigger, "the trigger's condition does not hold");
                return None;
            }
            Err(error) => (None, Some(failure("expression", error.to_string()))),
        };
        let looped = (hops > MAX_HOPS).then(|| {
            let told = format!("{MAX_HOPS} ends started one another before this one");
            failure("event.loop", told)
        });
        let (window, unkeyed) = self.window_of(trigger, &seen);
        let data = Payload::from_value(Value::clone(&seen.data));
        // A window that keeps all has the events.
        let all = trigger.window.as_ref().is_some_and(Window::keeps_all);
        let output = self.happened.output().filter(|_| !all);
        let input = input.or(output);
        let mut start = StartMessage {
            workflow: workflow.name.clone(),
            version: workflow.version.to_string(),
            input: Some(input.unwrap_or_else(|| data.clone())),
            event: Some(data),
            meta: Some(Payload::from_value(Value::clone(&seen.meta))),
            trigger: trigger.id.clone(),
            ..self.start()
        };
        if workflow.subject.is_some() {
            start.subject.clear();
        }
        let near = self.happened.instance.id().slot();
        let slot = self.slot(&mut start, near);
        Some(Follow {
            start,
            slot,
            delivers: false,
            refused: refused.or(looped).or(unkeyed),
            window,
        })
    }

    /// The window that a trigger has for it, or why none can be found.
    fn window_of(&self, trigger: &Trigger, seen: &Seen) -> (Option<Offer>, Option<Failure>) {
        let Some(window) = &trigger.window else {
            return (None, None);
        };
        match window_key(self.catalog, window, seen, &Outside(self.shared)) {
            Ok(key) => (Some(Offer::new(window, key)), None),
            Err(error) => (None, Some(failure("expression", error.to_string()))),
        }
    }

    /// What everything that follows has in common.
    fn start(&self) -> StartMessage {
        let instance = self.happened.instance;
        let started = &instance.header().started;
        StartMessage {
            correlation_id: started.correlation_id.clone(),
            subject: started.subject.clone(),
            cause: cause_of(instance.id()),
            ..StartMessage::default()
        }
    }

    fn slot(&self, start: &mut StartMessage, near: Slot) -> Slot {
        let workflow = self
            .catalog
            .recorded_workflow(&start.workflow, &start.version);
        let found = workflow.and_then(|workflow| {
            // What is refused here is refused anew where it is decided, and kept.
            let found = self
                .shared
                .slot_of_start(self.catalog, &workflow, start, Some(near));
            found.ok()
        });
        found.unwrap_or(near)
    }

    fn hops(&self) -> u64 {
        let meta = self.happened.instance.header().started.meta.as_ref();
        let hops = meta.and_then(|meta| meta.value().get(HOPS)?.as_u64());
        hops.unwrap_or(0)
    }
}

/// A lifecycle event as conditions and templates see it.
struct Seen {
    meta: Arc<Value>,
    data: Arc<Value>,
    at_ms: i64,
}

impl Seen {
    fn new(happened: &Happened<'_>, data: Value) -> Self {
        Self {
            meta: Arc::new(Value::Object(happened.attributes())),
            data: Arc::new(data),
            at_ms: happened.record.at,
        }
    }

    fn add(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.meta)[name] = value;
    }
}

impl router::Event for Seen {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.meta.get(name)?.as_str()
    }

    fn meta(&self) -> Arc<Value> {
        Arc::clone(&self.meta)
    }

    fn data(&self) -> Option<Arc<Value>> {
        Some(Arc::clone(&self.data))
    }

    fn at_ms(&self) -> i64 {
        self.at_ms
    }
}

fn failure(error_type: &str, message: String) -> Failure {
    Failure {
        error_type: error_type.to_owned(),
        message,
        ..Failure::default()
    }
}
