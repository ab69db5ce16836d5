//! Curves of what a step costs: the same table and plot for whatever lies along the horizontal axis.

use serde::Serialize;

use crate::load::Steady;
use crate::report::{Line, Plot, Point, Table, cell};

/// Runs with so many steps in an instance.
#[derive(Serialize)]
pub(super) struct Case {
    /// Steps that each instance runs.
    pub(super) steps: u64,
    /// One for each repeat.
    pub(super) samples: Vec<Steady>,
}

impl Case {
    /// Nothing measured yet.
    pub(super) const fn of(steps: u64) -> Self {
        Self {
            steps,
            samples: Vec::new(),
        }
    }

    /// Processor time of the server for one step, in microseconds.
    fn cpu_us(&self) -> Vec<f64> {
        let each = |sample: &Steady| Some(sample.server_cpu_ms? * 1e3 / self.steps as f64);
        self.samples.iter().filter_map(each).collect()
    }
}

/// A row for each case; `steps` heads the first column.
pub(super) fn table(steps: &str, cases: &[Case]) -> Table {
    let mut table = Table::new([steps, "steps/s", "server CPU µs a step", "instance p50 ms"]);
    for case in cases {
        let rates = case
            .samples
            .iter()
            .map(|one| one.per_second * case.steps as f64);
        let latencies = case.samples.iter().map(|one| one.latency.p50_ms);
        table.row([
            case.steps.to_string(),
            cell(rates),
            cell(case.cpu_us()),
            cell(latencies),
        ]);
    }
    table
}

/// What a step costs, over how many there are.
pub(super) fn plot(file: &'static str, title: &str, x: &'static str, cases: &[Case]) -> Plot {
    let point = |case: &Case| Point::of(case.steps as f64, case.cpu_us());
    Plot {
        file,
        title: title.to_owned(),
        x,
        y: "server CPU µs a step",
        logarithmic: (true, false),
        places: Vec::new(),
        lines: vec![Line {
            name: "a step".to_owned(),
            points: cases.iter().map(point).collect(),
        }],
    }
}
