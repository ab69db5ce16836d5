//! `submit`: starts a workflow, and waits for it if asked to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api::{Code, Exit, Instance, Submission, Submitted, Time};
use serde_json::value::RawValue;

use super::instances::{now_ms, pair};
use super::{Session, show};
use crate::args::SubmitArgs;
use crate::client::Ask;
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::{json, parse};
use crate::terminal;

/// Starts a workflow.
pub async fn run(session: &Session, args: SubmitArgs) -> Result<Exit, Failure> {
    let wait = args.wait.clone();
    let ask = Ask::default()
        .with("wait", wait.as_deref())
        .header("idempotency-key", args.idempotency_key.clone())
        .json(body(args)?);
    let answer = session.client.post("/api/v1/workflows", ask).await?;
    if wait.is_none() {
        return session.output.show(&answer, |started: &Submitted| {
            format!("{}  {}", started.id, terminal::status(&started.status))
        });
    }
    outcome(session, &answer)
}

/// Shows an instance that was waited for; whoever asks wants to know whether it completed.
pub(super) fn outcome(session: &Session, answer: &str) -> Result<Exit, Failure> {
    let ended: Instance = parse(answer)?;
    session.output.show(answer, show::text)?;
    if ended.status == "completed" {
        return Ok(Exit::Well);
    }
    let message = format!("{} is {}", ended.id, ended.status);
    Err(Failure::new(Code::NOT_COMPLETED, message))
}

fn body(args: SubmitArgs) -> Result<String, Failure> {
    let input = args.input.as_deref().map(json_argument).transpose()?;
    let wrong = |error: serde_json::Error| Failure::usage(error.to_string());
    let input: Option<&RawValue> = input
        .as_deref()
        .map(|text| serde_json::from_str(text).map_err(wrong))
        .transpose()?;
    let mut attributes = BTreeMap::new();
    for attribute in &args.attributes {
        let (name, value) = pair(attribute, "--attribute")?;
        attributes.insert(name.to_owned(), value.to_owned());
    }
    json(&Submission {
        workflow: args.name.into(),
        version: args.version.map(Cow::Owned),
        input,
        correlation_id: args.correlation_id.map(Cow::Owned),
        subject: args.subject.map(Cow::Owned),
        priority: args.priority.map(Cow::Owned),
        attributes,
        start_at: args.start_at.as_deref().map(start_at).transpose()?,
    })
}

/// A time, or a duration from now.
fn start_at(text: &str) -> Result<Time, Failure> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let wrong = |_| {
        Failure::usage(format!(
            "expected a time, or a duration such as 2h, for --start-at, but got {text}"
        ))
    };
    let ahead = expression::duration::parse(text).map_err(wrong)?;
    Ok(Time(now_ms().saturating_add_unsigned(ahead)))
}
