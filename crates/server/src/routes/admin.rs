//! Who did what, and what is out.

use std::sync::Arc;

use api::{AuditEntry, Json as Raw, Page, TaskSummary, Time};
use axum::Json;
use axum::extract::State;
use engine::{Id, Instance};
use runtime::{AuditFilter, Consistency};
use store::InstanceFilter;

use super::list::{behind, open_cursor, seal_cursor};
use crate::callers::{Caller, Permission};
use crate::door::{Cursor, Query, Refusal, of_unavailable};
use crate::state::Door;

/// Things that one instance is asked to tell.
const MAX_PER_INSTANCE: usize = 1_000;

/// Lists who did what, newest first
#[utoipa::path(
    get, path = "/audit", tag = "system", operation_id = "list_audit",
    params(
        ("since" = Option<String>, Query), ("who" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<AuditEntry>), crate::openapi::Problems)
)]
pub async fn audit(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<AuditEntry>>, Refusal> {
    caller.may(Permission::Audit)?;
    let since: Option<Time> = query.take("since")?;
    let filter = AuditFilter {
        since: since.map(|since| since.0),
        who: query.take("who")?,
        kind: query.take("kind")?,
    };
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Audit)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.audit(&filter, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        items: page.items.into_iter().map(entry).collect(),
        next_cursor: page.next.map(|place| Cursor::Audit.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

fn entry(entry: runtime::AuditEntry) -> AuditEntry {
    let about = ["operation", "schedule"];
    let about = about.into_iter().find_map(|what| entry.data[what].as_str());
    let subject = match (entry.workflow_id.as_str(), entry.kind.as_str()) {
        ("", "catalog-changed") => "catalog".to_owned(),
        ("", _) => about.unwrap_or("system").to_owned(),
        (instance, _) => instance.to_owned(),
    };
    AuditEntry {
        at: Time(entry.at),
        who: entry.who,
        kind: entry.kind,
        subject,
        cause: entry.cause,
        reason: Some(entry.reason).filter(|reason| !reason.is_empty()),
        data: Some(Raw::from_value(&entry.data)).filter(|data| data.text() != "null"),
    }
}

/// Lists tasks that are out, by instance, newest instances first
///
/// `limit` and `cursor` count instances, not tasks.
#[utoipa::path(
    get, path = "/tasks", tag = "system", operation_id = "list_tasks",
    params(
        ("workflow" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<TaskSummary>), crate::openapi::Problems)
)]
pub async fn tasks(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<TaskSummary>>, Refusal> {
    caller.may(Permission::Read)?;
    let workflow: Option<String> = query.take("workflow")?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Instances)?;
    query.finish()?;
    let after = after.as_deref().map(open_cursor).transpose()?;
    let statuses = ["paused", "running", "waiting", "compensating", "stuck"]
        .map(str::to_owned)
        .to_vec();
    let filter = InstanceFilter {
        statuses,
        workflow,
        ..InstanceFilter::default()
    };
    let listed = door
        .runtime
        .list(&filter, after, limit, Consistency::Fresh)
        .await;
    let listed = listed.map_err(|outage| of_unavailable(&outage))?;
    let mut items = Vec::new();
    for row in &listed.page.items {
        // One that is gone by now has no task out.
        if let Ok(state) = door.runtime.instance(Id::from_bytes(row.id)).await {
            items.extend(tasks_of(&state));
        }
    }
    let next_cursor = listed.page.next.map(seal_cursor);
    Ok(Json(Page {
        items,
        next_cursor,
        incomplete: behind(&listed.incomplete),
    }))
}

fn tasks_of(state: &Instance) -> Vec<TaskSummary> {
    let (waiting, _) = state.waiting_for(MAX_PER_INSTANCE);
    let out = waiting
        .into_iter()
        .filter(|waiting| matches!(waiting.kind, "task" | "callback"));
    let task = |waiting: engine::view::Waiting| TaskSummary {
        workflow_id: state.id().to_string(),
        workflow: state.header().started.workflow.clone(),
        step: waiting.step,
        kind: waiting.kind.to_owned(),
        what: waiting.what,
        since: Some(Time(waiting.since)).filter(|since| since.0 > 0),
        until: waiting.until.map(Time),
    };
    out.map(task).collect()
}
