//! Taking events.

use std::collections::BTreeMap;

use definition::Catalog;
use engine::record::{EventTaken, KeyTaken};
use engine::{Id, Payload, Slot, slot_of};
use futures_util::future::join_all;
use serde_json::Value;
use store::{StoreError, Table};
use tokio::sync::oneshot;

use super::Runtime;
use crate::cluster::{Routed, Trip};
use crate::error::Unavailable;
use crate::events::{
    Accepted, Event, EventError, EventOrder, EventReply, Incoming, LookedUp, Numbered, Plan,
    Planned, Routing, event_key, own_name, plan,
};
use crate::partition::{Door, read_keys};
use crate::windows::Offer;

/// The first format whose readers know events and schedules.
pub(crate) const KNOWN_SINCE: u32 = 4;
/// What an event weighs at the door beside its payloads, in bytes.
const EVENT_WEIGHT: usize = 512;

impl Runtime {
    /// Takes events; the answers stand in their order, and come when all are durable. One that is
    /// not taken does not touch the others.
    ///
    /// # Errors
    /// See [`EventError`].
    pub async fn take_events(&self, events: Vec<Incoming>) -> Vec<Result<Accepted, EventError>> {
        if self.shared.format() < KNOWN_SINCE {
            let refused = |_| Err(EventError::OlderNode);
            return events.into_iter().map(refused).collect();
        }
        let count = events.len();
        let catalog = self.shared.catalog.current();
        let mut answers: Vec<_> = (0..count).map(|_| Err(closed())).collect();
        let mut groups: BTreeMap<usize, (Vec<usize>, Vec<Numbered>)> = BTreeMap::new();
        for (place, incoming) in events.into_iter().enumerate() {
            if let Err(error) = check_data(&catalog, &incoming) {
                answers[place] = Err(error);
                continue;
            }
            let name = incoming.key();
            let id = self.id_of_event(name.as_deref(), &incoming.subject);
            let group = groups.entry(self.shared.placement.of(id.slot()));
            let (places, events) = group.or_default();
            places.push(place);
            events.push(Numbered { id, name, incoming });
        }
        let taken = groups.into_values().map(async |(places, events)| {
            let taken = self.take_at_owner(events).await;
            (places, taken)
        });
        for (places, taken) in join_all(taken).await {
            match taken {
                Ok(taken) => {
                    for (place, accepted) in places.into_iter().zip(taken) {
                        answers[place] = Ok(accepted);
                    }
                }
                Err(reason) => {
                    for place in places {
                        answers[place] = Err(reason.clone().into());
                    }
                }
            }
        }
        answers
    }

    /// An event lives in the slot of its name, else of its subject, else in any.
    fn id_of_event(&self, name: Option<&str>, subject: &str) -> Id {
        let slot = match name {
            Some(name) => slot_of(name),
            None if !subject.is_empty() => slot_of(subject),
            None => self.shared.any_slot(),
        };
        self.shared.new_id(slot)
    }

    /// Has events of one partition taken by its owner, wherever that is.
    async fn take_at_owner(&self, events: Vec<Numbered>) -> Result<Vec<Accepted>, Unavailable> {
        let Some(first) = events.first() else {
            return Ok(Vec::new());
        };
        let mut trip = Trip::to(&self.shared, first.id.slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => {
                    let again = trip.again();
                    trip.here(self.take_events_here(&events, again)).await
                }
                Routed::There(there) => there.events(&events).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return settled;
            }
        }
    }

    /// Takes events of one partition in this process; those that come `again` may have been taken.
    pub(crate) async fn take_events_here(
        &self,
        events: &[Numbered],
        again: bool,
    ) -> Result<Vec<Accepted>, Unavailable> {
        let Some(first) = events.first() else {
            return Ok(Vec::new());
        };
        self.check_lag()?;
        let routing = self.routing(&self.shared.catalog.current()).await?;
        let port = self.shared.port(first.id.slot());
        let mut answers: Vec<Option<Accepted>> = events.iter().map(|_| None).collect();
        while answers.iter().any(Option::is_none) {
            let open = (0..events.len()).filter(|place| answers[*place].is_none());
            let open: Vec<usize> = open.collect();
            let looked_up = self.look_up(&open, events, again).await?;
            let (mut orders, mut replies, mut bytes) = (Vec::new(), Vec::new(), 0);
            for (place, looked_up) in open.into_iter().zip(looked_up) {
                let event = &events[place];
                let (reply, answer) = oneshot::channel();
                replies.push((place, answer));
                bytes += EVENT_WEIGHT + event.incoming.data.bytes().len();
                orders.push(self.order_of(&routing, event, looked_up, reply));
            }
            port.enter(&self.shared.config.bounds, bytes, Door::Events(orders))
                .inspect_err(|_| crate::health::add(&self.shared.stats.refused_at_door, 1))?;
            for (place, answer) in replies {
                let answer = answer.await.map_err(|_| Unavailable::Closed)?;
                answers[place] = self.accepted(events[place].id, answer).await?;
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    fn order_of(
        &self,
        routing: &Routing,
        event: &Numbered,
        looked_up: Option<LookedUp>,
        reply: oneshot::Sender<EventReply>,
    ) -> EventOrder {
        let Numbered { id, name, incoming } = event;
        let correlation_id = match incoming.correlation_id.as_str() {
            "" => id.to_string(),
            given => given.to_owned(),
        };
        let meta = meta_of(*id, incoming);
        let plan = self.plan_event(routing, *id, (incoming, &meta), &correlation_id);
        let taken = EventTaken {
            id: bytes::Bytes::copy_from_slice(&id.bytes()),
            meta: Some(meta.unparsed()),
            data: Some(incoming.data.unparsed()),
            correlation_id,
            event_type: incoming.event_type.clone(),
            source: incoming.source.clone(),
            subject: incoming.subject.clone(),
            key: name.clone().unwrap_or_default(),
            cause: incoming.cause.clone(),
            actor: incoming.actor.clone(),
            ..EventTaken::default()
        };
        EventOrder {
            taken,
            plan,
            looked_up,
            reply,
        }
    }

    /// What follows from an event that an instance publishes.
    ///
    /// # Errors
    /// When a workflow that calls a router's adapter cannot be applied for the moment.
    pub(crate) async fn plan_emitted(&self, taken: &EventTaken) -> Result<Plan, Unavailable> {
        let routing = self.routing(&self.shared.catalog.current()).await?;
        let id = Id::from_slice(&taken.id).unwrap_or_default();
        let meta = taken.meta.clone().unwrap_or_default();
        let incoming = Incoming {
            event_type: taken.event_type.clone(),
            source: taken.source.clone(),
            subject: taken.subject.clone(),
            data: taken.data.clone().unwrap_or_default(),
            actor: taken.actor.clone(),
            cause: taken.cause.clone(),
            ..Incoming::default()
        };
        Ok(self.plan_event(&routing, id, (&incoming, &meta), &taken.correlation_id))
    }

    /// What follows from an event, with the ids of what is to be started.
    fn plan_event(
        &self,
        routing: &Routing,
        id: Id,
        (incoming, meta): (&Incoming, &Payload),
        correlation_id: &str,
    ) -> Plan {
        let (shared, now) = (&self.shared, self.shared.clock.now_ms());
        let catalog = shared.catalog.current();
        let mut plan = plan(shared, &catalog, routing, (incoming, meta), now);
        for planned in &mut plan.starts {
            correlation_id.clone_into(&mut planned.start.correlation_id);
            self.place_planned(&catalog, planned, id.slot(), incoming);
        }
        plan
    }

    /// Gives what is to be started its id, and with it a slot: near to what it comes from, if it may live anywhere.
    pub(crate) fn place_planned(
        &self,
        catalog: &Catalog,
        planned: &mut Planned,
        near: Slot,
        incoming: &Incoming,
    ) {
        let gathers = planned.window.as_ref().is_some_and(Offer::gathers);
        let (start, shared) = (&mut planned.start, &self.shared);
        incoming.actor.clone_into(&mut start.requester);
        // What is refused here is refused anew where it is decided, and kept.
        let mut slot = near;
        if let Some(workflow) = catalog.recorded_workflow(&start.workflow, &start.version) {
            if workflow.subject.is_none() {
                incoming.subject.clone_into(&mut start.subject);
            }
            // Where what is gathered lives is known when its window closes.
            if !gathers {
                let found = shared.slot_of_start(catalog, &workflow, start, Some(slot));
                slot = found.unwrap_or(slot);
            }
        }
        planned.id = shared.new_id(slot);
    }

    /// What the state knows of the names of these events.
    async fn look_up(
        &self,
        places: &[usize],
        events: &[Numbered],
        again: bool,
    ) -> Result<Vec<Option<LookedUp>>, StoreError> {
        let store = self.shared.store.as_ref();
        let Some(first) = places.first() else {
            return Ok(Vec::new());
        };
        // All are of one partition; how far its state is must be known before it is asked.
        let reached = self.shared.port(events[*first].id.slot()).reached.get();
        let events = || places.iter().map(|place| &events[*place]);
        let names: Vec<&str> = events().filter_map(|event| event.name.as_deref()).collect();
        let mut named = read_keys(store, &names).await?.into_iter();
        // Without a name only a repeat of ours is known, by its id.
        let ids = events().filter(|event| again && event.name.is_none());
        let ids: Vec<_> = ids
            .map(|event| (event.id.slot(), event_key(event.id)))
            .collect();
        let mut nameless = store.get_many(Table::Event, ids).await?.into_iter();
        let looked_up = events().map(|Numbered { id, name, .. }| {
            let (name, found) = match name {
                Some(name) => (name.clone(), named.next().flatten()),
                None if again => {
                    let taken = |_| KeyTaken {
                        id: event_key(*id),
                        expires_at: i64::MAX,
                        ..KeyTaken::default()
                    };
                    (own_name(*id), nameless.next().flatten().map(taken))
                }
                None => return None,
            };
            Some(LookedUp {
                name,
                reached,
                found,
            })
        });
        Ok(looked_up.collect())
    }

    /// The answer to an event; none where the state has to be looked at again.
    async fn accepted(&self, id: Id, reply: EventReply) -> Result<Option<Accepted>, Unavailable> {
        Ok(match reply {
            EventReply::LookAgain => None,
            EventReply::Taken {
                correlation_id,
                routes,
            } => Some(Accepted {
                id,
                correlation_id,
                routes,
                duplicate: false,
            }),
            EventReply::Before(first) => {
                let found = self.event(first).await?;
                // Events may be kept for a shorter time than their names.
                let taken = found.map(|Event { taken, .. }| taken).unwrap_or_default();
                Some(Accepted {
                    id: first,
                    correlation_id: taken.correlation_id,
                    routes: taken.routes,
                    duplicate: first != id,
                })
            }
        })
    }
}

/// What an event says of itself. One that its sender gave no id has the one that it has here.
fn meta_of(id: Id, incoming: &Incoming) -> Payload {
    if incoming.sender_id.is_some() {
        return incoming.meta.clone();
    }
    let mut meta = Value::clone(&incoming.meta.value());
    if let Value::Object(attributes) = &mut meta {
        attributes.insert("id".to_owned(), Value::String(id.to_string()));
    }
    Payload::from_value(meta)
}

/// Whether an event is what its type says.
fn check_data(catalog: &Catalog, incoming: &Incoming) -> Result<(), EventError> {
    let event_type = &incoming.event_type;
    let Some(known) = catalog.events.get(event_type) else {
        return Ok(());
    };
    let errors = known.check_data(&incoming.data.value());
    if errors.is_empty() {
        return Ok(());
    }
    let reasons = errors
        .iter()
        .map(|error| format!("{:?}: {}", error.pointer, error.message));
    Err(EventError::Data {
        event_type: event_type.clone(),
        reason: reasons.collect::<Vec<_>>().join("; "),
    })
}

fn closed() -> EventError {
    Unavailable::Closed.into()
}
