//! One verb on many instances, tracked.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{
    Behind, Code, DeadLetter, OneOrMany, Operation, OperationPreview, OperationRequest, Page,
    Reason,
};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::RateSpec;
use engine::Id;
use runtime::{Asked, CommandError, Consistency, LetterStatus, OperationSet, Turn};
use store::{CountBy, InstanceFilter, InstanceRow};

use super::dead_letters;
use super::list::{behind, filter};
use super::operation_verbs::action_of;
use super::submit::idempotency;
use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, IdempotencyKey, JsonBody, PathId, Query, Refusal, Segments, bad_field, of_operation,
    of_unavailable, parse_id, parse_json, read_body, replayed,
};
use crate::render;
use crate::state::Door;

/// The path of operations.
const PATH: &str = "/api/v1/operations";
/// Ids that one operation takes.
const MOST_IDS: usize = 10_000;
/// Instances that a dry run shows.
const SAMPLES: usize = 20;

/// How many there are, the first few, and what that may lack.
#[derive(Default)]
struct Found {
    count: u64,
    samples: Vec<InstanceRow>,
    letters: Vec<DeadLetter>,
    incomplete: Vec<Behind>,
}

/// Does something with many instances
///
/// With those named, or with all that a filter takes. A dry run says how many there are and shows 20 of
/// them. Else the operation is durable when this answers, and goes on whatever happens to the server:
/// each instance is asked once, one that refuses does not touch the others. `GET /operations/{id}` tells
/// how far it is.
#[utoipa::path(
    post, path = "/operations", tag = "operations", operation_id = "create_operation",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body make it only once")),
    request_body = OperationRequest,
    responses(
        (status = 200, description = "What it would do (`dry_run`)", body = OperationPreview),
        (status = 202, description = "It is made, durably", body = Operation),
        crate::openapi::Problems
    )
)]
pub async fn create(
    State(door): State<Arc<Door>>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    let asked: OperationRequest = parse_json(body.text())?;
    let action = action_of(&asked, &caller)?;
    let rate = asked.rate.as_deref().map(rate_of).transpose()?;
    let set = set_of(&asked, action.is_of_letters())?;
    let key = key.map(|key| idempotency(user, PATH, &key, &body.0));
    if let Some(key) = &key {
        let before = door.runtime.operation_under(key).await;
        if let Some(operation) = before.map_err(of_operation)? {
            return Ok(made(operation, true));
        }
    }
    let found = find(&door, &set).await?;
    if asked.dry_run {
        let samples = found.samples.into_iter().map(render::summary);
        let preview = OperationPreview {
            action: asked.action,
            count: found.count,
            samples: samples.collect(),
            dead_letters: found.letters,
            incomplete: found.incomplete,
        };
        return Ok(Json(preview).into_response());
    }
    let asked_by = (user, asked.reason.as_str());
    if let Some(expected) = asked.expect_count.filter(|count| *count != found.count) {
        let count = found.count;
        let detail = format!("expected {expected} instances, but there are {count}");
        return Err(Refusal::new(Code::COUNT_DIFFERS, detail));
    }
    let wanted = Asked {
        action,
        set,
        rate: rate.map(Into::into),
    };
    let (operation, again) = door
        .runtime
        .make_operation(&wanted, found.count, asked_by, key)
        .await
        .map_err(of_operation)?;
    Ok(made(operation, again))
}

fn made(operation: runtime::Operation, again: bool) -> Response {
    let mut headers = replayed(again);
    if let Ok(location) = HeaderValue::from_str(&format!("{PATH}/{}", operation.id)) {
        headers.insert(header::LOCATION, location);
    }
    let answer = Json(render::operation(operation));
    (StatusCode::ACCEPTED, headers, answer).into_response()
}

fn rate_of(text: &str) -> Result<RateSpec, Refusal> {
    let refused = || {
        let message = format!("expected a number per time such as 20/s, but got {text:?}");
        bad_field("/rate", &message)
    };
    RateSpec::parse(text, None).ok_or_else(refused)
}

/// Which are meant: one of `filter` and `ids`.
fn set_of(asked: &OperationRequest, of_letters: bool) -> Result<OperationSet, Refusal> {
    match (&asked.filter, asked.ids.as_slice()) {
        (Some(conditions), []) if conditions.is_empty() => Err(bad_field(
            "/filter",
            "expected at least one condition, but there is none; `status: active` takes all that are open",
        )),
        (Some(conditions), []) => {
            let pairs = conditions.iter().flat_map(|(name, value)| {
                let values = match value {
                    OneOrMany::One(value) => std::slice::from_ref(value),
                    OneOrMany::Many(values) => values.as_slice(),
                };
                values.iter().map(|value| (name.clone(), value.clone()))
            });
            let mut query = Query::of(pairs.collect());
            let set = if of_letters {
                let filter = dead_letters::filter(&mut query)?;
                if filter.status != Some(LetterStatus::Pending) {
                    let message = "expected those that wait; the others are settled";
                    return Err(Query::wrong("status", message));
                }
                OperationSet::Letters(Box::new(filter))
            } else {
                OperationSet::Filter(Box::new(filter(&mut query)?.into()))
            };
            query.finish()?;
            Ok(set)
        }
        (None, ids) if ids.len() > MOST_IDS => Err(bad_field(
            "/ids",
            &format!("expected at most {MOST_IDS} ids, but got {}", ids.len()),
        )),
        (None, ids) if !ids.is_empty() => {
            let ids: Result<Vec<Id>, Refusal> = ids.iter().map(|id| parse_id(id)).collect();
            let mut seen = BTreeSet::new();
            let mut ids = ids?;
            ids.retain(|id| seen.insert(*id));
            Ok(OperationSet::Ids(ids))
        }
        _ => Err(bad_field("/filter", "expected either `filter` or `ids`")),
    }
}

async fn find(door: &Door, set: &OperationSet) -> Result<Found, Refusal> {
    match set {
        OperationSet::Filter(filter) => {
            let filter = InstanceFilter::from(filter.as_ref().clone());
            let fresh = Consistency::Fresh;
            let counted = door.runtime.count(&filter, CountBy::Nothing, fresh).await;
            let counted = counted.map_err(|outage| of_unavailable(&outage))?;
            let listed = door.runtime.list(&filter, None, SAMPLES, fresh).await;
            let listed = listed.map_err(|outage| of_unavailable(&outage))?;
            Ok(Found {
                count: counted.counts.iter().map(|count| count.count).sum(),
                samples: listed.page.items,
                incomplete: behind(&counted.incomplete),
                ..Found::default()
            })
        }
        OperationSet::Letters(filter) => {
            let count = door.runtime.count_dead_letters(filter).await;
            let page = door.runtime.dead_letters(filter, None, SAMPLES).await;
            let page = page.map_err(|outage| of_unavailable(&outage))?;
            let catalog = door.runtime.catalog();
            let letters = page.items.into_iter();
            Ok(Found {
                count: count.map_err(|outage| of_unavailable(&outage))?,
                letters: letters
                    .map(|letter| render::dead_letter(letter, &catalog))
                    .collect(),
                ..Found::default()
            })
        }
        OperationSet::Ids(ids) => {
            let mut samples = Vec::new();
            for id in ids.iter().take(SAMPLES) {
                match door.runtime.row(*id).await {
                    Ok(row) => samples.push(row),
                    // That it is not there is for the operation to tell.
                    Err(CommandError::NotFound(_)) => {}
                    Err(error) => return Err(crate::door::of_read(error)),
                }
            }
            Ok(Found {
                count: ids.len() as u64,
                samples,
                ..Found::default()
            })
        }
    }
}

/// Lists operations: the open ones first, each kind newest first
#[utoipa::path(
    get, path = "/operations", tag = "operations", operation_id = "list_operations",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page", body = Page<Operation>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Operation>>, Refusal> {
    caller.may(Permission::Read)?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Operations)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.operations(after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    let next = page.next;
    Ok(Json(Page {
        items: page.items.into_iter().map(render::operation).collect(),
        next_cursor: next.map(|place| Cursor::Operations.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

/// Shows one operation, and how far it is
#[utoipa::path(
    get, path = "/operations/{id}", tag = "operations", operation_id = "get_operation",
    params(("id" = String, Path)),
    responses((status = 200, description = "The operation", body = Operation), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<Operation>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let found = door.runtime.operation(id).await;
    let found = found.map_err(|outage| of_unavailable(&outage))?;
    let missing = || of_operation(runtime::OperationError::NotFound(id));
    Ok(Json(render::operation(found.ok_or_else(missing)?)))
}

/// Holds an operation, lets it go on, or gives it up
///
/// Those that it has in hand (at most 100; with a rate, a second's worth) are still done. What was done
/// stays done.
#[utoipa::path(
    post, path = "/operations/{id}/{verb}", tag = "operations", operation_id = "turn_operation",
    params(
        ("id" = String, Path),
        ("verb" = String, Path, description = "`pause`, `resume` or `cancel`"),
    ),
    request_body = Option<Reason>,
    responses((status = 202, description = "It is so, durably", body = Operation), crate::openapi::Problems)
)]
pub async fn turn(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((id, verb)): Segments<(String, String)>,
    query: Query,
    request: Request,
) -> Result<(StatusCode, Json<Operation>), Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let turn = match verb.as_str() {
        "pause" => Turn::Pause,
        "resume" => Turn::Resume,
        "cancel" => Turn::Cancel,
        other => {
            let detail = format!("expected pause, resume or cancel, but got {other:?}");
            return Err(Refusal::new(Code::UNKNOWN_PATH, detail));
        }
    };
    let read = JsonBody::<Reason>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(Reason { reason }) = read.await?;
    let turned = door
        .runtime
        .turn_operation(parse_id(&id)?, turn, (user, &reason));
    let turned = turned.await.map_err(of_operation)?;
    Ok((StatusCode::ACCEPTED, Json(render::operation(turned))))
}
