//! Streams that outlive the node that they come from.

use super::nodes::Nodes;
use crate::harness::Beside;

#[test]
fn a_watch_follows_its_instance_over_a_take_over() {
    let mut nodes = Nodes::three();
    let listed = |nodes: &Nodes| nodes.nodes[0].0.json(&["nodes", "list", "-o", "json"]);
    assert_eq!(listed(&nodes)["items"].as_array().unwrap().len(), 3);
    // One of these lives on the node that is killed.
    let naps: Vec<String> = (0..12)
        .map(|_| nodes.nodes[0].0.submit("nap", r#"{"for": "3s"}"#))
        .collect();
    let server = [("ORCHESTRATOR_SERVER", nodes.url(0).to_owned())];
    let server = server.each_ref().map(|(name, url)| (*name, url.as_str()));
    let watches: Vec<Beside> = naps
        .iter()
        .map(|id| Beside::start(&["watch", id, "-o", "json"], &server))
        .collect();
    for watch in &watches {
        crate::harness::until("the watch has begun", || {
            (watch.lines().len() >= 2).then_some(())
        });
    }
    nodes.kill(2);
    nodes.kill(1);
    for (watch, id) in watches.into_iter().zip(&naps) {
        let (status, lines) = watch.finish();
        assert!(status.success(), "{lines:?}");
        let seqs = lines.iter().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["seq"].as_u64().unwrap()
        });
        let seqs: Vec<u64> = seqs.collect();
        let history = nodes.nodes[0].0.json(&["history", id, "-o", "json"]);
        let all: Vec<u64> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, all, "none missed and none twice");
    }
}
