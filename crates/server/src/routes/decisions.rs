//! Questions to people.

use std::sync::Arc;

use api::{Code, Decision, Page};
use axum::Json;
use axum::extract::State;
use engine::Id;
use runtime::{DecisionRow, DecisionStatus};

use crate::callers::{Caller, Permission};
use crate::door::{Cursor, PathId, Query, Refusal, of_unavailable};
use crate::render;
use crate::state::Door;

/// Lists decisions, newest first
#[utoipa::path(
    get, path = "/decisions", tag = "decisions", operation_id = "list_decisions",
    params(
        ("status" = Option<String>, Query, description = "`pending`, `answered` or `withdrawn`"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Decision>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Decision>>, Refusal> {
    caller.may(Permission::Read)?;
    let status: Option<String> = query.take("status")?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Decisions)?;
    query.finish()?;
    let status = status.map(|word| status_of(&word)).transpose()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.decisions(status, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        items: page.items.into_iter().map(render::decision).collect(),
        next_cursor: page
            .next
            .map(|place| Cursor::Decisions.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

fn status_of(word: &str) -> Result<DecisionStatus, Refusal> {
    match word {
        "pending" => Ok(DecisionStatus::Pending),
        "answered" => Ok(DecisionStatus::Answered),
        "withdrawn" => Ok(DecisionStatus::Withdrawn),
        _ => Err(Query::wrong(
            "status",
            "expected pending, answered or withdrawn",
        )),
    }
}

/// Shows one decision
#[utoipa::path(
    get, path = "/decisions/{id}", tag = "decisions", operation_id = "get_decision",
    params(("id" = String, Path)),
    responses((status = 200, description = "The decision", body = Decision), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<Decision>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    row(&door, id).await.map(|row| Json(render::decision(row)))
}

/// A decision's row.
pub(super) async fn row(door: &Door, id: Id) -> Result<DecisionRow, Refusal> {
    let found = door
        .runtime
        .decision(id)
        .await
        .map_err(|outage| of_unavailable(&outage))?;
    let missing = || {
        Refusal::new(
            Code::NO_DECISION,
            format!("there is no decision with id {id}"),
        )
    };
    found.ok_or_else(missing)
}
