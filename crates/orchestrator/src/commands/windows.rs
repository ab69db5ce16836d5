//! `windows`: events that wait to become one start, and how often triggers start.

use api::{Exit, Page, Window};

use super::Session;
use crate::args::WindowsCommand;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{columns, fields, moment, moment_of};

const PATH: &str = "/api/v1/windows";

/// Lists or shows windows.
pub async fn run(session: &Session, command: WindowsCommand) -> Result<Exit, Failure> {
    match command {
        WindowsCommand::List {
            closed,
            limit,
            cursor,
        } => {
            let ask = Ask::default()
                .with("closed", closed.then_some("true"))
                .with("limit", Some(limit))
                .with("cursor", cursor);
            let body = session.client.get(PATH, ask).await?;
            session.output.show(&body, |page: &Page<Window>| {
                columns(
                    &[
                        "ID",
                        "TRIGGER",
                        "KEY",
                        "KIND",
                        "EVENTS",
                        "QUEUED",
                        "DROPPED",
                        "DUE (UTC)",
                    ],
                    page.items.iter().map(row),
                )
            })
        }
        WindowsCommand::Show { id } => {
            let path = format!("{PATH}/{}", segment(&id));
            let body = session.client.get(&path, Ask::default()).await?;
            session.output.show(&body, text)
        }
    }
}

fn row(window: &Window) -> Vec<String> {
    vec![
        window.id.clone(),
        format!("{}.{}", window.workflow, window.trigger),
        window.key.clone(),
        window.kind.clone(),
        (window.count + window.started).to_string(),
        window.queued.to_string(),
        window.dropped.to_string(),
        moment_of(window.due_at.or(window.closed_at)),
    ]
}

fn text(window: &Window) -> String {
    let some = |count: u64| match count {
        0 => String::new(),
        count => count.to_string(),
    };
    fields([
        ("id", window.id.clone()),
        ("trigger", format!("{}.{}", window.workflow, window.trigger)),
        ("key", window.key.clone()),
        ("kind", window.kind.clone()),
        ("opened", moment(window.opened_at)),
        ("last event", moment(window.last_at)),
        ("due", moment_of(window.due_at)),
        ("closed", moment_of(window.closed_at)),
        ("events", some(window.count)),
        ("started", some(window.started)),
        ("queued", some(window.queued)),
        ("dropped", some(window.dropped)),
        ("instance", window.workflow_id.clone().unwrap_or_default()),
        ("error", window.error.clone().unwrap_or_default()),
        ("came", window.events.join(" ")),
    ])
}
