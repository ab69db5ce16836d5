//! What is asked of one instance while it runs.

use std::sync::Arc;

use api::{Reason, SignalRequest, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use definition::{SIGNAL_NAME, is_signal_name};
use engine::record::Held;
use engine::{Command, Id, Payload, Refusal as Engine, Signal, SignalKey};
use runtime::CommandError;

use super::answers::data_of;
use super::instance::expect_unchanged;
use super::submit::idempotency;
use crate::callers::{Caller, Permission};
use crate::door::{
    IdempotencyKey, JsonBody, PathId, Query, Refusal, bad_field, of_command, of_read, parse_json,
    read_body, replayed,
};
use crate::render;
use crate::state::Door;

/// Bytes of a digest that an instance remembers.
const REMEMBERED: usize = 16;

/// Sends a signal to an instance
///
/// A step that waits for the name takes it, and its data becomes the step's output; without such a
/// step it is kept until there is one. Each signal is taken by one step, in the order in which they
/// came. Answers when it is durable.
#[utoipa::path(
    post, path = "/workflows/{id}/signal", tag = "workflows", operation_id = "signal_workflow",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body deliver it only once"),
    ),
    request_body = SignalRequest,
    responses((status = 202, description = "It was taken, or is kept", body = Submitted), crate::openapi::Problems)
)]
pub async fn signal(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Json<Submitted>), Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    let asked: SignalRequest = parse_json(body.text())?;
    let data = data_of(asked.data.as_ref())?.unwrap_or_else(Payload::null);
    if !is_signal_name(&asked.name) {
        let message = format!("expected {SIGNAL_NAME}, but got {:?}", asked.name);
        return Err(bad_field("/name", &message));
    }
    let key = key.map(|key| signal_key(user, id, &key, &body.0));
    let (name, again) = (asked.name, key.is_some());
    let command = Command::Signal(Signal { name, data, key });
    let (state, repeated) = match door.runtime.command(id, command, user).await {
        Ok(state) => (state, false),
        Err(CommandError::Refused(Engine::SignalRepeated)) if again => {
            let state = door.runtime.instance(id).await.map_err(of_read)?;
            (state, true)
        }
        Err(error) => return Err(of_command(error)),
    };
    let answer = Json(render::submitted(&state));
    Ok((StatusCode::ACCEPTED, replayed(repeated), answer))
}

/// The caller's key, scoped, and the digest of what was sent, as the instance remembers them.
fn signal_key(user: &str, id: Id, key: &str, body: &[u8]) -> SignalKey {
    let path = format!("/api/v1/workflows/{id}/signal");
    let scoped = idempotency(user, &path, key, body);
    let short = |hash: &[u8; 32]| bytes::Bytes::copy_from_slice(&hash[..REMEMBERED]);
    SignalKey {
        key: short(blake3::hash(scoped.key.as_bytes()).as_bytes()),
        digest: short(&scoped.digest),
    }
}

/// Holds an instance: nothing new begins
///
/// Calls under way end and are recorded, signals are taken, time-outs run on; no call, no child and no
/// step begins until it is resumed. Holding one that is held already changes nothing.
#[utoipa::path(
    post, path = "/workflows/{id}/pause", tag = "workflows", operation_id = "pause_workflow",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Option<Reason>,
    responses((status = 202, description = "It is paused", body = Submitted), crate::openapi::Problems)
)]
pub async fn pause(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<(StatusCode, Json<Submitted>), Refusal> {
    hold(&door, &caller, id, query, request, Command::Pause).await
}

/// Lets a held instance go on
///
/// Resuming one that is not held changes nothing.
#[utoipa::path(
    post, path = "/workflows/{id}/resume", tag = "workflows", operation_id = "resume_workflow",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Option<Reason>,
    responses((status = 202, description = "It goes on", body = Submitted), crate::openapi::Problems)
)]
pub async fn resume(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<(StatusCode, Json<Submitted>), Refusal> {
    hold(&door, &caller, id, query, request, Command::Resume).await
}

async fn hold(
    door: &Door,
    caller: &Caller,
    id: Id,
    query: Query,
    request: Request,
    command: impl FnOnce(Held) -> Command,
) -> Result<(StatusCode, Json<Submitted>), Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    expect_unchanged(door, id, request.headers()).await?;
    let read = JsonBody::<Reason>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(Reason { reason }) = read.await?;
    let held = command(Held { reason });
    let state = door.runtime.command(id, held, user).await;
    let state = state.map_err(of_command)?;
    Ok((StatusCode::ACCEPTED, Json(render::submitted(&state))))
}
