//! Three HTTP steps to a service that only echoes, beside the product's HTTP client alone with as many calls under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use reqwest::Client;
use serde::Serialize;

use super::cases::{Case, cases};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::report::{Section, Table, cell};
use crate::service::Service;

/// Three calls over HTTP.
const HTTP_STEPS: &str = include_str!("../workflows/http-steps.yaml");
/// What the client alone sends: as large as a step's input.
const BODY: &str = r#"{"order":"o-00020814","step":1,"value":129.50}"#;
const SHAPES: [Shape; 3] = [
    Shape::batches(4, 500),
    Shape::batches(4, 64),
    Shape::single(64),
];
/// Calls of a workflow.
const CALLS: f64 = 3.0;

#[derive(Serialize)]
struct Sample {
    ours: Steady,
    /// Calls that the client alone makes in a second.
    bare_calls_per_second: f64,
    /// Calls of ours as a share of that.
    share: f64,
}

/// The documents with the address of a service in them.
pub(super) fn documents(service: SocketAddr) -> String {
    HTTP_STEPS.replace("url: URL", &format!("url: http://{service}"))
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let sample = async |shape| sample(bench, shape).await;
    let told = |one: &Sample| {
        let (rate, share) = (one.ours.per_second, one.share);
        format!("{rate:.0} workflows/s, {share:.2} of the bare client")
    };
    let cases = cases(bench, SHAPES, sample, told).await?;
    Ok(Section::of(&cases)?.table(table(&cases)))
}

async fn sample(bench: &Bench, shape: Shape) -> Result<Sample> {
    let service = Service::echo().await?;
    let ours = {
        let stage = bench.stage(&documents(service.address)).await?;
        let requests = Requests::new("http-steps", shape, Expect::Completed);
        steady(&stage.served, shape, &requests, bench.times()).await?
    };
    let (address, lasting) = (service.address, bench.short_times().1);
    let alone = move || bare(address, shape.in_flight(), lasting);
    let bare_calls_per_second = tokio::task::spawn_blocking(alone).await??;
    Ok(Sample {
        ours,
        bare_calls_per_second,
        share: ours.per_second * CALLS / bare_calls_per_second,
    })
}

/// The client that the product's adapter uses, on as many threads as the server has.
fn bare(address: SocketAddr, in_flight: usize, lasting: Duration) -> Result<f64> {
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    threads.block_on(async move {
        let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
        let (url, calls) = (format!("http://{address}"), Arc::new(AtomicU64::new(0)));
        let begun = Instant::now();
        let caller = || {
            call_for(
                client.clone(),
                url.clone(),
                Arc::clone(&calls),
                begun + lasting,
            )
        };
        let callers: Vec<_> = (0..in_flight).map(|_| tokio::spawn(caller())).collect();
        for caller in callers {
            caller.await.context("a caller panicked")??;
        }
        Ok(calls.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64())
    })
}

async fn call_for(client: Client, url: String, calls: Arc<AtomicU64>, end: Instant) -> Result<()> {
    while Instant::now() < end {
        let request = client
            .post(&url)
            .header("content-type", "application/json")
            .body(BODY);
        request.send().await?.error_for_status()?.bytes().await?;
        calls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn table(cases: &[Case<Sample>]) -> Table {
    let mut table = Table::new([
        "in flight",
        "workflows/s",
        "calls/s",
        "bare client: calls/s",
        "share of it",
        "server CPU ms each",
    ]);
    for Case { shape, samples } in cases {
        let all = |figure: fn(&Sample) -> Option<f64>| cell(samples.iter().filter_map(figure));
        table.row([
            shape.clone(),
            all(|one| Some(one.ours.per_second)),
            all(|one| Some(one.ours.per_second * CALLS)),
            all(|one| Some(one.bare_calls_per_second)),
            all(|one| Some(one.share)),
            all(|one| one.ours.server_cpu_ms),
        ]);
    }
    table
}
