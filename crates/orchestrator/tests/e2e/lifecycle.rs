//! Starting, killing, stopping.

use crate::DEFINITIONS;
use crate::harness::{BINARY, Beside, Node, cli, text, until};

#[test]
fn what_was_answered_survives_a_kill_and_completes() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let id = node.submit("nap", r#"{"for": "1s"}"#);
    let listed = node.json(&["list"]);
    assert_eq!(listed["items"][0]["id"], id);
    node.kill_nine();

    let node = Node::serve(&data);
    let ended = node.until_status(&id, "completed");
    let attempts: Vec<u64> = ended["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["attempt_count"].as_u64().unwrap())
        .collect();
    assert_eq!(attempts, [1, 0, 1]);
    node.stop();

    let checked = cli(&["doctor", "--data", data.to_str().unwrap(), "-o", "json"]);
    assert!(
        checked.status.success(),
        "{}{}",
        text(&checked.stdout),
        text(&checked.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (&report["instances"], &report["violations"]),
        (&1.into(), &serde_json::json!([]))
    );
}

#[test]
fn a_watch_goes_on_over_a_restart_and_misses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let id = node.submit("nap", r#"{"for": "2s"}"#);
    let (url, port) = (node.url.clone(), node.port());
    let watch = Beside::start(&["watch", &id], &[("ORCHESTRATOR_SERVER", &url)]);
    until("the watcher has seen something", || {
        (!watch.lines().is_empty()).then_some(())
    });
    node.kill_nine();
    let listen = format!("127.0.0.1:{port}");
    let node = Node::serve_with(&data, &["--listen", &listen]);
    let (status, printed) = watch.finish();
    assert!(status.success(), "{printed:?}");
    let record = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let records: Vec<serde_json::Value> = printed.iter().map(|line| record(line)).collect();
    let seqs: Vec<u64> = records
        .iter()
        .map(|record| record["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(records.last().unwrap()["type"], "instance-completed");
    node.stop();
}

#[test]
fn a_folder_has_one_process_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    let second = cli(&[
        "serve",
        "--data",
        data.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("ORC-0606"),
        "{}",
        text(&second.stderr)
    );
    let other = dir.path().join("other");
    let address = node.url.trim_start_matches("http://");
    let taken = cli(&[
        "serve",
        "--data",
        other.to_str().unwrap(),
        "--listen",
        address,
    ]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        text(&taken.stderr).contains("ORC-0605"),
        "{}",
        text(&taken.stderr)
    );
    node.stop();
}

#[test]
fn a_stop_commits_and_leaves_and_log_lines_bear_the_correlation() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve_with(&data, &["--listen", "127.0.0.1:0", "--log-level", "debug"]);
    node.apply(DEFINITIONS);
    let started = node.json(&[
        "submit",
        "nap",
        "--input",
        r#"{"for": "30m"}"#,
        "--correlation-id",
        "corr-42",
    ]);
    let id = started["id"].as_str().unwrap().to_owned();
    let log = dir.path().join("store.log");
    node.stop();
    let lines = std::fs::read_to_string(log).unwrap();
    let all_json = lines
        .lines()
        .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    assert!(all_json, "{lines}");
    assert!(lines.contains("corr-42"), "{lines}");

    let node = Node::serve(&data);
    assert_eq!(node.json(&["show", &id])["status"], "waiting");
    let cancelled = node.cli(&["cancel", &id, "--reason", "enough"]);
    assert!(cancelled.status.success());
    node.until_status(&id, "cancelled");
}

/// A store that cannot be written ends the process, and what was answered before is there.
#[test]
fn a_full_disk_ends_the_process_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    // A file may have 12,000 blocks (of 512 or 1,024 bytes, as the shell counts); the signal that
    // would kill the writer is ignored, so that it sees an error as on a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 12000; exec {BINARY} serve --data {} --partitions 2 --listen 127.0.0.1:0",
        data.display()
    );
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]);
    let node = Node::launch(&data, command);
    node.apply(DEFINITIONS);
    let input = format!(r#"{{"for": "1h", "filler": "{}"}}"#, "x".repeat(30_000));
    let item = format!(r#"{{"workflow": "nap", "input": {input}}}"#);
    let body = format!(r#"{{"items": [{}]}}"#, vec![item.as_str(); 100].join(","));
    let url = format!("{}/api/v1/workflows/batch", node.url);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut accepted = 0;
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..200 {
            let request = http.post(&url).header("content-type", "application/json");
            let Ok(answer) = request.body(body.clone()).send().await else {
                break;
            };
            let Ok(answer) = answer.json::<serde_json::Value>().await else {
                break;
            };
            let Some(taken) = answer["accepted"].as_u64() else {
                break;
            };
            accepted += taken;
        }
    });
    let (exit, log) = node.ended();
    assert_eq!(exit, Some(1), "{log}");
    assert!(log.contains("ORC-0504"), "{log}");
    assert!(accepted > 0);

    let node = Node::serve(&data);
    let list = node.json(&["list", "--limit", "1000", "--workflow", "nap"]);
    let listed = list["items"].as_array().unwrap().len() as u64;
    assert!(
        listed >= accepted.min(1_000),
        "{listed} of {accepted} are there"
    );
}
