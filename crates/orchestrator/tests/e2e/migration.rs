//! Running instances go over to another version while others come and go; those that do not fit stay as they
//! are, and are named.

use serde_json::{Value, json};

use crate::harness::{Node, until};

const FIRST: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: moving
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: note, adapter: local, action: echo, input: {} }
    - id: way
      switch:
        - { when: input.odd, steps: [{ id: elsewhere, wait: { signal: go } }] }
        - { default: [{ id: here, wait: { signal: go } }] }
    - { id: last, adapter: local, action: echo, input: {} }
---
workflow:
  name: beside
  version: 1.0.0
  timeout: 1h
  steps: [{ id: say, adapter: local, action: echo, input: {} }]
"#;
const SECOND: &str = r#"
workflow:
  name: moving
  version: 1.1.0
  timeout: 1h
  output: "${ steps.way.output }"
  steps:
    - { id: note, adapter: local, action: echo, input: {} }
    - id: way
      switch:
        - { when: input.odd, steps: [{ id: another, wait: { signal: go } }] }
        - { default: [{ id: here, wait: { signal: go } }, { id: check, set: { checked: true } }] }
    - { id: last, adapter: local, action: echo, input: {} }
"#;
/// Instances, and those among them that do not fit.
const ALL: u64 = 400;
const ODD: u64 = 17;

fn start(node: &Node) {
    let item = |number: u64| json!({ "workflow": "moving", "input": { "odd": number < ODD } });
    let items: Vec<Value> = (0..ALL).map(item).collect();
    let body = json!({ "items": items });
    let taken = node.post("/api/v1/workflows/batch", &body.to_string());
    assert_eq!(taken["accepted"], ALL, "{taken}");
}

fn count(node: &Node, filter: &str) -> u64 {
    let counts = node.get(&format!("/api/v1/workflows/count?{filter}"));
    counts["total"].as_u64().unwrap()
}

/// What a list shows of those that wait at the step that is not there.
fn odd(node: &Node) -> Vec<(Value, Value, Value)> {
    let path = "/api/v1/workflows?workflow=moving&version=1.0.0&limit=1000";
    let listed = node.get(path);
    let shown = |item: &Value| {
        let id = item["id"].as_str().unwrap();
        let shown = node.get(&format!("/api/v1/workflows/{id}"));
        (
            shown["id"].clone(),
            shown["seq"].clone(),
            shown["updated_at"].clone(),
        )
    };
    listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(shown)
        .collect()
}

fn operate(node: &Node, request: &Value) -> Value {
    let made = node.post("/api/v1/operations", &request.to_string());
    let id = made["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"))
        .to_owned();
    until("the operation ends", || {
        let shown = node.get(&format!("/api/v1/operations/{id}"));
        shown["ended_at"].is_string().then_some(shown)
    })
}

#[test]
fn those_that_fit_go_over_under_load_and_the_others_stay_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(FIRST);
    start(&node);
    until("all wait", || {
        (count(&node, "workflow=moving&status=waiting") == ALL).then_some(())
    });
    node.apply(SECOND);
    let filter = json!({ "workflow": "moving", "version": "1.0.0", "status": "active" });
    let migrate = json!({
        "action": "migrate", "version": "1.1.0", "filter": filter, "reason": "a check more",
    });
    let over = std::sync::atomic::AtomicBool::new(false);
    let (operation, beside) = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut started = 0;
            while !over.load(std::sync::atomic::Ordering::Acquire) {
                node.submit("beside", "{}");
                started += 1;
            }
            started
        });
        let operation = operate(&node, &migrate);
        over.store(true, std::sync::atomic::Ordering::Release);
        (operation, load.join().unwrap())
    });
    let came = ["total", "done", "refused", "failed"].map(|name| operation[name].as_u64().unwrap());
    assert_eq!(came, [ALL, ALL - ODD, ODD, 0], "{operation}");
    let findings = operation["findings"].as_array().unwrap();
    let named = |one: &&Value| one["message"].as_str().unwrap().contains("elsewhere");
    assert_eq!(
        findings.iter().filter(named).count() as u64,
        ODD,
        "{findings:?}"
    );
    let stay = odd(&node);
    assert_eq!(stay.len() as u64, ODD);

    let filter = json!({ "workflow": "moving", "version": "1.1.0", "status": "active" });
    operate(
        &node,
        &json!({ "action": "signal", "name": "go", "filter": filter, "reason": "go on" }),
    );
    until("the rest has finished", || {
        (count(&node, "workflow=moving&version=1.1.0&status=completed") == ALL - ODD).then_some(())
    });
    assert_eq!(odd(&node), stay, "those that do not fit are as they were");
    assert_eq!(
        count(&node, "workflow=moving&version=1.0.0&status=waiting"),
        ODD
    );
    until("what came meanwhile has finished", || {
        (count(&node, "workflow=beside&status=completed") == beside).then_some(())
    });
    let ended = node.get("/api/v1/workflows?workflow=moving&version=1.1.0&limit=1");
    let id = ended["items"][0]["id"].as_str().unwrap();
    let shown = node.get(&format!("/api/v1/workflows/{id}"));
    assert_eq!(shown["output"]["checked"], true, "{shown}");
    let well = node.cli(&["doctor"]);
    assert!(well.status.success());
    node.stop();
}
