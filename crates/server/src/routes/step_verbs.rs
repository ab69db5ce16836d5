//! What an operator does about one step.

use std::sync::Arc;

use api::{StepRequest, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use engine::record::Failure;
use engine::{Command, Payload, StepOrder, StepVerb};

use super::answers::data_of;
use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, Segments, bad_field, of_command, parse_id};
use crate::render;
use crate::state::Door;

/// The error's type of a step that an operator fails, where they name none.
const OVERRULED: &str = "overruled";
/// The longest error type, in bytes.
const MAX_ERROR_TYPE: usize = 128;

type Path = Segments<(String, String)>;
type Taken = Result<(StatusCode, Json<Submitted>), Refusal>;

/// Leaves a step out
///
/// Its output is null, and the workflow goes on. A call or a child that is under way is not waited for: it
/// may have taken effect, so a roll-back asks or undoes it.
#[utoipa::path(
    post, path = "/workflows/{id}/steps/{step}/skip", tag = "workflows", operation_id = "skip_step",
    params(("id" = String, Path), ("step" = String, Path)),
    request_body = Option<StepRequest>,
    responses((status = 202, description = "It is skipped", body = Submitted), crate::openapi::Problems)
)]
pub async fn skip(
    State(door): State<Arc<Door>>,
    caller: Caller,
    path: Path,
    query: Query,
    request: Request,
) -> Taken {
    order(&door, &caller, path, (query, request), |_| {
        Ok(StepVerb::Skip)
    })
    .await
}

/// Supplies a step's output: it counts as done
#[utoipa::path(
    post, path = "/workflows/{id}/steps/{step}/complete", tag = "workflows", operation_id = "complete_step",
    params(("id" = String, Path), ("step" = String, Path)),
    request_body = Option<StepRequest>,
    responses((status = 202, description = "It counts as done", body = Submitted), crate::openapi::Problems)
)]
pub async fn complete(
    State(door): State<Arc<Door>>,
    caller: Caller,
    path: Path,
    query: Query,
    request: Request,
) -> Taken {
    let verb = |asked: &StepRequest| {
        let output = data_of(asked.output.as_ref())?;
        Ok(StepVerb::Complete(output.unwrap_or_else(Payload::null)))
    };
    order(&door, &caller, path, (query, request), verb).await
}

/// Has a step fail
///
/// Its `catch`, `on-error` and retry policy take the error like any other.
#[utoipa::path(
    post, path = "/workflows/{id}/steps/{step}/fail", tag = "workflows", operation_id = "fail_step",
    params(("id" = String, Path), ("step" = String, Path)),
    request_body = Option<StepRequest>,
    responses((status = 202, description = "It has failed", body = Submitted), crate::openapi::Problems)
)]
pub async fn fail(
    State(door): State<Arc<Door>>,
    caller: Caller,
    path: Path,
    query: Query,
    request: Request,
) -> Taken {
    order(&door, &caller, path, (query, request), failure).await
}

/// Has a step's next attempt made at once
#[utoipa::path(
    post, path = "/workflows/{id}/steps/{step}/retry", tag = "workflows", operation_id = "retry_step",
    params(("id" = String, Path), ("step" = String, Path)),
    request_body = Option<StepRequest>,
    responses((status = 202, description = "The attempt is made", body = Submitted), crate::openapi::Problems)
)]
pub async fn retry(
    State(door): State<Arc<Door>>,
    caller: Caller,
    path: Path,
    query: Query,
    request: Request,
) -> Taken {
    order(&door, &caller, path, (query, request), |_| {
        Ok(StepVerb::Retry)
    })
    .await
}

fn failure(asked: &StepRequest) -> Result<StepVerb, Refusal> {
    let error = error_of(asked.error_type.as_deref(), asked.message.as_deref())?;
    Ok(StepVerb::Fail(error))
}

/// The error of a step that an operator fails.
pub(super) fn error_of(
    error_type: Option<&str>,
    message: Option<&str>,
) -> Result<Failure, Refusal> {
    let error_type = error_type.unwrap_or(OVERRULED);
    let fits = (1..=MAX_ERROR_TYPE).contains(&error_type.len())
        && !error_type
            .chars()
            .any(|c| c.is_control() || c.is_whitespace());
    if !fits {
        let message = "expected an error type of 1 to 128 bytes without spaces";
        return Err(bad_field("/error_type", message));
    }
    Ok(Failure {
        error_type: error_type.to_owned(),
        message: message.unwrap_or("an operator had it fail").to_owned(),
        ..Failure::default()
    })
}

async fn order(
    door: &Door,
    caller: &Caller,
    Segments((id, step)): Path,
    (query, request): (Query, Request),
    verb: impl FnOnce(&StepRequest) -> Result<StepVerb, Refusal>,
) -> Taken {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let read = JsonBody::<StepRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let order = StepOrder {
        step,
        verb: verb(&asked)?,
        lane: asked.lane,
        reason: asked.reason,
        authority: caller.authority(),
    };
    let state = door
        .runtime
        .command(parse_id(&id)?, Command::Step(order), user)
        .await;
    let state = state.map_err(of_command)?;
    Ok((StatusCode::ACCEPTED, Json(render::submitted(&state))))
}
