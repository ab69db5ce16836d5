//! What operators ask of instances over a kill -9: every word that was answered holds.

use serde_json::{Value, json};

use crate::DEFINITIONS;
use crate::harness::{Node, text};

const PAYS: &str = r#"
workflow:
  name: pays
  version: 1.0.0
  timeout: 1h
  output: ["${ steps.first.output }", "${ steps.second.output }"]
  steps:
    - { id: first, wait: { signal: paid } }
    - { id: second, wait: { signal: paid } }
    - { id: rest, wait: { for: 30m } }
"#;

fn refused(node: &Node, arguments: &[&str], code: i32, told: &str) {
    let output = node.cli(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(told), "{arguments:?}: {said}");
}

fn waits(node: &Node, id: &str) -> Value {
    node.json(&["show", id])["waiting_for"][0].clone()
}

#[test]
fn signals_pauses_and_orders_hold_over_kills() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let serve = || Node::serve(&data);
    let node = serve();
    node.apply(DEFINITIONS);
    node.apply(PAYS);
    let id = node.submit("pays", "{}");
    let send = [
        "signal",
        &id,
        "paid",
        "--data",
        r#"{"n": 1}"#,
        "--idempotency-key",
        "k",
    ];
    node.json(&send);
    node.kill_nine();

    let node = serve();
    assert_eq!(
        waits(&node, &id)["step"],
        "second",
        "the first signal was taken"
    );
    // Its answer may have got lost: it is sent again, and delivered once.
    node.json(&send);
    assert_eq!(waits(&node, &id)["signal"], "paid");
    let paused = node.json(&["pause", &id, "--reason", "lunch"]);
    assert_eq!(paused["status"], "paused");
    node.json(&["signal", &id, "paid", "--data", "2"]);
    node.kill_nine();

    let node = serve();
    let shown = node.json(&["show", &id]);
    assert_eq!(
        (&shown["status"], &shown["paused"]["reason"]),
        (&json!("paused"), &json!("lunch"))
    );
    assert_eq!(
        shown["steps"][2]["status"], "pending",
        "nothing begins in a pause"
    );
    node.json(&["resume", &id]);
    assert_eq!(waits(&node, &id)["step"], "rest");
    refused(&node, &["steps", "retry", &id, "rest"], 5, "ORC-0406");
    refused(&node, &["steps", "skip", &id, "nowhere"], 4, "ORC-0303");
    node.json(&["steps", "skip", &id, "rest", "--reason", "no time"]);
    node.kill_nine();

    let node = serve();
    let ended = node.until_status(&id, "completed");
    assert_eq!(ended["output"], json!([{ "n": 1 }, 2]));
    refused(&node, &["signal", &id, "paid"], 5, "ORC-0401");
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}

#[test]
fn an_instance_starts_later_and_once_more() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let ada = r#"{"name": "Ada"}"#;
    let later = node.json(&["submit", "greet", "--input", ada, "--start-at", "1h"]);
    assert_eq!(later["status"], "queued");
    let later = later["id"].as_str().unwrap();
    node.kill_nine();

    let node = Node::serve(&data);
    assert_eq!(waits(&node, later)["kind"], "start");
    let soon = node.json(&["submit", "greet", "--input", ada, "--start-at", "100ms"]);
    let soon = soon["id"].as_str().unwrap();
    let first = node.until_status(soon, "completed");
    node.json(&["cancel", later]);
    node.until_status(later, "cancelled");
    let again = node.json(&["replay", soon]);
    assert_ne!(again["id"], json!(soon));
    let again = node.until_status(again["id"].as_str().unwrap(), "completed");
    assert_eq!(again["output"], first["output"]);
}

const LATER: &str = r#"
workflow:
  name: nap
  version: 1.1.0
  timeout: 1h
  steps:
    - { id: before, adapter: local, action: echo, input: {} }
    - { id: nap, wait: { for: "${ input.for }" } }
    - { id: after, adapter: local, action: echo, input: { version: 1.1.0 } }
"#;

#[test]
fn the_past_is_acted_on_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    node.apply(LATER);
    let id = node.json(&[
        "submit",
        "nap",
        "--version",
        "1.0.0",
        "--input",
        r#"{"for": "30m"}"#,
    ]);
    let id = id["id"].as_str().unwrap();
    assert_eq!(waits(&node, id)["step"], "nap");
    refused(&node, &["retry", id], 5, "ORC-0406");
    refused(&node, &["restore", id, "--to-seq", "99"], 4, "ORC-0308");
    refused(&node, &["migrate", id, "--to", "9.9.9"], 4, "ORC-0302");
    let since = node.json(&["restore", id, "--to-seq", "2", "--dry-run"]);
    assert_eq!(since["since"][0]["step"], "before");
    let restored = node.json(&["restore", id, "--to-seq", "2", "--reason", "once more"]);
    assert_eq!(restored["id"], json!(id));
    assert_eq!(waits(&node, id)["step"], "nap");

    // One that is there already is named, and the other moves.
    let other = node.json(&[
        "submit",
        "nap",
        "--version",
        "1.1.0",
        "--input",
        r#"{"for": "30m"}"#,
    ]);
    let other = other["id"].as_str().unwrap();
    let fits = node.json(&["migrate", id, "--to", "1.1.0", "--dry-run"]);
    assert_eq!(fits["fits"], true);
    refused(&node, &["migrate", other, id, "--to", "1.1.0"], 5, other);
    node.json(&["steps", "skip", id, "nap"]);
    let ended = node.until_status(id, "completed");
    assert_eq!(ended["steps"][2]["output"], json!({ "version": "1.1.0" }));
    let audit = node.json(&["audit", "--kind", "restored"]);
    assert_eq!(audit["items"][0]["reason"], "once more");

    let again = node.json(&["replay", id, "--from", "after"]);
    let again = node.until_status(again["id"].as_str().unwrap(), "completed");
    assert_eq!(again["steps"][1]["status"], "skipped");
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}
