//! Schedules: what starts workflows by the time.

use std::sync::Arc;

use api::{Code, Page, Schedule, ScheduleNext, ScheduleRequest, ScheduleTurned, Time};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use runtime::{ScheduleError, ScheduleName, ScheduleVerb};

use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, JsonBody, Query, Refusal, Segments, bad_field, of_schedule, of_unavailable,
};
use crate::render;
use crate::state::Door;

/// Starts to come that are told where nothing is said.
const DEFAULT_NEXT: usize = 10;
/// Starts to come that are told at most.
const MOST_NEXT: usize = 1_000;

/// Lists schedules, in the order of their names
#[utoipa::path(
    get, path = "/schedules", tag = "schedules", operation_id = "list_schedules",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page", body = Page<Schedule>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Schedule>>, Refusal> {
    caller.may(Permission::Read)?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Schedules)?;
    query.finish()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let listed = door.runtime.schedules(after.as_deref(), limit).await;
    let (schedules, more) = listed.map_err(|outage| of_unavailable(&outage))?;
    let last = schedules
        .last()
        .filter(|_| more)
        .map(|last| last.name.to_string());
    let now = door.runtime.now_ms();
    Ok(Json(Page {
        items: schedules
            .iter()
            .map(|live| render::schedule(live, now))
            .collect(),
        next_cursor: last.map(|last| Cursor::Schedules.seal(last.as_bytes())),
        incomplete: Vec::new(),
    }))
}

/// Shows one schedule: when it starts something next, and what came of the last tick
#[utoipa::path(
    get, path = "/schedules/{name}", tag = "schedules", operation_id = "get_schedule",
    params(("name" = String, Path, description = "`workflow.trigger`")),
    responses((status = 200, description = "The schedule", body = Schedule), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    query: Query,
) -> Result<Json<Schedule>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let live = door
        .runtime
        .schedule(&named(&name)?)
        .await
        .map_err(of_schedule)?;
    Ok(Json(render::schedule(&live, door.runtime.now_ms())))
}

/// Tells when a schedule starts something next
#[utoipa::path(
    get, path = "/schedules/{name}/next", tag = "schedules", operation_id = "get_schedule_next",
    params(
        ("name" = String, Path, description = "`workflow.trigger`"),
        ("count" = Option<u32>, Query, description = "So many, 1 to 1,000 (default 10)"),
    ),
    responses((status = 200, description = "The next starts", body = ScheduleNext), crate::openapi::Problems)
)]
pub async fn next(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments(name): Segments<String>,
    mut query: Query,
) -> Result<Json<ScheduleNext>, Refusal> {
    caller.may(Permission::Read)?;
    let count = query.take("count")?.unwrap_or(DEFAULT_NEXT);
    query.finish()?;
    if !(1..=MOST_NEXT).contains(&count) {
        let message = format!("expected 1 to {MOST_NEXT}, but got {count}");
        return Err(Query::wrong("count", &message));
    }
    let live = door
        .runtime
        .schedule(&named(&name)?)
        .await
        .map_err(of_schedule)?;
    let next = live.upcoming(door.runtime.now_ms(), count);
    let next = next.into_iter().map(Time).collect();
    Ok(Json(ScheduleNext { next }))
}

/// Holds a schedule, lets it go on, has it start something now, or makes up for a span of the past
///
/// What a schedule was held over is not made up for when it goes on: `backfill` does that. `trigger` starts at once,
/// whatever is open. `backfill` starts the ticks from `from` on and before `to`, at most 1,000; with an overlap other than
/// `allow` one after the other.
#[utoipa::path(
    post, path = "/schedules/{name}/{verb}", tag = "schedules", operation_id = "turn_schedule",
    params(
        ("name" = String, Path, description = "`workflow.trigger`"),
        ("verb" = String, Path, description = "`pause`, `resume`, `trigger` or `backfill`"),
    ),
    request_body = Option<ScheduleRequest>,
    responses((status = 202, description = "It is so, durably", body = ScheduleTurned), crate::openapi::Problems)
)]
pub async fn turn(
    State(door): State<Arc<Door>>,
    caller: Caller,
    Segments((name, verb)): Segments<(String, String)>,
    query: Query,
    request: Request,
) -> Result<(StatusCode, Json<ScheduleTurned>), Refusal> {
    let user = caller.may(Permission::Operate)?;
    query.finish()?;
    let read = JsonBody::<ScheduleRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let verb = verb_of(&verb, &asked)?;
    let by = (user, asked.reason.as_str());
    let turned = door.runtime.turn_schedule(&named(&name)?, verb, by).await;
    let (live, request) = turned.map_err(of_schedule)?;
    let led_to = live.state.as_ref().and_then(|state| state.request(request));
    if let Some(error) = led_to.and_then(|led_to| led_to.error.as_ref()) {
        return Err(Refusal::new(Code::TICK_REFUSED, error.clone()));
    }
    let workflow_id = led_to.and_then(|led_to| led_to.instance);
    if verb == ScheduleVerb::Trigger && workflow_id.is_none() {
        let detail = "the condition of the trigger does not hold";
        return Err(Refusal::new(Code::TICK_REFUSED, detail));
    }
    let answer = ScheduleTurned {
        schedule: render::schedule(&live, door.runtime.now_ms()),
        workflow_id: workflow_id.map(|id| id.to_string()),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

fn verb_of(word: &str, asked: &ScheduleRequest) -> Result<ScheduleVerb, Refusal> {
    let verb = match (word, asked.from, asked.to) {
        ("backfill", Some(from), Some(to)) => return Ok(ScheduleVerb::Backfill(from.0, to.0)),
        ("backfill", None, _) => {
            return Err(bad_field("/from", "expected the beginning of a span"));
        }
        ("backfill", _, None) => return Err(bad_field("/to", "expected the end of a span")),
        ("pause", ..) => ScheduleVerb::Pause,
        ("resume", ..) => ScheduleVerb::Resume,
        ("trigger", ..) => ScheduleVerb::Trigger,
        (other, ..) => {
            let detail = format!("expected pause, resume, trigger or backfill, but got {other:?}");
            return Err(Refusal::new(Code::UNKNOWN_PATH, detail));
        }
    };
    if asked.from.is_some() || asked.to.is_some() {
        return Err(bad_field("/from", "expected a span only with `backfill`"));
    }
    Ok(verb)
}

fn named(text: &str) -> Result<ScheduleName, Refusal> {
    let unknown = |()| of_schedule(ScheduleError::NotFound(ScheduleName::new(text, "")));
    text.parse().map_err(unknown)
}
