//! The check of what is open.

use std::sync::Arc;

use api::{CheckFinding, SystemCheck};
use axum::Json;
use axum::extract::State;

use super::list::{open_cursor, seal_cursor};
use crate::callers::{Caller, Permission};
use crate::door::{Cursor, Query, Refusal, of_unavailable};
use crate::state::Door;

/// Checks that open instances wait for something that will come
///
/// Newest first, a page at a time: that each lane waits for something, and that this is there: the row of a
/// call, timer, decision or turn, a child that is open or the message about it, and, of instances whose
/// partition is this node's, the timer in its memory.
#[utoipa::path(
    get, path = "/system/check", tag = "system", operation_id = "check_system",
    params(
        ("limit" = Option<u32>, Query, description = "50, at most 1,000"), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "What was found", body = SystemCheck), crate::openapi::Problems)
)]
pub async fn check(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<SystemCheck>, Refusal> {
    caller.may(Permission::Read)?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Instances)?;
    query.finish()?;
    let after = after.as_deref().map(open_cursor).transpose()?;
    let proven = door.runtime.prove(after, limit).await;
    let proven = proven.map_err(|outage| of_unavailable(&outage))?;
    let finding = |found: runtime::Unproven| CheckFinding {
        workflow_id: found.id.to_string(),
        what: found.what,
    };
    Ok(Json(SystemCheck {
        checked: proven.checked,
        findings: proven.findings.into_iter().map(finding).collect(),
        next_cursor: proven.next.map(seal_cursor),
    }))
}
