//! Events as the API shows them.

use api::{Event, EventAccepted, Json, Routed, Time};
use engine::Id;
use engine::record::EventRoute;
use runtime::Accepted;

use super::window::came;

/// The answer to an event.
pub fn accepted(accepted: Accepted, deduplicated: bool) -> EventAccepted {
    EventAccepted {
        id: accepted.id.to_string(),
        correlation_id: accepted.correlation_id,
        duplicate: accepted.duplicate,
        routed_to: accepted.routes.iter().map(routed).collect(),
        deduplicated,
    }
}

/// An event that is kept.
pub fn event(event: &runtime::Event) -> Event {
    let taken = &event.taken;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Event {
        id: event.id.to_string(),
        event_type: taken.event_type.clone(),
        source: taken.source.clone(),
        subject: some(&taken.subject),
        at: Time(event.at),
        correlation_id: taken.correlation_id.clone(),
        cause: taken.cause.clone(),
        actor: taken.actor.clone(),
        meta: Json::from_bytes(&event.meta().bytes()),
        data: Json::from_bytes(&event.data().bytes()),
        routed_to: event.routes().iter().map(routed).collect(),
    }
}

fn routed(route: &EventRoute) -> Routed {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Routed {
        router: some(&route.router),
        rule: route.rule.clone(),
        workflow: some(&route.workflow).filter(|_| route.adapter.is_empty()),
        adapter: some(&route.adapter),
        workflow_id: Id::from_slice(&route.instance).map(|id| id.to_string()),
        error: route.error.as_ref().map(|error| error.message.clone()),
        window: came(route),
    }
}
