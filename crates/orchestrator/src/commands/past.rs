//! `retry`, `restore`, `migrate`, `replay`: acts on the past of instances.

use std::collections::BTreeMap;

use api::{
    Exit, MigrateRequest, OperationRequest, PastOutlook, ReplayRequest, RestoreRequest,
    RetryRequest, Submitted, Time,
};
use serde::Serialize;

use super::Session;
use super::instances::{pair, time_of};
use super::operations::on_many;
use crate::args::{MigrateArgs, ReplayArgs, RestoreArgs, RetryArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::json;
use crate::terminal;

/// Has instances go on from the steps that failed.
pub async fn retry(session: &Session, args: RetryArgs) -> Result<Exit, Failure> {
    let dry_run = args.many.dry_run;
    if !args.many.filter.is_empty() {
        let request = OperationRequest {
            action: "retry".to_owned(),
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    let request = RetryRequest {
        reason: args.reason,
        dry_run,
    };
    on_each(session, &args.ids, "retry", &request, dry_run).await
}

/// Has instances go back to how they were.
pub async fn restore(session: &Session, args: RestoreArgs) -> Result<Exit, Failure> {
    let at = args
        .to_time
        .as_deref()
        .map(|text| time_of(text, "--to-time"));
    let at: Option<Time> = match at.transpose()? {
        Some(text) => Some(text.parse().map_err(|_| Failure::usage("no such time"))?),
        None => None,
    };
    let dry_run = args.many.dry_run;
    if !args.many.filter.is_empty() {
        let request = OperationRequest {
            action: "restore".to_owned(),
            at,
            compensate: Some(args.compensate),
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    let request = RestoreRequest {
        seq: args.to_seq,
        at,
        compensate: args.compensate,
        reason: args.reason,
        dry_run,
    };
    on_each(session, &args.ids, "restore", &request, dry_run).await
}

/// Has instances go on with another version of their workflow.
pub async fn migrate(session: &Session, args: MigrateArgs) -> Result<Exit, Failure> {
    let renamed = args.map.iter().map(|text| pair(text, "--map"));
    let renamed = renamed.map(|pair| pair.map(|(old, new)| (old.to_owned(), new.to_owned())));
    let map: BTreeMap<String, String> = renamed.collect::<Result<_, Failure>>()?;
    let dry_run = args.many.dry_run;
    if !args.many.filter.is_empty() {
        let request = OperationRequest {
            action: "migrate".to_owned(),
            version: Some(args.to),
            map,
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    let request = MigrateRequest {
        version: args.to,
        map,
        reason: args.reason,
        dry_run,
    };
    on_each(session, &args.ids, "migrate", &request, dry_run).await
}

/// One after the other. Those that are refused are named and left as they are, and the others go on.
async fn on_each(
    session: &Session,
    ids: &[String],
    verb: &str,
    request: &impl Serialize,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Well;
    for id in ids {
        let path = format!("/api/v1/workflows/{}/{verb}", segment(id));
        let ask = Ask::default().json(json(request)?);
        let body = match session.client.post(&path, ask).await {
            Ok(body) => body,
            Err(refused) if matches!(refused.exit, Exit::Refused | Exit::NotFound) => {
                exit = refused.exit;
                refused.about(id).print();
                continue;
            }
            Err(failure) => return Err(failure),
        };
        if dry_run {
            session.output.show(&body, table)?;
        } else {
            session.output.show(&body, |answer: &Submitted| {
                format!("{} is {}", answer.id, terminal::status(&answer.status))
            })?;
        }
    }
    Ok(exit)
}

/// Starts new instances from the input of others.
pub async fn replay(session: &Session, args: ReplayArgs) -> Result<Exit, Failure> {
    if !args.many.filter.is_empty() {
        if args.from.is_some() {
            return Err(Failure::usage(
                "expected ids with `--from`: with `--filter` instances are replayed whole"
                    .to_owned(),
            ));
        }
        let request = OperationRequest {
            action: "replay".to_owned(),
            version: args.version,
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, args.idempotency_key).await;
    }
    let dry_run = args.many.dry_run;
    let request = ReplayRequest {
        version: args.version,
        from: args.from,
        dry_run,
    };
    for id in &args.ids {
        let path = format!("/api/v1/workflows/{}/replay", segment(id));
        let ask = Ask::default()
            .header("idempotency-key", args.idempotency_key.clone())
            .json(json(&request)?);
        let body = session.client.post(&path, ask).await?;
        if dry_run {
            session.output.show(&body, table)?;
            continue;
        }
        session.output.show(&body, |started: &Submitted| {
            format!("{}  {}", started.id, terminal::status(&started.status))
        })?;
    }
    Ok(Exit::Well)
}

/// What it would come to, for people.
fn table(outlook: &PastOutlook) -> String {
    let mut lines = vec![format!(
        "{}  {} {}",
        outlook.workflow_id, outlook.workflow, outlook.version
    )];
    match outlook.fits {
        Some(true) => lines.push("it fits".to_owned()),
        Some(false) => lines.push("it does not fit:".to_owned()),
        None => {}
    }
    lines.extend(outlook.reasons.iter().map(|reason| format!("  {reason}")));
    let renamed = outlook.mapped.iter().filter(|(old, new)| old != new);
    lines.extend(renamed.map(|(old, new)| format!("  step {old} is {new} there")));
    if let Some(seq) = outlook.to_seq {
        lines.push(format!("back to how it was after record {seq}"));
    }
    if let Some(count) = outlook.since_count {
        lines.push(format!("done since: {count}"));
        let shown = outlook.since.iter().map(|effect| {
            let path = path(&effect.lane, &effect.step);
            let undoable = if effect.undoable {
                ""
            } else {
                ", cannot be undone"
            };
            let (at, kind, calls) = (effect.at, &effect.kind, &effect.calls);
            format!("  {at}  {path}: {calls} {kind}{undoable}")
        });
        lines.extend(shown);
    }
    let taken = outlook.taken.iter();
    lines.extend(taken.map(|step| format!("  {step}: counts as done")));
    lines.push(format!("steps that run again: {}", outlook.again.len()));
    let again = outlook.again.iter().map(|step| {
        let path = path(&step.lane, &step.step);
        let repeats = if step.repeats {
            ", repeats its effect"
        } else {
            ""
        };
        let key = if step.same_key { ", same key" } else { "" };
        let (why, calls) = (&step.why, &step.calls);
        format!(
            "  {path} ({why}){}{calls}{repeats}{key}",
            if calls.is_empty() { "" } else { ": " }
        )
    });
    lines.extend(again);
    lines.join("\n")
}

fn path(lane: &str, step: &str) -> String {
    if lane.is_empty() {
        step.to_owned()
    } else {
        format!("{lane}/{step}")
    }
}
