//! Calls that failed for good and are kept whole.

use std::sync::Arc;

use api::{DeadLetter, Page, Reason, ReprocessRequest, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use engine::Id;
use runtime::{LetterFilter, LetterStatus};

use super::answers::data_of;
use super::submit::created;
use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, JsonBody, PathId, Query, Refusal, bad_field, of_letter, of_unavailable, parse_id,
};
use crate::render;
use crate::state::Door;

/// What a settled letter names as its cause.
const CAUSE: &str = "api";

/// Lists dead letters, newest first
#[utoipa::path(
    get, path = "/dead-letters", tag = "dead-letters", operation_id = "list_dead_letters",
    params(
        ("status" = Option<String>, Query, description = "`pending` (without it), `reprocessed`, `discarded` or `superseded`"),
        ("workflow" = Option<String>, Query), ("workflow_id" = Option<String>, Query),
        ("step" = Option<String>, Query), ("adapter" = Option<String>, Query),
        ("action" = Option<String>, Query), ("error_type" = Option<String>, Query),
        ("correlation_id" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<DeadLetter>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<DeadLetter>>, Refusal> {
    caller.may(Permission::Read)?;
    let filter = filter(&mut query)?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::DeadLetters)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.dead_letters(&filter, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    let catalog = door.runtime.catalog();
    let shown = |letter| render::dead_letter(letter, &catalog);
    let next = page.next;
    Ok(Json(Page {
        items: page.items.into_iter().map(shown).collect(),
        next_cursor: next.map(|place| Cursor::DeadLetters.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

/// The conditions of a list; those that wait where nothing is said.
pub(super) fn filter(query: &mut Query) -> Result<LetterFilter, Refusal> {
    let status: Option<String> = query.take("status")?;
    let instance: Option<String> = query.take("workflow_id")?;
    Ok(LetterFilter {
        status: Some(status_of(status.as_deref())?),
        workflow: query.take("workflow")?,
        workflow_id: instance.map(|id| parse_id(&id)).transpose()?,
        step: query.take("step")?,
        adapter: query.take("adapter")?,
        action: query.take("action")?,
        error_type: query.take("error_type")?,
        correlation_id: query.take("correlation_id")?,
    })
}

fn status_of(word: Option<&str>) -> Result<LetterStatus, Refusal> {
    match word {
        None | Some("pending") => Ok(LetterStatus::Pending),
        Some("superseded") => Ok(LetterStatus::Superseded),
        Some("reprocessed") => Ok(LetterStatus::Reprocessed),
        Some("discarded") => Ok(LetterStatus::Discarded),
        Some(_) => Err(Query::wrong(
            "status",
            "expected pending, reprocessed, discarded or superseded",
        )),
    }
}

/// Shows one dead letter, whole
#[utoipa::path(
    get, path = "/dead-letters/{id}", tag = "dead-letters", operation_id = "get_dead_letter",
    params(("id" = String, Path)),
    responses((status = 200, description = "The letter", body = DeadLetter), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<DeadLetter>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    one(&door, id).await.map(Json)
}

async fn one(door: &Door, id: Id) -> Result<DeadLetter, Refusal> {
    let found = door.runtime.dead_letter(id).await;
    let found = found.map_err(|outage| of_unavailable(&outage))?;
    let missing = || of_letter(runtime::LetterRefused::NotFound(id));
    let letter = found.ok_or_else(missing)?;
    Ok(render::dead_letter(letter, &door.runtime.catalog()))
}

/// Makes a dead letter's call anew
///
/// As it was, or with another input: a new instance of one step, under the same correlation id, with the
/// retries and the breaker of its adapter. If it fails for good, it is a dead letter again. A letter is
/// called anew once.
#[utoipa::path(
    post, path = "/dead-letters/{id}/reprocess", tag = "dead-letters", operation_id = "reprocess_dead_letter",
    params(("id" = String, Path)),
    request_body = Option<ReprocessRequest>,
    responses((status = 201, description = "Its call is made anew, durably", body = Submitted), crate::openapi::Problems)
)]
pub async fn reprocess(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let read = JsonBody::<ReprocessRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let input = data_of(asked.input.as_ref())?;
    let by = (user, asked.reason.as_str(), CAUSE);
    let started = door.runtime.reprocess(id, input, by).await;
    Ok(created(&started.map_err(of_letter)?, false))
}

/// Throws a dead letter away
#[utoipa::path(
    post, path = "/dead-letters/{id}/discard", tag = "dead-letters", operation_id = "discard_dead_letter",
    params(("id" = String, Path)),
    request_body = Reason,
    responses((status = 200, description = "It is discarded", body = DeadLetter), crate::openapi::Problems)
)]
pub async fn discard(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Json<DeadLetter>, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let JsonBody(asked) = JsonBody::<Reason>::read(request, door.limits.body_bytes).await?;
    let reason = asked.reason.trim();
    if reason.is_empty() {
        return Err(bad_field("/reason", "expected why, but it is empty"));
    }
    let discarded = door.runtime.discard(id, (user, reason, CAUSE)).await;
    discarded.map_err(of_letter)?;
    one(&door, id).await.map(Json)
}
