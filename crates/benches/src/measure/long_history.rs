//! One instance with a million records: the memory while it grows, and how soon its state at any position is there.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::{Instance, InstanceSummary, Page, Time};
use serde::Serialize;

use crate::bench::Bench;
use crate::client::Client;
use crate::load::fill;
use crate::report::{Section, Table, cell};
use crate::served::Served;
use crate::spread::Latency;

const LONG: &str = include_str!("../workflows/long.yaml");
/// Records of a round: its lane opens, its call is made and ends, its lane ends.
const RECORDS_PER_ROUND: u64 = 4;
/// Looks at the server's memory while the history grows.
const LOOKS: u64 = 10;
/// Positions that are asked for, of each kind.
const POSITIONS: u64 = 200;
/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Serialize)]
struct Sample {
    records: u64,
    seconds: f64,
    /// Records, and MiB of the server when there were so many.
    resident_mib: Vec<(u64, Option<f64>)>,
    /// Of `GET /workflows/{id}/state?at_seq=` while it ran, and after its end.
    state_running: Latency,
    state_ended: Latency,
    /// Of `GET /workflows/{id}/state?at=` after its end.
    state_at_time: Latency,
    /// Of a page of a hundred records anywhere.
    page: Latency,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let rounds = bench.scaled(250_000, 10_000);
    let mut samples = Vec::new();
    for repeat in 0..bench.options.repeats {
        let sample = once(bench, rounds).await?;
        let (p99, max) = (sample.state_ended.p99_ms, sample.state_ended.max_ms);
        let told = format!("a state within p99 {p99:.1} ms, at most {max:.1} ms");
        bench.tell(&format!("{} records", sample.records), repeat, &told);
        samples.push(sample);
    }
    let memory = memory(&samples);
    Ok(Section::of(&samples)?.table(table(&samples)).table(memory))
}

async fn once(bench: &Bench, rounds: u64) -> Result<Sample> {
    let stage = bench.stage(LONG).await?;
    let served = &stage.served;
    let item = |_| format!(r#"{{"workflow":"long","input":{{"rounds":{rounds}}}}}"#);
    let begun = Instant::now();
    fill(served.address, (0, 1), item).await?;
    let client = served.client();
    let listed: Page<InstanceSummary> = client.get("/workflows?workflow=long").await?;
    let id = listed.items.first().context("it was started")?.id.clone();
    let (mut resident_mib, mut state_running) = (Vec::new(), None);
    let wanted = rounds * RECORDS_PER_ROUND;
    for part in 1..=LOOKS {
        let seq = until(client, &id, wanted * part / LOOKS).await?;
        resident_mib.push((seq, served.process().resident_mib()));
        if part == LOOKS / 2 {
            state_running = Some(states(served, &id, seq).await?);
        }
    }
    let records = until(client, &id, u64::MAX).await?;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(
        records >= wanted,
        "expected {wanted} records, but there are {records}"
    );
    Ok(Sample {
        records,
        seconds,
        resident_mib,
        state_running: state_running.context("it was looked at half way")?,
        state_ended: states(served, &id, records).await?,
        state_at_time: times(client, &id).await?,
        page: pages(client, &id, records).await?,
    })
}

/// Waits until it has so many records, or has ended; answers how many there are.
async fn until(client: Client, id: &str, records: u64) -> Result<u64> {
    loop {
        let shown: Instance = client.get(&format!("/workflows/{id}")).await?;
        if shown.seq >= records || shown.ended_at.is_some() {
            return Ok(shown.seq);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn states(served: &Served, id: &str, records: u64) -> Result<Latency> {
    let mut nanos = Vec::new();
    for seq in scattered(records) {
        let path = format!("/workflows/{id}/state?at_seq={seq}");
        let (state, took): (Instance, u64) = timed(served.client(), &path).await?;
        ensure!(state.seq == seq, "asked for {seq}, but got {}", state.seq);
        nanos.push(took);
    }
    Ok(Latency::of(nanos))
}

async fn times(client: Client, id: &str) -> Result<Latency> {
    let shown: Instance = client.get(&format!("/workflows/{id}")).await?;
    let (from, to) = (shown.created_at.0, shown.updated_at.0);
    let span = u64::try_from(to - from).context("it was changed after it was made")?;
    let mut nanos = Vec::new();
    for after in scattered(span.max(2)) {
        let at = Time(from + i64::try_from(after)?);
        let (_, took): (Instance, u64) =
            timed(client, &format!("/workflows/{id}/state?at={at}")).await?;
        nanos.push(took);
    }
    Ok(Latency::of(nanos))
}

async fn pages(client: Client, id: &str, records: u64) -> Result<Latency> {
    let mut nanos = Vec::new();
    for seq in scattered(records) {
        let path = format!("/workflows/{id}/history?after_seq={}&limit=100", seq - 1);
        let (page, took): (Page<api::HistoryRecord>, u64) = timed(client, &path).await?;
        ensure!(page.items.first().is_some_and(|first| first.seq == seq));
        nanos.push(took);
    }
    Ok(Latency::of(nanos))
}

async fn timed<T: serde::de::DeserializeOwned>(client: Client, path: &str) -> Result<(T, u64)> {
    let begun = Instant::now();
    let answer = client.get(path).await?;
    Ok((answer, u64::try_from(begun.elapsed().as_nanos())?))
}

/// Numbers from 1 to `most`, all over it and in no order.
fn scattered(most: u64) -> impl Iterator<Item = u64> {
    // The golden section leaves no gap and repeats nothing.
    (1..=POSITIONS).map(move |number| {
        let share = (number as f64 * 0.618_033_988_749_895).fract();
        1 + (share * (most - 1) as f64) as u64
    })
}

/// What is told of a sample.
type Told = fn(&Sample) -> Latency;

fn table(samples: &[Sample]) -> Table {
    let mut table = Table::new(["", "p50 ms", "p99 ms", "max ms"]);
    let rows: [(&str, Told); 4] = [
        ("the state at any record, while it runs", |one| {
            one.state_running
        }),
        ("the state at any record, after its end", |one| {
            one.state_ended
        }),
        ("the state at any time", |one| one.state_at_time),
        ("a hundred records anywhere", |one| one.page),
    ];
    for (name, of) in rows {
        let figure = |figure: fn(Latency) -> f64| cell(samples.iter().map(|one| figure(of(one))));
        table.row([
            name.to_owned(),
            figure(|one| one.p50_ms),
            figure(|one| one.p99_ms),
            figure(|one| one.max_ms),
        ]);
    }
    table
}

fn memory(samples: &[Sample]) -> Table {
    let mut table = Table::new([
        "records of the one instance",
        "server MiB",
        "records/s so far",
    ]);
    let Some(first) = samples.first() else {
        return table;
    };
    let rate = first.records as f64 / first.seconds;
    let last = first.resident_mib.len().saturating_sub(1);
    for (place, (records, _)) in first.resident_mib.iter().enumerate() {
        let mib = samples
            .iter()
            .filter_map(|one| one.resident_mib.get(place)?.1);
        let rate = if place == last {
            format!("{rate:.0}")
        } else {
            String::new()
        };
        table.row([records.to_string(), cell(mib), rate]);
    }
    table
}
