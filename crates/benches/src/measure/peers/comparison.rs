//! The comparison with the peers as tables and a plot.

use anyhow::Result;

use super::{Case, ENGINES, Figures, IN_FLIGHT, SATURATED};
use crate::measure::runs::{cost_cells, factor, fastest, rate};
use crate::peers::PeerRun;
use crate::report::{Line, Plot, Point, Section, Table};

/// What the figures say, and which peers are missing.
pub(super) fn report(figures: &Figures) -> Result<Section> {
    let mut section = Section::of(figures)?
        .table(rates(figures))
        .table(costs(figures))
        .plot(plot(figures));
    section.notes.clone_from(&figures.notes);
    Ok(section)
}

fn rates(figures: &Figures) -> Table {
    let mut table = Table::new([
        "workflows/s, in flight",
        "ours, in process",
        "ours, service in Node",
        "Restate",
        "DBOS",
        "in process / Restate",
        "service in Node / Restate",
        "in process / DBOS",
    ]);
    let saturated = rate(&figures.saturated);
    let best = |of: fn(&Case) -> &[PeerRun]| fastest(figures.cases.iter().map(of));
    let (restate, dbos) = (best(|case| &case.restate), best(|case| &case.dbos));
    table.row([
        format!("{}; a peer's best", SATURATED.name()),
        saturated,
        "-".to_owned(),
        rate(restate),
        rate(dbos),
        factor(&figures.saturated, restate),
        "-".to_owned(),
        factor(&figures.saturated, dbos),
    ]);
    for case in &figures.cases {
        table.row([
            case.in_flight.to_string(),
            rate(&case.in_process),
            rate(&case.http),
            rate(&case.restate),
            rate(&case.dbos),
            factor(&case.in_process, &case.restate),
            factor(&case.http, &case.restate),
            factor(&case.in_process, &case.dbos),
        ]);
    }
    table
}

/// Processor time and latency.
fn costs(figures: &Figures) -> Table {
    let mut table = Table::new(["in flight", "engine", "CPU ms each", "p50 ms", "p99 ms"]);
    for case in &figures.cases {
        for (name, runs) in case.engines() {
            let [cpu, p50, p99] = cost_cells(runs);
            table.row([case.in_flight.to_string(), name.to_owned(), cpu, p50, p99]);
        }
    }
    table
}

fn plot(figures: &Figures) -> Plot {
    let cases = figures.cases.iter().enumerate();
    let engine = |number: usize| {
        let point = |(place, case): (usize, &Case)| {
            let runs = case.engines()[number].1;
            Point::of(place as f64, runs.iter().map(|run| run.per_second))
        };
        Line {
            name: ENGINES[number].to_owned(),
            points: cases.clone().map(point).collect(),
        }
    };
    Plot {
        file: "peers",
        title: "Three durable steps, one request each".to_owned(),
        x: "in flight",
        y: "workflows/s",
        logarithmic: (false, true),
        places: IN_FLIGHT.map(|count| count.to_string()).into(),
        lines: (0..ENGINES.len()).map(engine).collect(),
    }
}
