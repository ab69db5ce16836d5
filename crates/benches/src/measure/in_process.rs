//! Three steps in process: throughput at saturation, latency one at a time and at half load.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::bench::{Bench, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Steady, open_loop};
use crate::report::{Line, Plot, Point, Section, Table, cell};
use crate::served::Served;
use crate::spread::Latency;

/// From saturation to one at a time.
const SHAPES: [Shape; 5] = [
    Shape::batches(4, 500),
    Shape::batches(4, 64),
    Shape::batches(4, 16),
    Shape::single(64),
    Shape::single(1),
];
/// Half of these, by their place, is half load: each workflow a request of its own, whose latency is its own, and batches.
const HALVED: [(usize, Shape); 2] = [(3, SHAPES[3]), (0, SHAPES[0])];
/// At half load a batch is due so often.
const PAUSE: Duration = Duration::from_millis(10);
/// Steps of a workflow.
const STEPS: f64 = 3.0;

#[derive(Serialize)]
struct Figures {
    loads: Vec<Load>,
    half: Vec<Half>,
}

#[derive(Serialize)]
struct Load {
    shape: String,
    in_flight: usize,
    samples: Vec<Steady>,
}

/// A run at half of what saturates.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Half {
    /// Workflows that come in one request.
    pub(super) batch: usize,
    /// Workflows that are due in a second.
    pub(super) due_per_second: f64,
    /// From when a request was due to its answer, which is when the slowest of its workflows has ended.
    pub(super) latency: Latency,
    /// A third of the 95th percentile: what a step takes that itself takes no time.
    pub(super) step_p95_ms: f64,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let empty = |shape: Shape| Load {
        shape: shape.name(),
        in_flight: shape.in_flight(),
        samples: Vec::new(),
    };
    let mut figures = Figures {
        loads: SHAPES.map(empty).into(),
        half: Vec::new(),
    };
    for repeat in 0..bench.options.repeats {
        for (load, shape) in figures.loads.iter_mut().zip(SHAPES) {
            let sample = bench.three_steps(shape, bench.times()).await?;
            let (rate, p99) = (sample.per_second, sample.latency.p99_ms);
            bench.tell(
                &load.shape,
                repeat,
                &format!("{rate:.0} workflows/s, p99 {p99:.2} ms"),
            );
            load.samples.push(sample);
        }
        for (place, shape) in HALVED {
            let saturated = figures.loads[place].samples[repeat].per_second;
            let stage = bench.stage(THREE_STEPS).await?;
            let half = half_load(&stage.served, bench.times(), shape, saturated / 2.0).await?;
            bench.tell("half load", repeat, &half.told());
            figures.half.push(half);
        }
    }
    report(&figures)
}

impl Half {
    /// In a few words.
    pub(super) fn told(&self) -> String {
        let Self {
            batch,
            due_per_second,
            step_p95_ms,
            ..
        } = self;
        format!("{due_per_second:.0}/s in requests of {batch}: a step's p95 {step_p95_ms:.2} ms")
    }
}

/// Puts so many workflows a second on a server, due at fixed times: in requests of their own, or, where what saturated
/// came in batches, in one batch each [`PAUSE`].
pub(super) async fn half_load(
    served: &Served,
    (warming, lasting): (Duration, Duration),
    saturated: Shape,
    rate: f64,
) -> Result<Half> {
    let (batch, pause) = match saturated.batch {
        1 => (1, Duration::from_secs_f64(1.0 / rate)),
        _ => (
            (rate * PAUSE.as_secs_f64()).round().max(2.0) as usize,
            PAUSE,
        ),
    };
    let requests = Requests::new("three-steps", Shape::batches(1, batch), Expect::Completed);
    open_loop(served.address, &requests, pause, warming).await?;
    let loaded = open_loop(served.address, &requests, pause, lasting).await?;
    let latency = Latency::of(loaded.latency);
    Ok(Half {
        batch,
        due_per_second: batch as f64 / pause.as_secs_f64(),
        latency,
        step_p95_ms: latency.p95_ms / STEPS,
    })
}

fn report(figures: &Figures) -> Result<Section> {
    Ok(Section::of(figures)?
        .table(loads(&figures.loads))
        .table(half(&figures.half))
        .plot(plot(&figures.loads)))
}

fn loads(loads: &[Load]) -> Table {
    let mut table = Table::new([
        "in flight",
        "workflows/s",
        "request p50 ms",
        "request p99 ms",
        "server CPU ms each",
        "load CPU ms each",
        "server MiB",
    ]);
    for Load { shape, samples, .. } in loads {
        let all = |figure: fn(&Steady) -> Option<f64>| cell(samples.iter().filter_map(figure));
        table.row([
            shape.clone(),
            all(|one| Some(one.per_second)),
            all(|one| Some(one.latency.p50_ms)),
            all(|one| Some(one.latency.p99_ms)),
            all(|one| one.server_cpu_ms),
            all(|one| one.load_cpu_ms),
            all(|one| one.resident_mib),
        ]);
    }
    table
}

/// What half load showed, a row for each size of its requests.
pub(super) fn half(samples: &[Half]) -> Table {
    let mut table = Table::new([
        "half load",
        "workflows/s due",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "overhead of a step, p95 ms",
    ]);
    let (single, batched): (Vec<&Half>, Vec<&Half>) =
        samples.iter().partition(|one| one.batch == 1);
    for (name, samples) in [
        ("a request for each", single),
        ("a batch every 10 ms, until the slowest has ended", batched),
    ] {
        let all = |figure: fn(&Half) -> f64| cell(samples.iter().map(|one| figure(one)));
        table.row([
            name.to_owned(),
            all(|one| one.due_per_second),
            all(|one| one.latency.p50_ms),
            all(|one| one.latency.p95_ms),
            all(|one| one.latency.p99_ms),
            all(|one| one.step_p95_ms),
        ]);
    }
    table
}

fn plot(loads: &[Load]) -> Plot {
    let place = |(place, load): (usize, &Load)| {
        let rates = load.samples.iter().map(|sample| sample.per_second);
        Point::of(place as f64, rates)
    };
    Plot {
        file: "in-process",
        title: "Three steps in process, durable".to_owned(),
        x: "in flight: connections × workflows of a request",
        y: "workflows/s",
        logarithmic: (false, false),
        places: SHAPES.map(Shape::label).into(),
        lines: vec![Line {
            name: "median of the repeats".to_owned(),
            points: loads.iter().enumerate().map(place).collect(),
        }],
    }
}
