//! `simulator`: runs seeds until one finds something, and says how to see it again.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use simulator::model::{self, ModelPlan};
use simulator::world::{self, WorldPlan};
use simulator::{Coverage, Finding};

/// Runs the engine and the runtime under seeds.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What runs under them; both where it is not said.
    #[arg(long)]
    only: Option<Part>,
    /// Prints each step.
    #[arg(long)]
    talk: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Engine,
    Runtime,
}

fn one(arguments: &Arguments, seed: u64, coverage: &mut Coverage) -> Result<(), Finding> {
    let talk = arguments.talk;
    if arguments.only != Some(Part::Runtime) {
        coverage.merge(&model::run(seed, ModelPlan::talking(talk))?.coverage);
    }
    if arguments.only != Some(Part::Engine) {
        coverage.merge(&world::run(seed, WorldPlan::talking(talk))?.coverage);
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut code = ExitCode::SUCCESS;
    let mut coverage = Coverage::default();
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        if let Err(finding) = one(&arguments, seed, &mut coverage) {
            println!("seed {seed}: {finding}");
            code = ExitCode::FAILURE;
        }
    }
    for (name, count) in coverage.lines() {
        println!("{count:>10} {name}");
    }
    code
}
