//! `schedules`: what starts workflows by the time.

use api::{Exit, Page, Schedule, ScheduleNext, ScheduleRequest, ScheduleTurned, Time};

use super::Session;
use crate::args::SchedulesCommand;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{columns, fields, json, moment, moment_of};

const PATH: &str = "/api/v1/schedules";

/// Lists, shows or turns schedules.
pub async fn run(session: &Session, command: SchedulesCommand) -> Result<Exit, Failure> {
    match command {
        SchedulesCommand::List { limit, cursor } => list(session, limit, cursor).await,
        SchedulesCommand::Show { name } => {
            let path = format!("{PATH}/{}", segment(&name));
            let body = session.client.get(&path, Ask::default()).await?;
            session.output.show(&body, text)
        }
        SchedulesCommand::Next { name, count } => {
            let path = format!("{PATH}/{}/next", segment(&name));
            let ask = Ask::default().with("count", Some(count));
            let body = session.client.get(&path, ask).await?;
            session.output.show(&body, |next: &ScheduleNext| {
                columns(
                    &["NEXT (UTC)"],
                    next.next.iter().map(|at| vec![moment(*at)]),
                )
            })
        }
        SchedulesCommand::Pause(args) => {
            turn(session, "pause", &args.name, because(args.reason)).await
        }
        SchedulesCommand::Resume(args) => {
            turn(session, "resume", &args.name, because(args.reason)).await
        }
        SchedulesCommand::Trigger(args) => {
            turn(session, "trigger", &args.name, because(args.reason)).await
        }
        SchedulesCommand::Backfill(args) => {
            let request = ScheduleRequest {
                from: Some(time(&args.from)?),
                to: Some(time(&args.to)?),
                ..because(args.reason)
            };
            turn(session, "backfill", &args.name, request).await
        }
    }
}

fn because(reason: String) -> ScheduleRequest {
    ScheduleRequest {
        reason,
        ..ScheduleRequest::default()
    }
}

fn time(text: &str) -> Result<Time, Failure> {
    text.parse()
        .map_err(|error: api::InvalidTime| Failure::usage(error.to_string()))
}

async fn list(session: &Session, limit: u32, cursor: Option<String>) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("limit", Some(limit))
        .with("cursor", cursor);
    let body = session.client.get(PATH, ask).await?;
    session.output.show(&body, |page: &Page<Schedule>| {
        let row = |schedule: &Schedule| {
            let last = schedule.last.as_ref();
            vec![
                schedule.name.clone(),
                when(schedule),
                next(schedule),
                last.map(|last| last.outcome.clone()).unwrap_or_default(),
                moment_of(last.map(|last| last.scheduled_at)),
                schedule.started.to_string(),
            ]
        };
        columns(
            &["NAME", "WHEN", "NEXT (UTC)", "LAST", "AT (UTC)", "STARTED"],
            page.items.iter().map(row),
        )
    })
}

async fn turn(
    session: &Session,
    verb: &str,
    name: &str,
    request: ScheduleRequest,
) -> Result<Exit, Failure> {
    let path = format!("{PATH}/{}/{verb}", segment(name));
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session
        .output
        .show(&body, |turned: &ScheduleTurned| match &turned.workflow_id {
            Some(id) => id.clone(),
            None => text(&turned.schedule),
        })
}

fn when(schedule: &Schedule) -> String {
    let every = schedule
        .every
        .as_ref()
        .map(|every| format!("every {every}"));
    let zone = schedule.time_zone.as_deref().unwrap_or_default();
    let cron = schedule.cron.as_ref().map(|cron| format!("{cron} {zone}"));
    every.or(cron).unwrap_or_default()
}

fn next(schedule: &Schedule) -> String {
    match &schedule.paused {
        Some(_) => "paused".to_owned(),
        None => moment_of(schedule.next.first().copied()),
    }
}

fn text(schedule: &Schedule) -> String {
    let count = |count: u64| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    let paused = schedule.paused.as_ref().map(|paused| {
        let by = format!("since {} by {}", moment(paused.at), paused.by);
        if paused.reason.is_empty() {
            by
        } else {
            format!("{by}: {}", paused.reason)
        }
    });
    let last = schedule.last.as_ref().map(|last| {
        let error = last.error.as_ref().map(|error| format!(": {error}"));
        format!(
            "{} {}{}",
            moment(last.scheduled_at),
            last.outcome,
            error.unwrap_or_default()
        )
    });
    fields([
        ("name", schedule.name.clone()),
        (
            "workflow",
            format!("{} {}", schedule.workflow, schedule.version),
        ),
        ("when", when(schedule)),
        ("jitter", schedule.jitter.clone().unwrap_or_default()),
        ("catch-up", schedule.catch_up.clone()),
        ("overlap", schedule.overlap.clone()),
        ("paused", paused.unwrap_or_default()),
        ("next", moment_of(schedule.next.first().copied())),
        ("last tick", last.unwrap_or_default()),
        (
            "last instance",
            schedule.last_workflow_id.clone().unwrap_or_default(),
        ),
        ("waiting", moment_of(schedule.waiting)),
        ("to make up for", count(schedule.backfill)),
        ("started", count(schedule.started)),
        ("skipped", count(schedule.skipped)),
        ("missed", count(schedule.missed)),
        ("condition unmet", count(schedule.unmet)),
        ("refused", count(schedule.refused)),
    ])
}
