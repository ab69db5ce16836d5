//! The heads of the chains of decisions, for keeping elsewhere, and the check of the chains.

use std::sync::Arc;

use api::{AuditCheck, AuditFinding, AuditHead, AuditHeads, AuditSeal};
use axum::Json;
use axum::extract::{Request, State};
use runtime::{ChainHead, KeptHeads};

use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, of_unavailable};
use crate::state::Door;

/// Shows the heads of the log of decisions, signed
///
/// Keep them elsewhere: with them a check finds a log that was written anew.
#[utoipa::path(
    get, path = "/system/audit-heads", tag = "system", operation_id = "get_audit_heads",
    responses((status = 200, description = "The heads", body = AuditHeads), crate::openapi::Problems)
)]
pub async fn heads(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<AuditHeads>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let kept = door.runtime.decision_heads().await;
    let KeptHeads {
        at,
        heads,
        signature,
    } = kept.map_err(|outage| of_unavailable(&outage))?;
    let head = |head: ChainHead| AuditHead {
        slot: head.slot,
        number: head.number,
        hash: head.hash,
    };
    let mut told = AuditHeads {
        at,
        heads: heads.into_iter().map(head).collect(),
        signature,
        seal: None,
    };
    told.seal = door.audit_key.as_ref().map(|key| AuditSeal {
        public_key: key.public_key(),
        signature: key.seal(&told.text()),
    });
    Ok(Json(told))
}

/// Checks the log of decisions
///
/// Against itself, and against heads that were kept elsewhere, if the body brings some.
#[utoipa::path(
    post, path = "/system/audit-heads", tag = "system", operation_id = "check_audit_heads",
    request_body = Option<AuditHeads>,
    responses((status = 200, description = "What was found", body = AuditCheck), crate::openapi::Problems)
)]
pub async fn check(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<AuditCheck>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let read = JsonBody::<Option<AuditHeads>>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(kept) = read.await?;
    let kept = kept.map(|kept| KeptHeads {
        at: kept.at,
        heads: kept.heads.into_iter().map(chain_head).collect(),
        signature: kept.signature,
    });
    let report = door.runtime.check_decisions(kept.as_ref()).await;
    let report = report.map_err(|outage| of_unavailable(&outage))?;
    let finding = |found: runtime::LogFinding| AuditFinding {
        slot: found.slot,
        number: found.number,
        what: found.what,
    };
    Ok(Json(AuditCheck {
        decisions: report.decisions,
        findings: report.findings.into_iter().map(finding).collect(),
    }))
}

fn chain_head(head: AuditHead) -> ChainHead {
    ChainHead {
        slot: head.slot,
        number: head.number,
        hash: head.hash,
    }
}
