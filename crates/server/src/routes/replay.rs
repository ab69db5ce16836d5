//! An instance once more, as a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{ReplayRequest, Submitted};
use axum::extract::{Request, State};
use axum::response::Response;
use engine::Instance;
use runtime::Submit;

use super::submit::{created, idempotency, version};
use crate::callers::{Caller, Permission};
use crate::door::{
    IdempotencyKey, PathId, Query, Refusal, of_read, of_submit, parse_json, read_body,
};
use crate::state::Door;

/// Starts a new instance from the input of this one
///
/// On the same version, or on another. Every call is made anew; this instance stays as it is. The new one has
/// the same correlation id, and `replay:ID` as its cause.
#[utoipa::path(
    post, path = "/workflows/{id}/replay", tag = "workflows", operation_id = "replay_workflow",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body start it only once"),
    ),
    request_body = ReplayRequest,
    responses((status = 201, description = "It is started, durably", body = Submitted), crate::openapi::Problems)
)]
pub async fn replay(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    let asked: ReplayRequest = parse_json(body.text())?;
    let wanted = asked.version.as_deref().map(version).transpose()?;
    let state = door.runtime.instance(id).await.map_err(of_read)?;
    let path = format!("/api/v1/workflows/{id}/replay");
    let submit = Submit {
        version: Some(wanted.unwrap_or_else(|| state.workflow().version.clone())),
        idempotency: key.map(|key| idempotency(user, &path, &key, &body.0)),
        actor: user.to_owned(),
        cause: format!("replay:{id}"),
        ..again(&state)
    };
    let started = door.runtime.submit(submit).await.map_err(of_submit)?;
    Ok(created(&started, false))
}

/// What the instance was started with; what its definition computes is computed anew.
fn again(state: &Instance) -> Submit {
    let (header, workflow) = (state.header(), state.workflow());
    let started = &header.started;
    let given = started.attributes.iter();
    let given = given.filter(|(name, _)| !workflow.attributes.contains_key(*name));
    let attributes: BTreeMap<String, String> = given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let subject = match workflow.subject {
        Some(_) => String::new(),
        None => started.subject.clone(),
    };
    Submit {
        workflow: started.workflow.clone(),
        input: header.input(),
        event: started.event.clone(),
        meta: started.meta.clone(),
        correlation_id: started.correlation_id.clone(),
        priority: started.priority.clone(),
        subject,
        attributes,
        ..Submit::default()
    }
}
