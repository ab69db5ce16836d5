//! The server itself.

use std::sync::Arc;

use api::{
    Live, Node, Nodes, PartitionHealth, PartitionOwner, Partitions, Ready, Reason, StoreSizes,
    System,
};
use axum::Json;
use axum::extract::{Path, Request, State};
use runtime::DrainError;

use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, of_unavailable};
use crate::state::Door;

/// How long a request with a reason may be.
const REASON_BYTES: usize = 4_096;

/// Says that the process lives
#[utoipa::path(
    get, path = "/healthz", tag = "system", operation_id = "live",
    responses((status = 200, description = "It lives", body = Live))
)]
pub async fn live() -> Json<Live> {
    Json(Live {
        status: "ok".to_owned(),
    })
}

/// Says whether it takes work
#[utoipa::path(
    get, path = "/readyz", tag = "system", operation_id = "ready",
    responses(
        (status = 200, description = "It does", body = Ready),
        (status = 503, description = "It does not", body = api::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(door): State<Arc<Door>>) -> Result<Json<Ready>, Refusal> {
    let health = door.runtime.health();
    if health.ready {
        return Ok(Json(Ready {
            ready: true,
            reason: None,
        }));
    }
    let refusal = Refusal::new(api::Code::NOT_READY, health.reason);
    Err(refusal.retry_after(1_000))
}

/// Shows what runs, and how it does
#[utoipa::path(
    get, path = "/system", tag = "system", operation_id = "get_system",
    responses((status = 200, description = "The server", body = System), crate::openapi::Problems)
)]
pub async fn system(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<System>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(shown(&door, &caller).await))
}

/// Holds all calls and timers back, on all nodes and over restarts; work is still taken
#[utoipa::path(
    post, path = "/system/pause", tag = "system", operation_id = "pause_system", request_body = Option<Reason>,
    responses((status = 200, description = "The server, which waits", body = System), crate::openapi::Problems)
)]
pub async fn pause(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<System>, Refusal> {
    let user = caller.may(Permission::System)?;
    query.finish()?;
    let reason = reason(request).await?;
    let paused = door.runtime.pause(user, &reason).await;
    paused.map_err(|error| of_unavailable(&error))?;
    tracing::warn!(user, reason, "calls and timers wait");
    Ok(Json(shown(&door, &caller).await))
}

/// Lets calls and timers go on, after a pause or a restore
#[utoipa::path(
    post, path = "/system/resume", tag = "system", operation_id = "resume_system", request_body = Option<Reason>,
    responses((status = 200, description = "The server, which goes on", body = System), crate::openapi::Problems)
)]
pub async fn resume(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<System>, Refusal> {
    let user = caller.may(Permission::System)?;
    query.finish()?;
    let reason = reason(request).await?;
    let resumed = door.runtime.resume(user, &reason).await;
    resumed.map_err(|error| of_unavailable(&error))?;
    tracing::info!(user, reason, "calls and timers go on");
    Ok(Json(shown(&door, &caller).await))
}

async fn reason(request: Request) -> Result<String, Refusal> {
    let JsonBody(Reason { reason }) = JsonBody::read_or_default(request, REASON_BYTES).await?;
    Ok(reason)
}

async fn shown(door: &Door, caller: &Caller) -> System {
    let store = door.runtime.store_sizes().await;
    let health = door.runtime.health();
    let partition = |partition: &runtime::PartitionHealth| PartitionHealth {
        id: partition.id,
        head: partition.head,
        reached: partition.reached,
        mailbox: partition.mailbox as u64,
    };
    System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: door.node.clone(),
        environment: door.environment.clone(),
        started_at: door.started_at,
        ready: health.ready,
        paused: health.paused.is_some(),
        paused_because: health.paused,
        catalog_version: door.runtime.catalog().version,
        caller: caller.user.to_string(),
        partitions: health.partitions.iter().map(partition).collect(),
        store: store.map(|sizes| StoreSizes {
            journal_bytes: sizes.journal,
            state_bytes: sizes.state,
            ended_bytes: sizes.ended,
            blob_bytes: sizes.blobs,
        }),
    }
}

/// Lists the nodes of the cluster
#[utoipa::path(
    get, path = "/system/nodes", tag = "system", operation_id = "list_nodes",
    responses((status = 200, description = "The nodes, by name", body = Nodes), crate::openapi::Problems)
)]
pub async fn nodes(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Nodes>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    Ok(Json(listed(&door)))
}

fn listed(door: &Door) -> Nodes {
    let (nodes, _) = door.runtime.nodes().unwrap_or_default();
    let mut items: Vec<Node> = nodes.into_iter().map(node).collect();
    items.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Nodes { items }
}

/// Takes a node out of use: it hands over what it owns, and sends requests on
#[utoipa::path(
    post, path = "/system/nodes/{node}/drain", tag = "system", operation_id = "drain_node",
    params(("node" = String, Path, description = "Its name or id")), request_body = Option<Reason>,
    responses((status = 200, description = "The nodes, by name", body = Nodes), crate::openapi::Problems)
)]
pub async fn drain(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Path(node): Path<String>,
    query: Query,
    request: Request,
) -> Result<Json<Nodes>, Refusal> {
    let user = caller.may(Permission::System)?;
    query.finish()?;
    let reason = reason(request).await?;
    let drained = door.runtime.drain(user, &node, &reason).await;
    drained.map_err(of_drain)?;
    tracing::warn!(user, node, reason, "a node is drained");
    Ok(Json(listed(&door)))
}

/// Takes a drained node back into use
#[utoipa::path(
    post, path = "/system/nodes/{node}/undrain", tag = "system", operation_id = "undrain_node",
    params(("node" = String, Path, description = "Its name or id")), request_body = Option<Reason>,
    responses((status = 200, description = "The nodes, by name", body = Nodes), crate::openapi::Problems)
)]
pub async fn undrain(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Path(node): Path<String>,
    query: Query,
    request: Request,
) -> Result<Json<Nodes>, Refusal> {
    let user = caller.may(Permission::System)?;
    query.finish()?;
    let reason = reason(request).await?;
    let undrained = door.runtime.undrain(user, &node, &reason).await;
    undrained.map_err(of_drain)?;
    tracing::info!(user, node, reason, "a node is back in use");
    Ok(Json(listed(&door)))
}

fn of_drain(error: DrainError) -> Refusal {
    let code = match &error {
        DrainError::Alone | DrainError::NotFound(_) => api::Code::NO_NODE,
        DrainError::Last => api::Code::LAST_NODE,
        DrainError::Unavailable(reason) => return of_unavailable(reason),
    };
    Refusal::new(code, error.to_string())
}

fn node(seen: runtime::NodeView) -> Node {
    let node = seen.node;
    Node {
        id: node.id.to_string(),
        name: node.name,
        zone: node.zone,
        region: node.region,
        url: node.url,
        version: node.version,
        live: seen.live,
        asked: seen.is_this,
        silent_ms: seen.silent_ms,
        partitions: seen.partitions as u64,
        unfit: (!node.unfit.is_empty()).then_some(node.unfit),
    }
}

/// Lists the partitions and who owns them
#[utoipa::path(
    get, path = "/system/partitions", tag = "system", operation_id = "list_partitions",
    responses((status = 200, description = "The partitions", body = Partitions), crate::openapi::Problems)
)]
pub async fn partitions(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Partitions>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let (nodes, owners) = door.runtime.nodes().unwrap_or_default();
    let named = |id| {
        let seen = nodes.iter().find(|seen| seen.node.id == id);
        seen.map(|seen| seen.node.name.clone())
    };
    let alone = nodes.is_empty();
    let item = |partition: runtime::PartitionHealth| {
        let owner = owners.get(usize::from(partition.id)).copied().flatten();
        PartitionOwner {
            id: partition.id,
            owner: owner
                .and_then(named)
                .or_else(|| alone.then(|| door.node.clone())),
            here: partition.open,
            head: partition.head,
            reached: partition.reached,
        }
    };
    let partitions = door.runtime.health().partitions;
    Ok(Json(Partitions {
        items: partitions.into_iter().map(item).collect(),
    }))
}
