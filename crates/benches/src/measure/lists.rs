//! Lists and searches over many stored instances, while three-step workflows run at saturation.
//!
//! The store is filled through the product with workflows of one step that computes something and ends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use super::asking::ask_each;
use crate::bench::{Bench, FILED, Stage, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Until, closed_loop, fill, input};
use crate::report::{Section, Table, cell};
use crate::spread::Latency;

/// What runs meanwhile.
const LOAD: Shape = Shape::batches(4, 500);
/// How long the store may take to count what it was filled with.
const PATIENCE: Duration = Duration::from_secs(900);
/// The load runs until the questions are through; this only bounds it.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// A question, and its filter for the instance of a number.
struct Question {
    name: &'static str,
    path: fn(u64) -> String,
}

const QUESTIONS: [Question; 8] = [
    Question {
        name: "newest",
        path: |_| "?".to_owned(),
    },
    Question {
        name: "status",
        path: |_| "?status=failed".to_owned(),
    },
    Question {
        name: "workflow",
        path: |_| "?workflow=filed".to_owned(),
    },
    Question {
        name: "attribute",
        path: |number| format!("?attribute.order=o-{number:08}"),
    },
    Question {
        name: "subject",
        path: |number| format!("?subject={}", subject(number)),
    },
    Question {
        name: "correlation id",
        path: |number| format!("?correlation_id=k-{number}"),
    },
    Question {
        name: "q= of one",
        path: |number| format!("?q=k-{number}"),
    },
    Question {
        name: "count by status",
        path: |_| "/count?group_by=status".to_owned(),
    },
];

#[derive(Serialize)]
struct Case {
    stored: u64,
    question: &'static str,
    /// A list that has all that was durable when the question came.
    fresh: Latency,
    /// One that does not wait for the newest.
    eventual: Latency,
}

/// Measures it. Filling takes longer than all else, so each question is put often instead of the whole repeated.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let sizes: &[u64] = bench.scaled(&[1_000_000, 10_000_000], &[200_000]);
    let stage = bench.stage(&[THREE_STEPS, FILED].join("---\n")).await?;
    let (mut cases, mut stored) = (Vec::new(), 0);
    for size in sizes {
        let begun = Instant::now();
        fill(stage.served.address, (stored, *size), filed).await?;
        stored = *size;
        let client = stage.served.client();
        client
            .until_count("workflow=filed&status=completed", stored, PATIENCE)
            .await?;
        bench.tell(
            "lists",
            0,
            &format!(
                "{stored} stored after {:.0} s",
                begun.elapsed().as_secs_f64()
            ),
        );
        cases.extend(ask_under_load(bench, &stage, stored).await?);
    }
    Ok(Section::of(&cases)?.table(table(&cases)))
}

fn filed(number: u64) -> String {
    let input = input(number);
    format!(r#"{{"workflow":"filed","correlation_id":"k-{number}","input":{input}}}"#)
}

/// The subject that the definition takes from the input.
fn subject(number: u64) -> String {
    let input: serde_json::Value = serde_json::from_str(&input(number)).unwrap_or_default();
    input["customer"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn ask_under_load(bench: &Bench, stage: &Stage, stored: u64) -> Result<Vec<Case>> {
    let requests = Requests::new("three-steps", LOAD, Expect::Completed);
    let until = Until::Over(AT_MOST);
    let load = closed_loop(stage.served.address, LOAD.connections, &requests, until);
    tokio::select! {
        ended = load => bail!("expected the load to outlast the questions, but it ended: {ended:?}"),
        answers = ask_all(bench, stage, stored) => answers,
    }
}

async fn ask_all(bench: &Bench, stage: &Stage, stored: u64) -> Result<Vec<Case>> {
    tokio::time::sleep(bench.short_times().0).await;
    let asking = Asking {
        address: stage.served.address,
        stored,
        times: bench.scaled(200, 40),
        at_most: Duration::from_secs(bench.scaled(30, 3)),
    };
    let mut cases = Vec::new();
    for question in QUESTIONS {
        let fresh = asking.ask(&question, "").await?;
        let eventual = asking.ask(&question, "&consistency=eventual").await?;
        let (p95, eventually) = (fresh.p95_ms, eventual.p95_ms);
        let showed = format!("{stored} stored, p95 {p95:.1} ms, eventual {eventually:.1} ms");
        bench.tell(question.name, 0, &showed);
        cases.push(Case {
            stored,
            question: question.name,
            fresh,
            eventual,
        });
    }
    Ok(cases)
}

/// Puts each question so often, or as often as the time allows.
struct Asking {
    address: SocketAddr,
    stored: u64,
    times: u64,
    at_most: Duration,
}

impl Asking {
    async fn ask(&self, question: &Question, more: &str) -> Result<Latency> {
        // Spread over all that is stored, old and new.
        let numbers = (0..self.times).map(|time| time * (self.stored / self.times));
        let path = |number| {
            let filter = (question.path)(number);
            format!("/workflows{filter}{more}").replace("?&", "?")
        };
        ask_each(self.address, numbers.map(path), self.at_most).await
    }
}

fn table(cases: &[Case]) -> Table {
    let mut table = Table::new([
        "stored",
        "question",
        "p50 ms",
        "p95 ms",
        "max ms",
        "`consistency=eventual`: p50 ms",
        "p95 ms",
    ]);
    for case in cases {
        let figures = [
            case.fresh.p50_ms,
            case.fresh.p95_ms,
            case.fresh.max_ms,
            case.eventual.p50_ms,
            case.eventual.p95_ms,
        ];
        let words = [case.stored.to_string(), case.question.to_owned()];
        table.row(
            words
                .into_iter()
                .chain(figures.map(|figure| cell([figure]))),
        );
    }
    table
}
