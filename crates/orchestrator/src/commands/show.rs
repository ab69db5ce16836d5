//! `show`: one instance, and why it does not move.

use api::{Exit, Instance, Step, Waiting};

use super::Session;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{brief, columns, fields, moment, moment_of};
use crate::terminal;

/// Shows one instance.
pub async fn run(session: &Session, id: &str) -> Result<Exit, Failure> {
    let path = format!("/api/v1/workflows/{}", segment(id));
    let body = session.client.get(&path, Ask::default()).await?;
    session.output.show(&body, text)
}

/// An instance for people.
pub fn text(instance: &Instance) -> String {
    let mut text = fields(head(instance));
    for waiting in &instance.waiting_for {
        text.push_str(&format!("\n  waits for {}", sentence(waiting)));
    }
    let row = |step: &Step| {
        let error = step
            .error
            .as_ref()
            .map(|error| format!("{}: {}", error.kind, error.message));
        let undone = if step.compensation == "none" {
            ""
        } else {
            &step.compensation
        };
        vec![
            place(step),
            terminal::status(&step.status),
            step.attempt_count.to_string(),
            moment_of(step.started_at),
            moment_of(step.ended_at),
            undone.to_owned(),
            brief(&error.unwrap_or_default(), 60),
        ]
    };
    let heading = [
        "STEP",
        "STATUS",
        "ATTEMPTS",
        "STARTED (UTC)",
        "ENDED (UTC)",
        "UNDO",
        "ERROR",
    ];
    text.push_str("\n\n");
    text.push_str(&columns(&heading, instance.steps.iter().map(row)));
    text
}

fn head(instance: &Instance) -> Vec<(&'static str, String)> {
    let error = instance
        .error
        .as_ref()
        .map(|error| format!("{}: {}", error.kind, error.message));
    let attributes = instance
        .attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let pending = match instance.pending_decisions {
        0 => String::new(),
        count => count.to_string(),
    };
    let kept = instance
        .kept_signals
        .iter()
        .map(|signal| signal.name.clone());
    let output = match instance.output.text() {
        "null" => String::new(),
        output => brief(output, 120),
    };
    let undone = if instance.compensation == "none" {
        ""
    } else {
        &instance.compensation
    };
    vec![
        ("id", instance.id.clone()),
        (
            "workflow",
            format!("{} {}", instance.workflow, instance.version),
        ),
        ("status", terminal::status(&instance.status)),
        ("error", error.unwrap_or_default()),
        ("undo", undone.to_owned()),
        ("pending decisions", pending),
        ("kept signals", kept.collect::<Vec<_>>().join(" ")),
        ("correlation id", instance.correlation_id.clone()),
        ("parent", instance.parent_id.clone().unwrap_or_default()),
        ("subject", instance.subject.clone().unwrap_or_default()),
        ("attributes", attributes.collect::<Vec<_>>().join(" ")),
        ("started", moment(instance.created_at)),
        ("ended", moment_of(instance.ended_at)),
        ("input", brief(instance.input.text(), 120)),
        ("output", output),
    ]
}

fn place(step: &Step) -> String {
    if step.lane.is_empty() {
        return step.id.clone();
    }
    format!("{}/{}", step.lane, step.id)
}

fn sentence(waiting: &Waiting) -> String {
    let mut text = waiting.what.clone();
    if let Some(since) = waiting.since {
        text.push_str(&format!(", since {}", moment(since)));
    }
    if let Some(until) = waiting.until {
        text.push_str(&format!(", until {}", moment(until)));
    }
    if !waiting.can.is_empty() {
        text.push_str(&format!(" (you can: {})", waiting.can.join(", ")));
    }
    text
}
