//! A circuit breaker is one over all nodes: it opens everywhere at once, and the target is left alone but for
//! the probes of all nodes together. Counted at the target.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::nodes::Nodes;
use super::service::service;
use crate::harness::{Node, until};

/// Instances that come while the service is down.
const CUSTOMERS: usize = 300;
/// How soon it is open on all nodes once it is on one.
const EVERYWHERE: Duration = Duration::from_secs(1);
/// How long it is open, and how many probes follow.
const OPEN_FOR: Duration = Duration::from_secs(2);
const PROBES: usize = 2;

fn definitions(url: &str) -> String {
    format!(
        "adapters:
  - name: billing
    type: http
    url: {url}
    timeout: 10s
    concurrency: 12
    actions: {{ call: {{ method: POST, path: / }} }}
    default-action: call
    circuit-breaker: {{ failure-rate: 0.5, min-calls: 10, window: 30s, open-for: 2s, half-open-calls: {PROBES} }}
workflow:
  name: charged
  version: 1.0.0
  timeout: 1h
  steps:
    - id: charge
      adapter: billing
      input: {{}}
      retry: {{ max-attempts: unlimited, initial-interval: 200ms, max-interval: 1s }}
"
    )
}

/// The breaker as a node has it.
fn breaker(node: &Node) -> Value {
    node.get("/api/v1/adapters/billing")["status"]["targets"][0]["breaker"].clone()
}

fn start(nodes: &Nodes) {
    for (place, (node, _)) in nodes.nodes.iter().enumerate() {
        let count = CUSTOMERS / nodes.nodes.len();
        let item = json!({ "workflow": "charged", "input": { "from": place } });
        let body = json!({ "items": vec![item; count] });
        let taken = node.post("/api/v1/workflows/batch", &body.to_string());
        assert_eq!(taken["accepted"], count, "{taken}");
    }
}

#[test]
fn a_breaker_opens_on_all_nodes_within_a_second_and_its_probes_are_those_of_one() {
    let (url, counted) = service();
    let nodes = Nodes::three();
    nodes.nodes[0].0.apply(&definitions(&url));
    counted.failing.store(true, Ordering::Release);
    start(&nodes);
    until("the breaker opens on one node", || {
        let mut each = nodes.nodes.iter();
        each.any(|(node, _)| breaker(node) == "open").then_some(())
    });
    let opened = Instant::now();
    until("the breaker is open on all nodes", || {
        let mut each = nodes.nodes.iter();
        each.all(|(node, _)| breaker(node) != "closed")
            .then_some(())
    });
    let took = opened.elapsed();
    assert!(took <= EVERYWHERE, "it took {took:?}");
    // What was under way when it opened comes back.
    until("nothing is under way", || {
        (counted.now.load(Ordering::Acquire) == 0).then_some(())
    });
    let before = counted.all.load(Ordering::Acquire);
    let rounds = 3;
    std::thread::sleep(OPEN_FOR * rounds);
    let during = counted.all.load(Ordering::Acquire) - before;
    let most = PROBES * (rounds as usize + 1);
    assert!(
        (1..=most).contains(&during),
        "{during} calls while it was open, {most} probes of all nodes at most"
    );
    let count = nodes.nodes[1]
        .0
        .get("/api/v1/workflows/count?status=active");
    assert_eq!(count["total"], CUSTOMERS, "none has failed");

    counted.failing.store(false, Ordering::Release);
    until("all have finished", || {
        let count = nodes.nodes[2]
            .0
            .get("/api/v1/workflows/count?status=completed");
        (count["total"] == CUSTOMERS).then_some(())
    });
    for (node, _) in &nodes.nodes {
        until("the breaker is closed on each node", || {
            (breaker(node) == "closed").then_some(())
        });
    }
}
