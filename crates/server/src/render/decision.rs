//! Decisions.

use api::{Answer, Decision, Delegation, Json, Notice, Time};
use engine::Id;
use engine::record::DecisionMade;
use runtime::{DecisionAnswer, DecisionRow, DecisionStatus};
use serde_json::json;

/// The word for how a decision stands.
pub fn decision_status(status: DecisionStatus) -> &'static str {
    match status {
        DecisionStatus::Pending => "pending",
        DecisionStatus::Answered => "answered",
        DecisionStatus::Withdrawn => "withdrawn",
    }
}

/// A decision as it stands.
pub fn decision(row: DecisionRow) -> Decision {
    let row = completed(row);
    let own = row.data.as_ref().map(Json::from_value);
    Decision {
        data: own.or_else(|| error_of(&row)),
        status: decision_status(row.status).to_owned(),
        id: row.id,
        workflow_id: row.workflow_id,
        workflow: row.workflow,
        step: row.step,
        kind: row.kind,
        prompt: row.prompt,
        show: row.show.as_ref().map(Json::from_value),
        form: row.form.as_ref().map(Json::from_value),
        risk: given(row.risk),
        reasons: row.reasons,
        approvers: row.approvers,
        quorum: row.quorum.max(1),
        comment_required: row.comment_required,
        four_eyes: row.four_eyes,
        requester: given(row.requester),
        delegate: row.delegate,
        choices: row.choices,
        answers: row
            .answers
            .into_iter()
            .chain(row.answer)
            .map(answer)
            .collect(),
        delegations: row.delegations.into_iter().map(delegation).collect(),
        notices: row.notices.into_iter().map(notice).collect(),
        requested_at: Time(row.requested_at),
        expires_at: row.expires_at.map(Time),
        overdue: row.overdue,
        escalated: row.escalated,
        reminded: row.reminded,
    }
}

/// What rows of before MAN Mode lack.
fn completed(mut row: DecisionRow) -> DecisionRow {
    if row.prompt.is_empty() {
        let DecisionRow {
            workflow,
            step,
            error_type,
            error_message,
            ..
        } = &row;
        row.prompt = format!("{step} of {workflow} failed ({error_type}: {error_message})");
        if row.status == DecisionStatus::Pending {
            row.choices = ["retry", "skip", "fail"].map(str::to_owned).to_vec();
        }
    }
    row
}

/// The first answer, for whom comes second.
pub fn standing(made: &DecisionMade) -> Json {
    let id = Id::from_slice(&made.id).unwrap_or_default().to_string();
    let choice = made.choice().as_str();
    Json::from_value(&json!({"id": id, "choice": choice, "by": made.by, "comment": made.comment}))
}

/// Why a failure is asked about.
fn error_of(row: &DecisionRow) -> Option<Json> {
    let DecisionRow {
        error_type,
        error_message,
        correlation_id,
        ..
    } = row;
    (!error_type.is_empty()).then(|| {
        Json::from_value(&json!({
            "error": { "type": error_type, "message": error_message },
            "correlation_id": correlation_id,
        }))
    })
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn answer(answer: DecisionAnswer) -> Answer {
    Answer {
        by: answer.by,
        choice: answer.choice,
        comment: answer.comment,
        at: Time(answer.at),
        data: answer.data.as_ref().map(Json::from_value),
    }
}

fn delegation(one: runtime::Delegation) -> Delegation {
    Delegation {
        by: one.by,
        to: one.to,
        comment: one.comment,
    }
}

fn notice(one: runtime::NoticeRow) -> Notice {
    Notice {
        adapter: one.adapter,
        status: one.status,
        attempts: one.attempts,
        error: one.error,
        next_at: one.next_at,
    }
}
