//! Applying and checking sets of definitions.

use std::sync::Arc;

use api::{ApplyReport, FileSet, ValidationReport};
use axum::Json;
use axum::extract::{Request, State};
use definition::{Catalog, ResourceSet, Severity};
use runtime::ApplyError;

use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal, expect_match, of_unavailable};
use crate::sets::{check_settings, findings, plan, read_set, report};
use crate::state::Door;

/// Adds or changes what a set names: all of it or none
///
/// Takes `application/yaml` as on disk, the same model as JSON, or JSON that lists files.
#[utoipa::path(
    post, path = "/apply", tag = "definitions", operation_id = "apply",
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would change"),
        ("If-Match" = Option<String>, Header, description = "The catalog's version"),
    ),
    request_body(content((FileSet = "application/json"), (String = "application/yaml"))),
    responses((status = 200, description = "What changed", body = ApplyReport), crate::openapi::Problems)
)]
pub async fn apply(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
    request: Request,
) -> Result<Json<ApplyReport>, Refusal> {
    let dry_run: bool = query.take("dry_run")?.unwrap_or(false);
    query.finish()?;
    let user = caller.may(if dry_run {
        Permission::Read
    } else {
        Permission::Apply
    })?;
    let headers = request.headers().clone();
    let sent = read_set(request, door.limits.set_bytes).await?;
    let (set, _) = ResourceSet::parse(sent.files);
    let plan = |base: &Catalog| {
        expect_match(&headers, base.version)?;
        plan(&set, base, &door.kinds, &door.secrets)
    };
    if dry_run {
        let report = report(&plan(&door.runtime.catalog())?);
        return Ok(Json(ApplyReport { dry_run, ..report }));
    }
    let change = door.runtime.apply(user, &sent.reason, plan).await;
    change
        .map(|change| Json(report(&change)))
        .map_err(apply_failed)
}

/// Why a change of the catalog was not made.
pub(crate) fn apply_failed(error: ApplyError<Refusal>) -> Refusal {
    match error {
        ApplyError::Refused(refusal) => refusal,
        ApplyError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// Checks a set against what the server has, and applies nothing
#[utoipa::path(
    post, path = "/definitions/validate", tag = "definitions", operation_id = "validate",
    request_body(content((FileSet = "application/json"), (String = "application/yaml"))),
    responses((status = 200, description = "What was found", body = ValidationReport), crate::openapi::Problems)
)]
pub async fn validate(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<ValidationReport>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let sent = read_set(request, door.limits.set_bytes).await?;
    let (set, _) = ResourceSet::parse(sent.files);
    let found = set.validate(&door.runtime.catalog(), &check_settings(&door.kinds));
    let valid = found.iter().all(|found| found.severity != Severity::Error);
    Ok(Json(ValidationReport {
        valid,
        findings: findings(&found),
    }))
}
