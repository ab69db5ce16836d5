//! Events and waits at several nodes: they meet wherever their slots are, also while a node is killed.

use serde_json::json;

use super::nodes::Nodes;
use crate::harness::{Node, until};
use crate::waits::{FLOWS, pay};

const ORDERS: usize = 40;

/// Sends an event to a node until it is taken: those of a killed node have no owner for a moment.
fn paid(node: &Node, who: &str) {
    until("the event is taken", || {
        pay(node, who, 7)["id"].is_string().then_some(())
    });
}

fn ordered(node: &Node, who: &str) -> String {
    let input = json!({ "who": who, "least": 5 }).to_string();
    until("the order is taken", || {
        let output = node.cli(&["submit", "order", "--input", &input]);
        let started: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        Some(started["id"].as_str()?.to_owned())
    })
}

#[test]
fn they_meet_whatever_comes_first_and_whoever_is_asked_over_a_kill() {
    let mut nodes = Nodes::three();
    nodes.nodes[0].0.apply(FLOWS);
    let who = |number: usize| format!("customer-{number}");
    // Of each second one the event comes first, at another node than the order.
    let mut orders = Vec::new();
    for number in 0..ORDERS {
        let node = &nodes.nodes[number % 3].0;
        match number % 2 {
            0 => orders.push(ordered(node, &who(number))),
            _ => paid(node, &who(number)),
        }
    }
    // What they told each other is on its way.
    let start = nodes.kill(2);
    for number in 0..ORDERS {
        let node = &nodes.nodes[(number + 1) % 2].0;
        match number % 2 {
            0 => paid(node, &who(number)),
            _ => orders.push(ordered(node, &who(number))),
        }
    }
    for order in &orders {
        let ended = nodes.nodes[0].0.until_status(order, "completed");
        assert_eq!(ended["output"], json!({ "amount": 7 }));
    }
    until("what each published led on, once", || {
        let path = "/api/v1/workflows/count?workflow=hears&status=completed";
        (nodes.nodes[1].0.get(path)["total"] == ORDERS).then_some(())
    });
    nodes.begin(start);
    nodes.until_settled(3);
    let listed = nodes.nodes[2]
        .0
        .get("/api/v1/events?type=shipped&limit=1000");
    assert_eq!(listed["items"].as_array().unwrap().len(), ORDERS);
    let proof = nodes.nodes[2].0.get("/api/v1/system/check");
    assert_eq!(proof["findings"], json!([]), "{proof}");
}
