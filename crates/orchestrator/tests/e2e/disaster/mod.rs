//! Backups, the archive, restoring a moment, moving a store.

mod backups;
mod load;
mod moments;
mod moving;
mod postgres;
mod refusals;
mod s3;

use std::path::Path;

use serde_json::Value;

use crate::harness::{cli, cli_with, text};

/// The address of a folder.
fn address(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

/// The command line without a server, whose answer is JSON.
fn json(arguments: &[&str]) -> Value {
    json_with(arguments, &[])
}

fn json_with(arguments: &[&str], variables: &[(&str, &str)]) -> Value {
    let output = cli_with(arguments, variables, "");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command says that fails with this exit code.
fn fails(arguments: &[&str], code: i32) -> String {
    let output = cli(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// A store that no server holds has nothing that should not be.
fn sound(folder: &Path) {
    let report = json(&["doctor", "--data", folder.to_str().unwrap(), "-o", "json"]);
    assert_eq!(report["violations"], serde_json::json!([]));
}
