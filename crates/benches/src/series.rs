//! The measurements one after the other, each in a new folder, and what they show together.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tempfile::TempDir;

use crate::embedded::Embedded;
use crate::load::closed_loop;
use crate::machine::{Machine, cpu_ms, resident_mib};
use crate::meter::Counts;
use crate::options::Options;
use crate::over_http::{self, each};
use crate::raw::{self, Raw};
use crate::report;
use crate::served;
use crate::spread::Latency;

/// How long the store alone is measured after each run.
const RAW_LASTS: Duration = Duration::from_secs(2);

/// What one run within this process showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sample {
    /// Workflows completed in a second.
    pub(crate) per_second: f64,
    /// From submit to completed.
    pub(crate) latency: Latency,
    /// Processor time for one workflow, client included, in milliseconds.
    pub(crate) cpu_ms_each: Option<f64>,
    /// Memory of this process at the end, in MiB.
    pub(crate) resident_mib: Option<f64>,
    /// Batches made durable in a second.
    pub(crate) appends_per_second: f64,
    /// Bytes of a batch, on average.
    pub(crate) batch_bytes: f64,
    /// One append, as the runtime saw it.
    pub(crate) append: Latency,
    /// Share of the time in which the projector was writing.
    pub(crate) projecting: f64,
    /// The store alone with batches of that size.
    pub(crate) raw: Raw,
}

/// Repeats of one measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Series<S> {
    /// How many were in flight; none where batches were posted.
    pub(crate) in_flight: Option<usize>,
    /// One by one.
    pub(crate) samples: Vec<S>,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// Where.
    pub(crate) machine: Machine,
    /// Partitions of the stores.
    pub(crate) partitions: u16,
    /// Seconds of one measurement.
    pub(crate) seconds: f64,
    /// Within this process.
    pub(crate) in_process: Vec<Series<Sample>>,
    /// Through the server.
    pub(crate) over_http: Vec<Series<over_http::Sample>>,
}

/// Measures everything and writes it down.
pub(crate) async fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.data).context("making the folder for the stores")?;
    let machine = Machine::look(&options.data)?;
    let mut figures = Figures {
        machine,
        partitions: options.partition_count(),
        seconds: options.seconds,
        in_process: Vec::new(),
        over_http: Vec::new(),
    };
    for in_flight in &options.in_flight {
        figures
            .in_process
            .push(in_process(options, *in_flight).await?);
    }
    if !options.no_http {
        over_http(options, &mut figures).await?;
    }
    std::fs::write(&options.json, serde_json::to_string_pretty(&figures)?)?;
    let tables = report::tables(&figures);
    println!("{tables}");
    if let Some(path) = &options.markdown {
        std::fs::write(path, tables)?;
    }
    Ok(())
}

async fn in_process(options: &Options, in_flight: usize) -> Result<Series<Sample>> {
    let mut samples = Vec::new();
    for repeat in 1..=options.repeats {
        let sample = run_once(options, in_flight).await?;
        eprintln!(
            "in process, {in_flight} in flight, {repeat}/{}: {:.0} workflows/s, p50 {:.2} ms, p99 {:.2} ms",
            options.repeats, sample.per_second, sample.latency.p50_ms, sample.latency.p99_ms
        );
        samples.push(sample);
    }
    let in_flight = Some(in_flight);
    Ok(Series { in_flight, samples })
}

async fn run_once(options: &Options, in_flight: usize) -> Result<Sample> {
    let folder = new_folder(&options.data)?;
    let embedded = Embedded::open(folder.path(), options.partition_count()).await?;
    let process = std::process::id();
    let mut looks: Vec<(Counts, Option<f64>)> = Vec::new();
    let mut around = || looks.push((embedded.take_counts(), cpu_ms(process)));
    let one = {
        let embedded = embedded.clone();
        move || {
            let embedded = embedded.clone();
            async move { embedded.run_one().await }
        }
    };
    let times = (options.warming(), options.lasting());
    let done = closed_loop(in_flight, times, one, &mut around).await?;
    let resident_mib = resident_mib(process);
    embedded.close().await;
    drop(embedded);
    let cpu: Vec<Option<f64>> = looks.iter().map(|(_, cpu)| *cpu).collect();
    let (counts, _) = looks.pop().unwrap_or_default();
    let appends = counts.appends.len().max(1) as f64;
    let batch_bytes = counts.bytes as f64 / appends;
    let folder = new_folder(&options.data)?;
    let writers = if in_flight == 1 {
        1
    } else {
        options.partition_count()
    };
    let raw = raw::measure(folder.path(), writers, batch_bytes as usize, RAW_LASTS).await?;
    let seconds = done.lasted.as_secs_f64();
    Ok(Sample {
        per_second: done.per_second(),
        latency: done.latency,
        cpu_ms_each: each(&cpu, done.count),
        resident_mib,
        appends_per_second: appends / seconds,
        batch_bytes,
        append: Latency::of(counts.appends),
        projecting: counts.projecting as f64 / 1e9 / seconds,
        raw,
    })
}

async fn over_http(options: &Options, figures: &mut Figures) -> Result<()> {
    let beside = served::beside_this;
    let binary = options.server.clone().map_or_else(beside, Ok)?;
    // What answers one request each is limited by the sockets long before 2,000.
    let in_flight = options
        .in_flight
        .iter()
        .filter(|in_flight| **in_flight <= 256);
    for in_flight in in_flight.copied().map(Some).chain([None]) {
        let mut samples = Vec::new();
        for repeat in 1..=options.repeats {
            let folder = new_folder(&options.data)?;
            let at = (binary.as_path(), folder.path());
            let sample = match in_flight {
                Some(in_flight) => over_http::one_by_one(options, at, in_flight).await?,
                None => over_http::in_batches(options, at).await?,
            };
            eprintln!(
                "over HTTP, {in_flight:?} in flight, {repeat}/{}: {:.0} workflows/s",
                options.repeats, sample.per_second
            );
            samples.push(sample);
        }
        figures.over_http.push(Series { in_flight, samples });
    }
    Ok(())
}

fn new_folder(data: &Path) -> Result<TempDir> {
    tempfile::tempdir_in(data).context("making a folder for a store")
}
