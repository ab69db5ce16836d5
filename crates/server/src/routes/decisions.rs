//! Questions to people.

use std::sync::Arc;

use api::{AnswerRequest, Code, Decision, Page};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use engine::record::{Choice, DecisionMade};
use engine::{Command, Id, Refusal as Engine};
use runtime::{CommandError, DecisionRow, DecisionStatus};

use crate::callers::{Caller, Permission};
use crate::door::{
    Cursor, IdempotencyKey, JsonBody, PathId, Query, Refusal, of_command, of_unavailable, parse_id,
    replayed,
};
use crate::render;
use crate::state::{Door, now};

/// Lists decisions, newest first
#[utoipa::path(
    get, path = "/decisions", tag = "decisions", operation_id = "list_decisions",
    params(
        ("status" = Option<String>, Query, description = "`pending`, `answered` or `withdrawn`"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<Decision>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<Decision>>, Refusal> {
    caller.may(Permission::Read)?;
    let status: Option<String> = query.take("status")?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Decisions)?;
    query.finish()?;
    let status = status.map(|word| status_of(&word)).transpose()?;
    let after = after.map(|place| String::from_utf8_lossy(&place).into_owned());
    let page = door.runtime.decisions(status, after, limit).await;
    let page = page.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        items: page.items.into_iter().map(render::decision).collect(),
        next_cursor: page
            .next
            .map(|place| Cursor::Decisions.seal(place.as_bytes())),
        incomplete: Vec::new(),
    }))
}

fn status_of(word: &str) -> Result<DecisionStatus, Refusal> {
    match word {
        "pending" => Ok(DecisionStatus::Pending),
        "answered" => Ok(DecisionStatus::Answered),
        "withdrawn" => Ok(DecisionStatus::Withdrawn),
        _ => Err(Query::wrong(
            "status",
            "expected pending, answered or withdrawn",
        )),
    }
}

/// Shows one decision
#[utoipa::path(
    get, path = "/decisions/{id}", tag = "decisions", operation_id = "get_decision",
    params(("id" = String, Path)),
    responses((status = 200, description = "The decision", body = Decision), crate::openapi::Problems)
)]
pub async fn get(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
) -> Result<Json<Decision>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    row(&door, id).await.map(|row| Json(render::decision(row)))
}

/// Answers a decision: go on
///
/// `retry` (the default) tries again; `skip` goes on without.
#[utoipa::path(
    post, path = "/decisions/{id}/approve", tag = "decisions", operation_id = "approve_decision",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same answer again is answered as the first was"),
    ),
    request_body = Option<AnswerRequest>,
    responses((status = 200, description = "It is decided", body = Decision), crate::openapi::Problems)
)]
pub async fn approve(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<(HeaderMap, Json<Decision>), Refusal> {
    query.finish()?;
    let asked = answer_request(&door, request).await?;
    let choice = match asked.choice.as_deref() {
        None | Some("retry") => Choice::Retry,
        Some("skip") => Choice::Skip,
        Some(other) => return Err(bad_choice("retry or skip", other)),
    };
    let answering = Answering {
        id,
        choice,
        comment: asked.comment,
        again: key.is_some(),
    };
    decide(&door, &caller, answering).await
}

/// Answers a decision: give up
///
/// The step fails (or its undo stays undone).
#[utoipa::path(
    post, path = "/decisions/{id}/reject", tag = "decisions", operation_id = "reject_decision",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same answer again is answered as the first was"),
    ),
    request_body = Option<AnswerRequest>,
    responses((status = 200, description = "It is decided", body = Decision), crate::openapi::Problems)
)]
pub async fn reject(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<(HeaderMap, Json<Decision>), Refusal> {
    query.finish()?;
    let asked = answer_request(&door, request).await?;
    match asked.choice.as_deref() {
        None | Some("fail") => {}
        Some(other) => return Err(bad_choice("fail", other)),
    }
    let answering = Answering {
        id,
        choice: Choice::Fail,
        comment: asked.comment,
        again: key.is_some(),
    };
    decide(&door, &caller, answering).await
}

/// Answers a decision with a changed input: not available yet
#[utoipa::path(
    post, path = "/decisions/{id}/amend", tag = "decisions", operation_id = "amend_decision",
    params(("id" = String, Path)),
    responses(crate::openapi::Problems)
)]
pub async fn amend(caller: Caller, PathId(_): PathId) -> Result<Json<Decision>, Refusal> {
    caller.may(Permission::Decide)?;
    Err(Refusal::new(
        Code::NOT_YET,
        "an amended answer is not available yet; approve or reject",
    ))
}

async fn answer_request(door: &Door, request: Request) -> Result<AnswerRequest, Refusal> {
    let read = JsonBody::read_or_default(request, door.limits.body_bytes);
    read.await.map(|JsonBody(asked)| asked)
}

fn bad_choice(expected: &str, found: &str) -> Refusal {
    Refusal::new(
        Code::BAD_CHOICE,
        format!("expected {expected} as choice, but got {found:?}"),
    )
}

/// An answer, and whether the same one may come again.
struct Answering {
    id: Id,
    choice: Choice,
    comment: String,
    again: bool,
}

impl Answering {
    /// Whether what stands is this very answer, sent again under its idempotency key.
    fn is_repetition(&self, made: &DecisionMade, user: &str) -> bool {
        self.again
            && made.by == user
            && made.choice() == self.choice
            && made.comment == self.comment
    }
}

async fn decide(
    door: &Door,
    caller: &Caller,
    answering: Answering,
) -> Result<(HeaderMap, Json<Decision>), Refusal> {
    let user = caller.may(Permission::Decide)?;
    let row = row(door, answering.id).await?;
    let instance = parse_id(&row.workflow_id)?;
    let Answering {
        id,
        choice,
        comment,
        ..
    } = &answering;
    let command = Command::Decide {
        id: *id,
        choice: *choice,
        comment: comment.clone(),
    };
    let again = match door.runtime.command(instance, command, user).await {
        Ok(_) => false,
        Err(CommandError::Refused(Engine::AlreadyDecided(made))) => {
            if !answering.is_repetition(&made, user) {
                let standing = render::standing(&made);
                let error = Engine::AlreadyDecided(made);
                return Err(of_command(CommandError::Refused(error)).standing(standing));
            }
            true
        }
        Err(error) => return Err(of_command(error)),
    };
    let shown = if row.answer.is_some() {
        render::decision(row)
    } else {
        render::answered(row, *choice, comment.clone(), user, now())
    };
    Ok((replayed(again), Json(shown)))
}

async fn row(door: &Door, id: Id) -> Result<DecisionRow, Refusal> {
    let found = door
        .runtime
        .decision(id)
        .await
        .map_err(|outage| of_unavailable(&outage))?;
    let missing = || {
        Refusal::new(
            Code::NO_DECISION,
            format!("there is no decision with id {id}"),
        )
    };
    found.ok_or_else(missing)
}
