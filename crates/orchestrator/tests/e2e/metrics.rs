//! The figures of the real server, as Prometheus reads them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::DEFINITIONS;
use crate::harness::{Node, text};

/// Prometheus' own checker: on the PATH, or where `scripts/test-needs` puts it.
fn promtool() -> PathBuf {
    let fetched = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("promtool");
    if fetched.exists() {
        fetched
    } else {
        "promtool".into()
    }
}

/// What the checker says of a page.
fn checked(page: &str) -> Output {
    let mut child = Command::new(promtool())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: `scripts/test-needs` fetches it");
    let mut input = child.stdin.take().unwrap();
    input.write_all(page.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[test]
fn promtool_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    for _ in 0..3 {
        let id = node.submit("greet", r#"{"name": "Ada"}"#);
        node.until_status(&id, "completed");
    }
    let id = node.submit("broken", "null");
    node.until_status(&id, "failed");
    let id = node.submit("nap", r#"{"for": "100ms"}"#);
    node.until_status(&id, "completed");
    let page = node.page("/metrics");
    for sample in [
        r#"orchestrator_instances_ended_total{status="completed"} 4"#,
        r#"orchestrator_instances_ended_total{status="failed"} 1"#,
        r#"orchestrator_calls_started_total{adapter="local"} 5"#,
    ] {
        assert!(
            page.lines().any(|line| line == sample),
            "no {sample} in\n{page}"
        );
    }
    let output = checked(&page);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{}: {said}\n{page}",
        output.status
    );
}

#[test]
fn promtool_finds_what_is_wrong() {
    // A counter without `_total`: the check above would be worth nothing if this passed.
    let output = checked(
        "# HELP orchestrator_commits Batches.\n# TYPE orchestrator_commits counter\norchestrator_commits 1\n",
    );
    assert!(!output.status.success());
}
