//! What has ended goes: when its time is over, or when somebody deletes it.

use std::collections::BTreeSet;
use std::path::Path;

use postgres_server::{Server, Version};

use crate::DEFINITIONS;
use crate::harness::{Node, cli, text, until};

/// Buckets of a second, so that a test can see them go.
const ARGUMENTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--ended-span", "1s"];

const RULES: &str = "
policies:
  retention: [{ match: { workflow: broken, status: failed }, keep: 1h }]
  defaults: { retention: { instances: 1s } }
";

/// The ids of all instances.
fn listed(node: &Node) -> BTreeSet<String> {
    let listed = node.json(&["list", "--limit", "1000"]);
    let items = listed["items"].as_array().unwrap();
    let id = |item: &serde_json::Value| item["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

fn until_only(node: &Node, kept: &BTreeSet<String>) {
    until("only what is kept is listed", || {
        (listed(node) == *kept).then_some(())
    });
}

/// One that is open, one that is kept for long, and others; answers the first two.
fn live(node: &Node) -> BTreeSet<String> {
    let open = node.submit("nap", r#"{"for": "1h"}"#);
    let failed = node.submit("broken", "{}");
    node.until_status(&failed, "failed");
    for n in 0..20 {
        node.submit("greet", &format!(r#"{{"name": "{n}"}}"#));
    }
    [open, failed].into()
}

fn bucket_files(data: &Path) -> usize {
    let files = std::fs::read_dir(data.join("ended")).unwrap();
    let names = files.map(|file| file.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().ends_with(".db"))
        .count()
}

#[test]
fn what_is_over_goes_from_the_disk_and_a_kill_in_the_middle_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let mut node = Node::serve_with(&data, &ARGUMENTS);
    node.apply(DEFINITIONS);
    node.apply(RULES);
    let mut kept = live(&node);
    for _ in 0..3 {
        // While some of it goes and some does not yet.
        until("something is over", || {
            (listed(&node).len() < kept.len() + 20).then_some(())
        });
        node.kill_nine();
        node = Node::serve_with(&data, &ARGUMENTS);
        kept.extend(live(&node));
    }
    until_only(&node, &kept);
    node.stop();
    // One for each time that one failed, at most.
    assert!(bucket_files(&data) <= 4, "{}", bucket_files(&data));
    let checked = cli(&["doctor", "--data", data.to_str().unwrap(), "-o", "json"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(report["instances"], kept.len());
}

#[test]
fn what_is_over_goes_from_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let database = Server::start(Version::V15);
    let log = dir.path().join("node");
    let node = Node::serve_on(&database.url(), &log, &["--ended-span", "1s"]);
    node.apply(DEFINITIONS);
    node.apply(RULES);
    let kept = live(&node);
    until_only(&node, &kept);
    node.kill_nine();
    let node = Node::serve_on(&database.url(), &log, &[]);
    assert_eq!(listed(&node), kept);
    node.stop();
}

/// Deletes an instance, ends the server at once, and looks for it in the next.
fn a_deleted_one_stays_deleted(node: Node, next: impl FnOnce() -> Node) {
    node.apply(DEFINITIONS);
    let open = node.submit("nap", r#"{"for": "1h"}"#);
    let refused = node.cli(&["delete", &open]);
    assert_eq!(refused.status.code(), Some(5));
    let said = text(&refused.stderr);
    assert!(said.contains("cancel it first"), "{said}");
    let greet = ["submit", "greet", "--input", r#"{"name": "Ada"}"#, "--wait"];
    let id = node.json(&greet)["id"].as_str().unwrap().to_owned();
    let gone = node.json(&["delete", &id, "--reason", "a wish"]);
    assert_eq!(gone["id"], id);
    assert_eq!(node.cli(&["delete", &id]).status.code(), Some(4));
    node.kill_nine();
    let node = next();
    for command in ["show", "history", "delete"] {
        let missing = node.cli(&[command, &id]);
        assert_eq!(missing.status.code(), Some(4), "{command}");
    }
    assert_eq!(listed(&node), [open].into());
    let audit = node.json(&["audit", "--kind", "instance-deleted"]);
    let entry = &audit["items"][0];
    assert_eq!(
        (&entry["subject"], &entry["reason"]),
        (&id.into(), &"a wish".into())
    );
    node.stop();
}

#[test]
fn a_deleted_instance_stays_deleted_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    a_deleted_one_stays_deleted(Node::serve(&data), || Node::serve(&data));
}

#[test]
fn a_deleted_instance_stays_deleted_in_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let database = Server::start(Version::V15);
    let serve = || Node::serve_on(&database.url(), &dir.path().join("node"), &[]);
    a_deleted_one_stays_deleted(serve(), serve);
}

/// A figure of the metrics, summed over its lines.
fn figure(node: &Node, name: &str) -> u64 {
    let page = node.page("/metrics");
    let lines = page.lines().filter(|line| line.starts_with(name));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum::<f64>() as u64
}

/// Starts some whose input and output are blobs of their own.
fn start_large(node: &Node, numbers: std::ops::Range<usize>, length: usize) {
    for number in numbers {
        let name = format!("{number:04}").repeat(length / 4);
        let body = format!(r#"{{"workflow": "greet", "input": {{"name": "{name}"}}}}"#);
        node.post("/api/v1/workflows", &body);
    }
}

/// The large input that an open one was started with is there.
fn has_its_input(node: &Node, id: &str, note: &str) {
    let shown = node.get(&format!("/api/v1/workflows/{id}"));
    assert_eq!(shown["input"]["note"], note);
}

fn open_with(node: &Node, note: &str) -> String {
    node.submit("nap", &format!(r#"{{"for": "1h", "note": "{note}"}}"#))
}

#[test]
fn large_payloads_go_from_the_disk_with_the_last_that_names_them() {
    const LARGE: usize = 900_000;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let mut node = Node::serve_with(&data, &ARGUMENTS);
    node.apply(DEFINITIONS);
    node.apply(RULES);
    let note = "n".repeat(50_000);
    let open = open_with(&node, &note);
    // More than a file of the journal holds: what lies there is not looked at.
    start_large(&node, 0..60, LARGE);
    until("some went", || {
        (figure(&node, "orchestrator_swept_blobs_total") > 0).then_some(())
    });
    node.kill_nine();
    node = Node::serve_with(&data, &ARGUMENTS);
    has_its_input(&node, &open, &note);
    start_large(&node, 100..160, LARGE);
    let bytes = || figure(&node, "orchestrator_swept_blob_bytes_total");
    until("many went", || (bytes() > 50 * LARGE as u64).then_some(()));
    has_its_input(&node, &open, &note);
    node.kill_nine();
    node = Node::serve_with(&data, &ARGUMENTS);
    has_its_input(&node, &open, &note);
    let state = || std::fs::metadata(data.join("state.db")).unwrap().len();
    until("the file shrinks", || {
        (state() < 30 * LARGE as u64).then_some(())
    });
    has_its_input(&node, &open, &note);
    node.stop();
    let checked = cli(&["doctor", "--data", data.to_str().unwrap(), "-o", "json"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[test]
fn large_payloads_go_from_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let database = Server::start(Version::V15);
    let log = dir.path().join("node");
    let serve = || Node::serve_on(&database.url(), &log, &["--ended-span", "1s"]);
    let node = serve();
    node.apply(DEFINITIONS);
    node.apply(RULES);
    let note = "n".repeat(50_000);
    let open = open_with(&node, &note);
    start_large(&node, 0..10, 40_000);
    let before = figure(&node, "orchestrator_swept_blobs_total");
    node.kill_nine();
    let node = serve();
    // Of each its input and what its step came to; some may have gone before the kill.
    until("they go", || {
        let after = figure(&node, "orchestrator_swept_blobs_total");
        (before + after >= 10).then_some(())
    });
    has_its_input(&node, &open, &note);
    start_large(&node, 0..1, 40_000);
    node.kill_nine();
    let node = serve();
    has_its_input(&node, &open, &note);
    node.stop();
}
