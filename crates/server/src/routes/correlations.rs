//! What belongs together.

use std::sync::Arc;

use api::{Code, Genealogy, JourneyEntry, Page, Time};
use axum::Json;
use axum::extract::State;
use engine::Id;
use runtime::{Consistency, EventFilter};
use store::InstanceFilter;

use super::list::behind;
use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal, Segments, of_unavailable};
use crate::genealogy::{Detail, genealogy, keep_line};
use crate::state::Door;

/// Shows everything that one cause set in motion
///
/// Events, the instances that they started, their children, steps and attempts, with what led to what.
#[utoipa::path(
    get, path = "/correlations/{id}", tag = "events", operation_id = "get_correlation",
    params(
        ("id" = String, Path),
        ("detail" = Option<String>, Query, description = "`workflows`, `steps` (without it) or `attempts`"),
        ("ancestors_of" = Option<String>, Query, description = "Only what led to this node"),
        ("descendants_of" = Option<String>, Query, description = "Only what this node led to"),
    ),
    responses((status = 200, description = "The graph", body = Genealogy), crate::openapi::Problems)
)]
pub async fn correlation(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(id): Segments<String>,
    mut query: Query,
) -> Result<Json<Genealogy>, Refusal> {
    caller.may(Permission::Read)?;
    let word: Option<String> = query.take("detail")?;
    let detail = match word.as_deref() {
        Some("workflows") => Detail::Workflows,
        None | Some("steps") => Detail::Steps,
        Some("attempts") => Detail::Attempts,
        Some(_) => {
            return Err(Query::wrong(
                "detail",
                "expected workflows, steps or attempts",
            ));
        }
    };
    let ancestors_of: Option<String> = query.take("ancestors_of")?;
    let descendants_of: Option<String> = query.take("descendants_of")?;
    query.finish()?;
    let mut graph = genealogy(&door, id, detail).await?;
    if graph.nodes.is_empty() {
        let id = &graph.correlation_id;
        let detail = format!("nothing is known of the correlation id {id}");
        return Err(Refusal::new(Code::NO_CORRELATION, detail));
    }
    for (node, ancestors) in [(ancestors_of, true), (descendants_of, false)] {
        if let Some(node) = node {
            keep_line(&mut graph, &node, ancestors);
        }
    }
    Ok(Json(graph))
}

/// Lists what happened for one subject, newest first
///
/// Its events and the instances about it, over all workflows.
#[utoipa::path(
    get, path = "/subjects/{subject}/journey", tag = "events", operation_id = "get_journey",
    params(
        ("subject" = String, Path), ("limit" = Option<u32>, Query),
        ("before" = Option<String>, Query, description = "Only what happened before this time"),
    ),
    responses((status = 200, description = "The newest of it", body = Page<JourneyEntry>), crate::openapi::Problems)
)]
pub async fn journey(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(subject): Segments<String>,
    mut query: Query,
) -> Result<Json<Page<JourneyEntry>>, Refusal> {
    caller.may(Permission::Read)?;
    let limit = query.limit()?;
    let before: Option<Time> = query.take("before")?;
    query.finish()?;
    let before = before.map(|before| before.0);
    let filter = EventFilter {
        subject: Some(subject.clone()),
        before,
        ..EventFilter::default()
    };
    let events = door.runtime.events(&filter, None, limit).await;
    let events = events.map_err(|outage| of_unavailable(&outage))?;
    let filter = InstanceFilter {
        subject: Some(subject),
        created_before: before,
        ..InstanceFilter::default()
    };
    let listed = door
        .runtime
        .list(&filter, None, limit, Consistency::Fresh)
        .await;
    let listed = listed.map_err(|outage| of_unavailable(&outage))?;
    let mut entries: Vec<JourneyEntry> = events.items.iter().map(of_event).collect();
    entries.extend(listed.page.items.into_iter().map(of_instance));
    entries.sort_by(|a, b| (b.at.0, &b.id).cmp(&(a.at.0, &a.id)));
    entries.truncate(limit);
    Ok(Json(Page {
        items: entries,
        next_cursor: None,
        incomplete: behind(&listed.incomplete),
    }))
}

fn of_event(event: &runtime::Event) -> JourneyEntry {
    JourneyEntry {
        at: Time(event.at),
        kind: "event".to_owned(),
        id: event.id.to_string(),
        name: event.taken.event_type.clone(),
        status: None,
        ended_at: None,
        error: None,
        correlation_id: event.taken.correlation_id.clone(),
    }
}

fn of_instance(row: store::InstanceRow) -> JourneyEntry {
    JourneyEntry {
        at: Time(row.created_at),
        kind: "workflow".to_owned(),
        id: Id::from_bytes(row.id).to_string(),
        name: row.workflow,
        status: Some(row.status),
        ended_at: row.ended_at.map(Time),
        error: row.error.filter(|error| !error.is_empty()),
        correlation_id: row.correlation_id,
    }
}
