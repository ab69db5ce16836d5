//! Results of tasks that an outside system took and answers later. The token in the path is the
//! authority: unguessable, and good for one task.

use std::sync::Arc;

use api::{Code, TaskCompletion, TaskFailure};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use engine::record::Failure;
use engine::{Payload, TaskOutcome};
use runtime::CallbackError;

use crate::door::{JsonBody, Query, Refusal, Segments, check_json, not_json, of_unavailable};
use crate::state::Door;

/// Completes a task
#[utoipa::path(
    post, path = "/task-callbacks/{token}/complete", tag = "tasks", operation_id = "complete_task",
    params(("token" = String, Path)), request_body = Option<TaskCompletion>,
    responses((status = 204, description = "It is completed, durably"), crate::openapi::Problems)
)]
pub async fn complete(
    State(door): State<Arc<Door>>,
    Segments(token): Segments<String>,
    query: Query,
    request: Request,
) -> Result<StatusCode, Refusal> {
    query.finish()?;
    let read = JsonBody::<TaskCompletion>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(done) = read.await?;
    check_json(done.output.text()).map_err(|error| not_json(&error))?;
    let output = Payload::from_bytes(done.output.text().to_owned().into());
    let outcome = TaskOutcome::Completed {
        output,
        target: String::new(),
        exchange: String::new(),
        kept_by: None,
    };
    finish(&door, &token, outcome).await
}

/// Fails a task
#[utoipa::path(
    post, path = "/task-callbacks/{token}/fail", tag = "tasks", operation_id = "fail_task",
    params(("token" = String, Path)), request_body = TaskFailure,
    responses((status = 204, description = "It is failed, durably"), crate::openapi::Problems)
)]
pub async fn fail(
    State(door): State<Arc<Door>>,
    Segments(token): Segments<String>,
    query: Query,
    request: Request,
) -> Result<StatusCode, Refusal> {
    query.finish()?;
    let JsonBody(failed) = JsonBody::<TaskFailure>::read(request, door.limits.body_bytes).await?;
    let error = Failure {
        error_type: failed.kind.unwrap_or_else(|| "callback".to_owned()),
        message: failed.message,
        retryable: failed.retryable,
        effect_unknown: false,
        details: failed
            .details
            .map(|details| details.text().to_owned())
            .unwrap_or_default(),
        step: String::new(),
    };
    let outcome = TaskOutcome::Failed {
        error,
        retry_after_ms: None,
        target: String::new(),
        exchange: String::new(),
    };
    finish(&door, &token, outcome).await
}

async fn finish(door: &Door, token: &str, outcome: TaskOutcome) -> Result<StatusCode, Refusal> {
    match door.runtime.callback(token, outcome).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(CallbackError::Unavailable(outage)) => Err(of_unavailable(&outage)),
        Err(error @ (CallbackError::UnknownToken | CallbackError::Closed)) => {
            Err(Refusal::new(Code::NO_TASK, error.to_string()))
        }
    }
}
