//! Events on their way to the node that takes them.

use bytes::Bytes;
use engine::record::EventRoute;
use engine::{Id, Payload};
use prost::Message;

use super::wire::{id_bytes, id_in};
use crate::events::{Accepted, Incoming, Numbered};

/// Events of one partition. They travel as they came: their owner sees what follows from them.
#[derive(Clone, PartialEq, Message)]
pub(super) struct EventsAsk {
    #[prost(message, repeated, tag = "1")]
    events: Vec<EventAsk>,
    /// They may have been taken already.
    #[prost(bool, tag = "2")]
    pub(super) again: bool,
}

#[derive(Clone, PartialEq, Message)]
struct EventAsk {
    #[prost(bytes = "bytes", tag = "1")]
    id: Bytes,
    #[prost(string, tag = "2")]
    event_type: String,
    #[prost(string, tag = "3")]
    source: String,
    #[prost(string, tag = "4")]
    subject: String,
    #[prost(string, optional, tag = "5")]
    sender_id: Option<String>,
    #[prost(bytes = "bytes", tag = "6")]
    meta: Bytes,
    #[prost(bytes = "bytes", tag = "7")]
    data: Bytes,
    #[prost(string, tag = "8")]
    correlation_id: String,
    #[prost(string, tag = "9")]
    actor: String,
    #[prost(string, tag = "10")]
    cause: String,
}

/// What became of them, in their order.
#[derive(Clone, PartialEq, Message)]
pub(super) struct EventsAnswer {
    #[prost(message, repeated, tag = "1")]
    accepted: Vec<AcceptedAnswer>,
}

#[derive(Clone, PartialEq, Message)]
struct AcceptedAnswer {
    #[prost(bytes = "bytes", tag = "1")]
    id: Bytes,
    #[prost(string, tag = "2")]
    correlation_id: String,
    #[prost(message, repeated, tag = "3")]
    routes: Vec<EventRoute>,
    #[prost(bool, tag = "4")]
    duplicate: bool,
}

impl EventsAsk {
    pub(super) fn new(events: &[Numbered], again: bool) -> Self {
        let events = events.iter().map(|Numbered { id, incoming, .. }| EventAsk {
            id: id_bytes(*id),
            event_type: incoming.event_type.clone(),
            source: incoming.source.clone(),
            subject: incoming.subject.clone(),
            sender_id: incoming.sender_id.clone(),
            meta: incoming.meta.bytes(),
            data: incoming.data.bytes(),
            correlation_id: incoming.correlation_id.clone(),
            actor: incoming.actor.clone(),
            cause: incoming.cause.clone(),
        });
        Self {
            events: events.collect(),
            again,
        }
    }

    pub(super) fn events(self) -> Vec<Numbered> {
        let events = self.events.into_iter().map(|event| {
            let id = id_in(&event.id);
            let incoming = Incoming {
                event_type: event.event_type,
                source: event.source,
                subject: event.subject,
                sender_id: event.sender_id,
                meta: Payload::from_bytes(event.meta),
                data: Payload::from_bytes(event.data),
                correlation_id: event.correlation_id,
                actor: event.actor,
                cause: event.cause,
            };
            let name = incoming.key();
            Numbered { id, name, incoming }
        });
        events.collect()
    }
}

impl EventsAnswer {
    pub(super) fn new(accepted: Vec<Accepted>) -> Self {
        let accepted = accepted.into_iter().map(|accepted| AcceptedAnswer {
            id: id_bytes(accepted.id),
            correlation_id: accepted.correlation_id,
            routes: accepted.routes,
            duplicate: accepted.duplicate,
        });
        Self {
            accepted: accepted.collect(),
        }
    }

    pub(super) fn accepted(self) -> Vec<Accepted> {
        let accepted = self.accepted.into_iter().map(|accepted| Accepted {
            id: Id::from_slice(&accepted.id).unwrap_or_default(),
            correlation_id: accepted.correlation_id,
            routes: accepted.routes,
            duplicate: accepted.duplicate,
        });
        accepted.collect()
    }
}
