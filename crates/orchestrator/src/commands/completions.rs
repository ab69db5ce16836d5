//! `completions` and `openapi`: texts that the binary holds.

use api::Exit;
use clap::CommandFactory;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::print;

/// Prints a script for the shell.
pub fn script(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "orchestrator", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Well)
}

/// Prints the OpenAPI document.
pub fn openapi() -> Result<Exit, Failure> {
    print(&server::openapi_json())?;
    Ok(Exit::Well)
}
