//! Decisions.

use api::{Answer, Decision, Json, Time};
use engine::Id;
use engine::record::{Choice, DecisionMade};
use runtime::{DecisionAnswer, DecisionRow, DecisionStatus};
use serde_json::json;

/// A decision as it stands.
pub fn decision(row: DecisionRow) -> Decision {
    let status = match row.status {
        DecisionStatus::Pending => "pending",
        DecisionStatus::Answered => "answered",
        DecisionStatus::Withdrawn => "withdrawn",
    };
    let pending = row.status == DecisionStatus::Pending;
    let choices: &[&str] = if pending {
        &["retry", "skip", "fail"]
    } else {
        &[]
    };
    Decision {
        prompt: prompt(&row),
        data: Some(Json::from_value(&json!({
            "error": { "type": row.error_type, "message": row.error_message },
            "correlation_id": row.correlation_id,
        }))),
        id: row.id,
        workflow_id: row.workflow_id,
        workflow: row.workflow,
        step: row.step,
        kind: row.kind,
        status: status.to_owned(),
        approvers: Vec::new(),
        quorum: 1,
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        answers: row.answer.into_iter().map(answer).collect(),
        requested_at: Time(row.requested_at),
        expires_at: None,
    }
}

/// The same row with the answer that was just made durable.
pub fn answered(row: DecisionRow, choice: Choice, comment: String, by: &str, at: Time) -> Decision {
    let choice = choice_word(choice).to_owned();
    let answer = DecisionAnswer {
        choice,
        comment,
        by: by.to_owned(),
        at: at.0,
    };
    decision(DecisionRow {
        status: DecisionStatus::Answered,
        answer: Some(answer),
        ..row
    })
}

/// The first answer, for whom comes second.
pub fn standing(made: &DecisionMade) -> Json {
    let id = Id::from_slice(&made.id).unwrap_or_default().to_string();
    let choice = choice_word(made.choice());
    Json::from_value(&json!({"id": id, "choice": choice, "by": made.by, "comment": made.comment}))
}

/// The word for a choice.
pub fn choice_word(choice: Choice) -> &'static str {
    match choice {
        Choice::Retry => "retry",
        Choice::Skip => "skip",
        Choice::Fail => "fail",
    }
}

fn answer(answer: DecisionAnswer) -> Answer {
    let DecisionAnswer {
        choice,
        comment,
        by,
        at,
    } = answer;
    Answer {
        by,
        choice,
        comment,
        at: Time(at),
    }
}

fn prompt(row: &DecisionRow) -> String {
    let DecisionRow {
        workflow,
        step,
        error_type,
        error_message,
        ..
    } = row;
    if row.kind == "compensation-failed" {
        return format!("{step} of {workflow} could not be undone ({error_type}: {error_message})");
    }
    format!("{step} of {workflow} has no attempt left ({error_type}: {error_message})")
}
