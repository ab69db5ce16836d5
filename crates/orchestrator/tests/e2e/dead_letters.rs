//! Calls that failed for good, over a kill -9.

use serde_json::json;

use crate::DEFINITIONS;
use crate::harness::{Node, until};

const KEPT: &str = r#"
workflow:
  name: kept
  version: 1.0.0
  timeout: 1h
  steps:
    - id: check
      adapter: local
      action: validate
      retry: { max-attempts: 2, initial-interval: 1ms, on-exhausted: dead-letter }
"#;

#[test]
fn a_letter_outlives_its_instance_and_a_kill_and_is_called_anew() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    node.apply(KEPT);
    let wrong = r#"{"schema": {"type": "string"}, "value": 7}"#;
    let ids: Vec<String> = (0..3).map(|_| node.submit("kept", wrong)).collect();
    for id in &ids {
        node.until_status(id, "failed");
    }
    node.json(&["delete", &ids[0]]);
    node.kill_nine();

    let node = Node::serve(&data);
    let listed = node.json(&["dead-letters", "list", "--workflow", "kept"]);
    let letters = listed["items"].as_array().unwrap();
    assert_eq!(letters.len(), 3, "{listed}");
    let of_deleted = letters
        .iter()
        .find(|one| one["workflow_id"] == json!(ids[0]));
    let letter = of_deleted.unwrap()["id"].as_str().unwrap();
    let shown = node.json(&["dead-letters", "show", letter]);
    assert_eq!(
        shown["attempts"].as_array().unwrap().len(),
        shown["attempt_count"].as_u64().unwrap() as usize
    );
    assert_eq!(shown["input"]["value"], 7);
    let right = r#"{"schema": {"type": "number"}, "value": 7}"#;
    let anew = node.json(&["dead-letters", "reprocess", letter, "--input", right]);
    let anew = anew["id"].as_str().unwrap();
    node.kill_nine();

    let node = Node::serve(&data);
    let ended = node.until_status(anew, "completed");
    assert_eq!(ended["correlation_id"], shown["correlation_id"]);
    let rest = [
        "dead-letters",
        "discard",
        "--filter",
        "workflow=kept",
        "--yes",
        "--reason",
        "by hand",
    ];
    node.json(&rest);
    until("the others are discarded", || {
        let left = node.json(&["dead-letters", "list"]);
        left["items"].as_array()?.is_empty().then_some(())
    });
    let audit = node.json(&["audit", "--kind", "dead-letter-discarded"]);
    assert_eq!(audit["items"].as_array().unwrap().len(), 2);
}
