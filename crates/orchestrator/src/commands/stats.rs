//! `stats`: counts and latencies. `failures`: what stands as failed.

use api::{Exit, FailureGroup, Failures, Latency, Stats, StatsFigures};

use super::Session;
use super::instances::time_of;
use crate::args::{FailuresArgs, FailuresCommand, StatsArgs, StatsCommand};
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{brief, columns, moment};

/// What a group is named by, in this order.
const NAMES: [&str; 7] = [
    "workflow", "version", "step", "adapter", "target", "router", "rule",
];

/// Lists or shows counts and latencies.
pub async fn stats(session: &Session, command: StatsCommand) -> Result<Exit, Failure> {
    match command {
        StatsCommand::List {
            group_by,
            limit,
            of,
        } => {
            let ask = ask_of(of)?
                .with("group_by", Some(group_by))
                .with("limit", Some(limit));
            let body = session.client.get("/api/v1/stats", ask).await?;
            session.output.show(&body, |stats: &Stats| {
                let rows = stats.series.iter().map(|series| {
                    let name = NAMES.iter().filter_map(|name| series.group.get(*name));
                    let name: Vec<&str> = name.map(String::as_str).collect();
                    let name = name.join(" ").trim().to_owned();
                    row(name, &stats.about, &series.total)
                });
                columns(&heading("OF", &stats.about), rows)
            })
        }
        StatsCommand::Show { step_seconds, of } => {
            let ask = ask_of(of)?.with("step_seconds", Some(step_seconds));
            let body = session.client.get("/api/v1/stats", ask).await?;
            session.output.show(&body, |stats: &Stats| {
                let series = stats.series.iter();
                let points = series.flat_map(|series| &series.points);
                let rows = points.map(|point| row(moment(point.at), &stats.about, &point.figures));
                columns(&heading("FROM (UTC)", &stats.about), rows)
            })
        }
    }
}

fn ask_of(of: StatsArgs) -> Result<Ask, Failure> {
    let until = of.until.as_deref();
    Ok(Ask::default()
        .with("workflow", of.workflow)
        .with("version", of.version)
        .with("step", of.step)
        .with("adapter", of.adapter)
        .with("target", of.target)
        .with("router", of.router)
        .with("rule", of.rule)
        .with("from", Some(time_of(&of.since, "--since")?))
        .with(
            "to",
            until.map(|text| time_of(text, "--until")).transpose()?,
        ))
}

fn heading(first: &'static str, about: &str) -> Vec<&'static str> {
    let counted: &[&str] = match about {
        "workflows" => &["STARTED", "COMPLETED", "FAILED", "UNDONE", "CANCELLED"],
        "steps" => &[
            "COMPLETED",
            "FAILED",
            "SKIPPED",
            "UNDONE",
            "ATTEMPTS",
            "RETRIES",
        ],
        "routers" => &["SEEN", "UNROUTED", "FAILED"],
        "rules" => &["TAKEN", "SENT", "FAILED"],
        _ => &["CALLS", "ERRORS"],
    };
    [&[first], counted, latency_heading(about)].concat()
}

/// How long events take is not counted.
fn latency_heading(about: &str) -> &'static [&'static str] {
    match about {
        "routers" | "rules" => &[],
        _ => &["P50", "P95", "P99", "LONGEST"],
    }
}

fn row(name: String, about: &str, figures: &StatsFigures) -> Vec<String> {
    let counted: &[Option<u64>] = match about {
        "workflows" => &[
            figures.started,
            figures.completed,
            figures.failed,
            figures.compensated,
            figures.cancelled,
        ],
        "steps" => &[
            figures.completed,
            figures.failed,
            figures.skipped,
            figures.compensated,
            figures.attempts,
            figures.retries,
        ],
        "routers" => &[figures.seen, figures.unrouted, figures.failed],
        "rules" => &[figures.taken, figures.sent, figures.failed],
        _ => &[figures.calls, figures.errors],
    };
    let counted = counted
        .iter()
        .map(|count| count.unwrap_or_default().to_string());
    let latency = match figures.latency {
        Some(Latency {
            p50_ms,
            p95_ms,
            p99_ms,
            max_ms,
            ..
        }) => [p50_ms, p95_ms, p99_ms, max_ms as f64].map(duration),
        None => Default::default(),
    };
    std::iter::once(name)
        .chain(counted)
        .chain(latency.into_iter().take(latency_heading(about).len()))
        .collect()
}

fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 120_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms < 7_200_000.0 => format!("{:.1} min", ms / 60_000.0),
        ms => format!("{:.1} h", ms / 3_600_000.0),
    }
}

/// Lists what stands as failed.
pub async fn failures(session: &Session, command: FailuresCommand) -> Result<Exit, Failure> {
    let FailuresCommand::List(args) = command;
    let FailuresArgs {
        group_by,
        status,
        workflow,
        version,
        step,
        error,
        adapter,
        target,
        since,
        limit,
    } = args;
    let ask = Ask::default()
        .with("group_by", Some(group_by))
        .with("status", Some(status))
        .with("workflow", workflow)
        .with("version", version)
        .with("step", step)
        .with("error", error)
        .with("adapter", adapter)
        .with("target", target)
        .with("from", Some(time_of(&since, "--since")?))
        .with("limit", Some(limit));
    let body = session.client.get("/api/v1/failures", ask).await?;
    session.output.show(&body, |failures: &Failures| {
        let row = |group: &FailureGroup| {
            let part = |name: &str| group.group.get(name).cloned().unwrap_or_default();
            vec![
                group.count.to_string(),
                [part("workflow"), part("version")]
                    .join(" ")
                    .trim()
                    .to_owned(),
                part("step"),
                part("error"),
                [part("adapter"), part("target")]
                    .join(" ")
                    .trim()
                    .to_owned(),
                moment(group.last_at),
                group.samples.first().cloned().unwrap_or_default(),
                brief(&group.message, 60),
            ]
        };
        columns(
            &[
                "COUNT",
                "WORKFLOW",
                "STEP",
                "ERROR",
                "TARGET",
                "LAST (UTC)",
                "NEWEST",
                "IT SAID",
            ],
            failures.items.iter().map(row),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_fits() {
        for (ms, text) in [
            (0.0, "0 ms"),
            (999.4, "999 ms"),
            (1_500.0, "1.5 s"),
            (150_000.0, "2.5 min"),
            (9_000_000.0, "2.5 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }
}
