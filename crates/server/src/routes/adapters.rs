//! Adapters: how they stand, and the switches of an incident.

use std::sync::Arc;

use api::{Adapter, Code, OverrideRequest, Page, SwitchRequest};
use axum::Json;
use axum::extract::{Request, State};
use definition::RateSpec;
use expression::duration;
use futures_util::future::join_all;
use runtime::{AdapterOrder, ApplyError, SwitchRefused};

use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, Segments, of_unavailable};
use crate::render;
use crate::sets::refused;
use crate::state::Door;

/// Other limits hold at most for so long, in milliseconds.
const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Lists adapters
#[utoipa::path(
    get, path = "/adapters", tag = "adapters", operation_id = "list_adapters",
    responses((status = 200, description = "All of them", body = Page<Adapter>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Page<Adapter>>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let shown = catalog.adapters.keys().map(|name| shown(&door, name));
    let items = join_all(shown.collect::<Vec<_>>()).await;
    Ok(Json(Page::whole(items.into_iter().flatten().collect())))
}

/// Shows an adapter
#[utoipa::path(
    get, path = "/adapters/{name}", tag = "adapters", operation_id = "get_adapter",
    params(("name" = String, Path)),
    responses((status = 200, description = "The adapter", body = Adapter), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
) -> Result<Json<Adapter>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    answer(&door, &name).await
}

/// Switches something on an adapter
///
/// `pause`: no further call begins; they wait. `drain`: the same, and the adapter is shown as drained once
/// nothing is under way. `resume`: calls begin again. `open-breaker`: as if it had opened, until it is
/// reset. `reset-breaker`: it is closed and forgets what it counted. Durable, on all nodes, audited.
#[utoipa::path(
    post, path = "/adapters/{name}/{action}", tag = "adapters", operation_id = "switch_adapter",
    params(
        ("name" = String, Path),
        ("action" = String, Path, description = "`pause`, `resume`, `drain`, `open-breaker` or `reset-breaker`"),
    ),
    request_body = SwitchRequest,
    responses((status = 200, description = "The adapter afterwards", body = Adapter), crate::openapi::Problems)
)]
pub async fn switch(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, action)): Segments<(String, String)>,
    query: Query,
    request: Request,
) -> Result<Json<Adapter>, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    switched(&door, user, (&name, None), &action, request).await
}

/// Switches something on one target of an adapter
///
/// As for the adapter; calls go to its other targets meanwhile.
#[utoipa::path(
    post, path = "/adapters/{name}/targets/{target}/{action}", tag = "adapters", operation_id = "switch_target",
    params(
        ("name" = String, Path),
        ("target" = String, Path, description = "The target's name, percent-encoded"),
        ("action" = String, Path, description = "`pause`, `resume`, `drain`, `open-breaker` or `reset-breaker`"),
    ),
    request_body = SwitchRequest,
    responses((status = 200, description = "The adapter afterwards", body = Adapter), crate::openapi::Problems)
)]
pub async fn switch_target(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, target, action)): Segments<(String, String, String)>,
    query: Query,
    request: Request,
) -> Result<Json<Adapter>, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    switched(&door, user, (&name, Some(&target)), &action, request).await
}

/// Sets other limits for a while
///
/// They hold instead of the document's `concurrency` and `rate-limit` until `expires_in` is over; without
/// both, the document's hold again at once.
#[utoipa::path(
    patch, path = "/adapters/{name}", tag = "adapters", operation_id = "override_adapter",
    params(("name" = String, Path)),
    request_body = OverrideRequest,
    responses((status = 200, description = "The adapter afterwards", body = Adapter), crate::openapi::Problems)
)]
pub async fn set_limits(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
    request: Request,
) -> Result<Json<Adapter>, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let body = JsonBody::<OverrideRequest>::read(request, door.limits.body_bytes).await;
    let JsonBody(wanted) = body?;
    let reason = reason_of(&wanted.reason)?;
    let order = order_of(&wanted)?;
    let done = door
        .runtime
        .switch_adapter(user, reason, (&name, None), &order);
    done.await.map_err(|error| failed(&name, error))?;
    answer(&door, &name).await
}

async fn switched(
    door: &Door,
    user: &str,
    (name, target): (&str, Option<&str>),
    action: &str,
    request: Request,
) -> Result<Json<Adapter>, Refusal> {
    let order = match action {
        "pause" => AdapterOrder::Pause,
        "drain" => AdapterOrder::Drain,
        "resume" => AdapterOrder::Resume,
        "open-breaker" => AdapterOrder::OpenBreaker,
        "reset-breaker" => AdapterOrder::ResetBreaker,
        _ => {
            let known = ["pause", "resume", "drain", "open-breaker", "reset-breaker"];
            let near = adapter::nearest(action, known.into_iter());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let detail = format!(
                "expected one of {}, but got {action}{hint}",
                known.join(", ")
            );
            return Err(Refusal::new(Code::UNKNOWN_PATH, detail));
        }
    };
    let body = JsonBody::<SwitchRequest>::read(request, door.limits.body_bytes).await;
    let JsonBody(wanted) = body?;
    let reason = reason_of(&wanted.reason)?;
    let done = door
        .runtime
        .switch_adapter(user, reason, (name, target), &order);
    done.await.map_err(|error| failed(name, error))?;
    answer(door, name).await
}

async fn answer(door: &Door, name: &str) -> Result<Json<Adapter>, Refusal> {
    let missing = || Refusal::new(Code::NO_RESOURCE, format!("there is no adapter {name}"));
    shown(door, name).await.map(Json).ok_or_else(missing)
}

async fn shown(door: &Door, name: &str) -> Option<Adapter> {
    let standing = door.runtime.adapter_standing(name).await;
    let catalog = door.runtime.catalog();
    let now = door.runtime.now_ms();
    let spec = catalog.adapters.get(name)?;
    Some(render::adapter(&catalog, spec, standing, now))
}

/// Whoever comes later needs to know why.
fn reason_of(reason: &str) -> Result<&str, Refusal> {
    match reason.trim() {
        "" => Err(wrong("reason", "expected why, but it is empty")),
        reason => Ok(reason),
    }
}

fn order_of(wanted: &OverrideRequest) -> Result<AdapterOrder, Refusal> {
    if wanted.concurrency == Some(0) {
        let message = "expected at least 1, but got 0; pause the adapter to hold all calls back";
        return Err(wrong("concurrency", message));
    }
    if wanted.burst == Some(0) {
        return Err(wrong("burst", "expected at least 1, but got 0"));
    }
    let rate = wanted.rate.as_deref();
    let rate = rate.map(|text| {
        RateSpec::parse(text, wanted.burst).ok_or_else(|| {
            let message = format!("expected calls per time such as 100/s, but got {text:?}");
            wrong("rate", &message)
        })
    });
    let rate = rate.transpose()?;
    if wanted.burst.is_some() && rate.is_none() {
        return Err(wrong(
            "burst",
            "expected `rate` beside it, but there is none",
        ));
    }
    if wanted.concurrency.is_none() && rate.is_none() {
        return Ok(AdapterOrder::Unlimit);
    }
    let Some(text) = &wanted.expires_in else {
        let message =
            "expected for how long, such as 30m: what is switched in a hurry must end by itself";
        return Err(wrong("expires_in", message));
    };
    let for_ms = duration::parse(text).map_err(|error| wrong("expires_in", &error.to_string()))?;
    if !(1_000..=LONGEST_MS).contains(&for_ms) {
        return Err(wrong("expires_in", "expected a duration from 1s to 30d"));
    }
    Ok(AdapterOrder::Limit {
        concurrency: wanted.concurrency,
        rate,
        for_ms,
    })
}

fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::new(Code::BAD_BODY, format!("/{field}: {message}"))
}

fn failed(name: &str, error: ApplyError<SwitchRefused>) -> Refusal {
    let missing = |what: String, word: &str, names: &[String]| {
        let near = adapter::nearest(word, names.iter().map(String::as_str));
        let hint = match near {
            Some(near) => format!("; did you mean {near}?"),
            None => format!("; there are {}", names.join(", ")),
        };
        Refusal::new(Code::NO_RESOURCE, format!("{what}{hint}"))
    };
    match error {
        ApplyError::Refused(SwitchRefused::NoAdapter(names)) => {
            missing(format!("there is no adapter {name}"), name, &names)
        }
        ApplyError::Refused(SwitchRefused::NoTarget(names)) => {
            missing(format!("adapter {name} has no such target"), name, &names)
        }
        ApplyError::Refused(SwitchRefused::Catalog(found)) => refused(&found),
        ApplyError::Unavailable(outage) => of_unavailable(&outage),
    }
}
