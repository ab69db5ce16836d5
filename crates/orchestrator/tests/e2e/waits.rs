//! Waits for events, events that steps publish, and deadlines, with the binary and over kill -9.

use serde_json::{Value, json};

use crate::harness::{Node, cli, text, until};

pub const FLOWS: &str = r#"
events:
  - { type: paid, schema: { type: object, required: [amount] } }
---
workflow:
  name: order
  version: 1.0.0
  subject: "${ input.who }"
  output: "${ steps.paid.output }"
  steps:
    - { id: paid, wait: { event: { type: paid, when: event.amount > trigger.event.least }, timeout: 1h } }
    - { id: tell, emit: { type: shipped, data: { amount: "${ steps.paid.output.amount }" } } }
---
workflow:
  name: hears
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: shipped }
  output: "${ input.amount }"
  steps: [{ id: note, set: { heard: "${ input.amount }" } }]
---
workflow:
  name: slow
  version: 1.0.0
  subject: "${ input.who }"
  deadlines: [{ after: 1s, emit: { type: paid, data: { amount: 99 } } }]
  steps: [{ id: nap, wait: { for: 4s } }]
"#;

/// Sends an event; answers what the server said.
pub fn pay(node: &Node, who: &str, amount: u32) -> Value {
    let path = format!("/api/v1/events?type=paid&source=/test&subject={who}");
    node.post(&path, &json!({ "amount": amount }).to_string())
}

fn healthy(data: &std::path::Path) {
    let checked = cli(&["doctor", "--data", data.to_str().unwrap(), "-o", "json"]);
    let told = format!("{}{}", text(&checked.stdout), text(&checked.stderr));
    assert!(checked.status.success(), "{told}");
}

#[test]
fn an_event_and_its_wait_meet_over_kills_whatever_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(FLOWS);
    // The wait first.
    let first = node.submit("order", r#"{"who": "ada", "least": 5}"#);
    node.until_status(&first, "waiting");
    let kept = pay(&node, "bob", 9);
    assert!(kept["id"].is_string(), "{kept}");
    node.kill_nine();

    let node = Node::serve(&data);
    let shown = node.json(&["show", &first]);
    assert_eq!(shown["waiting_for"][0]["kind"], "event", "{shown}");
    let proof = node.get("/api/v1/system/check");
    assert_eq!(proof["findings"], json!([]), "{proof}");
    assert!(pay(&node, "ada", 5)["id"].is_string(), "too little");
    let event = pay(&node, "ada", 7);
    // The event first.
    let second = node.submit("order", r#"{"who": "bob", "least": 5}"#);
    node.kill_nine();

    let node = Node::serve(&data);
    let ended = node.until_status(&first, "completed");
    assert_eq!(ended["output"], json!({ "amount": 7 }));
    let ended = node.until_status(&second, "completed");
    assert_eq!(ended["output"], json!({ "amount": 9 }));
    until("what they published led on", || {
        let count = node.get("/api/v1/workflows/count?workflow=hears&status=completed");
        (count["total"] == 2).then_some(())
    });
    let listed = node.get("/api/v1/events?type=shipped");
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    let shipped = &listed["items"][0];
    assert_eq!(shipped["source"], "/workflows/order");
    assert_eq!(shipped["routed_to"][0]["workflow"], "hears");
    let unrouted = node.get("/api/v1/events?routed=false");
    assert_eq!(unrouted["items"], json!([]), "{unrouted}");

    let graph = node.get(&format!("/api/v1/correlations/{first}?detail=steps"));
    let edges = graph["edges"].as_array().unwrap();
    let has = |from: &str, to: &str, kind: &str| {
        edges.contains(&json!({ "from": from, "to": to, "kind": kind }))
    };
    let own = |step: &str| format!("{first}/{step}");
    assert!(
        has(event["id"].as_str().unwrap(), &own("paid"), "ended"),
        "{graph}"
    );
    let published = edges.iter().find(|edge| edge["kind"] == "emitted").unwrap();
    assert_eq!(published["from"], own("tell"), "{graph}");
    let heard = edges.iter().find(|edge| edge["from"] == published["to"]);
    assert_eq!(heard.unwrap()["kind"], "started", "{graph}");
    node.stop();
    healthy(&data);
}

#[test]
fn an_instance_that_is_late_says_so_once_over_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(FLOWS);
    let waits = node.submit("order", r#"{"who": "eve", "least": 50}"#);
    let slow = node.submit("slow", r#"{"who": "eve"}"#);
    node.kill_nine();

    let node = Node::serve(&data);
    let ended = node.until_status(&waits, "completed");
    assert_eq!(ended["output"], json!({ "amount": 99 }));
    node.kill_nine();
    let node = Node::serve(&data);
    node.until_status(&slow, "completed");
    let listed = node.get("/api/v1/events?type=paid");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["items"][0]["cause"], format!("instance:{slow}"));
    node.stop();
    healthy(&data);
}

#[test]
fn an_event_that_is_not_what_its_type_says_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(FLOWS);
    let refused = node.post("/api/v1/events?type=paid&subject=ada", r#"{"much": 1}"#);
    assert_eq!(refused["code"], "ORC-0117", "{refused}");
    let told = refused["detail"].as_str().unwrap();
    assert!(told.contains("amount"), "{told}");
    assert_eq!(node.get("/api/v1/events")["items"], json!([]));
}
