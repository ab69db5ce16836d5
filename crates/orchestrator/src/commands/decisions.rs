//! `decisions`, `approve`, `reject`: questions to people.

use api::{AnswerRequest, Decision, Exit, Page};

use super::Session;
use crate::args::{AnswerArgs, ListShow};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{brief, columns, fields, json, moment};

/// Lists decisions, newest first.
pub async fn list(session: &Session, args: ListShow) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("status", args.status)
        .with("limit", Some(args.limit));
    let body = session.client.get("/api/v1/decisions", ask).await?;
    session.output.show(&body, |page: &Page<Decision>| {
        let row = |decision: &Decision| {
            let step = format!("{} / {}", decision.workflow, decision.step);
            let (id, status) = (decision.id.clone(), decision.status.clone());
            vec![
                id,
                status,
                step,
                moment(decision.requested_at),
                brief(&decision.prompt, 60),
            ]
        };
        columns(
            &["ID", "STATUS", "STEP", "ASKED (UTC)", "QUESTION"],
            page.items.iter().map(row),
        )
    })
}

/// Shows one decision.
pub async fn show(session: &Session, id: &str) -> Result<Exit, Failure> {
    let path = format!("/api/v1/decisions/{}", segment(id));
    let body = session.client.get(&path, Ask::default()).await?;
    session.output.show(&body, text)
}

/// Answers one decision.
pub async fn answer(session: &Session, verb: &str, args: AnswerArgs) -> Result<Exit, Failure> {
    let request = AnswerRequest {
        choice: args.choice,
        comment: args.comment,
    };
    let path = format!("/api/v1/decisions/{}/{verb}", segment(&args.id));
    let body = session
        .client
        .post(&path, Ask::default().json(json(&request)?))
        .await?;
    session.output.show(&body, text)
}

fn text(decision: &Decision) -> String {
    let answers = decision.answers.iter().map(|answer| {
        let comment = if answer.comment.is_empty() { "" } else { ": " };
        format!(
            "{} by {} at {}{comment}{}",
            answer.choice,
            answer.by,
            moment(answer.at),
            answer.comment
        )
    });
    fields([
        ("id", decision.id.clone()),
        ("question", decision.prompt.clone()),
        ("status", decision.status.clone()),
        ("choices", decision.choices.join(", ")),
        ("answers", answers.collect::<Vec<_>>().join("; ")),
        ("instance", decision.workflow_id.clone()),
        ("step", format!("{} / {}", decision.workflow, decision.step)),
        ("asked", moment(decision.requested_at)),
        (
            "error",
            decision
                .data
                .as_ref()
                .map(|data| brief(data.text(), 200))
                .unwrap_or_default(),
        ),
    ])
}
