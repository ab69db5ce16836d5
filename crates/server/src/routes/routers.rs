//! Routers that were applied, and why they send an event where they do.

use std::sync::Arc;

use api::{Code, ExplainRequest, Page, Router, RoutingExplanation};
use axum::Json;
use axum::extract::{Request, State};
use engine::Payload;
use runtime::Incoming;
use serde_json::{Value, json};

use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, Segments, bad_field, of_unavailable};
use crate::render;
use crate::state::Door;

/// Lists routers
#[utoipa::path(
    get, path = "/routers", tag = "definitions", operation_id = "list_routers",
    responses((status = 200, description = "All of them", body = Page<Router>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Router>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let routers = catalog.routers.values();
    Ok(Json(Page::whole(
        routers.map(|router| render::router(router)).collect(),
    )))
}

/// Shows one router
#[utoipa::path(
    get, path = "/routers/{name}", tag = "definitions", operation_id = "get_router",
    params(("name" = String, Path)),
    responses((status = 200, description = "The router", body = Router), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
) -> Result<Json<Router>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let found = catalog.routers.get(&name);
    found
        .map(|router| Json(render::router(router)))
        .ok_or_else(|| no_router(&name))
}

/// Says what a router makes of a sample event, and why
///
/// Nothing is taken and nothing is started.
#[utoipa::path(
    post, path = "/routers/{name}/explain", tag = "definitions", operation_id = "explain_router",
    params(("name" = String, Path)), request_body = ExplainRequest,
    responses((status = 200, description = "Every rule, and what it says", body = RoutingExplanation), crate::openapi::Problems)
)]
pub async fn explain(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
    request: Request,
) -> Result<Json<RoutingExplanation>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let JsonBody(asked) = JsonBody::<ExplainRequest>::read(request, door.limits.body_bytes).await?;
    let incoming = sample(asked)?;
    let told = door
        .runtime
        .look_at_routing(&incoming, |table, event, stats| {
            let told = table.explain(&name, event, stats)?;
            Some(told.iter().map(render::router_explanation).collect())
        });
    let told = told.await.map_err(|outage| of_unavailable(&outage))?;
    let routers = told.ok_or_else(|| no_router(&name))?;
    Ok(Json(RoutingExplanation { routers }))
}

fn sample(asked: ExplainRequest) -> Result<Incoming, Refusal> {
    let mut meta = json!({ "specversion": "1.0", "type": "event", "source": "/api", "id": "-" });
    if let Some(given) = asked.meta {
        let Value::Object(given) = given.value() else {
            return Err(bad_field("/meta", "expected an object of attributes"));
        };
        given
            .into_iter()
            .for_each(|(name, value)| meta[name] = value);
    }
    let text = |name: &str| meta[name].as_str().unwrap_or_default().to_owned();
    Ok(Incoming {
        event_type: text("type"),
        source: text("source"),
        subject: text("subject"),
        data: asked.event.map_or_else(Payload::null, |data| {
            Payload::from_bytes(data.text().to_owned().into())
        }),
        meta: Payload::from_value(meta),
        ..Incoming::default()
    })
}

fn no_router(name: &str) -> Refusal {
    let detail = format!("no router has the name {name}");
    Refusal::new(Code::NO_RESOURCE, detail)
}
