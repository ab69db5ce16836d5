//! Kept outputs, and undos that wait for a person, over a kill -9.

use serde_json::{Value, json};

use crate::harness::{Node, text, until};

const RATE: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: rate
  version: 1.0.0
  timeout: 1h
  output: "${ steps.rate.output }"
  steps:
    - { id: rate, adapter: local, action: echo, input: { n: "${ input.n }" }, cache: { key: "${ input.currency }", ttl: 1h } }
"#;

/// The output of a run, and whose it was where it was kept.
fn rate(node: &Node, n: u32) -> (Value, Value) {
    let input = json!({ "currency": "eur", "n": n }).to_string();
    let id = node.submit("rate", &input);
    let ended = node.until_status(&id, "completed");
    let history = node.json(&["history", &id]);
    let items = history["items"].as_array().unwrap();
    let mut completed = items.iter().filter(|item| item["type"] == "step-completed");
    let from = completed.next().unwrap()["data"]["from_cache_of"].clone();
    (ended["output"]["n"].clone(), from)
}

#[test]
fn a_kept_output_is_used_again_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(RATE);
    assert_eq!(rate(&node, 1), (json!(1), Value::Null));
    node.kill_nine();

    let node = Node::serve(&data);
    let (output, from) = rate(&node, 2);
    assert_eq!(output, 1);
    assert!(from.is_string(), "{from}");
    let metrics = node.page("/metrics");
    assert!(
        metrics.contains("orchestrator_outputs_reused_total 1"),
        "{metrics}"
    );
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}

const UNDONE: &str = r#"
adapters: [{ name: local, type: builtin }]
policies:
  rules: [{ name: undos, match: { adapter: local, action: log }, set: { man-mode: require } }]
---
workflow:
  name: pay
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: first, adapter: local, action: echo, input: 1, compensation: { adapter: local, action: transform, input: { value: 1 } } }
    - { id: pay, adapter: local, action: echo, input: 2, compensation: { adapter: local, action: log, input: { message: "undone" } } }
    - { id: stop, fail: { type: too.bad, message: on purpose } }
"#;

#[test]
fn an_undo_waits_for_its_approval_over_kills() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(UNDONE);
    let id = node.submit("pay", "{}");
    let pending = |node: &Node| {
        until("the undo waits for a person", || {
            let list = node.json(&["decisions", "list", "--status", "pending"]);
            list["items"].as_array().unwrap().first().cloned()
        })
    };
    let asked = pending(&node);
    assert_eq!(asked["kind"], "compensation-approval", "{asked}");
    assert_eq!(asked["step"], "pay");
    assert_eq!(asked["data"], json!({ "message": "undone" }));
    node.kill_nine();

    let node = Node::serve(&data);
    let shown = node.json(&["show", &id]);
    assert_eq!(shown["status"], "compensating", "{shown}");
    let why = &shown["waiting_for"][0];
    let told = why["what"].as_str().unwrap();
    assert_eq!(why["kind"], "decision");
    assert!(told.contains("may pay of pay be undone?"), "{told}");
    assert_eq!(why["can"], json!(["approve", "amend", "reject"]));
    let decision = asked["id"].as_str().unwrap();
    let rejected = node.json(&["decisions", "reject", decision, "--comment", "not yet"]);
    assert_eq!(rejected["status"], "answered", "{rejected}");
    node.until_status(&id, "stuck");
    node.kill_nine();

    let node = Node::serve(&data);
    let failed = pending(&node);
    assert_eq!(failed["kind"], "compensation-failed", "{failed}");
    let failed = failed["id"].as_str().unwrap();
    node.json(&["decisions", "approve", failed, "--choice", "retry"]);
    let again = pending(&node);
    assert_eq!(again["kind"], "compensation-approval", "{again}");
    node.json(&["decisions", "approve", again["id"].as_str().unwrap()]);
    let ended = node.until_status(&id, "compensated");
    assert_eq!(ended["error"]["type"], "too.bad", "{ended}");
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
}
