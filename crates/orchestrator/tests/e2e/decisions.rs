//! Decisions over a kill -9: before, within and after an answer the end is the same as without it.

use serde_json::{Value, json};

use crate::harness::{Node, cli, text, until};

const GATED: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: pay
  version: 1.0.0
  timeout: 1h
  output: { paid: "${ steps.pay.output }", mailed: "${ steps.mail.output }" }
  steps:
    - id: pay
      adapter: local
      action: echo
      input: { amount: "${ input.amount }" }
      isolate: true
      man-mode: { always: true, quorum: 2, reminders: [1h], notify: [{ adapter: local, action: log, input: { message: "${ decision.prompt }" } }] }
    - { id: log, adapter: local, action: echo, input: logged }
    - { id: mail, adapter: local, action: echo, input: "${ steps.pay.output }" }
"#;

fn pending(node: &Node, instance: &str) -> Value {
    until("a decision waits", || {
        let list = node.json(&["decisions", "list", "--status", "pending"]);
        let items = list["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .find(|item| item["workflow_id"] == instance)
    })
}

fn answered(node: &Node, decision: &str) -> Value {
    node.json(&["decisions", "show", decision])
}

/// A configuration under which bob is somebody.
fn with_bob(dir: &std::path::Path) -> String {
    let config = dir.join("config.yaml");
    // The SHA-256 of `bob`.
    let sha256 = "81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9";
    let text = format!("tokens: [{{ user: bob, roles: [operator], sha256: {sha256} }}]\n");
    std::fs::write(&config, text).unwrap();
    config.to_str().unwrap().to_owned()
}

#[test]
fn a_decision_is_the_same_with_kills_in_its_middle() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let serve = || Node::serve(&data);
    let node = serve();
    node.apply(GATED);
    let id = node.submit("pay", r#"{"amount": 7}"#);
    let decision = pending(&node, &id)["id"].as_str().unwrap().to_owned();
    node.kill_nine();

    // What does not depend on it has finished, and what does has not begun.
    let node = serve();
    let waits = until("the rest has finished", || {
        let shown = node.json(&["show", &id]);
        (shown["steps"][1]["status"] == "completed").then_some(shown)
    });
    let words = [&waits["status"], &waits["steps"][2]["status"]];
    assert_eq!(words, ["waiting", "pending"], "{waits}");
    let first = node.json(&["decisions", "approve", &decision, "--comment", "one"]);
    assert_eq!(first["status"], "pending", "{first}");
    node.kill_nine();

    let node = serve();
    assert_eq!(answered(&node, &decision)["answers"][0]["by"], "local");
    let twice = node.cli(&["decisions", "approve", &decision]);
    assert_eq!(twice.status.code(), Some(5), "{}", text(&twice.stderr));
    node.kill_nine();

    let node = Node::serve_with(&data, &["--config", &with_bob(dir.path())]);
    let second = node.json(&["approve", &decision, "--token", "bob"]);
    assert_eq!(second["status"], "answered", "{second}");
    let heads = dir.path().join("heads.json");
    let kept = node.json(&["decisions", "heads", "--token", "bob"]);
    std::fs::write(&heads, kept.to_string()).unwrap();
    node.kill_nine();

    let node = serve();
    let ended = node.until_status(&id, "completed");
    let paid = json!({ "amount": 7 });
    assert_eq!(ended["output"], json!({ "paid": paid, "mailed": paid }));
    let made = answered(&node, &decision);
    assert_eq!(made["answers"].as_array().unwrap().len(), 2, "{made}");
    let heads = heads.to_str().unwrap();
    let well = node.cli(&["doctor", "--heads", heads]);
    assert!(well.status.success(), "{}", text(&well.stderr));
    node.stop();
    let data = data.to_str().unwrap();
    let checked = cli(&["doctor", "--data", data, "--heads", heads, "-o", "json"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(report["decisions"], 1, "{report}");
}

#[test]
fn heads_that_the_configured_key_did_not_seal_are_a_violation() {
    // The seed and the public key of the first test of RFC 8032.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = (dir.path().join("store"), dir.path().join("config.yaml"));
    std::fs::write(&config, format!("audit-key: {seed}\n")).unwrap();
    let node = Node::serve_with(&data, &["--config", config.to_str().unwrap()]);
    node.apply(GATED);
    let id = node.submit("pay", r#"{"amount": 7}"#);
    let decision = pending(&node, &id)["id"].as_str().unwrap().to_owned();
    node.json(&["decisions", "reject", &decision]);
    let kept = node.json(&["decisions", "heads"]);
    assert_eq!(kept["seal"]["public_key"], public, "{kept}");
    let file = dir.path().join("heads.json");
    let path = file.to_str().unwrap().to_owned();
    let check = |kept: &Value, key: &str| {
        std::fs::write(&file, kept.to_string()).unwrap();
        let doctor = ["doctor", "--heads", &path, "--audit-public-key", key];
        let done = node.cli(&doctor);
        (done.status.success(), text(&done.stderr))
    };
    let (well, said) = check(&kept, public);
    assert!(well, "{said}");
    let (well, said) = check(&kept, &"1".repeat(64));
    assert!(!well && said.contains("not sealed by the key"), "{said}");
    let mut other = kept;
    other["at"] = json!("2026-01-01T00:00:00.000Z");
    assert!(!check(&other, public).0, "another time was sealed");
}
