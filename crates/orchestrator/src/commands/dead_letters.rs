//! `dead-letters`: calls that failed for good and are kept whole.

use api::{
    DeadLetter, DeadLetterAttempt, Exit, Json, OperationRequest, Page, Reason, ReprocessRequest,
    Submitted,
};

use super::Session;
use super::operations::on_many;
use crate::args::{DeadLettersCommand, DiscardArgs, LetterListArgs, ReprocessArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::{brief, columns, fields, json, moment};
use crate::terminal;

const PATH: &str = "/api/v1/dead-letters";

/// Lists, shows or settles dead letters.
pub async fn run(session: &Session, command: DeadLettersCommand) -> Result<Exit, Failure> {
    match command {
        DeadLettersCommand::List(args) => list(session, args).await,
        DeadLettersCommand::Show { id } => {
            let path = format!("{PATH}/{}", segment(&id));
            let body = session.client.get(&path, Ask::default()).await?;
            session.output.show(&body, text)
        }
        DeadLettersCommand::Reprocess(args) => reprocess(session, args).await,
        DeadLettersCommand::Discard(args) => discard(session, args).await,
    }
}

async fn list(session: &Session, args: LetterListArgs) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("status", args.status)
        .with("workflow", args.workflow)
        .with("step", args.step)
        .with("adapter", args.adapter)
        .with("error_type", args.error_type)
        .with("limit", Some(args.limit))
        .with("cursor", args.cursor);
    let body = session.client.get(PATH, ask).await?;
    session
        .output
        .show(&body, |page: &Page<DeadLetter>| table(&page.items))
}

/// Letters, a line each.
pub fn table(letters: &[DeadLetter]) -> String {
    let row = |letter: &DeadLetter| {
        vec![
            letter.id.clone(),
            match letter.step.as_str() {
                "" => letter.workflow.clone(),
                step => format!("{} / {step}", letter.workflow),
            },
            letter.what.clone(),
            moment(letter.at),
            brief(
                &format!("{}: {}", letter.error.kind, letter.error.message),
                60,
            ),
        ]
    };
    columns(
        &["ID", "STEP", "CALL", "AT (UTC)", "ERROR"],
        letters.iter().map(row),
    )
}

async fn reprocess(session: &Session, args: ReprocessArgs) -> Result<Exit, Failure> {
    if args.many.is_asked()? {
        return many(session, "reprocess", args.reason, args.many).await;
    }
    let input = args.input.as_deref().map(json_argument).transpose()?;
    let request = ReprocessRequest {
        input: input.map(|text| Json::from_bytes(text.as_bytes())),
        reason: args.reason,
    };
    for id in &args.ids {
        let path = format!("{PATH}/{}/reprocess", segment(id));
        let ask = Ask::default().json(json(&request)?);
        let body = session.client.post(&path, ask).await?;
        session.output.show(&body, |started: &Submitted| {
            format!("{}  {}", started.id, terminal::status(&started.status))
        })?;
    }
    Ok(Exit::Well)
}

async fn discard(session: &Session, args: DiscardArgs) -> Result<Exit, Failure> {
    if args.many.is_asked()? {
        return many(session, "discard", args.reason, args.many).await;
    }
    let request = Reason {
        reason: args.reason,
    };
    for id in &args.ids {
        let path = format!("{PATH}/{}/discard", segment(id));
        let ask = Ask::default().json(json(&request)?);
        let body = session.client.post(&path, ask).await?;
        let gone = |letter: &DeadLetter| format!("{} is {}", letter.id, letter.status);
        session.output.show(&body, gone)?;
    }
    Ok(Exit::Well)
}

async fn many(
    session: &Session,
    action: &str,
    reason: String,
    many: crate::args::ManyArgs,
) -> Result<Exit, Failure> {
    let request = OperationRequest {
        action: action.to_owned(),
        reason,
        ..OperationRequest::default()
    };
    on_many(session, request, many, None).await
}

fn text(letter: &DeadLetter) -> String {
    let settled = letter.settled.as_ref();
    let input = letter.input.as_ref();
    let head = fields([
        ("id", letter.id.clone()),
        ("status", letter.status.clone()),
        ("kind", letter.kind.clone()),
        ("instance", letter.workflow_id.clone().unwrap_or_default()),
        ("event", letter.event_id.clone().unwrap_or_default()),
        (
            "workflow",
            format!("{} {}", letter.workflow, letter.version),
        ),
        ("step", letter.step.clone()),
        ("call", letter.what.clone()),
        (
            "error",
            format!("{}: {}", letter.error.kind, letter.error.message),
        ),
        ("attempts", letter.attempt_count.to_string()),
        ("correlation", letter.correlation_id.clone()),
        ("at", moment(letter.at)),
        (
            "input",
            input
                .map(|input| brief(input.text(), 200))
                .unwrap_or_default(),
        ),
        (
            "settled by",
            settled.map(|one| one.by.clone()).unwrap_or_default(),
        ),
        (
            "reason",
            settled.map(|one| one.reason.clone()).unwrap_or_default(),
        ),
        (
            "called in",
            settled
                .and_then(|one| one.workflow_id.clone())
                .unwrap_or_default(),
        ),
    ]);
    if letter.attempts.is_empty() {
        return head;
    }
    let row = |attempt: &DeadLetterAttempt| {
        vec![
            attempt.attempt.to_string(),
            moment(attempt.at),
            attempt.effect.clone(),
            format!("{}: {}", attempt.error.kind, attempt.error.message),
        ]
    };
    let attempts = columns(
        &["ATTEMPT", "AT (UTC)", "EFFECT", "ERROR"],
        letter.attempts.iter().map(row),
    );
    format!("{head}\n\n{attempts}")
}
