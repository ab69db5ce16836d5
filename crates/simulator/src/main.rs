//! `simulator`: runs seeds until one finds something, and says how to see it again.

mod runner;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use simulator::{CLUSTER, ENGINE, RUNTIME};

/// Runs the engine, the whole runtime in a simulated world, and several of it on one store, under
/// seeds.
#[derive(Clone, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many run side by side.
    #[arg(long, default_value_t = 2)]
    jobs: u64,
    /// What runs under them; everything where it is not said.
    #[arg(long)]
    only: Option<Part>,
    /// Runs nothing but the cluster.
    #[arg(long, conflicts_with_all = ["only", "single"])]
    cluster: bool,
    /// Runs everything but the cluster.
    #[arg(long, conflicts_with = "only")]
    single: bool,
    /// Prints each step, of one seed after the other.
    #[arg(long)]
    talk: bool,
}

/// A part of the simulation.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Part {
    /// The engine alone.
    Engine,
    /// The runtime in its world.
    Runtime,
    /// Several nodes on one store.
    Cluster,
}

impl Arguments {
    /// Whether a part runs.
    fn runs(&self, part: Part) -> bool {
        match self.only {
            Some(only) => only == part,
            None if self.cluster => part == Part::Cluster,
            None => !self.single || part != Part::Cluster,
        }
    }
}

/// So many seeds must hit everything that is expected; fewer may miss some of it by chance.
const ENOUGH: u64 = 1_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ran = runner::run(&arguments);
    for (name, count) in ran.coverage.lines() {
        println!("{count:>12}  {name}");
    }
    println!(
        "{} seeds, {} instances, {} records in {:.1} s",
        ran.seeds, ran.instances, ran.records, ran.seconds
    );
    for found in &ran.found {
        println!("\nseed {}, {}: {}", found.seed, found.part, found.what);
        println!("  see it again: {}", found.command());
    }
    let expected = [
        (Part::Engine, ENGINE),
        (Part::Runtime, RUNTIME),
        (Part::Cluster, CLUSTER),
    ];
    let wanted = expected.iter().filter(|(part, _)| arguments.runs(*part));
    let missing: Vec<String> = wanted
        .flat_map(|(_, points)| ran.coverage.missing(points))
        .collect();
    for name in &missing {
        println!("never hit: {name}");
    }
    let enough = arguments.seeds >= ENOUGH;
    if ran.found.is_empty() && (missing.is_empty() || !enough) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
