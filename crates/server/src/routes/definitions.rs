//! Workflows that were applied.

use std::sync::Arc;

use api::{
    ApplyReport, Code, Definition, DefinitionSummary, DefinitionVersion, Explanation, Page, Pin,
};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use definition::{Catalog, Workflow};

use super::apply::apply_failed;
use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, Segments, etag, expect_match};
use crate::render;
use crate::sets::{refused, report};
use crate::state::Door;

type Tagged<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// Lists workflows
#[utoipa::path(
    get, path = "/definitions", tag = "definitions", operation_id = "list_definitions",
    responses((status = 200, description = "All of them", body = Page<DefinitionSummary>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<DefinitionSummary>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(Page::whole(render::summaries(
        &door.runtime.catalog(),
    ))))
}

/// Shows a workflow; its tag is that of the whole catalog
#[utoipa::path(
    get, path = "/definitions/{name}", tag = "definitions", operation_id = "get_definition",
    params(("name" = String, Path)),
    responses((status = 200, description = "The workflow", body = Definition), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
) -> Result<Tagged<Definition>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let found = render::definition(&catalog, &name).ok_or_else(|| unknown(&catalog, &name))?;
    Ok(([(header::ETAG, etag(catalog.version))], Json(found)))
}

/// Shows a workflow at one version
#[utoipa::path(
    get, path = "/definitions/{name}/versions/{version}", tag = "definitions", operation_id = "get_definition_version",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, description = "The version", body = DefinitionVersion), crate::openapi::Problems)
)]
pub async fn version(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, version)): Segments<(String, String)>,
    query: Query,
) -> Result<Json<DefinitionVersion>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    Ok(Json(render::version(find(&catalog, &name, &version)?)))
}

/// Says which retry and time-out hold for each call of a version, and why
#[utoipa::path(
    get, path = "/definitions/{name}/versions/{version}/explain", tag = "definitions", operation_id = "explain_definition",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, description = "Each call", body = Explanation), crate::openapi::Problems)
)]
pub async fn explain(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, version)): Segments<(String, String)>,
    query: Query,
) -> Result<Json<Explanation>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    Ok(Json(render::explanation(
        &catalog,
        find(&catalog, &name, &version)?,
    )))
}

/// Chooses the version that a start without one takes
#[utoipa::path(
    put, path = "/definitions/{name}/default", tag = "definitions", operation_id = "pin_definition",
    params(("name" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Pin,
    responses((status = 200, description = "It is chosen", body = ApplyReport), crate::openapi::Problems)
)]
pub async fn pin(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
    request: Request,
) -> Result<Json<ApplyReport>, Refusal> {
    let user = caller.may(Permission::Apply)?;
    query.finish()?;
    let headers = request.headers().clone();
    let JsonBody(pin) = JsonBody::<Pin>::read(request, door.limits.body_bytes).await?;
    let version = pin.version.as_deref().map(parse_version).transpose()?;
    let plan = |base: &Catalog| {
        expect_match(&headers, base.version)?;
        if !base.workflows.contains_key(&name) {
            return Err(unknown(base, &name));
        }
        base.with_pin(&name, version.as_ref())
            .map_err(|found| refused(&found))
    };
    let change = door.runtime.apply(user, &pin.reason, plan).await;
    change
        .map(|change| Json(report(&change)))
        .map_err(apply_failed)
}

fn parse_version(text: &str) -> Result<semver::Version, Refusal> {
    let wrong = |error| {
        let detail = format!("expected a version such as 1.0.0, but got {text:?}: {error}");
        Refusal::new(Code::NO_DEFINITION, detail)
    };
    text.parse().map_err(wrong)
}

fn find<'a>(catalog: &'a Catalog, name: &str, version: &str) -> Result<&'a Workflow, Refusal> {
    let parsed = parse_version(version)?;
    if !catalog.workflows.contains_key(name) {
        return Err(unknown(catalog, name));
    }
    let missing = || {
        Refusal::new(
            Code::NO_DEFINITION,
            format!("{name} has no version {version}"),
        )
    };
    catalog
        .workflow(name, Some(&parsed))
        .map(AsRef::as_ref)
        .ok_or_else(missing)
}

fn unknown(catalog: &Catalog, name: &str) -> Refusal {
    let near = adapter::nearest(name, catalog.workflows.keys().map(String::as_str));
    let hint = near
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    Refusal::new(
        Code::NO_DEFINITION,
        format!("there is no workflow {name}{hint}"),
    )
}
