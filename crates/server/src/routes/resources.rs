//! Policies and environments that were applied.

use std::sync::Arc;

use api::{Environment, Page, Policy};
use axum::Json;
use axum::extract::State;

use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal};
use crate::render;
use crate::state::Door;

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
