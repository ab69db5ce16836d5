//! What an operator turns off and on: all calls and timers, and one node.

use super::load::Load;
use super::nodes::Nodes;
use crate::harness::{text, until};

#[test]
fn a_pause_holds_all_nodes_and_outlasts_a_restart() {
    let mut nodes = Nodes::three();
    let paused = nodes.nodes[0]
        .0
        .json(&["system", "pause", "--reason", "prices are wrong"]);
    assert_eq!(paused["paused_because"], "local: prices are wrong");
    for (node, _) in &nodes.nodes {
        until("each node waits", || {
            (node.json(&["system", "show"])["paused"] == true).then_some(())
        });
    }
    let ids: Vec<String> = (0..12)
        .map(|n| nodes.nodes[n % 3].0.submit("three", r#"{"n": 1}"#))
        .collect();
    let start = nodes.kill(2);
    nodes.begin(start);
    nodes.until_settled(3);
    for id in &ids {
        let shown = nodes.nodes[2].0.json(&["show", id]);
        assert_eq!(shown["steps"][0]["status"], "running", "{shown}");
    }
    nodes.nodes[2].0.json(&["system", "resume"]);
    for id in &ids {
        nodes.nodes[1].0.until_status(id, "completed");
    }
    assert_eq!(nodes.nodes[0].0.json(&["system", "show"])["paused"], false);
    audited(&nodes, "system-paused", "prices are wrong");
    audited(&nodes, "system-resumed", "");
}

/// The audit of a node that was not asked has it, with who and why.
fn audited(nodes: &Nodes, kind: &str, reason: &str) {
    until("the audit has it", || {
        let audit = nodes.nodes[2].0.json(&["audit", "--kind", kind]);
        let mut entries = audit["items"].as_array().unwrap().iter();
        let is_it = |entry: &serde_json::Value| {
            entry["who"] == "local" && entry["reason"].as_str().unwrap_or("") == reason
        };
        entries.any(is_it).then_some(())
    });
}

#[test]
fn a_drained_node_owns_nothing_and_still_takes_requests() {
    let nodes = Nodes::three();
    let load = Load::begin(nodes.urls());
    let drain = ["nodes", "drain", "n1", "--reason", "a new disk"];
    nodes.nodes[0].0.json(&drain);
    nodes.until_owned("n1", 0);
    let listed = nodes.nodes[2].0.json(&["nodes", "show", "n1"]);
    assert_eq!(
        listed["items"][0]["unfit"],
        "it is drained (local: a new disk)"
    );
    let ready = nodes.nodes[1].0.get("/readyz");
    assert_eq!(ready["code"], "ORC-0509", "{ready}");
    let id = nodes.nodes[1].0.submit("nap", r#"{"for": "10ms"}"#);
    nodes.nodes[1].0.until_status(&id, "completed");

    nodes.nodes[0].0.json(&["nodes", "drain", "n0"]);
    let last = nodes.nodes[0].0.cli(&["nodes", "drain", "n2"]);
    assert_eq!(last.status.code(), Some(5), "{}", text(&last.stderr));
    let none = nodes.nodes[0].0.cli(&["nodes", "drain", "n7"]);
    assert_eq!(none.status.code(), Some(4), "{}", text(&none.stderr));

    nodes.nodes[2].0.json(&["nodes", "undrain", "n0"]);
    nodes.nodes[2].0.json(&["nodes", "undrain", "n1"]);
    nodes.until_settled(3);
    audited(&nodes, "node-drained", "a new disk");
    audited(&nodes, "node-undrained", "");
    let record = load.end();
    record.check(&nodes.nodes[1].0);
}

#[test]
fn what_all_nodes_log_is_changed_at_any_of_them() {
    let nodes = Nodes::three();
    let levels = |node: usize| {
        let shown = nodes.nodes[node].0.json(&["system", "log-levels"]);
        let items = shown["items"].as_array().unwrap().clone();
        let mut told: Vec<(String, String)> = items
            .iter()
            .map(|item| {
                let of = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                (of("node"), of("levels"))
            })
            .collect();
        told.sort();
        told
    };
    let before = levels(0);
    assert_eq!(before.len(), 3, "{before:?}");
    let all = [
        "system",
        "log-levels",
        "warn,runtime=debug",
        "--reason",
        "calls hang",
    ];
    nodes.nodes[1].0.json(&all);
    let expected = |one: &str| {
        let names = ["n0", "n1", "n2"].map(str::to_owned);
        names.map(|name| {
            let levels = if name == "n2" {
                one
            } else {
                "warn,runtime=debug"
            };
            (name, levels.to_owned())
        })
    };
    assert_eq!(levels(2), expected("warn,runtime=debug"));
    let one = [
        "system",
        "log-levels",
        "error",
        "--node",
        "n2",
        "--reason",
        "too loud",
    ];
    nodes.nodes[0].0.json(&one);
    assert_eq!(levels(1), expected("error"));
    let wrong = ["system", "log-levels", "inof", "--reason", "x"];
    let wrong = nodes.nodes[0].0.cli(&wrong);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
    let back = ["system", "log-levels", "configured", "--reason", "mended"];
    nodes.nodes[0].0.json(&back);
    assert_eq!(levels(1), before);
    audited(&nodes, "log-levels-set", "as they began: mended");
}
