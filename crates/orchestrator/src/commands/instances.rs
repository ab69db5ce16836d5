//! `list`, `history`, `cancel`, `delete`: instances.

use api::{
    CancelRequest, Deleted, Exit, HistoryRecord, InstanceSummary, OperationRequest, Page,
    Submitted, Time,
};

use serde_json::{Value, json};

use super::Session;
use super::operations::on_many;
use crate::args::{CancelArgs, DeleteArgs, HistoryArgs, ListArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{brief, columns, json as to_json, moment};
use crate::terminal;

/// Lists instances, newest first.
pub async fn list(session: &Session, args: ListArgs) -> Result<Exit, Failure> {
    let status = (!args.status.is_empty()).then(|| args.status.join(","));
    let mut ask = Ask::default()
        .with("status", status)
        .with("workflow", args.workflow)
        .with("version", args.version)
        .with(
            "created_after",
            args.since.as_deref().map(since).transpose()?,
        )
        .with("subject", args.subject)
        .with("correlation_id", args.correlation_id)
        .with("q", args.query)
        .with("limit", Some(args.limit))
        .with("cursor", args.cursor);
    for attribute in &args.attributes {
        let (name, value) = pair(attribute, "--attribute")?;
        ask = ask.with(&format!("attribute.{name}"), Some(value));
    }
    let body = session.client.get("/api/v1/workflows", ask).await?;
    session.output.show(&body, table)
}

fn table(page: &Page<InstanceSummary>) -> String {
    let row = |item: &InstanceSummary| {
        let error = item.error.as_deref().unwrap_or_default();
        let workflow = format!("{} {}", item.workflow, item.version);
        let status = terminal::status(&item.status);
        vec![
            item.id.clone(),
            workflow,
            status,
            moment(item.created_at),
            brief(error, 50),
        ]
    };
    let heading = ["ID", "WORKFLOW", "STATUS", "STARTED (UTC)", "ERROR"];
    let mut text = columns(&heading, page.items.iter().map(row));
    if let Some(cursor) = &page.next_cursor {
        text.push_str(&format!("\n(more: --cursor {cursor})"));
    }
    for behind in &page.incomplete {
        let (partition, late) = (behind.partition, behind.behind_ms);
        text.push_str(&format!(
            "\n(partition {partition} is {late} ms behind: the newest may lack)"
        ));
    }
    text
}

/// Prints an instance's records.
pub async fn history(session: &Session, args: HistoryArgs) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("after_seq", args.after_seq)
        .with("type", args.kind)
        .with("step", args.step)
        .with("limit", Some(args.limit));
    let path = format!("/api/v1/workflows/{}/history", segment(&args.id));
    let body = session.client.get(&path, ask).await?;
    session.output.show(&body, |page: &Page<HistoryRecord>| {
        let lines: Vec<String> = page.items.iter().map(line).collect();
        lines.join("\n")
    })
}

/// A record on one line.
pub fn line(record: &HistoryRecord) -> String {
    let step = record.step.as_deref().unwrap_or_default();
    let lane = record.lane.as_deref().filter(|lane| !lane.is_empty());
    let place = lane.map_or_else(|| step.to_owned(), |lane| format!("{lane}/{step}"));
    let who = record.actor.as_deref().filter(|actor| !actor.is_empty());
    let who = who.map(|actor| format!(" by {actor}")).unwrap_or_default();
    let data = brief(&telling(&record.data.value()), 100);
    let (seq, at, kind) = (record.seq, moment(record.at), &record.kind);
    format!("{seq:>5}  {at}  {kind:<20} {place:<24}{who} {data}")
        .trim_end()
        .to_owned()
}

/// What a record says, in few words: what is empty says nothing, and the exchange with the other
/// side stands under the step's attempts.
fn telling(data: &Value) -> String {
    let Some(fields) = data.as_object() else {
        return String::new();
    };
    let says = |(name, value): &(&String, &Value)| {
        let empty =
            value.is_null() || value == &&json!("") || value == &&json!([]) || value == &&json!({});
        !empty && !matches!(name.as_str(), "exchange" | "lanes" | "lane")
    };
    let word = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name}={text}"),
        value if name == "plan" => {
            format!("adapter={}", value["adapter"].as_str().unwrap_or_default())
        }
        value => format!("{name}={value}"),
    };
    fields
        .iter()
        .filter(says)
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Ends instances early, one after the other; the first that is refused ends it.
pub async fn cancel(session: &Session, args: CancelArgs) -> Result<Exit, Failure> {
    let compensate = args.no_compensation.then_some(false);
    if args.many.is_asked()? {
        let request = OperationRequest {
            action: "cancel".to_owned(),
            reason: args.reason,
            compensate,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    let request = CancelRequest {
        reason: args.reason,
        compensate,
    };
    for id in &args.ids {
        let path = format!("/api/v1/workflows/{}/cancel", segment(id));
        let ask = Ask::default().json(to_json(&request)?);
        let body = session.client.post(&path, ask).await?;
        session.output.show(&body, |answer: &Submitted| {
            format!("{} is {}", answer.id, terminal::status(&answer.status))
        })?;
    }
    Ok(Exit::Well)
}

/// Deletes ended instances, one after the other; the first that is refused ends it.
pub async fn delete(session: &Session, args: DeleteArgs) -> Result<Exit, Failure> {
    if args.many.is_asked()? {
        let request = OperationRequest {
            action: "delete".to_owned(),
            reason: args.reason.unwrap_or_default(),
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    for id in &args.ids {
        let ask = Ask::default().with("reason", args.reason.clone());
        let path = format!("/api/v1/workflows/{}", segment(id));
        let body = session.client.delete(&path, ask).await?;
        let gone = |answer: &Deleted| format!("{} is deleted", answer.id);
        session.output.show(&body, gone)?;
    }
    Ok(Exit::Well)
}

/// `--since`: a time as it is, or a duration back from now.
pub fn since(text: &str) -> Result<String, Failure> {
    time_of(text, "--since")
}

/// A time as it is, or a duration back from now.
pub fn time_of(text: &str, option: &str) -> Result<String, Failure> {
    if text.parse::<Time>().is_ok() {
        return Ok(text.to_owned());
    }
    let wrong = |_| {
        Failure::usage(format!(
            "expected a time, or a duration such as 2h, for {option}, but got {text}"
        ))
    };
    let back = expression::duration::parse(text).map_err(wrong)?;
    Ok(Time(now_ms().saturating_sub_unsigned(back)).to_string())
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// `NAME=VALUE`.
pub fn pair<'a>(text: &'a str, option: &str) -> Result<(&'a str, &'a str), Failure> {
    let wrong = || Failure::usage(format!("expected NAME=VALUE for {option}, but got {text}"));
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(wrong)
}
