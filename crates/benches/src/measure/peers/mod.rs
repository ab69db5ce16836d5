//! The same work on Restate and DBOS, taking turns with ours in one run: three durable steps.

mod comparison;

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::http_steps::documents;
use super::runs::{of_ours, tell};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Until, closed_loop, counted};
use crate::peers::{Dbos, PeerRun, Postgres, Restate, steps_service};
use crate::report::Section;

/// In flight; the peers are driven with one request each.
const IN_FLIGHT: [usize; 3] = [256, 64, 1];
/// What is compared.
const ENGINES: [&str; 4] = [
    "ours, in process",
    "ours, service in Node",
    "Restate",
    "DBOS",
];
/// Ours once more, where batches keep it busy.
const SATURATED: Shape = Shape::batches(4, 500);

#[derive(Default, Serialize)]
struct Figures {
    /// Versions of the peers, and which are missing and why.
    notes: Vec<String>,
    saturated: Vec<PeerRun>,
    cases: Vec<Case>,
}

/// Runs with so many in flight, one for each repeat.
#[derive(Serialize)]
struct Case {
    in_flight: usize,
    in_process: Vec<PeerRun>,
    http: Vec<PeerRun>,
    restate: Vec<PeerRun>,
    dbos: Vec<PeerRun>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut figures = Figures {
        cases: IN_FLIGHT.map(Case::of).into(),
        ..Figures::default()
    };
    for repeat in 0..bench.options.repeats {
        let figures = &mut figures;
        let mut turn = Turn {
            bench,
            repeat,
            figures,
        };
        turn.in_process().await?;
        turn.restate().await?;
        turn.over_http().await?;
        turn.dbos().await?;
    }
    comparison::report(&figures)
}

impl Case {
    const fn of(in_flight: usize) -> Self {
        Self {
            in_flight,
            in_process: Vec::new(),
            http: Vec::new(),
            restate: Vec::new(),
            dbos: Vec::new(),
        }
    }

    /// In the order of their names.
    fn engines(&self) -> [(&'static str, &[PeerRun]); 4] {
        let runs = [&self.in_process, &self.http, &self.restate, &self.dbos];
        std::array::from_fn(|place| (ENGINES[place], runs[place].as_slice()))
    }
}

/// One repeat: each engine once.
struct Turn<'a> {
    bench: &'a Bench,
    repeat: usize,
    figures: &'a mut Figures,
}

impl Turn<'_> {
    async fn in_process(&mut self) -> Result<()> {
        let saturated = self.bench.three_steps(SATURATED, self.times()).await?;
        self.tell("ours, saturated", &of_ours(&saturated, 0.0));
        self.figures.saturated.push(of_ours(&saturated, 0.0));
        for (place, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let shape = Shape::single(in_flight);
            let run = of_ours(&self.bench.three_steps(shape, self.times()).await?, 0.0);
            self.tell("ours, in process", &run);
            self.figures.cases[place].in_process.push(run);
        }
        Ok(())
    }

    async fn over_http(&mut self) -> Result<()> {
        let service = match steps_service(&self.bench.options.peers).await {
            Ok(service) => service,
            Err(error) => {
                self.missing("ours with a service in Node", &error);
                return Ok(());
            }
        };
        for (place, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let shape = Shape::single(in_flight);
            let stage = self.bench.stage(&documents(service.address)).await?;
            let requests = Requests::new("http-steps", shape, Expect::Completed);
            let (address, (warming, lasting)) = (stage.served.address, self.times());
            closed_loop(address, shape.connections, &requests, Until::Over(warming)).await?;
            let before = service.process().cpu_ms().unwrap_or_default();
            let ours = counted(&stage.served, shape, &requests, Until::Over(lasting)).await?;
            let used = service.process().cpu_ms().unwrap_or_default() - before;
            let run = of_ours(&ours, used / ours.count as f64);
            self.tell("ours, service in Node", &run);
            self.figures.cases[place].http.push(run);
        }
        Ok(())
    }

    async fn restate(&mut self) -> Result<()> {
        let options = &self.bench.options;
        let restate = match Restate::start(&options.peers, &options.data).await {
            Ok(restate) => restate,
            Err(error) => {
                self.missing("Restate", &error);
                return Ok(());
            }
        };
        self.note(format!("Restate: {}.", restate.version));
        for (place, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let run = restate.run(in_flight, self.times()).await?;
            self.tell("Restate", &run);
            self.figures.cases[place].restate.push(run);
        }
        Ok(())
    }

    async fn dbos(&mut self) -> Result<()> {
        let peers = &self.bench.options.peers;
        let started = async { anyhow::Ok((Dbos::install(peers)?, Postgres::start(peers).await?)) };
        let (dbos, postgres) = match started.await {
            Ok(both) => both,
            Err(error) => {
                self.missing("DBOS", &error);
                return Ok(());
            }
        };
        self.note(format!("{} on {}.", dbos.version, postgres.version));
        for (place, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let run = dbos.run(&postgres, in_flight, self.times())?;
            self.tell("DBOS", &run);
            self.figures.cases[place].dbos.push(run);
        }
        Ok(())
    }

    fn times(&self) -> (Duration, Duration) {
        self.bench.short_times()
    }

    fn tell(&self, who: &str, run: &PeerRun) {
        tell(self.bench, who, self.repeat, run);
    }

    /// A peer that is not there is said in the report, and the others go on.
    fn missing(&mut self, who: &str, error: &anyhow::Error) {
        self.note(format!("{who} is left out: {error:#}."));
    }

    fn note(&mut self, note: String) {
        eprintln!("{note}");
        if !self.figures.notes.contains(&note) {
            self.figures.notes.push(note);
        }
    }
}
