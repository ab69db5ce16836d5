//! Operations on many whose owner dies.

use serde_json::{Value, json};

use super::nodes::Nodes;
use crate::harness::{Node, until};

/// Operations; whoever is killed is likely to own one.
const OPERATIONS: usize = 8;
/// Instances of each.
const EACH: usize = 40;

fn start_many(node: &Node, count: usize) -> Vec<String> {
    let item = json!({ "workflow": "nap", "input": { "for": "30m" } });
    let body = json!({ "items": vec![item; count] });
    let answer = node.post("/api/v1/workflows/batch", &body.to_string());
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn make(node: &Node, ids: &[String]) -> String {
    let body = json!({ "action": "cancel", "ids": ids, "reason": "test", "rate": "10/s" });
    let made = node.post("/api/v1/operations", &body.to_string());
    made["id"].as_str().unwrap().to_owned()
}

fn shown(node: &Node, id: &str) -> Value {
    node.get(&format!("/api/v1/operations/{id}"))
}

#[test]
fn operations_of_a_killed_node_go_on_and_each_is_asked_once() {
    let mut nodes = Nodes::three();
    let ids = start_many(&nodes.nodes[0].0, OPERATIONS * EACH);
    let door = &nodes.nodes[1].0;
    let made: Vec<String> = ids.chunks(EACH).map(|part| make(door, part)).collect();
    until("all have begun", || {
        let begun = |id: &String| shown(&nodes.nodes[0].0, id)["done"].as_u64() > Some(0);
        made.iter().all(begun).then_some(())
    });
    nodes.kill(2);
    nodes.until_settled(2);
    for id in &made {
        let ended = until("the operation has ended", || {
            let shown = shown(&nodes.nodes[0].0, id);
            shown["ended_at"].is_string().then_some(shown)
        });
        assert_eq!(
            (&ended["done"], &ended["refused"], &ended["failed"]),
            (&json!(EACH), &json!(0), &json!(0)),
            "{ended}"
        );
    }
    let count = nodes.nodes[1]
        .0
        .get("/api/v1/workflows/count?status=cancelled");
    assert_eq!(count["total"], OPERATIONS * EACH);
}
