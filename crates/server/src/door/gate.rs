//! The gate: the first to see a request and the last to see its answer.

use std::sync::Arc;

use api::{Code, PROBLEM_JSON, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::headers::{CORRELATION_ID, Correlation};
use super::refusal::Refusal;
use crate::dashboard;
use crate::state::Door;

/// Finds out who asks, from where and under which correlation id; lets the request through or
/// not; makes every refusal a problem document.
pub async fn gate(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let begun = door.traffic.begin(request.method(), request.extensions());
    let response = pass(&door, request, next).await;
    begun.end(response.status());
    response
}

async fn pass(door: &Door, mut request: Request, next: Next) -> Response {
    let correlation = match Correlation::of(request.headers()) {
        Ok(correlation) => correlation,
        Err(refusal) => return finish(refusal.into_response(), &Correlation::made_up()),
    };
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        correlation_id = %correlation.id,
        trace_id = correlation.trace_id.as_deref(),
    );
    let work = async {
        let response = match admit(door, &mut request, &correlation) {
            Ok(()) => next.run(request).await,
            Err(refusal) => refusal.into_response(),
        };
        let response = finish(response, &correlation);
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    work.instrument(span).await
}

fn admit(door: &Door, request: &mut Request, correlation: &Correlation) -> Result<(), Refusal> {
    let path = request.uri().path();
    // Probes come from whatever watches the process, under any name, and tell nothing.
    if matches!(path, "/healthz" | "/readyz") {
        return Ok(());
    }
    door.place.check(request)?;
    // The token of a callback or a link says all that is needed; the documents and the dashboard's files are no secret.
    let open = dashboard::is_page(request.method(), path)
        || path.starts_with("/api/v1/task-callbacks/")
        || path.starts_with("/api/v1/decision-links/")
        || path.starts_with("/api/docs")
        || matches!(path, "/api/v1/openapi.json" | "/api/v1/schema");
    if !open {
        let caller = door.roster.identify(request.headers())?;
        request.extensions_mut().insert(caller);
    }
    request.extensions_mut().insert(correlation.clone());
    Ok(())
}

/// Writes the problem's body and the correlation id.
fn finish(mut response: Response, correlation: &Correlation) -> Response {
    if let Some(mut problem) = problem_of(&mut response) {
        problem.correlation_id.clone_from(&correlation.id);
        response = with_body(response, &problem);
    }
    let headers = response.headers_mut();
    if !headers.contains_key(&CORRELATION_ID)
        && let Ok(value) = HeaderValue::from_str(&correlation.id)
    {
        headers.insert(CORRELATION_ID, value);
    }
    response
}

/// The problem that a handler left; also of an error that some layer below answered in its own
/// way, so that no error is without a code.
fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::UNKNOWN_PATH,
        StatusCode::METHOD_NOT_ALLOWED => Code::WRONG_METHOD,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BODY_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MEDIA_TYPE,
        status if status.is_client_error() => Code::BAD_HEADER,
        _ => Code::BUG,
    };
    let mut problem = Problem::new(code, "the request cannot be answered as it stands");
    problem.status = status.as_u16();
    Some(problem)
}

fn with_body(response: Response, problem: &Problem) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    let (_, body) = Json(problem).into_response().into_parts();
    Response::from_parts(head, body)
}

/// Answers a path that is not there.
pub async fn unknown_path(request: Request) -> Refusal {
    let path = request.uri().path();
    Refusal::new(
        Code::UNKNOWN_PATH,
        format!("expected a path of the API, but there is nothing at {path}"),
    )
}

/// Answers a method that the path does not take.
pub async fn wrong_method(request: Request) -> Refusal {
    let (method, path) = (request.method(), request.uri().path());
    Refusal::new(Code::WRONG_METHOD, format!("{path} does not take {method}"))
}
