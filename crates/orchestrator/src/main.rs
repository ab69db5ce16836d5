//! The binary `orchestrator`: the server, the development setup, and the command line that talks
//! to a server over its API.

mod args;
mod client;
mod commands;
mod examples;
mod failure;
mod files;
mod output;
mod sse;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::args::Cli;

/// Takes a third off what a workflow costs: payloads and records are made on one thread and freed on another,
/// which the system's allocator does slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit.into()
        }
    }
}
