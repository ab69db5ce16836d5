//! What stands as failed, alike with alike.

use std::sync::Arc;

use api::{Failures, Time};
use axum::Json;
use axum::extract::State;
use runtime::{FailurePart, FailureState, FailuresAsked};

use super::list::{behind, consistency};
use super::stats::{of_rollup, time};
use crate::callers::{Caller, Permission};
use crate::door::{Query, Refusal};
use crate::render;
use crate::state::Door;

const HOUR_MS: i64 = 3_600_000;
/// The time where nothing is said: the last day.
const DEFAULT_MS: i64 = 24 * HOUR_MS;

/// Tells what stands as failed, alike with alike
///
/// Counted are ended instances that failed, and open ones of which a person is asked what becomes of a failure; with
/// `status` also those that failed and were undone. One that was taken up again, decided or deleted since is not
/// counted any more. Errors are told apart by their type.
#[utoipa::path(
    get, path = "/failures", tag = "stats", operation_id = "list_failures",
    params(
        ("group_by" = Option<String>, Query, description = "Words with commas: `workflow`, `version`, `step`, `error`, `target`; without it workflow, step, error and target"),
        ("status" = Option<String>, Query, description = "Words with commas: `failed`, `open`, `compensated`; without it failed and open"),
        ("workflow" = Option<String>, Query), ("version" = Option<String>, Query),
        ("step" = Option<String>, Query), ("error" = Option<String>, Query, description = "An error's type"),
        ("adapter" = Option<String>, Query), ("target" = Option<String>, Query),
        ("from" = Option<String>, Query, description = "Those that came since: a day before `to`, at most 30; taken down to a whole hour"),
        ("to" = Option<String>, Query, description = "Now; taken up to a whole hour"),
        ("limit" = Option<u32>, Query, description = "So many groups, the largest: 50, at most 1,000"),
        ("consistency" = Option<String>, Query, description = "`eventual` does not wait for the newest"),
    ),
    responses((status = 200, description = "The groups", body = Failures), crate::openapi::Problems)
)]
pub async fn failures(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Failures>, Refusal> {
    caller.may(Permission::Read)?;
    let (from, to) = time(&mut query, door.runtime.now_ms(), DEFAULT_MS, HOUR_MS)?;
    let asked = FailuresAsked {
        workflow: query.take("workflow")?,
        version: query.take("version")?,
        step: query.take("step")?,
        error: query.take("error")?,
        adapter: query.take("adapter")?,
        target: query.take("target")?,
        from,
        to,
        states: states(&mut query)?,
        by: group_by(&mut query)?,
        limit: query.limit()?,
    };
    let consistency = consistency(&mut query)?;
    query.finish()?;
    let found = door.runtime.failures(&asked, consistency).await;
    let found = found.map_err(of_rollup)?;
    let groups = found.groups.into_iter();
    Ok(Json(Failures {
        from: Time(from),
        to: Time(to),
        items: groups
            .map(|group| render::failure_group(&asked, group))
            .collect(),
        total: found.total,
        left_out: found.left_out as u64,
        incomplete: behind(&found.incomplete),
    }))
}

fn states(query: &mut Query) -> Result<Vec<FailureState>, Refusal> {
    let words = query.take_list("status");
    if words.is_empty() {
        return Ok(vec![FailureState::Failed, FailureState::Open]);
    }
    let state = |word: &String| match word.as_str() {
        "failed" => Ok(FailureState::Failed),
        "open" => Ok(FailureState::Open),
        "compensated" => Ok(FailureState::Compensated),
        _ => Err(Query::wrong(
            "status",
            format!("expected failed, open or compensated, but got `{word}`"),
        )),
    };
    words.iter().map(state).collect()
}

fn group_by(query: &mut Query) -> Result<Vec<FailurePart>, Refusal> {
    let words = query.take_list("group_by");
    if words.is_empty() {
        return Ok(vec![
            FailurePart::Workflow,
            FailurePart::Step,
            FailurePart::Error,
            FailurePart::Target,
        ]);
    }
    let part = |word: &String| match word.as_str() {
        "workflow" => Ok(FailurePart::Workflow),
        "version" => Ok(FailurePart::Version),
        "step" => Ok(FailurePart::Step),
        "error" => Ok(FailurePart::Error),
        "target" => Ok(FailurePart::Target),
        _ => Err(Query::wrong(
            "group_by",
            format!("expected workflow, version, step, error or target, but got `{word}`"),
        )),
    };
    words.iter().map(part).collect()
}
