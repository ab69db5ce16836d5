//! Starting one instance.

use std::sync::Arc;
use std::time::Duration;

use api::{Submission, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::Payload;
use runtime::{Idempotency, Submit};

use crate::callers::{Caller, Permission};
use crate::door::{
    self, Correlation, IdempotencyKey, Query, Refusal, bad_field, check_json, not_json, of_submit,
    parse_json, read_body,
};
use crate::render;
use crate::state::{Door, stopped};

/// The path, as idempotency keys are scoped to it.
const PATH: &str = "/api/v1/workflows";
/// The longest that a request may wait for an instance to end, in milliseconds.
const MAX_WAIT_MS: u64 = 300_000;
/// The longest correlation id or subject, in bytes.
const MAX_NAME: usize = 256;
/// Steps that an instance shows.
pub(super) const MAX_STEPS: usize = 200;

const PRIORITIES: [&str; 4] = ["low", "normal", "high", "critical"];
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Starts a workflow
///
/// Answers when the start is durable; with `wait`, when the instance ended or the wait is over,
/// and then with the whole instance.
#[utoipa::path(
    post, path = "/workflows", tag = "workflows", operation_id = "submit_workflow",
    params(
        ("wait" = Option<String>, Query, description = "Wait for the end, at most this long (`30s`, at most `5m`)"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body start it only once"),
    ),
    request_body = Submission<'_>,
    responses(
        (status = 201, description = "It is started, durably", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn submit(
    State(door): State<Arc<Door>>,
    caller: Caller,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    mut query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Submit)?;
    let wait_ms = take_wait(&mut query)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    door.may_start()?;
    let submission: Submission<'_> = parse_json(body.text())?;
    let mut submit = to_submit(&submission, &body.0, user)?;
    if submit.correlation_id.is_empty() {
        submit.correlation_id = correlation.given().unwrap_or_default().to_owned();
    }
    submit.idempotency = key.map(|key| idempotency(user, PATH, &key, &body.0));
    let started = match wait_ms {
        Some(wait_ms) => door.runtime.run(submit, wait_over(&door, wait_ms)).await,
        None => door.runtime.submit(submit).await,
    };
    let started = started.map_err(of_submit)?;
    Ok(created(&started, wait_ms.is_some()))
}

/// Until the wait is over; a stopping server does not keep the caller.
pub(super) async fn wait_over(door: &Door, wait_ms: u64) {
    let mut stopping = door.stopping();
    let stopped = stopped(&mut stopping);
    // Over either way.
    let _ = tokio::time::timeout(Duration::from_millis(wait_ms), stopped).await;
}

/// `wait`: how long the answer may wait for the end.
///
/// # Errors
/// When it is no duration, or longer than five minutes.
pub(super) fn take_wait(query: &mut Query) -> Result<Option<u64>, Refusal> {
    let wait: Option<String> = query.take("wait")?;
    wait.map(|wait| wait_ms(&wait)).transpose()
}

/// A start as the runtime takes it; the input is a part of the request's own bytes.
pub(super) fn to_submit(
    submission: &Submission<'_>,
    bytes: &Bytes,
    user: &str,
) -> Result<Submit, Refusal> {
    let text =
        |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
    let input = match submission.input {
        Some(raw) => {
            check_json(raw.get()).map_err(|error| not_json(&error))?;
            Payload::from_bytes(bytes.slice_ref(raw.get().as_bytes()))
        }
        None => Payload::null(),
    };
    check(submission)?;
    Ok(Submit {
        workflow: submission.workflow.clone().into_owned(),
        version: submission.version.as_deref().map(version).transpose()?,
        input,
        correlation_id: text(&submission.correlation_id),
        subject: text(&submission.subject),
        priority: text(&submission.priority),
        attributes: submission.attributes.clone(),
        start_at: submission.start_at.map(|at| at.0),
        actor: user.to_owned(),
        cause: "api".to_owned(),
        ..Submit::default()
    })
}

fn fits(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

/// Refuses a correlation id or subject that is too long, or cannot be shown.
pub(super) fn check_name(pointer: &str, name: &str) -> Result<(), Refusal> {
    if fits(name) {
        return Ok(());
    }
    let message = "expected at most 256 bytes without control characters";
    Err(bad_field(pointer, message))
}

/// Refuses fields whose values make no sense.
fn check(submission: &Submission<'_>) -> Result<(), Refusal> {
    let priority = submission.priority.as_deref();
    if priority.is_some_and(|priority| !PRIORITIES.contains(&priority)) {
        return Err(bad_field(
            "/priority",
            "expected low, normal, high or critical",
        ));
    }
    let named = [
        ("/correlation_id", &submission.correlation_id),
        ("/subject", &submission.subject),
    ];
    for (pointer, text) in named {
        check_name(pointer, text.as_deref().unwrap_or_default())?;
    }
    let attributes = &submission.attributes;
    if attributes.len() > 64
        || attributes
            .iter()
            .any(|(name, value)| !fits(name) || !fits(value))
    {
        return Err(bad_field(
            "/attributes",
            "expected at most 64 attributes of at most 256 bytes",
        ));
    }
    Ok(())
}

pub(super) fn version(text: &str) -> Result<semver::Version, Refusal> {
    let wrong = |error| {
        bad_field(
            "/version",
            &format!("expected a version such as 1.0.0, but {error}"),
        )
    };
    text.parse().map_err(wrong)
}

/// The caller's key, scoped, with the digest of what was sent.
pub(super) fn idempotency(user: &str, path: &str, key: &str, body: &[u8]) -> Idempotency {
    Idempotency {
        key: format!("default\n{user}\nPOST\n{path}\n{key}"),
        digest: *blake3::hash(body).as_bytes(),
    }
}

fn wait_ms(text: &str) -> Result<u64, Refusal> {
    let wait_ms = expression::duration::parse(text).map_err(|error| Query::wrong("wait", error))?;
    if wait_ms > MAX_WAIT_MS {
        return Err(Query::wrong("wait", "expected at most 5m"));
    }
    Ok(wait_ms)
}

/// The answer: the whole instance when it was waited for, else its head.
pub(super) fn created(started: &runtime::Submitted, waited: bool) -> Response {
    let state = &started.instance;
    let head = render::submitted(state);
    let headers = headers(&head, started.replayed);
    if waited {
        let whole = Json(render::instance(state, MAX_STEPS, &[]));
        (StatusCode::CREATED, headers, whole).into_response()
    } else {
        (StatusCode::CREATED, headers, Json(head)).into_response()
    }
}

fn headers(head: &Submitted, replayed: bool) -> HeaderMap {
    let mut headers = door::replayed(replayed);
    if let Ok(location) = HeaderValue::from_str(&format!("{PATH}/{}", head.id)) {
        headers.insert(header::LOCATION, location);
    }
    if let Ok(correlation) = HeaderValue::from_str(&head.correlation_id) {
        headers.insert(CORRELATION_ID, correlation);
    }
    headers
}
