//! Answers to decisions, one at a time.

use std::sync::Arc;

use api::{AnswerRequest, Code, Decision, DelegateRequest, Json as Raw};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use engine::record::{Choice, DecisionMade};
use engine::{Answer, Authority, Command, Id, Instance, Payload, Refusal as Engine};
use runtime::{CommandError, DecisionRow};

use super::decisions::row;
use crate::callers::Caller;
use crate::door::{
    IdempotencyKey, JsonBody, PathId, Query, Refusal, check_json, not_json, of_command, parse_id,
    replayed,
};
use crate::render;
use crate::state::Door;

/// Answers a decision: go on
///
/// Approves what is asked. Of a failure `choice` says how it goes on: `retry` (the default), `skip`,
/// `supply` (with `data`), `compensate`, `done`.
#[utoipa::path(
    post, path = "/decisions/{id}/approve", tag = "decisions", operation_id = "approve_decision",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same answer again is answered as the first was"),
    ),
    request_body = Option<AnswerRequest>,
    responses((status = 200, description = "It is decided, or others have to agree", body = Decision), crate::openapi::Problems)
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
    decide(&door, &caller, id, Verb::Approve, asked, key.is_some()).await
}

/// Answers a decision: do not go on
///
/// What is asked is rejected; what failed stays failed.
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
    decide(&door, &caller, id, Verb::Reject, asked, key.is_some()).await
}

/// Answers a decision: go on with other data
///
/// `data` must fit the decision's `form`.
#[utoipa::path(
    post, path = "/decisions/{id}/amend", tag = "decisions", operation_id = "amend_decision",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same answer again is answered as the first was"),
    ),
    request_body = AnswerRequest,
    responses((status = 200, description = "It is decided, or others have to agree", body = Decision), crate::openapi::Problems)
)]
pub async fn amend(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    IdempotencyKey(key): IdempotencyKey,
    query: Query,
    request: Request,
) -> Result<(HeaderMap, Json<Decision>), Refusal> {
    query.finish()?;
    let asked = answer_request(&door, request).await?;
    decide(&door, &caller, id, Verb::Amend, asked, key.is_some()).await
}

/// Hands a decision on to somebody else
#[utoipa::path(
    post, path = "/decisions/{id}/delegate", tag = "decisions", operation_id = "delegate_decision",
    params(("id" = String, Path)),
    request_body = DelegateRequest,
    responses((status = 200, description = "It is handed on", body = Decision), crate::openapi::Problems)
)]
pub async fn delegate(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    query: Query,
    request: Request,
) -> Result<Json<Decision>, Refusal> {
    query.finish()?;
    let JsonBody(asked) =
        JsonBody::<DelegateRequest>::read(request, door.limits.body_bytes).await?;
    let before = row(&door, id).await?;
    let instance = parse_id(&before.workflow_id)?;
    let command = Command::Delegate {
        id,
        to: asked.to,
        comment: asked.comment,
        by: caller.authority(),
    };
    let state = door.runtime.command(instance, command, &caller.user).await;
    let state = state.map_err(of_command)?;
    Ok(Json(render::decision(after(before, &state, id))))
}

/// What is asked of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Approve,
    Reject,
    Amend,
}

impl Verb {
    /// The verb of this word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "approve" => Some(Self::Approve),
            "reject" => Some(Self::Reject),
            "amend" => Some(Self::Amend),
            _ => None,
        }
    }

    /// The engine's choice: what the caller says, else what the verb means in this decision.
    fn choice(self, asked: Option<&str>, row: &DecisionRow) -> Result<Choice, Refusal> {
        let gives_up = |choice: Choice| matches!(choice, Choice::Reject | Choice::Fail);
        let bad = |expected: &str, found: &str| {
            let detail = format!("expected {expected} as choice, but got {found:?}");
            Err(Refusal::new(Code::BAD_CHOICE, detail))
        };
        let of_failure = matches!(row.kind.as_str(), "exhausted" | "compensation-failed");
        match (self, asked) {
            (Self::Approve, None) if of_failure => Ok(Choice::Retry),
            (Self::Approve, None) if row.kind == "instance-failed" => Ok(Choice::Compensate),
            (Self::Approve, None) => Ok(Choice::Approve),
            (Self::Reject, None) if of_failure || row.kind == "instance-failed" => Ok(Choice::Fail),
            (Self::Reject, None) => Ok(Choice::Reject),
            (Self::Amend, None | Some("amend")) => Ok(Choice::Amend),
            (Self::Approve, Some(word)) => match Choice::of_word(word) {
                Some(choice) if !gives_up(choice) => Ok(choice),
                _ => bad("a way to go on, such as retry or skip,", word),
            },
            (Self::Reject, Some(word)) => match Choice::of_word(word) {
                Some(choice) if gives_up(choice) => Ok(choice),
                _ => bad("fail or reject", word),
            },
            (Self::Amend, Some(word)) => bad("amend", word),
        }
    }
}

async fn answer_request(door: &Door, request: Request) -> Result<AnswerRequest, Refusal> {
    let read = JsonBody::read_or_default(request, door.limits.body_bytes);
    read.await.map(|JsonBody(asked)| asked)
}

/// The data of an answer, checked to be JSON that nests not too deep.
pub(super) fn data_of(data: Option<&Raw>) -> Result<Option<Payload>, Refusal> {
    let Some(data) = data else { return Ok(None) };
    check_json(data.text()).map_err(|error| not_json(&error))?;
    Ok(Some(Payload::from_bytes(data.text().to_owned().into())))
}

async fn decide(
    door: &Door,
    caller: &Caller,
    id: Id,
    verb: Verb,
    asked: AnswerRequest,
    again: bool,
) -> Result<(HeaderMap, Json<Decision>), Refusal> {
    let data = data_of(asked.data.as_ref())?;
    let before = row(door, id).await?;
    let choice = verb.choice(asked.choice.as_deref(), &before)?;
    let answer = Answer {
        choice,
        comment: asked.comment,
        data,
        authority: caller.authority(),
    };
    let answering = Answering {
        id,
        answer,
        user: &caller.user,
        again,
    };
    let (shown, repeated) = answering.send(door, before).await?;
    Ok((replayed(repeated), Json(render::decision(shown))))
}

/// Answers one of many as one by itself is answered.
pub(super) async fn answer_one(
    door: &Door,
    caller: &Caller,
    before: DecisionRow,
    verb: Verb,
    choice: Option<&str>,
    answer: Answer,
) -> Result<DecisionRow, Refusal> {
    let id = parse_id(&before.id)?;
    let answer = Answer {
        choice: verb.choice(choice, &before)?,
        ..answer
    };
    let answering = Answering {
        id,
        answer,
        user: &caller.user,
        again: false,
    };
    answering.send(door, before).await.map(|(row, _)| row)
}

/// Answers by a link of a notice.
pub(super) async fn answer_by_link(
    door: &Door,
    link: runtime::DecisionLink,
    comment: String,
) -> Result<DecisionRow, Refusal> {
    let before = row(door, link.decision).await?;
    let answer = Answer {
        choice: link.choice,
        comment,
        data: None,
        authority: Authority::Link(link.notice),
    };
    let answering = Answering {
        id: link.decision,
        answer,
        user: &format!("link:{}", link.notice),
        again: false,
    };
    answering.send(door, before).await.map(|(row, _)| row)
}

/// An answer, and whether the same one may come again.
struct Answering<'a> {
    id: Id,
    answer: Answer,
    user: &'a str,
    again: bool,
}

impl Answering<'_> {
    /// Sends it; answers with the decision after it, and whether it had been taken before.
    async fn send(self, door: &Door, before: DecisionRow) -> Result<(DecisionRow, bool), Refusal> {
        let instance = parse_id(&before.workflow_id)?;
        let command = Command::Decide {
            id: self.id,
            answer: self.answer.clone(),
        };
        match door.runtime.command(instance, command, self.user).await {
            Ok(state) => Ok((after(before, &state, self.id), false)),
            Err(CommandError::Refused(Engine::AlreadyDecided(made))) => {
                if self.again && self.is_repetition(&made) {
                    let state = door.runtime.instance(instance).await.map_err(of_command)?;
                    return Ok((after(before, &state, self.id), true));
                }
                Err(already_decided(made))
            }
            Err(CommandError::Refused(Engine::AlreadyAnswered(user))) if self.again => {
                let state = door.runtime.instance(instance).await.map_err(of_command)?;
                let shown = after(before, &state, self.id);
                if self.is_among(&shown) {
                    return Ok((shown, true));
                }
                let error = Engine::AlreadyAnswered(user);
                Err(of_command(CommandError::Refused(error)))
            }
            Err(error) => Err(of_command(error)),
        }
    }

    /// Whether what stands is this very answer, sent again under its idempotency key.
    fn is_repetition(&self, made: &DecisionMade) -> bool {
        let amended = self.answer.data.is_some() && made.choice() == Choice::Amend;
        made.by == self.user
            && (made.choice() == self.answer.choice || amended)
            && made.comment == self.answer.comment
    }

    fn is_among(&self, row: &DecisionRow) -> bool {
        let same = |answer: &runtime::DecisionAnswer| {
            answer.by == self.user && answer.comment == self.answer.comment
        };
        row.answers.iter().any(same)
    }
}

/// A decision is made once: the second answer is told the first.
fn already_decided(made: Box<DecisionMade>) -> Refusal {
    if made.by.is_empty() {
        return of_command(CommandError::Refused(Engine::DecisionExpired))
            .standing(render::standing(&made));
    }
    let standing = render::standing(&made);
    let error = Engine::AlreadyDecided(made);
    of_command(CommandError::Refused(error)).standing(standing)
}

/// The decision as the instance has it now, which its row may not show yet.
fn after(before: DecisionRow, state: &Instance, id: Id) -> DecisionRow {
    runtime::decision_after(before, state, id)
}
