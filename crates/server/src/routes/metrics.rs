//! What those who watch the server read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal, of_unavailable};
use crate::metrics::{CONTENT_TYPE, page};
use crate::state::Door;

/// Shows the server's figures, for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "system", operation_id = "metrics",
    responses(
        (status = 200, description = "Prometheus text", body = String, content_type = "text/plain"),
        crate::openapi::Problems,
    )
)]
pub async fn metrics(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Response, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let bug = |error| {
        Refusal::new(
            api::Code::BUG,
            format!("the figures cannot be written: {error}"),
        )
    };
    let waiting = door.runtime.decisions_waiting().await;
    let waiting = waiting.map_err(|outage| of_unavailable(&outage))?;
    let text = page(&door, waiting).map_err(bug)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
