//! `emit` and `events`: what happened outside, and what came of it.

use api::{Event, EventAccepted, Exit, Page, Routed};

use super::Session;
use crate::args::{EmitArgs, EventListArgs, EventsCommand};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::{brief, columns, fields, moment};

const PATH: &str = "/api/v1/events";

/// Sends an event.
pub async fn emit(session: &Session, args: EmitArgs) -> Result<Exit, Failure> {
    let data = args.data.as_deref().map(json_argument).transpose()?;
    let ask = Ask::default()
        .with("type", Some(args.event_type))
        .with("source", Some(args.source))
        .with("subject", args.subject)
        .with("id", args.id)
        .header("x-correlation-id", args.correlation_id)
        .json(data.unwrap_or_else(|| "null".to_owned()));
    let body = session.client.post(PATH, ask).await?;
    session.output.show(&body, |accepted: &EventAccepted| {
        let repeat = if accepted.duplicate {
            "  (taken before)"
        } else {
            ""
        };
        format!("{}{repeat}\n{}", accepted.id, routes(&accepted.routed_to))
    })
}

/// Lists or shows events.
pub async fn run(session: &Session, command: EventsCommand) -> Result<Exit, Failure> {
    match command {
        EventsCommand::List(args) => list(session, args).await,
        EventsCommand::Show { id } => {
            let path = format!("{PATH}/{}", segment(&id));
            let body = session.client.get(&path, Ask::default()).await?;
            session.output.show(&body, text)
        }
    }
}

async fn list(session: &Session, args: EventListArgs) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("type", args.event_type)
        .with("source", args.source)
        .with("subject", args.subject)
        .with("correlation_id", args.correlation_id)
        .with("routed", args.unrouted.then_some(false))
        .with("limit", Some(args.limit))
        .with("cursor", args.cursor);
    let body = session.client.get(PATH, ask).await?;
    session.output.show(&body, |page: &Page<Event>| {
        let row = |event: &Event| {
            let to = event.routed_to.iter().map(destination);
            vec![
                event.id.clone(),
                event.event_type.clone(),
                event.source.clone(),
                event.subject.clone().unwrap_or_default(),
                moment(event.at),
                brief(&to.collect::<Vec<_>>().join(", "), 60),
            ]
        };
        columns(
            &["ID", "TYPE", "SOURCE", "SUBJECT", "AT (UTC)", "WENT TO"],
            page.items.iter().map(row),
        )
    })
}

fn text(event: &Event) -> String {
    let head = fields([
        ("id", event.id.clone()),
        ("type", event.event_type.clone()),
        ("source", event.source.clone()),
        ("subject", event.subject.clone().unwrap_or_default()),
        ("at", moment(event.at)),
        ("correlation", event.correlation_id.clone()),
        ("through", event.cause.clone()),
        ("sent by", event.actor.clone()),
        ("data", brief(event.data.text(), 200)),
    ]);
    format!("{head}\n\n{}", routes(&event.routed_to))
}

fn routes(routed: &[Routed]) -> String {
    if routed.is_empty() {
        return "no trigger and no router took it further".to_owned();
    }
    let row = |routed: &Routed| {
        let rule = match &routed.router {
            Some(router) => format!("{router} / {}", routed.rule),
            None => routed.rule.clone(),
        };
        let came = routed.workflow_id.clone();
        vec![
            destination(routed),
            rule,
            came.or_else(|| routed.error.clone()).unwrap_or_default(),
        ]
    };
    columns(&["TO", "RULE", "INSTANCE"], routed.iter().map(row))
}

fn destination(routed: &Routed) -> String {
    let to = routed.workflow.clone().or_else(|| routed.adapter.clone());
    to.unwrap_or_default()
}
