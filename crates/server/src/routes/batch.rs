//! Starting many instances at once.

use std::sync::Arc;

use api::{BatchAnswer, BatchItem, BatchRequest, Code, Finding, Submission};
use axum::Json;
use axum::extract::{Request, State};
use bytes::Bytes;
use runtime::{Submit, SubmitError, Submitted};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::submit::{idempotency, take_wait, to_submit, wait_over};
use crate::callers::{Caller, Permission};
use crate::door::{
    Correlation, IdempotencyKey, Query, Refusal, of_submit, of_unavailable, parse_json, read_body,
};
use crate::state::Door;

const PATH: &str = "/api/v1/workflows/batch";
const MAX_ITEMS: usize = 10_000;

/// The items as they came: one that is wrong must not refuse the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBatch<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// Starts many workflows at once
///
/// Each item is taken or refused by itself. An item's idempotency key is the request's, a slash,
/// and the item's index. With `wait` the answer comes when all that were taken have ended, or the
/// wait is over.
#[utoipa::path(
    post, path = "/workflows/batch", tag = "workflows", operation_id = "submit_workflows",
    params(
        ("wait" = Option<String>, Query, description = "Wait for the ends, at most this long (`30s`, at most `5m`)"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and item start it only once"),
    ),
    request_body = BatchRequest<'_>,
    responses(
        (status = 200, description = "At least one was started, durably", body = BatchAnswer),
        crate::openapi::Problems,
    )
)]
pub async fn submit_batch(
    State(door): State<Arc<Door>>,
    caller: Caller,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    mut query: Query,
    request: Request,
) -> Result<Json<BatchAnswer>, Refusal> {
    let user = caller.may(Permission::Submit)?;
    let wait_ms = take_wait(&mut query)?;
    query.finish()?;
    let body = read_body(request, door.limits.batch_bytes).await?;
    door.may_start()?;
    let batch: RawBatch<'_> = parse_json(body.text())?;
    if batch.items.len() > MAX_ITEMS {
        let detail = format!(
            "expected at most {MAX_ITEMS} items, but got {}",
            batch.items.len()
        );
        return Err(Refusal::new(Code::TOO_MANY_ITEMS, detail));
    }
    let prepare = |(index, raw): (usize, &&RawValue)| {
        let mut submit = prepared(raw, &body.0, user, &correlation)?;
        let key = key.as_ref().map(|key| format!("{key}/{index}"));
        submit.idempotency = key.map(|key| idempotency(user, PATH, &key, raw.get().as_bytes()));
        Ok(submit)
    };
    let prepared = batch.items.iter().enumerate().map(prepare).collect();
    finish(start(&door, prepared, wait_ms).await)
}

fn prepared(
    raw: &RawValue,
    bytes: &Bytes,
    user: &str,
    correlation: &Correlation,
) -> Result<Submit, Refusal> {
    let submission: Submission<'_> = parse_json(raw.get())?;
    let mut submit = to_submit(&submission, bytes, user)?;
    if submit.correlation_id.is_empty() {
        submit.correlation_id = correlation.given().unwrap_or_default().to_owned();
    }
    Ok(submit)
}

type Outcome = Result<Submitted, Refused>;

enum Refused {
    /// By the door.
    Here(Refusal),
    /// By the runtime.
    There(SubmitError),
}

/// Starts what can be started; the outcomes stand in the order of the items.
async fn start(
    door: &Door,
    prepared: Vec<Result<Submit, Refusal>>,
    wait_ms: Option<u64>,
) -> Vec<Outcome> {
    let mut submits = Vec::with_capacity(prepared.len());
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(prepared.len());
    for item in prepared {
        match item {
            Ok(submit) => {
                submits.push(submit);
                outcomes.push(None);
            }
            Err(refusal) => outcomes.push(Some(Err(Refused::Here(refusal)))),
        }
    }
    let started = match wait_ms {
        Some(wait_ms) => {
            let over = wait_over(door, wait_ms);
            door.runtime.run_batch(submits, over).await
        }
        None => door.runtime.submit_batch(submits).await,
    };
    let mut started = started.into_iter();
    let fill = |outcome: Option<Outcome>| {
        let missing = || Refused::Here(Refusal::new(Code::BUG, "the item has no outcome"));
        outcome.unwrap_or_else(|| started.next().ok_or_else(missing)?.map_err(Refused::There))
    };
    outcomes.into_iter().map(fill).collect()
}

/// The answer; a problem when nothing was taken.
fn finish(outcomes: Vec<Outcome>) -> Result<Json<BatchAnswer>, Refusal> {
    if let Some(outage) = outage(&outcomes) {
        return Err(outage);
    }
    let count = outcomes.len() as u64;
    let items: Vec<BatchItem> = outcomes.into_iter().enumerate().map(item).collect();
    let refused = items.iter().filter(|item| item.error.is_some()).count() as u64;
    if refused == count {
        let finding = |item: &BatchItem| {
            let error = item.error.as_ref();
            let message = error.map_or_else(String::new, |error| error.detail.clone());
            let code = error.map(|error| error.code.clone());
            Finding {
                code,
                ..Finding::at(format!("/items/{}", item.index), message)
            }
        };
        let detail = format!("none of the {count} items was taken");
        let findings = items.iter().map(finding).collect();
        return Err(Refusal::new(Code::NOTHING_TAKEN, detail).with_all(findings));
    }
    Ok(Json(BatchAnswer {
        accepted: count - refused,
        refused,
        items,
    }))
}

/// The outage, when it alone is why nothing was taken: the whole batch may be sent again.
fn outage(outcomes: &[Outcome]) -> Option<Refusal> {
    let of = |outcome: &Outcome| match outcome {
        Err(Refused::There(SubmitError::Unavailable(outage))) => Some(outage.clone()),
        _ => None,
    };
    let all: Option<Vec<_>> = outcomes.iter().map(of).collect();
    all?.first().map(of_unavailable)
}

fn item((index, outcome): (usize, Outcome)) -> BatchItem {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let refused = |refusal: Refusal| BatchItem {
        index,
        id: None,
        version: None,
        status: None,
        correlation_id: None,
        replayed: false,
        error: Some(refusal.into_problem()),
    };
    match outcome {
        Ok(submitted) => {
            let started = &submitted.instance.header().started;
            BatchItem {
                index,
                id: Some(submitted.id.to_string()),
                version: Some(started.version.clone()),
                status: Some(submitted.instance.status().as_str().to_owned()),
                correlation_id: Some(started.correlation_id.clone()),
                replayed: submitted.replayed,
                error: None,
            }
        }
        Err(Refused::Here(refusal)) => refused(refusal),
        Err(Refused::There(error)) => refused(of_submit(error)),
    }
}
