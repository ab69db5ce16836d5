//! What is counted is what happened, over `kill -9` at any moment, on both stores.

use postgres_server::{Server, Version};
use serde_json::Value;

use crate::DEFINITIONS;
use crate::harness::{Node, until};

const ROUNDS: usize = 6;
const STARTED: usize = 40;

fn start_many(node: &Node, round: usize) {
    let item = |n: usize| match n % 4 {
        0 => r#"{"workflow": "broken", "input": {}}"#.to_owned(),
        _ => format!(r#"{{"workflow": "greet", "input": {{"name": "{round}-{n}"}}}}"#),
    };
    let items: Vec<String> = (0..STARTED).map(item).collect();
    let body = format!(r#"{{"items": [{}]}}"#, items.join(","));
    let answer = node.post("/api/v1/workflows/batch", &body);
    let items = answer["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["id"].is_string()), "{answer}");
}

/// Kills the server right after it answered, some of the time before anything is projected.
fn kill_again_and_again(mut node: Node, again: impl Fn() -> Node) -> Node {
    for round in 0..ROUNDS {
        start_many(&node, round);
        std::thread::sleep(std::time::Duration::from_millis(40 * round as u64));
        node.kill_nine();
        node = again();
    }
    until("all have ended", || {
        let open = node.get("/api/v1/workflows/count?status=active");
        (open["total"] == 0).then_some(())
    });
    node
}

fn figures(node: &Node, query: &str) -> Vec<Value> {
    let stats = node.get(&format!("/api/v1/stats?{query}"));
    stats["series"].as_array().unwrap().clone()
}

fn expect_exact_counts(node: &Node) {
    let all = ROUNDS * STARTED;
    let (failed, completed) = (all / 4, all - all / 4);
    let counted = node.get("/api/v1/workflows/count?group_by=version");
    assert_eq!(counted["total"], all, "{counted}");
    let workflows = figures(node, "group_by=workflow");
    let of = |name: &str| {
        let found = workflows
            .iter()
            .find(|one| one["group"]["workflow"] == name);
        found.unwrap()["total"].clone()
    };
    let (greet, broken) = (of("greet"), of("broken"));
    assert_eq!(
        (&greet["started"], &greet["completed"]),
        (&completed.into(), &completed.into())
    );
    assert_eq!(
        (&broken["started"], &broken["failed"]),
        (&failed.into(), &failed.into())
    );
    assert_eq!(greet["latency"]["count"], completed);
    for step in figures(node, "group_by=step&workflow=greet") {
        assert_eq!(step["total"]["completed"], completed, "{step}");
    }
    let failures = node.get("/api/v1/failures?workflow=broken");
    assert_eq!(failures["total"], failed, "{failures}");
    let listed = node.json(&["failures", "list", "--group-by", "workflow"]);
    assert_eq!(listed["items"][0]["count"], failed);
    let listed = node.json(&["stats", "list", "--group-by", "version", "--since", "2h"]);
    assert_eq!(listed["series"][0]["group"]["version"], "1.0.0");
    let shown = node.json(&[
        "stats",
        "show",
        "--workflow",
        "greet",
        "--step-seconds",
        "60",
    ]);
    let points = shown["series"][0]["points"].as_array().unwrap();
    let sum: u64 = points
        .iter()
        .map(|point| point["completed"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, completed as u64);
}

#[test]
fn counts_are_exact_over_kills_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let node = kill_again_and_again(node, || Node::serve(&data));
    expect_exact_counts(&node);
    node.stop();
    // All are there again after a clean restart.
    let node = Node::serve(&data);
    expect_exact_counts(&node);
    node.stop();
}

#[test]
fn counts_are_exact_over_kills_in_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let database = Server::start(Version::V15);
    let log = dir.path().join("node");
    let serve = || Node::serve_on(&database.url(), &log, &[]);
    let node = serve();
    node.apply(DEFINITIONS);
    let node = kill_again_and_again(node, serve);
    expect_exact_counts(&node);
    node.stop();
}
