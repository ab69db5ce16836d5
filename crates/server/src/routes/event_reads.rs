//! Events that were taken.

use std::sync::Arc;

use api::{Code, Event, Page, Time};
use axum::Json;
use axum::extract::State;
use runtime::EventFilter;

use crate::callers::{Caller, Permission};
use crate::door::{Cursor, PathId, Query, Refusal, of_unavailable};
use crate::render;
use crate::state::Door;

/// Lists events, newest first
#[utoipa::path(
    get, path = "/events", tag = "events", operation_id = "list_events",
    params(
        ("type" = Option<String>, Query, description = "With `*` at the end: all that begin so"),
        ("source" = Option<String>, Query), ("subject" = Option<String>, Query),
        ("correlation_id" = Option<String>, Query),
        ("routed" = Option<bool>, Query, description = "`false`: only those that no trigger and no router took further, and no wait could"),
        ("since" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Event>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Event>>, Refusal> {
    caller.may(Permission::Read)?;
    let since: Option<Time> = query.take("since")?;
    let filter = EventFilter {
        event_type: query.take("type")?,
        source: query.take("source")?,
        subject: query.take("subject")?,
        correlation_id: query.take("correlation_id")?,
        routed: query.take("routed")?,
        since: since.map(|since| since.0),
        before: None,
    };
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Events)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.events(&filter, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        items: page.items.iter().map(render::event).collect(),
        next_cursor: page.next.map(|place| Cursor::Events.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

/// Shows one event
#[utoipa::path(
    get, path = "/events/{id}", tag = "events", operation_id = "get_event",
    params(("id" = String, Path)),
    responses((status = 200, description = "The event", body = Event), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<Event>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let found = door.runtime.event(id).await;
    let found = found.map_err(|outage| of_unavailable(&outage))?;
    let missing = || Refusal::new(Code::NO_EVENT, format!("there is no event with id {id}"));
    let event = found.ok_or_else(missing)?;
    let mut shown = render::event(&event);
    for (route, routed) in event.routes().iter().zip(&mut shown.routed_to) {
        let Some(key) = &route.window_key else {
            continue;
        };
        let name = (route.workflow.as_str(), route.rule.as_str(), key.as_str());
        let came = door.runtime.came_to_window(id, name).await;
        if let Some((entry, window)) = came.map_err(|outage| of_unavailable(&outage))? {
            render::came_by_now(routed, &entry, window.as_ref());
        }
    }
    Ok(Json(shown))
}
