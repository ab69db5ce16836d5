//! Events over HTTP: what is accepted, routed and durable in a second. Each has an id of its own, so that each is
//! looked up and remembered.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use api::{Instance, InstanceSummary, Page, Time};
use serde::Serialize;

use crate::bench::{Bench, Stage, THREE_STEPS};
use crate::load::{Loaded, Requests, Shape, Until, closed_loop, open_loop};
use crate::report::{Section, Table, cell};
use crate::served::Served;
use crate::service::Service;
use crate::spread::Latency;

const ROUTING: &str = include_str!("../workflows/routing.yaml");

/// Events as they come by default.
const BATCHES: Shape = Shape::batches(16, 100);
/// Those of them that start something.
const STARTING: &str = "/bench/starting";

/// A load: what it is called, the source of its events, and how they come.
const LOADS: [(&str, &str, Shape); 5] = [
    ("routed over 10 rules", "/bench/routed", BATCHES),
    ("routed over 10 rules", "/bench/routed", Shape::single(64)),
    ("no router is for them", "/bench/kept", BATCHES),
    ("each starts 3 steps", STARTING, BATCHES),
    ("gathered under 1,600 keys", "/bench/gathered", BATCHES),
];
/// How often a request is due at half load.
const PAUSE: Duration = Duration::from_millis(10);
/// Instances whose first step is looked at after half load.
const LOOKED_AT: usize = 500;

/// What one load showed.
#[derive(Clone, Copy, Debug, Serialize)]
struct Sample {
    per_second: f64,
    latency: Latency,
    server_cpu_ms: Option<f64>,
}

#[derive(Serialize)]
struct Row {
    what: &'static str,
    shape: String,
    samples: Vec<Sample>,
}

/// What half of the load that starts workflows showed.
#[derive(Clone, Copy, Serialize)]
struct Half {
    due_per_second: f64,
    request: Latency,
    /// From when an event was taken to when the first step of its workflow had its answer, which needs its dispatch, to the
    /// millisecond.
    dispatched: Latency,
}

#[derive(Serialize)]
struct Figures {
    rows: Vec<Row>,
    half: Vec<Half>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut figures = Figures {
        rows: Vec::new(),
        half: Vec::new(),
    };
    for (what, source, shape) in LOADS {
        let mut samples = Vec::new();
        for repeat in 0..bench.options.repeats {
            let sample = sample(bench, source, shape).await?;
            tell(bench, what, shape, repeat, &sample);
            if source == STARTING {
                let half = half(bench, sample.per_second / 2.0).await?;
                let (rate, p95) = (half.due_per_second, half.dispatched.p95_ms);
                let told = format!("{rate:.0} events/s: a first step's p95 {p95:.0} ms");
                bench.tell("half load", repeat, &told);
                figures.half.push(half);
            }
            samples.push(sample);
        }
        figures.rows.push(Row {
            what,
            shape: shape.name(),
            samples,
        });
    }
    figures.rows.push(bare(bench).await?);
    let (rows, half) = (table(&figures.rows), half_table(&figures.half));
    Ok(Section::of(&figures)?.table(rows).table(half))
}

fn tell(bench: &Bench, what: &str, shape: Shape, repeat: usize, sample: &Sample) {
    let told = format!("{:.0} events/s", sample.per_second);
    bench.tell(&format!("{what}, {}", shape.name()), repeat, &told);
}

async fn stage(bench: &Bench) -> Result<Stage> {
    bench.stage(&format!("{THREE_STEPS}---\n{ROUTING}")).await
}

async fn sample(bench: &Bench, source: &str, shape: Shape) -> Result<Sample> {
    let stage = stage(bench).await?;
    let served = &stage.served;
    let requests = |run| Requests::events(source, shape, run);
    let (warming, lasting) = bench.short_times();
    let (warm, measured) = (Until::Over(warming), Until::Over(lasting));
    closed_loop(served.address, shape.connections, &requests(1), warm).await?;
    let (begun, before) = (Instant::now(), served.process().cpu_ms());
    let loaded = closed_loop(served.address, shape.connections, &requests(2), measured).await?;
    let count = loaded.count.max(1) as f64;
    let spent = served.process().cpu_ms().zip(before);
    Ok(Sample {
        server_cpu_ms: spent.map(|(now, before)| (now - before) / count),
        ..Sample::of(loaded, begun.elapsed())
    })
}

impl Sample {
    fn of(loaded: Loaded, lasted: Duration) -> Self {
        Self {
            per_second: loaded.count as f64 / lasted.as_secs_f64(),
            latency: Latency::of(loaded.latency),
            server_cpu_ms: None,
        }
    }
}

/// The limit: the same requests to a service that puts them into a journal, and reads none.
async fn bare(bench: &Bench) -> Result<Row> {
    let what = "bare: HTTP and the journal";
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let folder = bench.folder()?;
        let service = Service::bare(folder.path()).await?;
        let requests = Requests::events("/bench/bare", BATCHES, 1).for_service();
        let (begun, lasting) = (Instant::now(), Until::Over(bench.short_times().1));
        let loaded = closed_loop(service.address, BATCHES.connections, &requests, lasting).await?;
        let sample = Sample::of(loaded, begun.elapsed());
        tell(bench, what, BATCHES, repeat, &sample);
        samples.push(sample);
    }
    Ok(Row {
        what,
        shape: BATCHES.name(),
        samples,
    })
}

/// Sends so many events a second, due at fixed times, and looks at what they started.
async fn half(bench: &Bench, rate: f64) -> Result<Half> {
    let stage = stage(bench).await?;
    let served = &stage.served;
    let batch = (rate * PAUSE.as_secs_f64()).round().max(1.0) as usize;
    let requests = |run| Requests::events(STARTING, Shape::batches(1, batch), run);
    let (warming, lasting) = bench.short_times();
    open_loop(served.address, &requests(1), PAUSE, warming).await?;
    let loaded = open_loop(served.address, &requests(2), PAUSE, lasting).await?;
    Ok(Half {
        due_per_second: batch as f64 / PAUSE.as_secs_f64(),
        request: Latency::of(loaded.latency),
        dispatched: first_steps(served).await?,
    })
}

/// How long after its event the first step of each of the newest instances had been called and had its answer.
async fn first_steps(served: &Served) -> Result<Latency> {
    let client = served.client();
    let list = format!("/workflows?workflow=three-steps&limit={LOOKED_AT}");
    let newest: Page<InstanceSummary> = client.get(&list).await?;
    let mut waits = Vec::new();
    for item in newest.items {
        let instance: Instance = client.get(&format!("/workflows/{}", item.id)).await?;
        let event = instance.cause.strip_prefix("event:");
        let event = event.context("expected an instance that an event started")?;
        let event: api::Event = client.get(&format!("/events/{event}")).await?;
        let ended = instance.steps.first().and_then(|step| step.ended_at);
        let Time(ended) = ended.context("expected a first step that has ended")?;
        let ms = u64::try_from(ended - event.at.0).unwrap_or_default();
        waits.push(ms * 1_000_000);
    }
    Ok(Latency::of(waits))
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "events",
        "under way",
        "accepted/s",
        "request p50 ms",
        "request p99 ms",
        "server CPU ms each",
    ]);
    for row in rows {
        let all = |figure: fn(&Sample) -> Option<f64>| cell(row.samples.iter().filter_map(figure));
        table.row([
            row.what.to_owned(),
            row.shape.clone(),
            all(|one| Some(one.per_second)),
            all(|one| Some(one.latency.p50_ms)),
            all(|one| Some(one.latency.p99_ms)),
            all(|one| one.server_cpu_ms),
        ]);
    }
    table
}

fn half_table(samples: &[Half]) -> Table {
    let mut table = Table::new([
        "half load: events/s due",
        "request p50 ms",
        "request p99 ms",
        "taken to the first call answered: p50 ms",
        "p95 ms",
        "p99 ms",
    ]);
    let all = |figure: fn(&Half) -> f64| cell(samples.iter().map(figure));
    table.row([
        all(|one| one.due_per_second),
        all(|one| one.request.p50_ms),
        all(|one| one.request.p99_ms),
        all(|one| one.dispatched.p50_ms),
        all(|one| one.dispatched.p95_ms),
        all(|one| one.dispatched.p99_ms),
    ]);
    table
}
