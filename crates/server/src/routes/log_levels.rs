//! What the nodes log.

use std::sync::Arc;

use api::{Code, LogLevels, LogLevelsRequest, NodeLogLevels};
use axum::Json;
use axum::extract::{Request, State};
use runtime::{LogLevelsError, NodeLog};

use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, bad_field, of_unavailable};
use crate::state::Door;

/// How long a request may be.
const BODY_BYTES: usize = 8_192;

/// Shows what the nodes log
#[utoipa::path(
    get, path = "/system/log-levels", tag = "system", operation_id = "get_log_levels",
    responses((status = 200, description = "Each node", body = LogLevels), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<LogLevels>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(shown(&door, door.runtime.log_levels().await)))
}

/// Changes what nodes log until they are started again
///
/// One node, or all that live. Of all, each says for itself whether it was changed. Audited.
#[utoipa::path(
    put, path = "/system/log-levels", tag = "system", operation_id = "set_log_levels", request_body = LogLevelsRequest,
    responses((status = 200, description = "Each node that was to be changed", body = LogLevels), crate::openapi::Problems)
)]
pub async fn set(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<LogLevels>, Refusal> {
    let user = caller.may(Permission::System)?;
    query.finish()?;
    let JsonBody(asked) = JsonBody::<LogLevelsRequest>::read(request, BODY_BYTES).await?;
    let reason = asked.reason.trim();
    if reason.is_empty() {
        return Err(bad_field("/reason", "expected why, in a sentence"));
    }
    let levels = asked.levels.as_deref();
    if let Some(levels) = levels {
        crate::logging::refuse_unclear(levels).map_err(|wrong| bad_field("/levels", &wrong))?;
    }
    // A server that is alone is known by its name too.
    let alone = door.runtime.nodes().is_none();
    let node = asked
        .node
        .as_deref()
        .filter(|node| !alone || *node != door.node);
    let told = door.runtime.set_log_levels((user, reason), node, levels);
    let told = told.await.map_err(refused)?;
    tracing::warn!(user, reason, levels, node, "the log's levels were changed");
    Ok(Json(shown(&door, told)))
}

fn shown(door: &Door, told: Vec<NodeLog>) -> LogLevels {
    let item = |one: NodeLog| {
        let (levels, error) = match one.levels {
            Ok(levels) => (Some(levels), None),
            Err(error) => (None, Some(error)),
        };
        NodeLogLevels {
            node: if one.is_this {
                door.node.clone()
            } else {
                one.node
            },
            asked: one.is_this,
            levels,
            error,
        }
    };
    LogLevels {
        items: told.into_iter().map(item).collect(),
    }
}

fn refused(error: LogLevelsError) -> Refusal {
    match &error {
        LogLevelsError::NotFound(_) => Refusal::new(Code::NO_NODE, error.to_string()),
        LogLevelsError::Wrong(wrong) => bad_field("/levels", wrong),
        LogLevelsError::NotOurs => Refusal::new(Code::FORBIDDEN_BY_STATE, error.to_string()),
        LogLevelsError::Unavailable(reason) => of_unavailable(reason),
    }
}
