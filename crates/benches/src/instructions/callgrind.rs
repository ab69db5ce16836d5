//! Counting with Valgrind, in a process that does nothing else.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Instructions of this program running a workload so often.
pub(super) fn count(folder: &Path, workload: &str, times: usize) -> Result<u64> {
    let file = folder.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--error-exitcode=1", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(["workload", workload, &times.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let output = command.output();
    let output = output.context("running valgrind; scripts/bench-needs installs it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "counting {workload} failed: {said}"
    );
    let text = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    total(&text).context("expected the counter's file to have a total")
}

fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read() {
        assert_eq!(
            total("events: Ir\nfn=(1)\n12 40\n\ntotals: 123456\n"),
            Some(123_456)
        );
        assert_eq!(total("events: Ir\n"), None);
    }
}
