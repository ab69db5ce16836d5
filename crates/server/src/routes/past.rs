//! Acts on the past of one instance: retry, restore, migrate.

use std::sync::Arc;

use api::{Code, MigrateRequest, PastOutlook, RestoreRequest, RetryRequest, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::{Id, Instance, MigrateOrder, Refusal as Engine, RestoreOrder};
use runtime::CommandError;

use super::instance::expect_unchanged;
use super::submit::version;
use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, PathId, Query, Refusal, bad_field, of_command, of_read};
use crate::render;
use crate::state::Door;

/// Has an instance go on from the steps that failed
///
/// Of one that ended `failed`, `compensated` or `cancelled`. What completed and was not undone stays; what was
/// undone runs again under a new idempotency key; a failed step runs again too, under a new key unless what
/// became of its call is not known. With `dry_run` it only tells which steps these are.
#[utoipa::path(
    post, path = "/workflows/{id}/retry", tag = "workflows", operation_id = "retry_workflow",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Option<RetryRequest>,
    responses(
        (status = 200, description = "What it would come to", body = PastOutlook),
        (status = 202, description = "It goes on", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn retry(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    expect_unchanged(&door, id, request.headers()).await?;
    let read = JsonBody::<RetryRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    if asked.dry_run {
        let state = door.runtime.instance(id).await.map_err(of_read)?;
        let outlook = door.runtime.retry_outlook(id).await.map_err(of_command)?;
        return Ok(Json(render::outlook(&state, &outlook)).into_response());
    }
    let state = door.runtime.retry(id, &asked.reason, user).await;
    let state = state.map_err(of_command)?;
    Ok(accepted(&state))
}

/// Has an instance go back to how it was
///
/// After one of its records, or at a time; open or ended. What was under way then begins anew, and so does what
/// had completed by then but was undone since; all of it under new idempotency keys. Children and decisions of what
/// is given up are cancelled and withdrawn. With `compensate` what was done since is undone first. With `dry_run`
/// it only tells what was done since, and which steps run again.
#[utoipa::path(
    post, path = "/workflows/{id}/restore", tag = "workflows", operation_id = "restore_workflow",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = RestoreRequest,
    responses(
        (status = 200, description = "What it would come to", body = PastOutlook),
        (status = 202, description = "It went back, or does once what was done since is undone", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn restore(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    expect_unchanged(&door, id, request.headers()).await?;
    let read = JsonBody::<RestoreRequest>::read(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let to_seq = wanted_seq(&door, id, &asked).await?;
    if asked.dry_run {
        let state = door.runtime.instance(id).await.map_err(of_read)?;
        let outlook = door.runtime.restore_outlook(id, to_seq).await;
        let outlook = outlook.map_err(of_command)?;
        return Ok(Json(render::restore_outlook(&state, &outlook)).into_response());
    }
    let order = RestoreOrder {
        to_seq,
        compensate: asked.compensate,
        reason: asked.reason,
        target: None,
    };
    let state = door.runtime.restore(id, order, user).await;
    let state = state.map_err(of_command)?;
    Ok(accepted(&state))
}

async fn wanted_seq(door: &Door, id: Id, asked: &RestoreRequest) -> Result<u64, Refusal> {
    match (asked.seq, asked.at) {
        (Some(seq), None) => Ok(seq),
        (None, Some(at)) => match door.runtime.seq_at(id, at.0).await.map_err(of_read)? {
            0 => {
                let told = format!("expected a time at which the instance existed, but got {at}");
                Err(Refusal::new(Code::NO_SUCH_SEQ, told))
            }
            seq => Ok(seq),
        },
        (Some(_), Some(_)) => Err(bad_field("/at", "expected seq or at, but got both")),
        (None, None) => Err(bad_field("/seq", "expected seq or at, but got neither")),
    }
}

/// Has an open instance go on with another version of its workflow
///
/// It fits where every step that has begun has its place there; one that does not fit is left as it is, and the
/// reasons are named. With `dry_run` it only tells whether it fits.
#[utoipa::path(
    post, path = "/workflows/{id}/migrate", tag = "workflows", operation_id = "migrate_workflow",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = MigrateRequest,
    responses(
        (status = 200, description = "Whether it fits, and what it would come to", body = PastOutlook),
        (status = 202, description = "It goes on with that version", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn migrate(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    expect_unchanged(&door, id, request.headers()).await?;
    let read = JsonBody::<MigrateRequest>::read(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let version = version(&asked.version)?;
    if asked.dry_run {
        let state = door.runtime.instance(id).await.map_err(of_read)?;
        let fit = door.runtime.migrate_outlook(id, &version, &asked.map).await;
        let outlook = match fit {
            Ok(fit) => render::fit(&state, &fit),
            Err(CommandError::Refused(Engine::Misfit { version, reasons })) => {
                render::misfit(&state, version, reasons)
            }
            Err(error) => return Err(of_command(error)),
        };
        return Ok(Json(outlook).into_response());
    }
    let order = MigrateOrder {
        version,
        map: asked.map,
        reason: asked.reason,
    };
    let state = door.runtime.migrate(id, order, user).await;
    let state = state.map_err(of_command)?;
    Ok(accepted(&state))
}

fn accepted(state: &Instance) -> Response {
    (StatusCode::ACCEPTED, Json(render::submitted(state))).into_response()
}
