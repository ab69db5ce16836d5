//! Where events came from and went to, and the journey of a subject, asked of a store with many events.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use serde::Serialize;

use super::asking::ask_each;
use crate::bench::{Bench, FILED, Stage};
use crate::http::{Connection, post};
use crate::load::{input, until_all_taken};
use crate::report::{Section, Table, cell};
use crate::spread::Latency;

/// One event in so many starts a workflow; all events of its subject share a correlation id.
const FAMILY: u64 = 10;
const ROUTING: &str = "
routers:
  - name: filing
    match: meta.source == '/bench/filing'
    rules: [{ condition: 'true', destination: filed }]
";
/// Events of one request, and requests under way at once.
const BATCH: u64 = 1_000;
const CONNECTIONS: u64 = 4;
/// How long the store may take to count what was started.
const PATIENCE: Duration = Duration::from_secs(900);

/// A question, and its path for the subject of a number.
type Question = (&'static str, fn(u64) -> String);

const QUESTIONS: [Question; 3] = [
    ("the graph of a correlation id", |family| {
        format!("/correlations/k-{family}")
    }),
    ("the journey of a subject", |family| {
        format!("/subjects/s-{family}/journey")
    }),
    ("the events of a subject", |family| {
        format!("/events?subject=s-{family}")
    }),
];

#[derive(Serialize)]
struct Case {
    stored: u64,
    question: &'static str,
    latency: Latency,
}

/// Measures it. Filling takes longer than all else, so each question is put often instead of the whole repeated.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let stored = bench.scaled(10_000_000, 100_000);
    let stage = bench.stage(&format!("{FILED}---{ROUTING}")).await?;
    let begun = Instant::now();
    fill(&stage, stored).await?;
    let filed = stored / FAMILY;
    let client = stage.served.client();
    let done = "workflow=filed&status=completed";
    client.until_count(done, filed, PATIENCE).await?;
    let seconds = begun.elapsed().as_secs_f64();
    bench.tell(
        "genealogy",
        0,
        &format!("{stored} events stored after {seconds:.0} s"),
    );
    let cases = ask(bench, &stage, stored).await?;
    Ok(Section::of(&cases)?.table(table(&cases)))
}

async fn fill(stage: &Stage, stored: u64) -> Result<()> {
    let next = Cell::new(0);
    let lane = async || {
        let mut connection = Connection::open(stage.served.address).await?;
        while next.get() < stored {
            let from = next.replace(next.get() + BATCH);
            let events: Vec<String> = (from..stored.min(from + BATCH)).map(event).collect();
            let body = format!("[{}]", events.join(","));
            let kind = "application/cloudevents-batch+json";
            let request = post("/api/v1/events", kind, body.as_bytes());
            until_all_taken(&mut connection, &request, events.len() as u64).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..CONNECTIONS).map(|_| lane())).await?;
    Ok(())
}

/// The event of a number.
fn event(number: u64) -> String {
    let family = number / FAMILY;
    let source = match number % FAMILY {
        0 => "/bench/filing",
        _ => "/bench/kept",
    };
    let data = input(number);
    format!(
        r#"{{"specversion":"1.0","id":"e-{number}","source":"{source}","type":"order.placed","subject":"s-{family}","correlationid":"k-{family}","data":{data}}}"#
    )
}

async fn ask(bench: &Bench, stage: &Stage, stored: u64) -> Result<Vec<Case>> {
    let (times, at_most) = bench.scaled((500, 60), (50, 5));
    let at_most = Duration::from_secs(at_most);
    // Spread over all that is stored, old and new.
    let families = || (0..times).map(|time| time * (stored / FAMILY / times));
    let graph: serde_json::Value = stage.served.client().get("/correlations/k-0").await?;
    let nodes = graph["nodes"].as_array().map_or(0, Vec::len) as u64;
    ensure!(
        nodes > FAMILY,
        "expected {FAMILY} events and an instance, but got {graph}"
    );
    let mut cases = Vec::new();
    for (question, path) in QUESTIONS {
        let latency = ask_each(stage.served.address, families().map(path), at_most).await?;
        bench.tell(question, 0, &format!("p95 {:.1} ms", latency.p95_ms));
        cases.push(Case {
            stored,
            question,
            latency,
        });
    }
    Ok(cases)
}

fn table(cases: &[Case]) -> Table {
    let mut table = Table::new(["stored events", "question", "p50 ms", "p95 ms", "max ms"]);
    for Case {
        stored,
        question,
        latency,
    } in cases
    {
        let figures = [latency.p50_ms, latency.p95_ms, latency.max_ms];
        let words = [stored.to_string(), (*question).to_owned()];
        table.row(
            words
                .into_iter()
                .chain(figures.map(|figure| cell([figure]))),
        );
    }
    table
}
