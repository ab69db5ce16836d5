//! The same workflow through the real server: one request each, and in batches.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::load::closed_loop;
use crate::machine::{cpu_ms, resident_mib};
use crate::options::Options;
use crate::served::Served;
use crate::spread::Latency;

/// Workflows of one batch.
const BATCH: usize = 500;
/// Batches under way at once.
const POSTERS: usize = 4;
/// How long a run of batches may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one run showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sample {
    /// Workflows completed in a second.
    pub(crate) per_second: f64,
    /// From sending the request to its answer, which says completed; of batches, none.
    pub(crate) latency: Option<Latency>,
    /// Processor time of the server for one workflow, in milliseconds.
    pub(crate) server_cpu_ms_each: Option<f64>,
    /// Memory that the server held at the end, in MiB.
    pub(crate) server_resident_mib: Option<f64>,
}

/// One request each, so many at once; it is answered when the workflow has completed.
pub(crate) async fn one_by_one(
    options: &Options,
    (binary, folder): (&Path, &Path),
    in_flight: usize,
) -> Result<Sample> {
    let served = Served::start(binary, folder, options.partition_count()).await?;
    let served = Arc::new(served);
    let mut cpu = Vec::new();
    let process = served.process();
    let mut around = || cpu.push(cpu_ms(process));
    let one = {
        let served = Arc::clone(&served);
        move || {
            let served = Arc::clone(&served);
            async move { served.run_one().await }
        }
    };
    let times = (options.warming(), options.lasting());
    let done = closed_loop(in_flight, times, one, &mut around).await?;
    Ok(Sample {
        per_second: done.per_second(),
        latency: Some(done.latency),
        server_cpu_ms_each: each(&cpu, done.count),
        server_resident_mib: resident_mib(process),
    })
}

/// Batches; measured from the first request until all have completed.
pub(crate) async fn in_batches(
    options: &Options,
    (binary, folder): (&Path, &Path),
) -> Result<Sample> {
    let served = Served::start(binary, folder, options.partition_count()).await?;
    let served = Arc::new(served);
    let (process, batches) = (served.process(), options.batched.div_ceil(BATCH));
    let (begun, mut cpu) = (Instant::now(), vec![cpu_ms(process)]);
    let mut posters: JoinSet<Result<()>> = JoinSet::new();
    for poster in 0..POSTERS {
        let served = Arc::clone(&served);
        posters.spawn(async move {
            for _ in (poster..batches).step_by(POSTERS) {
                served.run_batch(BATCH).await?;
            }
            Ok(())
        });
    }
    while let Some(poster) = posters.join_next().await {
        poster??;
    }
    let count = batches * BATCH;
    served.until_completed(count, PATIENCE).await?;
    let seconds = begun.elapsed().as_secs_f64();
    cpu.push(cpu_ms(process));
    Ok(Sample {
        per_second: count as f64 / seconds,
        latency: None,
        server_cpu_ms_each: each(&cpu, count),
        server_resident_mib: resident_mib(process),
    })
}

/// What each of so many took of the processor, between the first and the last look.
pub(crate) fn each(cpu: &[Option<f64>], count: usize) -> Option<f64> {
    let (first, last) = (cpu.first()?, cpu.last()?);
    Some((last.as_ref()? - first.as_ref()?) / count.max(1) as f64)
}
