//! Events in.

use std::sync::Arc;

use api::{Code, EventAccepted, EventBatchAnswer, EventItem, Finding};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runtime::{EventError, Incoming};

use super::event_lines::take_lines;
use crate::callers::{Caller, Permission};
use crate::cloud_event::{Arrived, Mode, Named, batch, binary, plain, structured};
use crate::door::{Body, Correlation, IdempotencyKey, Query, Refusal, correlated, of_event, read};
use crate::render;
use crate::state::Door;

/// Events of one batch at most.
const MAX_EVENTS: usize = 10_000;

/// Takes events
///
/// A CloudEvent (structured or binary), a batch of them, or plain JSON, whose `type`, `source`,
/// `subject` and `id` then stand in the query. Lines of JSON (`application/x-ndjson`) are taken as
/// they come, and answered line by line. An event with the source and id of one that was taken in
/// the last 24 hours is answered as that was and does nothing.
#[utoipa::path(
    post, path = "/events", tag = "events", operation_id = "take_events",
    params(
        ("type" = Option<String>, Query, description = "Of plain JSON; `event` without it"),
        ("source" = Option<String>, Query, description = "Of plain JSON; `/api` without it"),
        ("subject" = Option<String>, Query, description = "Of plain JSON"),
        ("id" = Option<String>, Query, description = "Of plain JSON: it is then taken once"),
        ("Idempotency-Key" = Option<String>, Header, description = "The id of plain JSON that has none"),
    ),
    request_body(content = serde_json::Value, description = "A CloudEvent, an array of them, lines, or plain JSON"),
    responses(
        (status = 202, description = "It is taken, durably; of a batch, at least one is", body = EventAccepted),
        crate::openapi::Problems,
    )
)]
pub async fn take(
    State(door): State<Arc<Door>>,
    caller: Caller,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    mut query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Submit)?.to_owned();
    let named = Named::take(&mut query)?.or_id(key.as_deref());
    query.finish()?;
    let sender = Sender { user, correlation };
    let mode = Mode::of(request.headers())?;
    match mode {
        Mode::Lines => {
            // Lines that find no room wait for it.
            door.archive_follows()?;
            Ok(take_lines(door, sender, named, request))
        }
        Mode::Batch => {
            let body = read(request, door.limits.batch_bytes).await?;
            door.may_start()?;
            take_batch(&door, &sender, &body).await
        }
        Mode::Structured | Mode::Binary | Mode::Plain => {
            let headers = request.headers().clone();
            let Body(bytes) = read(request, door.limits.body_bytes).await?;
            door.may_start()?;
            let arrived = match mode {
                Mode::Binary => binary(&headers, &bytes)?,
                Mode::Structured => structured(std::str::from_utf8(&bytes).unwrap_or_default())?,
                _ => plain(&named, &bytes)?,
            };
            take_one(&door, &sender, arrived).await
        }
    }
}

/// Who sends events.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) user: String,
    pub(super) correlation: Correlation,
}

impl Sender {
    pub(super) fn incoming(&self, arrived: Arrived<'_>) -> Incoming {
        arrived.incoming(self.correlation.given(), &self.user)
    }
}

async fn take_one(door: &Door, sender: &Sender, arrived: Arrived<'_>) -> Result<Response, Refusal> {
    let deduplicated = arrived.named;
    let accepted = one(door, sender.incoming(arrived), deduplicated).await?;
    let headers = correlated(&accepted.correlation_id);
    Ok((StatusCode::ACCEPTED, headers, Json(accepted)).into_response())
}

/// Takes one event.
///
/// # Errors
/// When it cannot be taken for the moment.
pub(super) async fn one(
    door: &Door,
    incoming: Incoming,
    deduplicated: bool,
) -> Result<EventAccepted, Refusal> {
    let taken = door.runtime.take_events(vec![incoming]).await.pop();
    let missing = || Refusal::new(Code::BUG, "the event has no outcome");
    let accepted = taken.ok_or_else(missing)?.map_err(of_event)?;
    Ok(render::accepted(accepted, deduplicated))
}

async fn take_batch(door: &Door, sender: &Sender, body: &Body) -> Result<Response, Refusal> {
    let events = batch(body.text())?;
    if events.len() > MAX_EVENTS {
        let detail = format!(
            "expected at most {MAX_EVENTS} events, but got {}",
            events.len()
        );
        return Err(Refusal::new(Code::TOO_MANY_ITEMS, detail));
    }
    let most = door.limits.body_bytes;
    let read = events.into_iter().map(|item| match item.length() {
        length if length > most => Err(too_large(most)),
        _ => item.read(),
    });
    let outcomes = take_many(door, sender, read.collect()).await;
    let answer = finish(outcomes)?;
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// The refusal of one event of several that is larger than one may be.
pub(super) fn too_large(most: usize) -> Refusal {
    let size = expression::size::format(most as u64);
    let detail = format!("expected an event of at most {size}, but it is larger");
    Refusal::new(Code::BODY_TOO_LARGE, detail)
}

/// What came of one event: the refusal is the door's, or the runtime's.
pub(super) type Outcome = Result<EventAccepted, Refused>;

/// Why an event was not taken.
pub(super) enum Refused {
    /// It is no event.
    Here(Refusal),
    /// It cannot be taken for the moment.
    There(EventError),
}

impl Refused {
    pub(super) fn into_refusal(self) -> Refusal {
        match self {
            Self::Here(refusal) => refusal,
            Self::There(error) => of_event(error),
        }
    }
}

/// Takes what can be taken; the outcomes stand in the order of the events.
pub(super) async fn take_many(
    door: &Door,
    sender: &Sender,
    read: Vec<Result<Arrived<'_>, Refusal>>,
) -> Vec<Outcome> {
    let (mut incoming, mut outcomes) = (Vec::with_capacity(read.len()), Vec::new());
    for arrived in read {
        outcomes.push(match arrived {
            Ok(arrived) => {
                let deduplicated = arrived.named;
                incoming.push(sender.incoming(arrived));
                Ok(deduplicated)
            }
            Err(refusal) => Err(refusal),
        });
    }
    let mut taken = door.runtime.take_events(incoming).await.into_iter();
    let missing = || Refused::Here(Refusal::new(Code::BUG, "the event has no outcome"));
    let fill = |outcome: Result<bool, Refusal>| {
        let deduplicated = outcome.map_err(Refused::Here)?;
        let accepted = taken.next().ok_or_else(missing)?;
        let accepted = accepted.map_err(|error| match error {
            EventError::Data { .. } => Refused::Here(of_event(error)),
            error => Refused::There(error),
        })?;
        Ok(render::accepted(accepted, deduplicated))
    };
    outcomes.into_iter().map(fill).collect()
}

/// The answer; a problem when nothing was taken.
fn finish(outcomes: Vec<Outcome>) -> Result<EventBatchAnswer, Refusal> {
    let outage = |outcome: &Outcome| match outcome {
        Err(Refused::There(error)) => Some(error.clone()),
        _ => None,
    };
    let all: Option<Vec<EventError>> = outcomes.iter().map(outage).collect();
    if let Some(error) = all.and_then(|all| all.into_iter().next()) {
        return Err(of_event(error));
    }
    let count = outcomes.len() as u64;
    let items: Vec<EventItem> = (0..).zip(outcomes).map(item).collect();
    let refused = items.iter().filter(|item| item.error.is_some()).count() as u64;
    if refused == count && count > 0 {
        let finding = |item: &EventItem| {
            let error = item.error.as_ref();
            let message = error.map_or_else(String::new, |error| error.detail.clone());
            Finding {
                code: error.map(|error| error.code.clone()),
                ..Finding::at(format!("/{}", item.index), message)
            }
        };
        let detail = format!("none of the {count} events was taken");
        let findings = items.iter().map(finding).collect();
        return Err(Refusal::new(Code::NOTHING_TAKEN, detail).with_all(findings));
    }
    Ok(EventBatchAnswer {
        accepted: count - refused,
        refused,
        items,
    })
}

/// One line of the answer to many events.
pub(super) fn item((index, outcome): (u64, Outcome)) -> EventItem {
    let (accepted, error) = match outcome {
        Ok(accepted) => (Some(accepted), None),
        Err(refused) => (None, Some(refused.into_refusal().into_problem())),
    };
    EventItem {
        index,
        accepted,
        error,
    }
}
