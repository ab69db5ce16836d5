//! A crash with open instances: from the start of the next process until it is ready.

use anyhow::Result;
use serde::Serialize;

use super::submit::WAITING;
use crate::bench::Bench;
use crate::load::hold;
use crate::report::{Line, Plot, Point, Section, Table, cell};

#[derive(Serialize)]
struct Case {
    open: u64,
    /// One for each repeat.
    ready_ms: Vec<f64>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let counts: &[u64] = bench.scaled(&[0, 1_000, 10_000, 100_000], &[0, 1_000, 10_000]);
    let empty = |open: &u64| Case {
        open: *open,
        ready_ms: Vec::new(),
    };
    let mut cases: Vec<Case> = counts.iter().map(empty).collect();
    for repeat in 0..bench.options.repeats {
        for case in &mut cases {
            let ready_ms = once(bench, case.open).await?;
            bench.tell(
                &format!("{} open", case.open),
                repeat,
                &format!("ready after {ready_ms:.0} ms"),
            );
            case.ready_ms.push(ready_ms);
        }
    }
    Ok(Section::of(&cases)?.table(table(&cases)).plot(plot(&cases)))
}

async fn once(bench: &Bench, open: u64) -> Result<f64> {
    let stage = bench.stage(WAITING).await?;
    hold(&stage.served, open).await?;
    let served = stage.served.kill().start().await?;
    let ready_ms = served.ready_after.as_secs_f64() * 1e3;
    let found = served.client().count("workflow=hold").await?;
    anyhow::ensure!(
        found == open,
        "expected {open} instances after the crash, but there are {found}"
    );
    Ok(ready_ms)
}

fn table(cases: &[Case]) -> Table {
    let mut table = Table::new(["open instances at kill -9", "ready after ms"]);
    for Case { open, ready_ms } in cases {
        table.row([open.to_string(), cell(ready_ms.iter().copied())]);
    }
    table
}

fn plot(cases: &[Case]) -> Plot {
    let point = |case: &Case| Point::of(case.open as f64, case.ready_ms.iter().copied());
    Plot {
        file: "recovery",
        title: "From kill -9 to ready".to_owned(),
        x: "open instances",
        y: "ms",
        logarithmic: (false, false),
        places: Vec::new(),
        lines: vec![Line {
            name: "start to ready".to_owned(),
            points: cases.iter().map(point).collect(),
        }],
    }
}
