//! One verb on many instances over a kill -9: each takes it once, and none is left out.

use serde_json::{Value, json};

use crate::DEFINITIONS;
use crate::harness::{Node, text, until};

const NAPS: &str = r#"
workflow:
  name: naps
  version: 1.0.0
  timeout: 1h
  steps: [{ id: nap, wait: { for: 30m } }]
"#;

fn start_many(node: &Node, count: usize) {
    let items: Vec<Value> = (0..count).map(|_| json!({ "workflow": "naps" })).collect();
    let body = json!({ "items": items }).to_string();
    let answer = node.post("/api/v1/workflows/batch", &body);
    assert_eq!(answer["accepted"], count, "{answer}");
}

fn operation(node: &Node, id: &str) -> Value {
    node.json(&["operations", "show", id])
}

#[test]
fn five_hundred_are_cancelled_once_over_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    node.apply(NAPS);
    start_many(&node, 500);
    let dry = node.json(&["cancel", "--filter", "workflow=naps", "--dry-run"]);
    assert_eq!(dry["count"], 500);
    let unsure = node.cli(&["cancel", "--filter", "workflow=naps"]);
    assert_eq!(unsure.status.code(), Some(2));
    assert!(
        text(&unsure.stderr).contains("--yes"),
        "{}",
        text(&unsure.stderr)
    );
    let made = node.json(&[
        "cancel",
        "--filter",
        "workflow=naps",
        "--filter",
        "status=active",
        "--yes",
        "--reason",
        "the shop is closed",
        "--rate",
        "200/s",
    ]);
    let id = made["id"].as_str().unwrap().to_owned();
    until("some are done", || {
        (operation(&node, &id)["done"].as_u64()? > 0).then_some(())
    });
    node.kill_nine();

    let node = Node::serve(&data);
    let ended = until("all are done", || {
        let shown = operation(&node, &id);
        shown["ended_at"].is_string().then_some(shown)
    });
    assert_eq!(
        (
            &ended["status"],
            &ended["done"],
            &ended["refused"],
            &ended["failed"]
        ),
        (&json!("completed"), &json!(500), &json!(0), &json!(0)),
        "{ended}"
    );
    let count = node.get("/api/v1/workflows/count?status=cancelled&workflow=naps");
    assert_eq!(count["total"], 500);
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}

#[test]
fn an_operation_is_held_and_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    node.apply(NAPS);
    start_many(&node, 50);
    let made = node.json(&[
        "pause",
        "--filter",
        "workflow=naps",
        "--yes",
        "--rate",
        "5/s",
    ]);
    let id = made["id"].as_str().unwrap().to_owned();
    let paused = node.json(&["operations", "pause", &id, "--reason", "wait"]);
    assert_eq!(paused["status"], "paused");
    node.kill_nine();

    let node = Node::serve(&data);
    assert_eq!(operation(&node, &id)["status"], "paused");
    node.json(&["operations", "resume", &id]);
    node.json(&["operations", "cancel", &id]);
    let ended = until("it has ended", || {
        let shown = operation(&node, &id);
        shown["ended_at"].is_string().then_some(shown)
    });
    assert_eq!(ended["status"], "cancelled");
    assert!(ended["done"].as_u64().unwrap() < 50, "{ended}");
    let listed = node.json(&["operations", "list"]);
    assert_eq!(listed["items"][0]["id"], json!(id));
}
