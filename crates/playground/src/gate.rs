//! What stands before a service's own paths: the record of the call, and the switch. And the paths that read them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use crate::calls::{CallFilter, CallPage};
use crate::ledger::REPLAYED;
use crate::port::ConnectionId;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::switch::{Mode, Switch};

/// The service's own paths behind the gate, and the control paths beside it.
pub(crate) fn behind_gate(own: Router, service: &Arc<Service>) -> Router {
    own.layer(middleware::from_fn_with_state(service.clone(), gate))
        .merge(control(service))
}

/// `/_switch`, `/_calls` and `/healthz`: neither recorded nor switched.
fn control(service: &Arc<Service>) -> Router {
    Router::new()
        .route("/_switch", get(read_switch).put(turn_switch))
        .route("/_calls", get(read_calls).delete(forget_calls))
        .route("/healthz", get(health))
        .with_state(service.clone())
}

async fn gate(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let number = {
        let mut calls = service.calls();
        calls.arrived(request.method(), request.uri(), request.headers())
    };
    let switch = service.switch().take_turn();
    let response = pass(&switch, request, next).await;
    let replayed = response.headers().contains_key(REPLAYED);
    let status = response.status().as_u16();
    service.calls().answered(number, status, replayed);
    tracing::debug!(service = service.name, number, status, replayed, "answered");
    response
}

async fn pass(switch: &Switch, request: Request, next: Next) -> Response {
    match switch.mode {
        // A request that is here while the service goes down is answered or cut with its connection.
        Mode::Ok | Mode::Down => next.run(request).await,
        Mode::Slow => {
            tokio::time::sleep(Duration::from_millis(switch.delay_ms)).await;
            next.run(request).await
        }
        Mode::Failing => {
            if switch.after_effect {
                next.run(request).await;
            }
            failure(switch)
        }
    }
}

fn failure(switch: &Switch) -> Response {
    let status = StatusCode::from_u16(switch.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    Refusal::new(
        status,
        "switched",
        "the switch of this service says that it fails",
    )
    .into_response()
}

async fn read_switch(State(service): State<Arc<Service>>) -> Json<Switch> {
    Json(service.switch().clone())
}

async fn turn_switch(
    State(service): State<Arc<Service>>,
    Extension(connection): Extension<ConnectionId>,
    Json(switch): Json<Switch>,
) -> Result<Json<Switch>, Refusal> {
    service.turn(switch.clone(), Some(connection)).await?;
    Ok(Json(switch))
}

async fn read_calls(
    State(service): State<Arc<Service>>,
    Query(filter): Query<CallFilter>,
) -> Json<CallPage> {
    Json(service.calls().page(&filter))
}

async fn forget_calls(State(service): State<Arc<Service>>) -> StatusCode {
    service.calls().clear();
    StatusCode::NO_CONTENT
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    let switch = service.switch().clone();
    match switch.mode {
        Mode::Failing => failure(&switch),
        Mode::Ok | Mode::Slow | Mode::Down => Json(json!({ "status": "ok" })).into_response(),
    }
}
