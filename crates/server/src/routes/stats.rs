//! Counts and latencies of a time.

use std::sync::Arc;

use api::{Stats, Time};
use axum::Json;
use axum::extract::State;
use runtime::{ROLLUPS_KEPT_MS, RollupError, StatsAbout, StatsAsked, StatsBy};

use super::list::{behind, consistency};
use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal, of_unavailable};
use crate::render;
use crate::state::Door;

const MINUTE_MS: i64 = 60_000;
/// The time where nothing is said: the last hour.
const DEFAULT_MS: i64 = 60 * MINUTE_MS;
/// Spans that one answer has at most.
const MOST_POINTS: i64 = 1_500;

/// Tells counts and latencies of a time
///
/// They are counted by the minute as instances, steps and calls end, and kept for 30 days. What they are about
/// follows from `group_by` and the conditions: steps where a step is named or grouped by, calls where an adapter
/// or target is, events where a router or rule is, workflows else.
#[utoipa::path(
    get, path = "/stats", tag = "stats", operation_id = "get_stats",
    params(
        ("workflow" = Option<String>, Query), ("version" = Option<String>, Query),
        ("step" = Option<String>, Query, description = "A step's id"),
        ("adapter" = Option<String>, Query), ("target" = Option<String>, Query),
        ("router" = Option<String>, Query), ("rule" = Option<String>, Query, description = "A rule's name, or its place from 0, or `default`"),
        ("from" = Option<String>, Query, description = "An hour before `to`; taken down to a whole minute or span"),
        ("to" = Option<String>, Query, description = "Now; taken up to a whole minute or span"),
        ("group_by" = Option<String>, Query, description = "`workflow`, `version`, `step`, `target`, `router` or `rule`"),
        ("step_seconds" = Option<u64>, Query, description = "Also tell it by spans of so many seconds (whole minutes, a divisor of a day), at most 1,500 of them"),
        ("limit" = Option<u32>, Query, description = "So many groups, the busiest: 50, at most 1,000"),
        ("consistency" = Option<String>, Query, description = "`eventual` does not wait for the newest"),
    ),
    responses((status = 200, description = "What was counted", body = Stats), crate::openapi::Problems)
)]
pub async fn stats(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Stats>, Refusal> {
    caller.may(Permission::Read)?;
    let step_ms = step_ms(&mut query)?;
    let unit = step_ms.unwrap_or(MINUTE_MS);
    let (from, to) = time(&mut query, door.runtime.now_ms(), DEFAULT_MS, unit)?;
    if step_ms.is_some_and(|step| (to - from) / step > MOST_POINTS) {
        let message = format!("expected at most {MOST_POINTS} spans; ask for longer ones");
        return Err(Query::wrong("step_seconds", message));
    }
    let asked = StatsAsked {
        workflow: query.take("workflow")?,
        version: query.take("version")?,
        step: query.take("step")?,
        adapter: query.take("adapter")?,
        target: query.take("target")?,
        router: query.take("router")?,
        rule: query.take("rule")?,
        from,
        to,
        step_ms,
        by: group_by(&mut query)?,
        limit: query.limit()?,
    };
    let consistency = consistency(&mut query)?;
    query.finish()?;
    refuse_mixed(&asked)?;
    let found = door.runtime.stats(&asked, consistency).await;
    let found = found.map_err(of_rollup)?;
    let about = match asked.about() {
        StatsAbout::Workflows => "workflows",
        StatsAbout::Steps => "steps",
        StatsAbout::Targets => "targets",
        StatsAbout::Routers => "routers",
        StatsAbout::Rules => "rules",
    };
    let series = found.series.into_iter();
    Ok(Json(Stats {
        about: about.to_owned(),
        from: Time(from),
        to: Time(to),
        step_seconds: step_ms.map(|step| step.unsigned_abs() / 1_000),
        series: series
            .map(|series| render::stats_series(&asked, series))
            .collect(),
        left_out: found.left_out as u64,
        incomplete: behind(&found.incomplete),
    }))
}

fn step_ms(query: &mut Query) -> Result<Option<i64>, Refusal> {
    const DAY: i64 = 86_400;
    let seconds: Option<i64> = query.take("step_seconds")?;
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    // Spans of a day begin when days do, and so do those that divide it.
    if seconds >= 60 && seconds % 60 == 0 && DAY % seconds == 0 {
        return Ok(Some(seconds * 1_000));
    }
    let message = format!(
        "expected whole minutes that divide a day, such as 60, 300, 3600 or 86400, but got {seconds}"
    );
    Err(Query::wrong("step_seconds", message))
}

/// `from` and `to`, in whole units; `to` is now where nothing is said, `from` so long before it.
pub(super) fn time(
    query: &mut Query,
    now: i64,
    default_ms: i64,
    unit: i64,
) -> Result<(i64, i64), Refusal> {
    let from: Option<Time> = query.take("from")?;
    let to: Option<Time> = query.take("to")?;
    let to = to.map_or(now, |to| to.0);
    let from = from.map_or(to.saturating_sub(default_ms), |from| from.0);
    if from >= to {
        return Err(Query::wrong("from", "expected a time before `to`"));
    }
    if to.saturating_sub(from) > ROLLUPS_KEPT_MS {
        let days = ROLLUPS_KEPT_MS / 86_400_000;
        let message = format!("expected at most {days} days before `to`: no more are kept");
        return Err(Query::wrong("from", message));
    }
    let down = |at: i64| at.div_euclid(unit) * unit;
    Ok((down(from), down(to.saturating_add(unit - 1))))
}

fn group_by(query: &mut Query) -> Result<StatsBy, Refusal> {
    let word: Option<String> = query.take("group_by")?;
    match word.as_deref() {
        None => Ok(StatsBy::Nothing),
        Some("workflow") => Ok(StatsBy::Workflow),
        Some("version") => Ok(StatsBy::Version),
        Some("step") => Ok(StatsBy::Step),
        Some("target") => Ok(StatsBy::Target),
        Some("router") => Ok(StatsBy::Router),
        Some("rule") => Ok(StatsBy::Rule),
        Some(_) => Err(Query::wrong(
            "group_by",
            "expected workflow, version, step, target, router or rule",
        )),
    }
}

/// Calls are not counted by step, and events not by workflow.
fn refuse_mixed(asked: &StatsAsked) -> Result<(), Refusal> {
    let of_events = matches!(asked.about(), StatsAbout::Routers | StatsAbout::Rules);
    let others = [
        ("workflow", asked.workflow.is_some()),
        ("version", asked.version.is_some()),
        ("step", asked.step.is_some()),
        ("adapter", asked.adapter.is_some()),
        ("target", asked.target.is_some()),
    ];
    let mixed = others.into_iter().find(|(_, given)| *given);
    if let Some((name, _)) = mixed.filter(|_| of_events) {
        let message = "expected either a router and rule or something else: events are counted by router and rule alone";
        return Err(Query::wrong(name, message));
    }
    let by_others = !matches!(asked.by, StatsBy::Nothing | StatsBy::Router | StatsBy::Rule);
    if by_others && (asked.router.is_some() || asked.rule.is_some()) {
        let message = "expected router or rule, since one is given";
        return Err(Query::wrong("group_by", message));
    }
    let of_steps = asked.step.is_some() || asked.by == StatsBy::Step;
    let of_targets =
        asked.adapter.is_some() || asked.target.is_some() || asked.by == StatsBy::Target;
    if of_steps && of_targets {
        let message =
            "expected either a step or an adapter and target: calls are not counted by step";
        return Err(Query::wrong("step", message));
    }
    Ok(())
}

/// A question about roll-ups that was not answered.
pub(super) fn of_rollup(error: RollupError) -> Refusal {
    match error {
        RollupError::TooMuch { .. } => Query::wrong("from", error.to_string()),
        RollupError::Unavailable(outage) => of_unavailable(&outage),
    }
}
