//! Adapters, policies and environments that were applied.

use std::sync::Arc;

use api::{Adapter, Code, Environment, Page, Policy};
use axum::Json;
use axum::extract::State;

use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal, Segments};
use crate::render;
use crate::state::Door;

/// Lists adapters
#[utoipa::path(
    get, path = "/adapters", tag = "definitions", operation_id = "list_adapters",
    responses((status = 200, description = "All of them", body = Page<Adapter>), crate::openapi::Problems)
)]
pub async fn adapters(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Adapter>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let items = catalog.adapters.values().map(|spec| render::adapter(spec));
    Ok(Json(Page::whole(items.collect())))
}

/// Shows an adapter
#[utoipa::path(
    get, path = "/adapters/{name}", tag = "definitions", operation_id = "get_adapter",
    params(("name" = String, Path)),
    responses((status = 200, description = "The adapter", body = Adapter), crate::openapi::Problems)
)]
pub async fn adapter(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
) -> Result<Json<Adapter>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let missing = || Refusal::new(Code::NO_RESOURCE, format!("there is no adapter {name}"));
    catalog
        .adapters
        .get(&name)
        .map(|spec| Json(render::adapter(spec)))
        .ok_or_else(missing)
}

/// Lists policies, the built-in ones included
#[utoipa::path(
    get, path = "/policies", tag = "definitions", operation_id = "list_policies",
    responses((status = 200, description = "All of them", body = Page<Policy>), crate::openapi::Problems)
)]
pub async fn policies(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Policy>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(Page::whole(render::policies(&door.runtime.catalog()))))
}

/// Lists environments
#[utoipa::path(
    get, path = "/environments", tag = "definitions", operation_id = "list_environments",
    responses((status = 200, description = "All of them", body = Page<Environment>), crate::openapi::Problems)
)]
pub async fn environments(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Environment>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(Page::whole(render::environments(
        &door.runtime.catalog(),
    ))))
}
