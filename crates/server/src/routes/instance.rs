//! One instance: its state, steps and attempts, and its early end.

use std::sync::Arc;

use api::{Attempt, CancelRequest, Code, Deleted, Page, Step, Submitted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::record::{CancelRequested, Record, StepRef};
use engine::{Command, Id, Instance};
use runtime::CommandError;

use super::submit::MAX_STEPS;
use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, IdempotencyKey, JsonBody, PathId, Query, Refusal, Segments, etag, expect_match,
    of_command, of_read, parse_id, replayed,
};
use crate::render;
use crate::state::Door;

/// Records that are read at once.
const RECORDS: usize = 1_000;
/// Attempts are told from at most so many records.
const MAX_RECORDS: usize = 200_000;

/// Shows one instance
#[utoipa::path(
    get, path = "/workflows/{id}", tag = "workflows", operation_id = "get_workflow",
    params(("id" = String, Path)),
    responses((status = 200, description = "The instance", body = api::Instance), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let state = door.runtime.instance(id).await.map_err(of_read)?;
    let held = door.runtime.held(&state).await;
    let tag = etag(state.seq());
    // What calls wait for changes without a record.
    if held.is_empty() && headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok((
        [(header::ETAG, tag)],
        Json(render::instance(&state, MAX_STEPS, &held)),
    )
        .into_response())
}

/// Lists an instance's steps, of all lanes
#[utoipa::path(
    get, path = "/workflows/{id}/steps", tag = "workflows", operation_id = "list_steps",
    params(
        ("id" = String, Path), ("lane" = Option<String>, Query), ("status" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Step>), crate::openapi::Problems)
)]
pub async fn steps(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    mut query: Query,
) -> Result<Json<Page<Step>>, Refusal> {
    caller.may(Permission::Read)?;
    let lane: Option<String> = query.take("lane")?;
    let statuses = query.take_list("status");
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Steps)?;
    query.finish()?;
    let after = after.map(|place| place_of(&place)).transpose()?;
    let state = door.runtime.instance(id).await.map_err(of_read)?;
    let wanted = |(at, step): &(StepRef, Step)| {
        after.is_none_or(|after| *at > after)
            && lane.as_ref().is_none_or(|lane| *lane == step.lane)
            && (statuses.is_empty() || statuses.contains(&step.status))
    };
    let mut found: Vec<(StepRef, Step)> = render::steps(&state)
        .filter(wanted)
        .take(limit + 1)
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|(at, _)| seal_place(*at));
    let items = found.into_iter().map(|(_, step)| step).collect();
    Ok(Json(Page {
        items,
        next_cursor,
        incomplete: Vec::new(),
    }))
}

fn seal_place(at: StepRef) -> String {
    let place = [at.lane.to_be_bytes(), at.step.to_be_bytes()].concat();
    Cursor::Steps.seal(&place)
}

fn place_of(place: &[u8]) -> Result<StepRef, Refusal> {
    let word = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_be_bytes);
    let read = || {
        let (lane, step) = place.split_at_checked(4)?;
        Some(StepRef {
            lane: word(lane)?,
            step: word(step)?,
        })
    };
    read().ok_or_else(|| {
        Refusal::new(
            Code::BAD_CURSOR,
            "expected a cursor that this list gave out",
        )
    })
}

/// Lists the attempts of a step, of all its lanes, its undo included
#[utoipa::path(
    get, path = "/workflows/{id}/steps/{step}/attempts", tag = "workflows", operation_id = "list_attempts",
    params(("id" = String, Path), ("step" = String, Path), ("lane" = Option<String>, Query)),
    responses((status = 200, description = "All of them", body = Page<Attempt>), crate::openapi::Problems)
)]
pub async fn attempts(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((id, step)): Segments<(String, String)>,
    mut query: Query,
) -> Result<Json<Page<Attempt>>, Refusal> {
    caller.may(Permission::Read)?;
    let lane: Option<String> = query.take("lane")?;
    query.finish()?;
    let id = parse_id(&id)?;
    let state = door.runtime.instance(id).await.map_err(of_read)?;
    if state.workflow().step_named(&step).is_none() {
        let detail = format!(
            "expected a step of {}, but there is no `{step}`",
            state.workflow().name
        );
        return Err(Refusal::new(Code::NO_STEP, detail));
    }
    let records = all_records(&door, id).await?;
    let lane_of = |at: StepRef| lane_of(&state, at);
    let is_ours = |at: StepRef| {
        state.step_name(at) == step && lane.as_ref().is_none_or(|lane| *lane == lane_of(at))
    };
    Ok(Json(Page::whole(render::attempts(
        &records, is_ours, lane_of,
    ))))
}

/// The path of a lane; empty for the root's.
pub(crate) fn lane_of(state: &Instance, at: StepRef) -> String {
    let lane = state.lane(at.lane);
    lane.map(|lane| state.lane_path(lane)).unwrap_or_default()
}

/// Deletes an ended instance for good
///
/// Its state and its history go; what the audit says of it stays. Answers when that is durable.
/// An open instance is refused: cancel it first.
#[utoipa::path(
    delete, path = "/workflows/{id}", tag = "workflows", operation_id = "delete_workflow",
    params(
        ("id" = String, Path), ("reason" = Option<String>, Query, description = "Why; kept in the audit"),
        ("If-Match" = Option<String>, Header),
    ),
    responses((status = 200, description = "It is gone", body = Deleted), crate::openapi::Problems)
)]
pub async fn delete(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Json<Deleted>, Refusal> {
    let user = caller.may(Permission::Operate)?;
    let reason: Option<String> = query.take("reason")?;
    query.finish()?;
    expect_unchanged(&door, id, &headers).await?;
    let reason = reason.unwrap_or_default();
    let deleted = door.runtime.delete(id, user, &reason).await;
    deleted.map_err(of_command)?;
    Ok(Json(Deleted { id: id.to_string() }))
}

pub(crate) async fn all_records(door: &Door, id: Id) -> Result<Vec<Record>, Refusal> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let page = door
            .runtime
            .history(id, after, RECORDS)
            .await
            .map_err(of_read)?;
        let is_last = !page.more || page.records.is_empty();
        records.extend(page.records);
        if is_last || records.len() >= MAX_RECORDS {
            return Ok(records);
        }
    }
}

/// Ends an instance early
///
/// What it completed is undone unless `compensate` is false. Answers when the request is durable;
/// the instance ends when calls in flight are back and everything is undone.
#[utoipa::path(
    post, path = "/workflows/{id}/cancel", tag = "workflows", operation_id = "cancel_workflow",
    params(
        ("id" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request again is answered as the first was"),
    ),
    request_body = Option<CancelRequest>,
    responses((status = 202, description = "It is being cancelled", body = Submitted), crate::openapi::Problems)
)]
pub async fn cancel(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Json<Submitted>), Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    expect_unchanged(&door, id, request.headers()).await?;
    let read = JsonBody::<CancelRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let wanted = CancelRequested {
        reason: asked.reason,
        skip_compensation: asked.compensate == Some(false),
    };
    let command = Command::Cancel(wanted.clone());
    let (state, again) = match door.runtime.command(id, command, user).await {
        Ok(state) => (state, false),
        Err(CommandError::Refused(refusal @ engine::Refusal::Ended(_))) if key.is_some() => {
            let state = door.runtime.instance(id).await.map_err(of_read)?;
            if state.cancel_request() != Some(&wanted) {
                return Err(of_command(CommandError::Refused(refusal)));
            }
            (state, true)
        }
        Err(error) => return Err(of_command(error)),
    };
    let answer = Json(render::submitted(&state));
    Ok((StatusCode::ACCEPTED, replayed(again), answer))
}

/// Refuses when `If-Match` names another state of the instance than the present one, which is read only then.
pub(super) async fn expect_unchanged(
    door: &Door,
    id: Id,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    if headers.contains_key(header::IF_MATCH) {
        let state = door.runtime.instance(id).await.map_err(of_read)?;
        expect_match(headers, state.seq())?;
    }
    Ok(())
}
