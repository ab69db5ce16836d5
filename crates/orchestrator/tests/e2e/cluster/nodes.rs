//! A cluster to shoot at.

use std::process::{Command, Stdio};

use postgres_server::{Server, Version};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Node, until_or_late};

/// Workflows that need nothing but the nodes themselves.
pub const DEFINITIONS: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: three
  version: 1.0.0
  timeout: 1h
  output: "${ steps.last.output.n }"
  steps:
    - { id: first, adapter: local, action: echo, input: { n: "${ input.n }" } }
    - { id: pause, wait: { for: 300ms } }
    - { id: last, adapter: local, action: echo, input: { n: "${ steps.first.output.n + 1 }" } }
---
workflow:
  name: nap
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: before, adapter: local, action: echo, input: {} }
    - { id: nap, wait: { for: "${ input.for }" } }
    - { id: after, adapter: local, action: echo, input: {} }
"#;

/// So many that each node is sure to own some.
const PARTITIONS: u64 = 32;

/// Enough for three nodes.
pub const CONNECTIONS: &str = "max_connections=120";

/// Nodes on one database.
pub struct Nodes {
    /// The database, unless it is the test's own.
    _database: Option<Server>,
    url: String,
    dir: TempDir,
    /// They, and how each was told apart.
    pub nodes: Vec<(Node, Vec<String>)>,
}

impl Nodes {
    /// Three nodes, one a zone, on a new database, with the definitions.
    pub fn three() -> Self {
        let database = Server::start_with(Version::V15, &[CONNECTIONS]);
        let url = database.url();
        Self::on(Some(database), url, &["a", "b", "c"])
    }

    /// A node for each zone named.
    pub fn on(database: Option<Server>, url: String, zones: &[&str]) -> Self {
        let mut nodes = Self {
            _database: database,
            url,
            dir: tempfile::tempdir().unwrap(),
            nodes: Vec::new(),
        };
        for (number, zone) in zones.iter().enumerate() {
            let own = [
                "--node",
                &format!("n{number}"),
                "--zone",
                zone,
                "--listen",
                "127.0.0.1:0",
            ];
            let own: Vec<String> = own.iter().map(ToString::to_string).collect();
            let node = nodes.serve(&own);
            nodes.nodes.push((node, own));
        }
        nodes.nodes[0].0.apply(DEFINITIONS);
        nodes.until_settled(zones.len());
        nodes
    }

    /// Starts a further node, which reaches the database in its own way.
    pub fn join(&mut self, name: &str, database: &str) {
        let own = ["--node", name, "--zone", name].map(str::to_owned);
        let log = self.dir.path().join(name);
        let partitions = PARTITIONS.to_string();
        let arguments = ["--node", name, "--zone", name, "--partitions", &partitions];
        let node = Node::serve_on(database, &log, &arguments);
        self.nodes.push((node, own.to_vec()));
    }

    fn serve(&self, own: &[String]) -> Node {
        let arguments: Vec<&str> = own.iter().map(String::as_str).collect();
        let log = self.dir.path().join(&own[1]);
        Node::serve_on(
            &self.url,
            &log,
            &[&["--partitions", &PARTITIONS.to_string()], &arguments[..]].concat(),
        )
    }

    /// Kills a node as `kill -9` does; its place stays empty until [`Self::begin`].
    pub fn kill(&mut self, place: usize) -> Vec<String> {
        let (node, own) = self.nodes.remove(place);
        node.kill_nine();
        own
    }

    /// Stops a node in good order.
    pub fn stop(&mut self, place: usize) -> Vec<String> {
        let (node, own) = self.nodes.remove(place);
        node.stop();
        own
    }

    /// Starts a node as it was started before.
    pub fn begin(&mut self, own: Vec<String>) {
        let node = self.serve(&own);
        self.nodes.push((node, own));
    }

    /// A node's address.
    pub fn url(&self, place: usize) -> &str {
        &self.nodes[place].0.url
    }

    /// All addresses.
    pub fn urls(&self) -> Vec<String> {
        self.nodes
            .iter()
            .map(|(node, _)| node.url.clone())
            .collect()
    }

    /// Waits until so many nodes own all partitions, and each something, as the first sees it.
    pub fn until_settled(&self, count: usize) {
        let node = &self.nodes[0].0;
        let mut last = Value::Null;
        let found = until_or_late(|| {
            let listed = node.json(&["nodes", "list", "-o", "json"]);
            last = listed.clone();
            let items = listed["items"].as_array()?;
            let live: Vec<&Value> = items.iter().filter(|item| item["live"] == true).collect();
            let owned = |item: &&Value| item["partitions"].as_u64().unwrap_or(0);
            let all: u64 = live.iter().map(owned).sum();
            let settled =
                live.len() == count && live.iter().all(|item| owned(item) > 0) && all == PARTITIONS;
            settled.then_some(())
        });
        assert!(
            found.is_some(),
            "the partitions have not found {count} nodes: {last}\n{}\n{}",
            node.get("/api/v1/system/partitions"),
            self.nodes
                .iter()
                .map(|(node, _)| node.log())
                .collect::<String>()
        );
    }
}

/// Sends a signal to a process by its id.
pub fn send(node: &Node, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &node.pid().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}
