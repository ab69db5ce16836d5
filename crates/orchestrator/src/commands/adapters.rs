//! `adapters`: connections to outside systems, how they stand, and what is switched on them.

use api::{Adapter, AdapterCall, AdapterTarget, Exit, Json, OverrideRequest, Page, SwitchRequest};

use super::Session;
use super::submit::outcome;
use crate::args::{AdaptersCommand, CallArgs, OverrideArgs, SwitchArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::{columns, fields, json, moment, moment_of, yaml};

/// Lists adapters, shows one, or switches something on it.
pub async fn run(session: &Session, command: AdaptersCommand) -> Result<Exit, Failure> {
    match command {
        AdaptersCommand::List => list(session).await,
        AdaptersCommand::Show(named) => {
            let body = session
                .client
                .get(&path(&named.name), Ask::default())
                .await?;
            session.output.show(&body, whole)
        }
        AdaptersCommand::Pause(args) => switch(session, "pause", args).await,
        AdaptersCommand::Drain(args) => switch(session, "drain", args).await,
        AdaptersCommand::Resume(args) => switch(session, "resume", args).await,
        AdaptersCommand::OpenBreaker(args) => switch(session, "open-breaker", args).await,
        AdaptersCommand::ResetBreaker(args) => switch(session, "reset-breaker", args).await,
        AdaptersCommand::Override(args) => set_limits(session, args).await,
        AdaptersCommand::Call(args) => call(session, args).await,
    }
}

/// Calls an action once, and shows what came of it.
async fn call(session: &Session, args: CallArgs) -> Result<Exit, Failure> {
    let input = args.input.as_deref().map(json_argument).transpose()?;
    let request = AdapterCall {
        action: args.action,
        input: input.map(|text| Json::from_bytes(text.as_bytes())),
        correlation_id: args.correlation_id,
        reason: args.reason,
    };
    let ask = Ask::default()
        .with("wait", Some(args.wait))
        .header("idempotency-key", args.idempotency_key)
        .json(json(&request)?);
    let at = format!("{}/call", path(&args.name));
    let answer = session.client.post(&at, ask).await?;
    outcome(session, &answer)
}

async fn list(session: &Session) -> Result<Exit, Failure> {
    let body = session
        .client
        .get("/api/v1/adapters", Ask::default())
        .await?;
    session.output.show(&body, |page: &Page<Adapter>| {
        let row = |item: &Adapter| {
            let status = &item.status;
            vec![
                item.name.clone(),
                item.kind.clone(),
                status.state.clone(),
                breakers(&status.targets),
                status.in_flight.to_string(),
                status.waiting.to_string(),
                item.actions.join(" "),
            ]
        };
        let heading = [
            "ADAPTER",
            "TYPE",
            "STATE",
            "BREAKER",
            "IN FLIGHT",
            "WAITING",
            "ACTIONS",
        ];
        columns(&heading, page.items.iter().map(row))
    })
}

/// The breakers in a word: the worst of them, and of how many.
fn breakers(targets: &[AdapterTarget]) -> String {
    let having = |state: &str| {
        let fits = |target: &&AdapterTarget| target.breaker == state;
        targets.iter().filter(fits).count()
    };
    for state in ["open", "half-open", "closed"] {
        match having(state) {
            0 => {}
            count if count == targets.len() => return state.to_owned(),
            count => return format!("{state} ({count} of {})", targets.len()),
        }
    }
    "-".to_owned()
}

async fn switch(session: &Session, action: &str, args: SwitchArgs) -> Result<Exit, Failure> {
    let request = SwitchRequest {
        reason: args.reason,
    };
    let at = match &args.target {
        Some(target) => format!("{}/targets/{}", path(&args.name), segment(target)),
        None => path(&args.name),
    };
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(&format!("{at}/{action}"), ask).await?;
    session.output.show(&body, status)
}

async fn set_limits(session: &Session, args: OverrideArgs) -> Result<Exit, Failure> {
    let request = OverrideRequest {
        concurrency: args.concurrency,
        rate: args.rate,
        burst: args.burst,
        expires_in: args.expires_in,
        reason: args.reason,
    };
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.patch(&path(&args.name), ask).await?;
    session.output.show(&body, status)
}

fn path(name: &str) -> String {
    format!("/api/v1/adapters/{}", segment(name))
}

/// How it stands, and its document as people write it.
fn whole(adapter: &Adapter) -> String {
    let document = yaml(&adapter.document.value()).unwrap_or_default();
    format!("{}\n{document}", status(adapter))
}

fn status(adapter: &Adapter) -> String {
    let status = &adapter.status;
    let state = match &status.switched {
        Some(by) => format!(
            "{} by {} at {}: {}",
            status.state,
            by.by,
            moment(by.at),
            by.reason
        ),
        None => status.state.clone(),
    };
    let waiting = match &status.waits_for {
        Some(what) => format!("{}: {what}", status.waiting),
        None => status.waiting.to_string(),
    };
    let limits = match (status.concurrency, &status.rate) {
        (None, None) => "64 at once on each node".to_owned(),
        (Some(count), None) => format!("{count} at once"),
        (None, Some(rate)) => format!("{rate}, 64 at once on each node"),
        (Some(count), Some(rate)) => format!("{rate}, {count} at once"),
    };
    let limits = match &status.overridden {
        Some(over) => format!(
            "{limits}, set by {} until {}: {}",
            over.by,
            moment(over.until),
            over.reason
        ),
        None => limits,
    };
    let head = fields([
        ("adapter", adapter.name.clone()),
        ("state", state),
        ("in flight", status.in_flight.to_string()),
        ("waiting", waiting),
        ("limits", limits),
    ]);
    let heading = [
        "TARGET",
        "BREAKER",
        "SINCE (UTC)",
        "UNTIL (UTC)",
        "FAILED",
        "IN FLIGHT",
        "WHY",
    ];
    format!(
        "{head}\n{}",
        columns(&heading, status.targets.iter().map(target))
    )
}

fn target(target: &AdapterTarget) -> Vec<String> {
    let why = match (&target.switched, &target.why) {
        (Some(by), _) => format!("{} by {}: {}", by.action, by.by, by.reason),
        (None, why) => why.clone().unwrap_or_default(),
    };
    vec![
        target.name.clone(),
        target.breaker.clone(),
        moment_of(target.since),
        moment_of(target.until),
        format!("{:.0} % of {}", target.failure_rate * 100.0, target.calls),
        target.in_flight.to_string(),
        why,
    ]
}
