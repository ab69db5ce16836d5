//! A steady run: load on a server for so long, counted from its store.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use super::{Loaded, Requests, Shape, Until, closed_loop};
use crate::process::Process;
use crate::served::Served;
use crate::spread::Latency;

/// How long the store may take to count what was completed.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a steady run showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Steady {
    /// Workflows that were measured.
    pub(crate) count: u64,
    /// Workflows completed in a second, until the last one stands in the store's count.
    pub(crate) per_second: f64,
    /// From sending a request to its answer; a batch is answered when its last workflow has completed.
    pub(crate) latency: Latency,
    /// Processor time of the server for one workflow, in milliseconds.
    pub(crate) server_cpu_ms: Option<f64>,
    /// Processor time of the load for one workflow, in milliseconds.
    pub(crate) load_cpu_ms: Option<f64>,
    /// Memory that the server held at the end, in MiB.
    pub(crate) resident_mib: Option<f64>,
    /// Batches that the journal took in a second.
    pub(crate) commits_per_second: f64,
    /// Requests for which the server had no room.
    pub(crate) pushed_back: u64,
}

/// Warms up, then measures for so long.
pub(crate) async fn steady(
    served: &Served,
    shape: Shape,
    requests: &Requests,
    (warming, lasting): (Duration, Duration),
) -> Result<Steady> {
    let warming = Until::Over(warming);
    closed_loop(served.address, shape.connections, requests, warming).await?;
    counted(served, shape, requests, Until::Over(lasting)).await
}

/// Measures from the first request until the projection has reached the last commit, and the store counts all that
/// was asked for.
pub(crate) async fn counted(
    served: &Served,
    shape: Shape,
    requests: &Requests,
    until: Until,
) -> Result<Steady> {
    let (client, filter) = (served.client(), requests.counted());
    let before = client.count(filter).await?;
    let (commits, spent) = (client.commits().await?, Spent::so_far(served));
    let begun = Instant::now();
    let loaded = closed_loop(served.address, shape.connections, requests, until).await?;
    let all = before + loaded.count;
    client.until_count(filter, all, PATIENCE).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let commits = client.commits().await? - commits;
    Ok(sample(served, loaded, (seconds, commits), &spent))
}

fn sample(
    served: &Served,
    loaded: Loaded,
    (seconds, commits): (f64, u64),
    before: &Spent,
) -> Steady {
    let spent = Spent::so_far(served);
    let count = loaded.count.max(1) as f64;
    let each = |now: Option<f64>, before: Option<f64>| Some((now? - before?) / count);
    Steady {
        count: loaded.count,
        per_second: loaded.count as f64 / seconds,
        server_cpu_ms: each(spent.server, before.server),
        load_cpu_ms: each(spent.load, before.load),
        resident_mib: served.process().resident_mib(),
        commits_per_second: commits as f64 / seconds,
        pushed_back: loaded.pushed_back,
        latency: Latency::of(loaded.latency),
    }
}

/// Processor time used so far, in milliseconds.
struct Spent {
    server: Option<f64>,
    load: Option<f64>,
}

impl Spent {
    fn so_far(served: &Served) -> Self {
        Self {
            server: served.process().cpu_ms(),
            load: Process::own().cpu_ms(),
        }
    }
}
