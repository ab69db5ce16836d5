//! Three steps on PostgreSQL, taking turns with DBOS on the same server: one node, then three, whose difference is what
//! forwarding costs.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use api::{Node, Page};
use serde::Serialize;

use super::in_process::{Half, half, half_load};
use super::runs::{cost_cells, factor, fastest, of_ours, rate, tell};
use crate::bench::{Bench, Stage, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Until, closed_loop, counted};
use crate::peers::{Dbos, PeerRun, Postgres};
use crate::process::Process;
use crate::report::{Section, Table};
use crate::served::Database;

/// From saturation to one at a time; DBOS is driven with as many single starts.
const SHAPES: [Shape; 4] = [
    Shape::batches(4, 500),
    Shape::single(256),
    Shape::single(64),
    Shape::single(1),
];
/// Half of these, by their place, is half load.
const HALVED: [(usize, Shape); 2] = [(1, SHAPES[1]), (0, SHAPES[0])];
/// What DBOS is driven with: more in flight make it no faster.
const THEIRS: [usize; 3] = [256, 64, 1];
/// Nodes of the second measurement.
const NODES: usize = 3;
/// How long partitions may take to be spread over the nodes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at them.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Default, Serialize)]
struct Figures {
    /// Versions, and what is missing and why.
    notes: Vec<String>,
    cases: Vec<Case>,
    half: Vec<Half>,
    dbos: Vec<Theirs>,
}

/// Runs with so many in flight, one for each repeat.
#[derive(Serialize)]
struct Case {
    shape: String,
    one_node: Vec<PeerRun>,
    three_nodes: Vec<PeerRun>,
}

#[derive(Serialize)]
struct Theirs {
    in_flight: usize,
    runs: Vec<PeerRun>,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let of_shape = |shape: Shape| Case {
        shape: shape.name(),
        one_node: Vec::new(),
        three_nodes: Vec::new(),
    };
    let of_theirs = |in_flight| Theirs {
        in_flight,
        runs: Vec::new(),
    };
    let peers = &bench.options.peers;
    let postgres = Postgres::start(peers).await?;
    let mut figures = Figures {
        notes: vec![format!("{}, its defaults.", postgres.version)],
        cases: SHAPES.map(of_shape).into(),
        half: Vec::new(),
        dbos: THEIRS.map(of_theirs).into(),
    };
    let dbos = match Dbos::install(peers) {
        Ok(dbos) => {
            figures.notes.push(format!("{}.", dbos.version));
            Some(dbos)
        }
        Err(error) => {
            let missing = format!("DBOS is left out: {error:#}.");
            figures.notes.push(missing);
            None
        }
    };
    for repeat in 0..bench.options.repeats {
        let mut turn = Turn {
            bench,
            postgres: &postgres,
            repeat,
            figures: &mut figures,
        };
        turn.one_node().await?;
        if let Some(dbos) = &dbos {
            turn.theirs(dbos)?;
        }
        turn.three_nodes().await?;
    }
    report(&figures)
}

/// One repeat: each engine once.
struct Turn<'a> {
    bench: &'a Bench,
    postgres: &'a Postgres,
    repeat: usize,
    figures: &'a mut Figures,
}

impl Turn<'_> {
    async fn one_node(&mut self) -> Result<()> {
        for (place, shape) in SHAPES.into_iter().enumerate() {
            let nodes = self.nodes(1).await?;
            let run = self.under_load(&nodes, shape).await?;
            self.tell(&format!("one node, {}", shape.name()), &run);
            self.figures.cases[place].one_node.push(run);
        }
        for (place, shape) in HALVED {
            let saturated = self.figures.cases[place].one_node[self.repeat].per_second;
            let nodes = self.nodes(1).await?;
            let half =
                half_load(&nodes[0].served, self.bench.times(), shape, saturated / 2.0).await?;
            self.bench
                .tell("one node, half load", self.repeat, &half.told());
            self.figures.half.push(half);
        }
        Ok(())
    }

    fn theirs(&mut self, dbos: &Dbos) -> Result<()> {
        for (place, in_flight) in THEIRS.into_iter().enumerate() {
            let run = dbos.run(self.postgres, in_flight, self.bench.short_times())?;
            self.tell(&format!("DBOS, {in_flight} in flight"), &run);
            self.figures.dbos[place].runs.push(run);
        }
        Ok(())
    }

    async fn three_nodes(&mut self) -> Result<()> {
        for (place, shape) in SHAPES.into_iter().enumerate() {
            let nodes = self.nodes(NODES).await?;
            let run = self.under_load(&nodes, shape).await?;
            self.tell(&format!("three nodes, {}", shape.name()), &run);
            self.figures.cases[place].three_nodes.push(run);
        }
        Ok(())
    }

    /// So many nodes on a fresh database, each with its share of the partitions.
    async fn nodes(&self, count: usize) -> Result<Vec<Stage>> {
        let url = self.postgres.fresh("nodes")?;
        let mut nodes = Vec::new();
        for number in 1..=count {
            let (url, node) = (url.clone(), format!("n{number}"));
            let documents = if number == 1 { THREE_STEPS } else { "" };
            let node = Some(Database { url, node });
            nodes.push(self.bench.stage_with(&[], node, documents).await?);
        }
        let begun = Instant::now();
        while !is_spread(&nodes).await? {
            ensure!(
                begun.elapsed() < PATIENCE,
                "expected the partitions to be spread over {count} nodes"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(nodes)
    }

    /// The load goes to the first node alone; what the others and the database use counts.
    async fn under_load(&self, nodes: &[Stage], shape: Shape) -> Result<PeerRun> {
        let requests = Requests::new("three-steps", shape, Expect::Completed);
        let served = &nodes[0].served;
        let (warming, lasting) = self.bench.short_times();
        let warming = Until::Over(warming);
        closed_loop(served.address, shape.connections, &requests, warming).await?;
        let others = nodes[1..].iter().map(|node| node.served.process());
        let beside = || {
            let nodes = others.clone().filter_map(Process::cpu_ms).sum::<f64>();
            nodes + self.postgres.process().tree_cpu_ms().unwrap_or_default()
        };
        let before = beside();
        let ours = counted(served, shape, &requests, Until::Over(lasting)).await?;
        let used = beside() - before;
        Ok(of_ours(&ours, used / ours.count.max(1) as f64))
    }

    fn tell(&self, who: &str, run: &PeerRun) {
        tell(self.bench, who, self.repeat, run);
    }
}

/// Whether each node knows of all, and has a fair share of the partitions; one alone has them all.
async fn is_spread(nodes: &[Stage]) -> Result<bool> {
    for node in nodes {
        let known: Page<Node> = node.served.client().get("/system/nodes").await?;
        let all: u64 = known.items.iter().map(|node| node.partitions).sum();
        let fair = |node: &Node| node.live && node.partitions * nodes.len() as u64 * 2 > all;
        if known.items.len() != nodes.len() || !known.items.iter().all(fair) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn report(figures: &Figures) -> Result<Section> {
    let mut section = Section::of(figures)?
        .table(rates(figures))
        .table(half(&figures.half))
        .table(forwarding(&figures.cases))
        .table(theirs(&figures.dbos));
    section.notes.clone_from(&figures.notes);
    Ok(section)
}

fn rates(figures: &Figures) -> Table {
    let mut table = Table::new([
        "workflows/s, in flight",
        "one node",
        "DBOS, its best",
        "one node / DBOS",
    ]);
    let best = fastest(figures.dbos.iter().map(|one| one.runs.as_slice()));
    for Case {
        shape, one_node, ..
    } in &figures.cases
    {
        table.row([
            shape.clone(),
            rate(one_node),
            rate(best),
            factor(one_node, best),
        ]);
    }
    table
}

/// The same load on the first of one and of three nodes.
fn forwarding(cases: &[Case]) -> Table {
    let mut table = Table::new([
        "in flight",
        "nodes",
        "workflows/s",
        "CPU ms each",
        "p50 ms",
        "p99 ms",
    ]);
    for case in cases {
        for (nodes, runs) in [("1", &case.one_node), ("3", &case.three_nodes)] {
            table.row(of_runs(case.shape.clone(), nodes, runs));
        }
    }
    table
}

fn theirs(all: &[Theirs]) -> Table {
    let mut table = Table::new([
        "in flight",
        "engine",
        "workflows/s",
        "CPU ms each",
        "p50 ms",
        "p99 ms",
    ]);
    for Theirs { in_flight, runs } in all {
        table.row(of_runs(in_flight.to_string(), "DBOS", runs));
    }
    table
}

fn of_runs(load: String, who: &str, runs: &[PeerRun]) -> [String; 6] {
    let [cpu, p50, p99] = cost_cells(runs);
    [load, who.to_owned(), rate(runs), cpu, p50, p99]
}
