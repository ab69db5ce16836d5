//! An instance once more, as a new one.

use std::sync::Arc;

use api::{ReplayRequest, Submitted};
use axum::extract::{Request, State};
use axum::response::Response;

use super::submit::{created, idempotency, version};
use crate::callers::{Caller, Permission};
use crate::door::{IdempotencyKey, PathId, Query, Refusal, of_submit, parse_json, read_body};
use crate::state::Door;

/// Starts a new instance from the input of this one
///
/// On the same version, or on another. Every call is made anew; this instance stays as it is. The new one has
/// the same correlation id, and `replay:ID` as its cause.
#[utoipa::path(
    post, path = "/workflows/{id}/replay", tag = "workflows", operation_id = "replay_workflow",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body start it only once"),
    ),
    request_body = ReplayRequest,
    responses((status = 201, description = "It is started, durably", body = Submitted), crate::openapi::Problems)
)]
pub async fn replay(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    let asked: ReplayRequest = parse_json(body.text())?;
    let wanted = asked.version.as_deref().map(version).transpose()?;
    let path = format!("/api/v1/workflows/{id}/replay");
    let key = key.map(|key| idempotency(user, &path, &key, &body.0));
    let started = door.runtime.replay(id, wanted, key, user).await;
    Ok(created(&started.map_err(of_submit)?, false))
}
