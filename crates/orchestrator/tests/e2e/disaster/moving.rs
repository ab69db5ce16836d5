//! A store moves from a folder to PostgreSQL, and back.

use std::path::Path;

use postgres_server::{Server, Version};
use serde_json::json;

use super::{fails, json as answer, sound};
use crate::DEFINITIONS;
use crate::harness::{Node, text};

const BATCH: &str = r#"
workflow:
  name: large
  version: 1.0.0
  timeout: 1h
  input: { schema: { type: object } }
  steps: [{ id: keep, adapter: local, action: echo, input: { text: "${ input.text }" } }]
"#;

/// What the nodes of the tests share.
pub const OWN: &str = "the nodes' own";

/// A folder with something of everything, killed in mid-work; answers the ids of an instance that is open, of one that
/// completed, and of one with a payload of its own.
fn filled(data: &Path) -> (String, String, String) {
    let node = Node::serve(data);
    node.apply(DEFINITIONS);
    node.apply(BATCH);
    let done = node.submit("greet", r#"{"name": "Ada"}"#);
    node.until_status(&done, "completed");
    let words = "words ".repeat(20_000);
    let large = node.submit("large", &json!({"text": words}).to_string());
    node.until_status(&large, "completed");
    for number in 0..30 {
        node.submit("greet", &format!(r#"{{"name": "customer {number}"}}"#));
    }
    let open = node.submit("nap", r#"{"for": "3s"}"#);
    node.kill_nine();
    (open, done, large)
}

fn check(node: &Node, (open, done, large): &(String, String, String)) {
    let shown = node.json(&["show", done]);
    assert_eq!(shown["output"], json!({"hello": "Ada"}));
    assert!(shown["input"]["name"] == "Ada");
    let history = node.json(&["history", done]);
    assert_eq!(history["items"][0]["type"], "instance-started", "{history}");
    let shown = node.json(&["show", large]);
    assert_eq!(shown["input"]["text"].as_str().unwrap().len(), 120_000);
    let listed = node.json(&["list", "--query", "customer", "--limit", "100"]);
    assert!(listed["items"].as_array().unwrap().len() <= 30);
    node.until_status(open, "completed");
    let all = node.json(&["list", "--limit", "100"]);
    assert_eq!(all["items"].as_array().unwrap().len(), 33, "{all}");
}

#[test]
fn a_folder_moves_to_a_database_and_back_and_open_instances_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let known = filled(&data);
    let database = Server::start(Version::V15);
    let (from, to) = (data.to_str().unwrap(), database.url());
    let moved = answer(&["copy", from, &to, "--cluster-secret", OWN, "-o", "json"]);
    assert_eq!(
        (&moved["instances"], &moved["incarnation"]),
        (&33.into(), &2.into()),
        "{moved}"
    );
    let node = Node::serve_on(&to, &dir.path().join("node"), &[]);
    check(&node, &known);
    let later = node.submit("nap", r#"{"for": "10ms"}"#);
    node.until_status(&later, "completed");
    node.stop();

    // Whoever starts a server on the folder that was left makes no call twice.
    let left = Node::serve(&data);
    assert_eq!(left.json(&["system", "show"])["paused"], true);
    left.stop();

    let again = fails(&["copy", from, &to, "--cluster-secret", OWN], 1);
    assert!(
        again.contains("ORC-0622") && again.contains("DROP SCHEMA"),
        "{again}"
    );

    let back = dir.path().join("back");
    let moved = answer(&[
        "copy",
        &to,
        back.to_str().unwrap(),
        "--cluster-secret",
        OWN,
        "-o",
        "json",
    ]);
    assert_eq!(
        (&moved["instances"], &moved["incarnation"]),
        (&34.into(), &3.into()),
        "{moved}"
    );
    sound(&back);
    let node = Node::serve(&back);
    node.until_status(&later, "completed");
    assert_eq!(node.json(&["show", &known.0])["status"], "completed");
    node.stop();
}

#[test]
fn what_cannot_be_moved_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    let from = data.to_str().unwrap();
    let mut database = Server::start(Version::V15);
    database.let_in("host all careful 127.0.0.1/32 scram-sha-256");
    database.sql("CREATE ROLE careful LOGIN PASSWORD 'right'");
    database.sql("SELECT pg_reload_conf()");
    let url = database.url();
    let held = fails(&["copy", from, &url], 1);
    assert!(held.contains("another one holds it"), "{held}");
    node.stop();
    let nothing = dir.path().join("nothing");
    let none = fails(&["copy", nothing.to_str().unwrap(), &url], 1);
    assert!(
        none.contains("expected a store in") && !nothing.exists(),
        "{none}"
    );
    let wrong = url.replace("postgres@", "careful:wrong@");
    let wrong = fails(&["copy", from, &wrong], 1);
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    assert!(!wrong.contains("wrong@"), "{wrong}");
    let scheme = fails(&["copy", from, "mysql://127.0.0.1/x"], 1);
    assert!(scheme.contains("postgres://"), "{scheme}");
    let other = dir.path().join("other");
    Node::serve(&other).stop();
    let used = fails(&["copy", from, other.to_str().unwrap()], 1);
    assert!(used.contains("to be empty"), "{used}");
    database.kill();
    let away = fails(&["copy", from, &url], 1);
    assert!(away.contains("Connection refused"), "{away}");
    // Nothing of this marked the source as moved.
    let node = Node::serve(&data);
    assert_eq!(node.json(&["system", "show"])["paused"], false);
    let stopped = node.cli(&["system", "show"]);
    assert!(stopped.status.success(), "{}", text(&stopped.stderr));
    node.stop();
}
