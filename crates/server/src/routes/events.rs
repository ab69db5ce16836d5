//! Streams of records.

use std::sync::Arc;

use api::{HistoryRecord, StreamRecord};
use axum::extract::State;
use axum::response::Response;
use runtime::StreamFrom;

use crate::callers::{Caller, Permission};
use crate::door::{PathId, Query, Refusal, of_stream};
use crate::state::Door;
use crate::stream::{AllFilter, Asked, FollowAll, FollowOne, answer};

/// Follows one instance until it ends
///
/// Over a WebSocket one text message per record, and a close frame with the status; else
/// server-sent events `record` (its id is the seq), then `end`. Past records come first, then live
/// ones: none is missed, none comes twice.
#[utoipa::path(
    get, path = "/workflows/{id}/events", tag = "streams", operation_id = "follow_workflow",
    params(
        ("id" = String, Path),
        ("from_seq" = Option<u64>, Query, description = "Begin after this record; 0 without it"),
    ),
    responses(
        (status = 200, description = "Server-sent events", body = HistoryRecord, content_type = "text/event-stream"),
        (status = 101, description = "WebSocket"),
        crate::openapi::Problems,
    )
)]
pub async fn of_one(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    mut query: Query,
    asked: Asked,
) -> Result<Response, Refusal> {
    caller.may(Permission::Read)?;
    let from_seq: Option<u64> = query.take("from_seq")?;
    query.finish()?;
    let resumed = asked.last_event_id().and_then(|id| id.parse().ok());
    let from = resumed.or(from_seq).unwrap_or(0);
    let follow = FollowOne::begin(&door, id, from).await?;
    answer(&door, asked, follow)
}

/// Follows all instances
///
/// As for one instance, without an end. `cursor` of the last record goes on after it. Where `type` names `event-taken`,
/// events come too as they are taken: what they are and how much they led to, without their data. So many may come that
/// who only wants to know that something did sets `event_rate`.
#[utoipa::path(
    get, path = "/stream", tag = "streams", operation_id = "follow_all",
    params(
        ("cursor" = Option<String>, Query, description = "Go on after the record that had it; else with what comes now"),
        ("workflow" = Option<String>, Query), ("correlation_id" = Option<String>, Query),
        ("type" = Option<String>, Query, description = "Types with commas"),
        ("event_rate" = Option<u32>, Query, description = "Leave out what is more than so many `event-taken` a second, at least 1"),
    ),
    responses(
        (status = 200, description = "Server-sent events", body = StreamRecord, content_type = "text/event-stream"),
        (status = 101, description = "WebSocket"),
        crate::openapi::Problems,
    )
)]
pub async fn of_all(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
    asked: Asked,
) -> Result<Response, Refusal> {
    caller.may(Permission::Read)?;
    let cursor: Option<String> = query.take("cursor")?;
    let filter = AllFilter {
        workflow: query.take("workflow")?,
        correlation_id: query.take("correlation_id")?,
        kinds: query.take_list("type"),
        event_rate: query.take("event_rate")?,
    };
    query.finish()?;
    if filter.event_rate == Some(0) {
        return Err(Query::wrong("event_rate", "expected at least 1"));
    }
    let cursor = asked.last_event_id().map(str::to_owned).or(cursor);
    let from = cursor.map_or(StreamFrom::Now, StreamFrom::Cursor);
    let records = if filter.has_events() {
        door.runtime.subscribe_with_events(from).await
    } else {
        door.runtime.subscribe_all(from).await
    };
    let records = records.map_err(|error| of_stream(&error))?;
    let follow = FollowAll::new(&door, records, filter);
    answer(&door, asked, follow)
}
