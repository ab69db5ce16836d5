//! Throughput of three steps in process by the number of partitions.

use anyhow::Result;
use serde::Serialize;

use crate::bench::{Bench, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::report::{Line, Plot, Point, Section, Table, cell};

const PARTITIONS: [u16; 5] = [1, 2, 4, 8, 16];
const SHAPE: Shape = Shape::batches(4, 500);

#[derive(Serialize)]
struct Case {
    partitions: u16,
    samples: Vec<Steady>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut cases = PARTITIONS.map(|partitions| Case {
        partitions,
        samples: Vec::new(),
    });
    for repeat in 0..bench.options.repeats {
        for case in &mut cases {
            let sample = once(bench, case.partitions).await?;
            let rate = sample.per_second;
            bench.tell(
                &format!("{} partitions", case.partitions),
                repeat,
                &format!("{rate:.0} workflows/s"),
            );
            case.samples.push(sample);
        }
    }
    Ok(Section::of(&cases)?.table(table(&cases)).plot(plot(&cases)))
}

async fn once(bench: &Bench, partitions: u16) -> Result<Steady> {
    let folder = bench.folder()?;
    let mut serve = bench.serve(folder.path());
    serve.partitions = partitions;
    let served = serve.start().await?;
    served.client().apply(THREE_STEPS).await?;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    steady(&served, SHAPE, &requests, bench.short_times()).await
}

fn table(cases: &[Case]) -> Table {
    let mut table = Table::new([
        "partitions",
        "workflows/s",
        "server CPU ms each",
        "commits/s",
    ]);
    for Case {
        partitions,
        samples,
    } in cases
    {
        let all = |figure: fn(&Steady) -> Option<f64>| cell(samples.iter().filter_map(figure));
        table.row([
            partitions.to_string(),
            all(|one| Some(one.per_second)),
            all(|one| one.server_cpu_ms),
            all(|one| Some(one.commits_per_second)),
        ]);
    }
    table
}

fn plot(cases: &[Case]) -> Plot {
    let point = |case: &Case| {
        let rates = case.samples.iter().map(|sample| sample.per_second);
        Point::of(f64::from(case.partitions), rates)
    };
    Plot {
        file: "partitions",
        title: "Three steps in process, 2,000 in flight, by partitions".to_owned(),
        x: "partitions",
        y: "workflows/s",
        logarithmic: (false, false),
        places: Vec::new(),
        lines: vec![Line {
            name: "workflows/s".to_owned(),
            points: cases.iter().map(point).collect(),
        }],
    }
}
