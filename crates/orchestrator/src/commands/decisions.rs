//! `decisions`, `approve`, `reject`: questions to people, and their log.

use api::{
    AnswerRequest, AuditHead, AuditHeads, BulkAnswer, BulkAnswerRequest, BulkAnswers, Decision,
    DecisionFilter, DelegateRequest, Exit, Json, Page,
};

use super::Session;
use crate::args::{AnswerArgs, DelegateArgs, ListShow};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::{brief, columns, fields, json, moment, moment_of, parse};

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

/// Answers one decision, or many at once.
pub async fn answer(session: &Session, verb: &str, args: AnswerArgs) -> Result<Exit, Failure> {
    let data = args.data.as_deref().map(json_argument).transpose()?;
    let data = data.map(|text| Json::from_bytes(text.as_bytes()));
    match args.ids.as_slice() {
        [id] if !args.dry_run => {
            let request = AnswerRequest {
                choice: args.choice,
                comment: args.comment,
                data,
            };
            let path = format!("/api/v1/decisions/{}/{verb}", segment(id));
            let ask = Ask::default().json(json(&request)?);
            let body = session.client.post(&path, ask).await?;
            session.output.show(&body, text)
        }
        _ => answer_many(session, verb, args, data).await,
    }
}

async fn answer_many(
    session: &Session,
    verb: &str,
    args: AnswerArgs,
    data: Option<Json>,
) -> Result<Exit, Failure> {
    let filter = args.all.then_some(DecisionFilter {
        workflow: args.workflow,
        workflow_id: None,
        step: args.step,
        kind: args.kind,
        risk: args.risk,
    });
    let request = BulkAnswerRequest {
        action: verb.to_owned(),
        ids: args.ids,
        filter,
        choice: args.choice,
        comment: args.comment,
        data,
        dry_run: args.dry_run,
        expect_count: None,
    };
    let ask = Ask::default().json(json(&request)?);
    let body = session
        .client
        .post("/api/v1/decisions/answers", ask)
        .await?;
    session.output.show(&body, |answers: &BulkAnswers| {
        let row = |item: &BulkAnswer| {
            let error = item.error.as_ref().map(|error| error.detail.clone());
            vec![
                item.id.clone(),
                item.status.clone(),
                error.unwrap_or_default(),
            ]
        };
        columns(&["ID", "STATUS", "REFUSED"], answers.items.iter().map(row))
    })?;
    let answers: BulkAnswers = parse(&body)?;
    if request.dry_run || answers.answered == answers.count {
        return Ok(Exit::Well);
    }
    let refused = answers.count - answers.answered;
    eprintln!("{refused} of {} refused the answer", answers.count);
    Ok(Exit::Refused)
}

/// Hands one decision on.
pub async fn delegate(session: &Session, args: DelegateArgs) -> Result<Exit, Failure> {
    let request = DelegateRequest {
        to: args.to,
        comment: args.comment,
    };
    let path = format!("/api/v1/decisions/{}/delegate", segment(&args.id));
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session.output.show(&body, text)
}

/// Prints the signed heads of the log of decisions.
pub async fn heads(session: &Session) -> Result<Exit, Failure> {
    let path = "/api/v1/system/audit-heads";
    let body = session.client.get(path, Ask::default()).await?;
    session.output.show(&body, |heads: &AuditHeads| {
        let row = |head: &AuditHead| {
            let (slot, number) = (head.slot.to_string(), head.number.to_string());
            vec![slot, number, head.hash.clone()]
        };
        columns(&["SLOT", "DECISIONS", "HASH"], heads.heads.iter().map(row))
    })
}

fn text(decision: &Decision) -> String {
    let answers = decision.answers.iter().map(|answer| {
        let comment = if answer.comment.is_empty() { "" } else { ": " };
        let by = match answer.by.as_str() {
            "" => "the time",
            by => by,
        };
        format!(
            "{} by {by} at {}{comment}{}",
            answer.choice,
            moment(answer.at),
            answer.comment
        )
    });
    let shown = |value: &Option<Json>| {
        let text = value.as_ref().map(|value| brief(value.text(), 200));
        text.unwrap_or_default()
    };
    let handed = decision
        .delegations
        .iter()
        .map(|one| format!("{} to {}", one.by, one.to));
    let notices = decision
        .notices
        .iter()
        .map(|one| format!("{} {}", one.adapter, one.status));
    fields([
        ("id", decision.id.clone()),
        ("question", decision.prompt.clone()),
        ("status", decision.status.clone()),
        ("choices", decision.choices.join(", ")),
        ("approvers", decision.approvers.join(", ")),
        ("quorum", decision.quorum.to_string()),
        ("answers", answers.collect::<Vec<_>>().join("; ")),
        ("handed on", handed.collect::<Vec<_>>().join("; ")),
        ("instance", decision.workflow_id.clone()),
        ("step", format!("{} / {}", decision.workflow, decision.step)),
        ("asked", moment(decision.requested_at)),
        ("until", moment_of(decision.expires_at)),
        ("because", decision.reasons.join("; ")),
        ("shown", shown(&decision.show)),
        ("data", shown(&decision.data)),
        ("form", shown(&decision.form)),
        ("notices", notices.collect::<Vec<_>>().join("; ")),
    ])
}
