//! An instance once more, as a new one.

use std::sync::Arc;

use api::{Code, PastOutlook, ReplayRequest, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use engine::past::NotTaken;
use runtime::{ReplayError, ReplayOrder};

use super::submit::{created, idempotency, version};
use crate::callers::{Caller, Permission};
use crate::door::{
    IdempotencyKey, PathId, Query, Refusal, of_command, of_read, of_submit, parse_json, read_body,
};
use crate::render;
use crate::state::Door;

/// Starts a new instance from the input of this one
///
/// On the same version, or on another. Every call is made anew, or those from a step on: what came before it counts
/// as done, with the outputs that it had; the new instance does not undo it. This instance stays as it is. The new
/// one has the same correlation id, and `replay:ID` as its cause. With `dry_run` it only tells what it would come to.
#[utoipa::path(
    post, path = "/workflows/{id}/replay", tag = "workflows", operation_id = "replay_workflow",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body start it only once"),
    ),
    request_body = ReplayRequest,
    responses(
        (status = 200, description = "What it would come to", body = PastOutlook),
        (status = 201, description = "It is started, durably", body = Submitted),
        crate::openapi::Problems,
    )
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
    let path = format!("/api/v1/workflows/{id}/replay");
    let order = ReplayOrder {
        version: asked.version.as_deref().map(version).transpose()?,
        from: asked.from,
        idempotency: key.map(|key| idempotency(user, &path, &key, &body.0)),
    };
    if asked.dry_run {
        let state = door.runtime.instance(id).await.map_err(of_read)?;
        let taking = door.runtime.replay_outlook(id, &order).await;
        let (to, taking) = taking.map_err(of_replay)?;
        return Ok(Json(render::replay_outlook(&state, &to, &taking)).into_response());
    }
    let started = door.runtime.replay(id, order, user).await;
    Ok(created(&started.map_err(of_replay)?, false))
}

pub(super) fn of_replay(error: ReplayError) -> Refusal {
    match error {
        ReplayError::Read(error) => of_command(error),
        ReplayError::Submit(error) => of_submit(error),
        ReplayError::NotTaken(why) => {
            let code = match &why {
                NotTaken::NoStep(..) => Code::NO_STEP,
                NotTaken::Undone(_) => Code::FORBIDDEN_BY_STATE,
            };
            Refusal::new(code, why.to_string())
        }
    }
}
