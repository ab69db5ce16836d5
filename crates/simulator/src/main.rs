//! `simulator`: runs seeds until one finds something, and says how to see it again.

use std::process::ExitCode;

use clap::Parser;
use simulator::model::{ModelPlan, run};

/// Runs the engine and the runtime under seeds.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Prints each step.
    #[arg(long)]
    talk: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut code = ExitCode::SUCCESS;
    let mut coverage = simulator::Coverage::default();
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        match run(seed, ModelPlan { talk: arguments.talk, ..ModelPlan::default() }) {
            Ok(run) => coverage.merge(&run.coverage),
            Err(finding) => {
                println!("seed {seed}: {finding}");
                code = ExitCode::FAILURE;
            }
        }
    }
    for (name, count) in coverage.lines() {
        println!("{count:>10} {name}");
    }
    code
}
