//! One answer to many decisions.

use std::sync::Arc;

use api::{BulkAnswer, BulkAnswerRequest, BulkAnswers, Code, DecisionFilter};
use axum::Json;
use axum::extract::{Request, State};
use engine::Answer;
use engine::record::Choice;
use runtime::{DecisionRow, DecisionStatus};

use super::answers::{Verb, answer_one, data_of};
use super::decisions::row;
use crate::callers::{Caller, Permission};
use crate::door::{JsonBody, Query, Refusal, of_unavailable, parse_id};
use crate::render;
use crate::state::Door;

/// Decisions that one request can answer.
const MOST: usize = 1_000;
/// Rows read at once.
const PAGE: usize = 500;

/// Answers many decisions at once
///
/// By their ids, or all pending ones that a filter takes. Each is answered as it would be by itself: one
/// that refuses the answer does not touch the others.
#[utoipa::path(
    post, path = "/decisions/answers", tag = "decisions", operation_id = "answer_decisions",
    request_body = BulkAnswerRequest,
    responses((status = 200, description = "What came of each", body = BulkAnswers), crate::openapi::Problems)
)]
pub async fn answer_many(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<BulkAnswers>, Refusal> {
    caller.may(Permission::Read)?;
    query.finish()?;
    let JsonBody(asked) =
        JsonBody::<BulkAnswerRequest>::read(request, door.limits.body_bytes).await?;
    let verb = Verb::of_word(&asked.action).ok_or_else(|| {
        let found = &asked.action;
        let detail = format!("expected approve, reject or amend as action, but got {found:?}");
        Refusal::new(Code::BAD_CHOICE, detail)
    })?;
    let data = data_of(asked.data.as_ref())?;
    let rows = wanted(&door, &asked).await?;
    if let Some(expected) = asked.expect_count.filter(|count| *count != rows.len()) {
        let count = rows.len();
        let detail = format!("expected {expected} decisions, but there are {count}");
        return Err(Refusal::new(Code::COUNT_DIFFERS, detail));
    }
    let answer = Answer {
        choice: Choice::Approve,
        comment: asked.comment.clone(),
        data,
        authority: caller.authority(),
    };
    let mut items = Vec::with_capacity(rows.len());
    for before in rows {
        let id = before.id.clone();
        if asked.dry_run {
            items.push(answered(id, Ok(before)));
            continue;
        }
        let choice = asked.choice.as_deref();
        let done = answer_one(&door, &caller, before, verb, choice, answer.clone()).await;
        items.push(answered(id, done));
    }
    let taken = items.iter().filter(|item| item.error.is_none()).count();
    Ok(Json(BulkAnswers {
        count: items.len(),
        answered: if asked.dry_run { 0 } else { taken },
        items,
    }))
}

fn answered(id: String, done: Result<DecisionRow, Refusal>) -> BulkAnswer {
    match done {
        Ok(row) => BulkAnswer {
            id,
            status: render::decision_status(row.status).to_owned(),
            error: None,
        },
        Err(refusal) => BulkAnswer {
            id,
            status: String::new(),
            error: Some(refusal.into_problem()),
        },
    }
}

/// The decisions that are meant.
async fn wanted(door: &Door, asked: &BulkAnswerRequest) -> Result<Vec<DecisionRow>, Refusal> {
    let too_many = |count: usize| {
        let detail = format!("expected at most {MOST} decisions at once, but there are {count}");
        Refusal::new(Code::COUNT_DIFFERS, detail)
    };
    match (&asked.filter, asked.ids.as_slice()) {
        (None, ids) if ids.len() > MOST => Err(too_many(ids.len())),
        (None, ids) if !ids.is_empty() => {
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.push(row(door, parse_id(id)?).await?);
            }
            Ok(rows)
        }
        (Some(filter), []) => {
            let rows = filtered(door, filter).await?;
            if rows.len() > MOST {
                return Err(too_many(rows.len()));
            }
            Ok(rows)
        }
        _ => {
            let detail = "expected either `ids` or a `filter`";
            Err(Refusal::new(Code::COUNT_DIFFERS, detail))
        }
    }
}

async fn filtered(door: &Door, filter: &DecisionFilter) -> Result<Vec<DecisionRow>, Refusal> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = door
            .runtime
            .decisions(Some(DecisionStatus::Pending), after, PAGE)
            .await
            .map_err(|outage| of_unavailable(&outage))?;
        rows.extend(page.items.into_iter().filter(|row| fits(filter, row)));
        after = page.next;
        if after.is_none() || rows.len() > MOST {
            return Ok(rows);
        }
    }
}

fn fits(filter: &DecisionFilter, row: &DecisionRow) -> bool {
    let is = |wanted: &Option<String>, found: &String| {
        wanted.as_ref().is_none_or(|wanted| wanted == found)
    };
    is(&filter.workflow, &row.workflow)
        && is(&filter.workflow_id, &row.workflow_id)
        && is(&filter.step, &row.step)
        && is(&filter.kind, &row.kind)
        && is(&filter.risk, &row.risk)
}
