//! Roll-ups as the API shows them.

use std::collections::BTreeMap;

use api::{FailureGroup, Latency, OneOrMany, StatsFigures, StatsPoint, StatsSeries, Time};
use runtime::{FailuresAsked, Latencies, OTHER, StatsAbout, StatsAsked, StatsBy, Tally};

/// One group's figures.
pub fn stats_series(asked: &StatsAsked, series: runtime::StatsSeries) -> StatsSeries {
    let names: &[&str] = match asked.by {
        StatsBy::Nothing => &[],
        StatsBy::Workflow => &["workflow"],
        StatsBy::Version => &["workflow", "version"],
        StatsBy::Step => &["workflow", "step"],
        StatsBy::Target => &["adapter", "target"],
        StatsBy::Router => &["router"],
        StatsBy::Rule => &["router", "rule"],
    };
    let names = names.iter().map(|name| (*name).to_owned());
    let about = asked.about();
    let points = series.points.iter().map(|(at, tally)| StatsPoint {
        at: Time(*at),
        figures: figures(about, tally),
    });
    StatsSeries {
        points: points.collect(),
        total: figures(about, &series.total),
        group: names.zip(series.group).collect(),
    }
}

fn figures(about: StatsAbout, tally: &Tally) -> StatsFigures {
    let latency = latency(&tally.durations);
    match about {
        StatsAbout::Workflows => StatsFigures {
            started: Some(tally.started),
            completed: Some(tally.completed),
            failed: Some(tally.failed),
            compensated: Some(tally.compensated),
            cancelled: Some(tally.cancelled),
            latency,
            ..StatsFigures::default()
        },
        StatsAbout::Steps => StatsFigures {
            completed: Some(tally.completed),
            failed: Some(tally.failed),
            compensated: Some(tally.compensated),
            skipped: Some(tally.skipped),
            attempts: Some(tally.attempts),
            retries: Some(tally.retries),
            latency,
            ..StatsFigures::default()
        },
        StatsAbout::Targets => StatsFigures {
            calls: Some(tally.completed + tally.failed),
            errors: Some(tally.failed),
            latency,
            ..StatsFigures::default()
        },
        StatsAbout::Routers => StatsFigures {
            seen: Some(tally.started),
            unrouted: Some(tally.skipped),
            failed: Some(tally.failed),
            ..StatsFigures::default()
        },
        StatsAbout::Rules => StatsFigures {
            taken: Some(tally.started),
            sent: Some(tally.completed),
            failed: Some(tally.failed),
            ..StatsFigures::default()
        },
    }
}

fn latency(durations: &Latencies) -> Option<Latency> {
    Some(Latency {
        count: durations.count(),
        mean_ms: durations.mean_ms()?,
        p50_ms: durations.quantile_ms(0.5)?,
        p95_ms: durations.quantile_ms(0.95)?,
        p99_ms: durations.quantile_ms(0.99)?,
        max_ms: durations.max_ms(),
    })
}

/// Failures that are alike.
pub fn failure_group(asked: &FailuresAsked, found: runtime::FailureGroup) -> FailureGroup {
    let filter = (found.failed + found.compensated > 0).then(|| filter(asked, &found));
    let parts = [
        ("workflow", found.workflow),
        ("version", found.version),
        ("step", found.step),
        ("error", found.error_type),
        ("adapter", found.adapter),
        ("target", found.target),
    ];
    let group = parts.into_iter();
    FailureGroup {
        group: group
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        count: found.failed + found.compensated + found.open,
        failed: found.failed,
        compensated: found.compensated,
        open: found.open,
        first_at: Time(found.first_at),
        last_at: Time(found.last_at),
        message: found.message,
        samples: found.samples.iter().map(ToString::to_string).collect(),
        filter,
    }
}

fn filter(asked: &FailuresAsked, found: &runtime::FailureGroup) -> BTreeMap<String, OneOrMany> {
    let workflow = found.workflow.as_ref().or(asked.workflow.as_ref());
    let version = found.version.as_ref().or(asked.version.as_ref());
    let error = found.error_type.as_ref().or(asked.error.as_ref());
    let status = match (found.failed, found.compensated) {
        (_, 0) => "failed",
        (0, _) => "compensated",
        _ => "failed,compensated",
    };
    let status = status.to_owned();
    let conditions = [
        ("status", Some(&status)),
        ("workflow", workflow),
        ("version", version),
        ("q", error),
    ];
    let known = conditions
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| is_name(value))?)));
    known
        .map(|(name, value)| (name.to_owned(), OneOrMany::One(value.clone())))
        .collect()
}

/// What is counted together has no name of its own.
fn is_name(value: &str) -> bool {
    !value.is_empty() && value != OTHER
}
