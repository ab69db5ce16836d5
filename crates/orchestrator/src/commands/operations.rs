//! `operations`, and the verbs with `--filter`: one verb on many.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use api::{Exit, OneOrMany, Operation, OperationPreview, OperationRequest, Page, Reason};

use super::Session;
use crate::args::{ManyArgs, OperationsCommand, TurnArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{columns, fields, json, moment, moment_of, parse};
use crate::terminal;

const PATH: &str = "/api/v1/operations";

/// Lists, shows or turns operations.
pub async fn run(session: &Session, command: OperationsCommand) -> Result<Exit, Failure> {
    match command {
        OperationsCommand::List { limit } => list(session, limit).await,
        OperationsCommand::Show { id } => {
            let path = format!("{PATH}/{}", segment(&id));
            let body = session.client.get(&path, Ask::default()).await?;
            session.output.show(&body, text)
        }
        OperationsCommand::Pause(args) => turn(session, "pause", args).await,
        OperationsCommand::Resume(args) => turn(session, "resume", args).await,
        OperationsCommand::Cancel(args) => turn(session, "cancel", args).await,
    }
}

/// Does it with all that the filter takes: first it is said how many there are, and then exactly so
/// many must there be.
pub async fn on_many(
    session: &Session,
    mut request: OperationRequest,
    many: ManyArgs,
    key: Option<String>,
) -> Result<Exit, Failure> {
    request.filter = Some(filter_of(&many.filter)?);
    request.rate = many.rate;
    request.dry_run = true;
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(PATH, ask).await?;
    if many.dry_run {
        return session.output.show(&body, preview);
    }
    let OperationPreview { action, count, .. } = parse(&body)?;
    if !many.yes && !agreed(&action, count)? {
        return Ok(Exit::Well);
    }
    request.dry_run = false;
    // A repetition under a key finds what the first has changed.
    request.expect_count = Some(count).filter(|_| key.is_none());
    let ask = Ask::default()
        .header("idempotency-key", key)
        .json(json(&request)?);
    let body = session.client.post(PATH, ask).await?;
    session.output.show(&body, text)
}

/// `NAME=VALUE`, the same name several times for any of the values.
fn filter_of(pairs: &[String]) -> Result<BTreeMap<String, OneOrMany>, Failure> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in pairs {
        let split = pair.split_once('=').filter(|(name, _)| !name.is_empty());
        let wrong = || Failure::usage(format!("expected NAME=VALUE for --filter, but got {pair}"));
        let (name, value) = split.ok_or_else(wrong)?;
        let of_name = values.entry(name.to_owned()).or_default();
        of_name.push(value.to_owned());
    }
    let values = values.into_iter();
    Ok(values
        .map(|(name, values)| (name, OneOrMany::Many(values)))
        .collect())
}

/// Asks on a terminal; elsewhere nobody would answer.
fn agreed(action: &str, count: u64) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        let message =
            format!("{action} would touch {count} of them; add --yes to do it, --dry-run to see");
        return Err(Failure::usage(message));
    }
    let mut out = std::io::stderr().lock();
    write!(out, "{action} {count} of them? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "yes"))
}

fn preview(preview: &OperationPreview) -> String {
    let (action, count) = (&preview.action, preview.count);
    if !preview.dead_letters.is_empty() {
        let letters = super::dead_letters::table(&preview.dead_letters);
        return format!("{action} would touch {count} dead letters, among them\n\n{letters}");
    }
    let row = |sample: &api::InstanceSummary| {
        let status = terminal::status(&sample.status);
        vec![sample.id.clone(), sample.workflow.clone(), status]
    };
    let samples = columns(
        &["ID", "WORKFLOW", "STATUS"],
        preview.samples.iter().map(row),
    );
    format!("{action} would touch {count} instances, among them\n\n{samples}")
}

async fn list(session: &Session, limit: u32) -> Result<Exit, Failure> {
    let ask = Ask::default().with("limit", Some(limit));
    let body = session.client.get(PATH, ask).await?;
    session.output.show(&body, |page: &Page<Operation>| {
        let row = |operation: &Operation| {
            vec![
                operation.id.clone(),
                operation.action.clone(),
                terminal::status(&operation.status),
                progress(operation),
                operation.by.clone(),
                moment(operation.created_at),
            ]
        };
        columns(
            &["ID", "ACTION", "STATUS", "DONE", "BY", "MADE (UTC)"],
            page.items.iter().map(row),
        )
    })
}

async fn turn(session: &Session, verb: &str, args: TurnArgs) -> Result<Exit, Failure> {
    let request = Reason {
        reason: args.reason,
    };
    let path = format!("{PATH}/{}/{verb}", segment(&args.id));
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session.output.show(&body, text)
}

fn progress(operation: &Operation) -> String {
    format!("{} of {}", operation.done, operation.total)
}

fn text(operation: &Operation) -> String {
    let count = |count: u64| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    let head = fields([
        ("id", operation.id.clone()),
        ("action", operation.action.clone()),
        ("status", terminal::status(&operation.status)),
        ("done", progress(operation)),
        ("refused", count(operation.refused)),
        ("failed", count(operation.failed)),
        ("rate", operation.rate.clone().unwrap_or_default()),
        ("by", operation.by.clone()),
        ("reason", operation.reason.clone()),
        ("made", moment(operation.created_at)),
        ("ended", moment_of(operation.ended_at)),
    ]);
    if operation.findings.is_empty() {
        return head;
    }
    let row = |finding: &api::OperationFinding| {
        vec![
            finding.id.clone(),
            finding.outcome.clone(),
            finding.message.clone(),
        ]
    };
    let findings = operation.findings.iter().map(row);
    format!("{head}\n\n{}", columns(&["ID", "OUTCOME", "WHY"], findings))
}
