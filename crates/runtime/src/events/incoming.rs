//! An event on its way in.

use engine::record::{EventRoute, EventTaken, KeyTaken};
use engine::{Id, Payload};

use super::plan::Plan;
use crate::error::Unavailable;
use crate::partition::Reply;

/// An event as its sender describes it.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Its type.
    pub event_type: String,
    /// Where it happened.
    pub source: String,
    /// Whom it is about; may be empty.
    pub subject: String,
    /// The sender's id of it: with the source it names the event, which is then taken once. Without
    /// one each is new.
    pub sender_id: Option<String>,
    /// What it says of itself: an object with the attributes of CloudEvents.
    pub meta: Payload,
    /// What it carries: one JSON document.
    pub data: Payload,
    /// Persists over everything that it sets in motion; empty: the event's own id.
    pub correlation_id: String,
    /// Who sends it.
    pub actor: String,
    /// Through what (`events`, `hook:NAME`).
    pub cause: String,
}

impl Incoming {
    /// The webhook that it came through, if it did.
    pub(crate) fn hook(&self) -> Option<&str> {
        self.cause.strip_prefix("hook:")
    }

    /// Under which name a repeat of it is known.
    pub(crate) fn key(&self) -> Option<String> {
        let id = self.sender_id.as_ref()?;
        // No source holds a line break, so no two events share a name. What comes by a webhook is
        // not taken for what anybody else sends in its source's name.
        let door = if self.hook().is_some() {
            "hook"
        } else {
            "event"
        };
        Some(format!("{door}\n{}\n{id}", self.source))
    }
}

/// An event with the id that it will have.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) id: Id,
    /// [`Incoming::key`].
    pub(crate) name: Option<String>,
    pub(crate) incoming: Incoming,
}

/// A durable event.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its id; of a repeat, that of the first.
    pub id: Id,
    /// Its correlation id.
    pub correlation_id: String,
    /// Where it went.
    pub routes: Vec<EventRoute>,
    /// It was taken before: nothing was started.
    pub duplicate: bool,
}

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// A node of the cluster would not know what an event is.
    #[error(
        "a node of an older version runs beside this one: events are taken when all are of this version"
    )]
    OlderNode,
    /// Its data is not what its type says.
    #[error("the data does not fit the schema of the event type {event_type}: {reason}")]
    Data {
        /// The type.
        event_type: String,
        /// What does not fit, and where.
        reason: String,
    },
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// An event for the partition of its slot.
pub(crate) struct EventOrder {
    pub(crate) taken: EventTaken,
    pub(crate) plan: Plan,
    /// What the state knew of it; none where it cannot have been taken before.
    pub(crate) looked_up: Option<LookedUp>,
    pub(crate) reply: Reply<EventReply>,
}

/// What the state knew of an event's name, and how far the state was.
#[derive(Clone, Debug)]
pub(crate) struct LookedUp {
    pub(crate) name: String,
    /// Everything up to this position was in the state.
    pub(crate) reached: u64,
    pub(crate) found: Option<KeyTaken>,
}

/// What became of an event; sent when it is durable.
pub(crate) enum EventReply {
    /// It was taken, and went there.
    Taken {
        /// Its correlation id.
        correlation_id: String,
        routes: Vec<EventRoute>,
    },
    /// It was taken before, under this id.
    Before(Id),
    /// The state was looked at too long ago: look again.
    LookAgain,
}
