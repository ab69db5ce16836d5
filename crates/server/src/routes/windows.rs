//! Windows of triggers: events that wait to become one start, and how often a trigger starts.

use std::sync::Arc;

use api::{Code, Page, Window};
use axum::Json;
use axum::extract::State;

use crate::callers::{Caller, Permission};
use crate::door::{Cursor, PathId, Query, Refusal, of_unavailable};
use crate::render;
use crate::state::Door;

/// Events that are shown of one window at most.
const MOST_EVENTS: usize = 1_000;

/// Lists windows of triggers, those that opened last first
#[utoipa::path(
    get, path = "/windows", tag = "events", operation_id = "list_windows",
    params(
        ("closed" = Option<bool>, Query, description = "`true`: those of debounce and batch that closed, not the open ones"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Window>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Window>>, Refusal> {
    caller.may(Permission::Read)?;
    let closed = query.take("closed")?.unwrap_or(false);
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Windows)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.windows(closed, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        items: page.items.iter().map(render::window).collect(),
        next_cursor: page
            .next
            .map(|place| Cursor::Windows.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

/// Shows one window of a trigger, with its events
#[utoipa::path(
    get, path = "/windows/{id}", tag = "events", operation_id = "get_window",
    params(("id" = String, Path)),
    responses((status = 200, description = "The window", body = Window), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<Window>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let found = door.runtime.window(id).await;
    let found = found.map_err(|outage| of_unavailable(&outage))?;
    let missing = || Refusal::new(Code::NO_WINDOW, format!("there is no window with id {id}"));
    let mut window = render::window(&found.ok_or_else(missing)?);
    let events = door.runtime.events_of_window(id, MOST_EVENTS).await;
    let (events, _) = events.map_err(|outage| of_unavailable(&outage))?;
    window.events = events.iter().map(ToString::to_string).collect();
    Ok(Json(window))
}
