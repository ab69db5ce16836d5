//! A million instances that wait: what they take, how soon a server with them is ready, and how late 10,000 timers are
//! that are due in the same second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use api::{InstanceSummary, Page, Time};
use serde::Serialize;

use super::submit::WAITING;
use crate::bench::Bench;
use crate::disk::allocated_bytes;
use crate::load::{fill, hold};
use crate::report::{Section, Table, cell};
use crate::served::Served;
use crate::spread::Latency;

/// Timers that are due in the same second.
const ALARMS: u64 = 10_000;
/// From the first start of an alarm to that second: long enough to start them all.
const AHEAD_MS: i64 = 15_000;
/// How long after it the last one may end.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Serialize)]
struct Sample {
    count: u64,
    /// Memory of the server that took them, in MiB.
    resident_mib: Option<f64>,
    /// Memory of the next server on their store, in MiB.
    resident_after_start_mib: Option<f64>,
    /// Bytes on the disk for each, after a checkpoint.
    disk_bytes_each: f64,
    /// From the start of the process to ready.
    ready_ms: f64,
    /// From when each timer was due to the end of its instance, as its record says.
    lateness: Latency,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let count = bench.scaled(1_000_000, 100_000);
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let sample = sample(bench, count).await?;
        let (mib, p99) = (
            sample.resident_mib.unwrap_or_default(),
            sample.lateness.p99_ms,
        );
        bench.tell(
            "waiting",
            repeat,
            &format!("{mib:.0} MiB, timers late by p99 {p99:.0} ms"),
        );
        samples.push(sample);
    }
    Ok(Section::of(&samples)?.table(table(&samples)))
}

async fn sample(bench: &Bench, count: u64) -> Result<Sample> {
    let stage = bench.stage(WAITING).await?;
    hold(&stage.served, count).await?;
    let resident_mib = stage.served.process().resident_mib();
    let serve = stage.served.stop()?;
    let disk = allocated_bytes(&serve.data())?;
    let served = serve.start().await?;
    let resident_after_start_mib = served.process().resident_mib();
    Ok(Sample {
        count,
        resident_mib,
        resident_after_start_mib,
        disk_bytes_each: disk as f64 / count as f64,
        ready_ms: served.ready_after.as_secs_f64() * 1e3,
        lateness: lateness(&served).await?,
    })
}

/// The subject of an alarm is the time at which it is due, so that a list tells how late each was.
async fn lateness(served: &Served) -> Result<Latency> {
    let second = (now_ms()? + AHEAD_MS) / 1_000 * 1_000;
    let alarm = |number: u64| {
        let due = second + (number % 1_000) as i64;
        let at = Time(due);
        format!(r#"{{"workflow":"alarm","subject":"{due}","input":{{"due":"{at}"}}}}"#)
    };
    fill(served.address, (0, ALARMS), alarm).await?;
    let client = served.client();
    let until = u64::try_from(second - now_ms()?).context("the alarms were started too late")?;
    tokio::time::sleep(Duration::from_millis(until)).await;
    client
        .until_count("workflow=alarm&status=completed", ALARMS, PATIENCE)
        .await?;
    let (mut late, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/workflows?workflow=alarm&limit=1000{cursor}");
        let page: Page<InstanceSummary> = client.get(&path).await?;
        for alarm in &page.items {
            late.push(late_nanos(alarm)?);
        }
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(Latency::of(late)),
        }
    }
}

fn late_nanos(alarm: &InstanceSummary) -> Result<u64> {
    let due: i64 = alarm
        .subject
        .as_deref()
        .context("an alarm has a subject")?
        .parse()?;
    let ended = alarm
        .ended_at
        .context("an alarm that completed has ended")?;
    let late = u64::try_from(ended.0 - due).context("an alarm ended before it was due")?;
    Ok(late * 1_000_000)
}

fn now_ms() -> Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_millis())?)
}

fn table(samples: &[Sample]) -> Table {
    let mut table = Table::new([
        "waiting instances",
        "server MiB",
        "MiB after a start",
        "disk bytes each",
        "start to ready ms",
        "timers late: p50 ms",
        "p99 ms",
        "max ms",
    ]);
    let all = |figure: fn(&Sample) -> Option<f64>| cell(samples.iter().filter_map(figure));
    table.row([
        samples.first().map_or(0, |one| one.count).to_string(),
        all(|one| one.resident_mib),
        all(|one| one.resident_after_start_mib),
        all(|one| Some(one.disk_bytes_each)),
        all(|one| Some(one.ready_ms)),
        all(|one| Some(one.lateness.p50_ms)),
        all(|one| Some(one.lateness.p99_ms)),
        all(|one| Some(one.lateness.max_ms)),
    ]);
    table
}
