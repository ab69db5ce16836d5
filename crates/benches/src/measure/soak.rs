//! Saturation for ten minutes: the memory of the server must not grow with what it has done.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::bench::{Bench, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Until, closed_loop};
use crate::process::Process;
use crate::report::{Line, Plot, Point, Section, Table, cell};

const SHAPE: Shape = Shape::batches(4, 500);
/// Looks at the memory over the whole time.
const LOOKS: u32 = 120;

#[derive(Clone, Copy, Serialize)]
struct Look {
    after_s: f64,
    resident_mib: f64,
}

#[derive(Serialize)]
struct Figures {
    per_second: f64,
    looks: Vec<Look>,
}

impl Figures {
    /// Memory between two shares of the time, on average, in MiB.
    fn mean(&self, from: f64, to: f64) -> f64 {
        let place = |share: f64| (self.looks.len() as f64 * share) as usize;
        let looks = &self.looks[place(from)..place(to)];
        looks.iter().map(|look| look.resident_mib).sum::<f64>() / looks.len().max(1) as f64
    }
}

/// Measures it, once: it lasts long enough.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let lasting = Duration::from_secs(bench.scaled(600, 20));
    let stage = bench.stage(THREE_STEPS).await?;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    let (looks, process) = (RefCell::new(Vec::new()), stage.served.process());
    let load = closed_loop(
        stage.served.address,
        SHAPE.connections,
        &requests,
        Until::Over(lasting),
    );
    let begun = Instant::now();
    let loaded = tokio::select! {
        loaded = load => loaded?,
        () = look_on(process, lasting / LOOKS, &looks) => unreachable!("looking on does not end by itself"),
    };
    let figures = Figures {
        per_second: loaded.count as f64 / begun.elapsed().as_secs_f64(),
        looks: looks.into_inner(),
    };
    Ok(Section::of(&figures)?
        .table(table(&figures))
        .plot(plot(&figures)))
}

async fn look_on(process: Process, pause: Duration, looks: &RefCell<Vec<Look>>) {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(pause).await;
        let resident_mib = process.resident_mib().unwrap_or_default();
        looks.borrow_mut().push(Look {
            after_s: begun.elapsed().as_secs_f64(),
            resident_mib,
        });
    }
}

fn table(figures: &Figures) -> Table {
    let mut table = Table::new([
        "workflows/s",
        "MiB in the second tenth",
        "MiB at half time",
        "MiB in the last tenth",
        "highest MiB",
    ]);
    let highest = figures
        .looks
        .iter()
        .map(|look| look.resident_mib)
        .fold(0.0, f64::max);
    table.row([
        cell([figures.per_second]),
        cell([figures.mean(0.1, 0.2)]),
        cell([figures.mean(0.45, 0.55)]),
        cell([figures.mean(0.9, 1.0)]),
        cell([highest]),
    ]);
    table
}

fn plot(figures: &Figures) -> Plot {
    let point = |look: &Look| Point::of(look.after_s, [look.resident_mib]);
    Plot {
        file: "soak",
        title: "Memory of the server at saturation".to_owned(),
        x: "seconds",
        y: "MiB",
        logarithmic: (false, false),
        places: Vec::new(),
        lines: vec![Line {
            name: "resident".to_owned(),
            points: figures.looks.iter().map(point).collect(),
        }],
    }
}
