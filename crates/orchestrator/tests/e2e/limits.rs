//! Turns under the limits of workflows over a kill -9: nobody is forgotten, and the limit holds.

use serde_json::Value;

use crate::harness::{Node, text};

const LIMITED: &str = r#"
workflow:
  name: one-at-a-time
  version: 1.0.0
  concurrency: { key: "${ input.account }", limit: 1 }
  steps: [{ id: go, wait: { signal: go, timeout: 1h } }]
---
workflow:
  name: only-one
  version: 1.0.0
  concurrency: { key: "${ input.account }", limit: 1, on-limit: reject }
  steps: [{ id: go, wait: { signal: go, timeout: 1h } }]
---
workflow:
  name: newest
  version: 1.0.0
  concurrency: { limit: 1, on-limit: cancel-oldest }
  steps: [{ id: go, wait: { signal: go, timeout: 1h } }]
"#;

const ACCOUNT: &str = r#"{"account": "a-17"}"#;

fn status(node: &Node, id: &str) -> Value {
    node.json(&["show", id])["status"].clone()
}

#[test]
fn who_waits_is_next_over_kills_and_the_limit_holds() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(LIMITED);
    let ids: Vec<String> = (0..4)
        .map(|_| node.submit("one-at-a-time", ACCOUNT))
        .collect();
    node.kill_nine();

    let node = Node::serve(&data);
    assert_eq!(status(&node, &ids[0]), "waiting");
    let waits = node.json(&["show", &ids[3]]);
    assert_eq!(waits["status"], "queued");
    let why = &waits["waiting_for"][0];
    assert_eq!(why["kind"], "limit");
    let told = why["what"].as_str().unwrap();
    for part in [
        "at most 1 instance runs of one-at-a-time at once",
        "a-17",
        "1 running, 2 are ahead",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let other = node.submit("one-at-a-time", r#"{"account": "b"}"#);
    assert_eq!(status(&node, &other), "waiting");
    node.json(&["cancel", &ids[1]]);
    node.json(&["signal", &ids[0], "go"]);
    node.until_status(&ids[0], "completed");
    node.until_status(&ids[2], "waiting");
    assert_eq!(status(&node, &ids[3]), "queued");
    node.kill_nine();

    let node = Node::serve(&data);
    assert_eq!(status(&node, &ids[2]), "waiting");
    assert_eq!(status(&node, &ids[3]), "queued");
    let metrics = node.page("/metrics");
    assert!(metrics.contains("orchestrator_turns_waiting"), "{metrics}");
    for id in [&ids[2], &ids[3]] {
        node.until_status(id, "waiting");
        node.json(&["signal", id, "go"]);
        node.until_status(id, "completed");
    }
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}

#[test]
fn one_too_many_is_refused_or_takes_the_place_of_the_oldest() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(LIMITED);
    let first = node.submit("only-one", ACCOUNT);
    node.kill_nine();

    let node = Node::serve(&data);
    let submit = [
        "submit",
        "only-one",
        "--input",
        ACCOUNT,
        "--idempotency-key",
        "k",
    ];
    let refused = node.cli(&submit);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("ORC-0435"), "{said}");
    node.json(&["signal", &first, "go"]);
    node.until_status(&first, "completed");
    let again = node.json(&submit);
    assert_eq!(again["status"], "waiting", "the key is free again: {again}");

    let old = node.submit("newest", "{}");
    let new = node.submit("newest", "{}");
    node.until_status(&old, "cancelled");
    node.until_status(&new, "waiting");
}
