//! Callbacks, and what they delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Callback, Code, Delivery, Page, Submitted};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use engine::Id;
use runtime::{CommandError, Consistency, ReplayOrder};
use store::InstanceFilter;

use super::list::{OPEN, behind, open_cursor, seal_cursor};
use super::replay::of_replay;
use super::submit::{created, idempotency};
use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, IdempotencyKey, Query, Refusal, Segments, of_read, of_unavailable, parse_id,
};
use crate::render;
use crate::state::Door;

/// Lists callbacks
///
/// Those for all workflows and, by their workflow's name, those of each one.
#[utoipa::path(
    get, path = "/callbacks", tag = "definitions", operation_id = "list_callbacks",
    responses((status = 200, description = "All of them", body = Page<Callback>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Callback>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let all = callbacks(&door);
    let items = all.values().map(|callback| render::callback(callback));
    Ok(Json(Page::whole(items.collect())))
}

/// Lists what a callback delivered or is to deliver, newest first
#[utoipa::path(
    get, path = "/callbacks/{name}/deliveries", tag = "definitions", operation_id = "list_deliveries",
    params(
        ("name" = String, Path),
        ("status" = Option<String>, Query, description = "Of `pending`, `delivered`, `failed`, `cancelled`, with commas"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Delivery>), crate::openapi::Problems)
)]
pub async fn deliveries(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    mut query: Query,
) -> Result<Json<Page<Delivery>>, Refusal> {
    caller.may(Permission::Read)?;
    let statuses = statuses(&query.take_list("status"))?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Instances)?;
    query.finish()?;
    let callback = known(&door, &name)?;
    let after = after.as_deref().map(open_cursor).transpose()?;
    let filter = InstanceFilter {
        workflow: Some(callback.delivery()),
        statuses,
        ..InstanceFilter::default()
    };
    let listed = door
        .runtime
        .list(&filter, after, limit, Consistency::Fresh)
        .await;
    let listed = listed.map_err(|outage| of_unavailable(&outage))?;
    let mut items = Vec::new();
    for row in &listed.page.items {
        match door.runtime.instance(Id::from_bytes(row.id)).await {
            Ok(instance) => items.push(render::delivery(&instance)),
            // Retention may have taken it since it was listed.
            Err(CommandError::NotFound(_)) => {}
            Err(error) => return Err(of_read(error)),
        }
    }
    Ok(Json(Page {
        items,
        next_cursor: listed.page.next.map(seal_cursor),
        incomplete: behind(&listed.incomplete),
    }))
}

/// Delivers an event once more
///
/// As a delivery of its own, with the same event under the same id, to where the callback sends now.
#[utoipa::path(
    post, path = "/callbacks/{name}/deliveries/{id}/redeliver", tag = "definitions", operation_id = "redeliver",
    params(
        ("name" = String, Path), ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key delivers it once more only once"),
    ),
    responses(
        (status = 201, description = "It is on its way, durably", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn redeliver(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, id)): Segments<(String, String)>,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let callback = known(&door, &name)?;
    let id = parse_id(&id)?;
    let found = door.runtime.instance(id).await.map_err(of_read)?;
    if found.header().started.workflow != callback.delivery() {
        let detail = format!("callback {name} has no delivery {id}");
        return Err(Refusal::new(Code::NO_INSTANCE, detail));
    }
    let path = format!("/api/v1/callbacks/{name}/deliveries/{id}/redeliver");
    let order = ReplayOrder {
        version: None,
        from: None,
        idempotency: key.map(|key| idempotency(user, &path, &key, b"")),
    };
    let started = door.runtime.replay(id, order, user).await;
    Ok(created(&started.map_err(of_replay)?, false))
}

/// By name; of several versions of a workflow that have one, the highest says how it is.
fn callbacks(door: &Door) -> BTreeMap<String, Arc<definition::Callback>> {
    let catalog = door.runtime.catalog();
    let workflows = catalog.workflows.values();
    let own = workflows
        .flat_map(|found| found.versions.values())
        .flat_map(|workflow| &workflow.callbacks);
    let all = own.chain(catalog.callbacks.values());
    all.map(|callback| (callback.name.clone(), Arc::clone(callback)))
        .collect()
}

fn known(door: &Door, name: &str) -> Result<Arc<definition::Callback>, Refusal> {
    let found = callbacks(door).remove(name);
    let missing = || {
        Refusal::new(
            Code::NO_RESOURCE,
            format!("no callback has the name {name}"),
        )
    };
    found.ok_or_else(missing)
}

/// Statuses of deliveries as those of the instances that deliver.
fn statuses(words: &[String]) -> Result<Vec<String>, Refusal> {
    let mut statuses = Vec::new();
    for word in words {
        let own: &[&str] = match word.as_str() {
            "pending" => &OPEN,
            "delivered" => &["completed"],
            "failed" => &["failed", "compensated"],
            "cancelled" => &["cancelled"],
            _ => {
                let told =
                    format!("expected pending, delivered, failed or cancelled, but got `{word}`");
                return Err(Query::wrong("status", told));
            }
        };
        statuses.extend(own.iter().map(|status| (*status).to_owned()));
    }
    Ok(statuses)
}
