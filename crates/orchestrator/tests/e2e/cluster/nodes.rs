//! A cluster to shoot at.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postgres_server::{Server, Version};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{BINARY, Node, until, until_or_late};

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
    dir: TempDir,
    /// They, and how each is started.
    pub nodes: Vec<(Node, Start)>,
}

/// How a node is started.
pub struct Start {
    /// The server's binary.
    pub binary: PathBuf,
    /// The database, as this node reaches it.
    database: String,
    /// What tells it apart: `--node`, its name, `--zone`, its zone, `--listen`, its address.
    own: [String; 6],
    /// Further arguments.
    further: Vec<String>,
    /// What its callers show, if it asks for something.
    token: String,
}

impl Start {
    /// On a free port of loopback, by the binary under test.
    pub fn new(database: &str, name: &str, zone: &str) -> Self {
        let own = ["--node", name, "--zone", zone, "--listen", "127.0.0.1:0"];
        Self {
            binary: BINARY.into(),
            database: database.to_owned(),
            own: own.map(str::to_owned),
            further: Vec::new(),
            token: String::new(),
        }
    }

    /// The same on another address than loopback, where callers have to show a token that `config` names.
    pub fn on_address(mut self, address: &str, config: &Path, token: &str) -> Self {
        self.own[5] = format!("{address}:0");
        self.further = vec!["--config".to_owned(), config.display().to_string()];
        token.clone_into(&mut self.token);
        self
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.own[1]
    }
}

impl Nodes {
    /// Three nodes, one a zone, on a new database, with the definitions.
    pub fn three() -> Self {
        Self::three_by(Path::new(BINARY))
    }

    /// The same by another binary.
    pub fn three_by(binary: &Path) -> Self {
        let database = Server::start_with(Version::V15, &[CONNECTIONS]);
        let url = database.url();
        Self::on_by(binary, Some(database), url, &["a", "b", "c"])
    }

    /// A node for each zone named.
    pub fn on(database: Option<Server>, url: String, zones: &[&str]) -> Self {
        Self::on_by(Path::new(BINARY), database, url, zones)
    }

    fn on_by(binary: &Path, database: Option<Server>, url: String, zones: &[&str]) -> Self {
        let starts = zones.iter().enumerate().map(|(number, zone)| {
            let mut start = Start::new(&url, &format!("n{number}"), zone);
            binary.clone_into(&mut start.binary);
            start
        });
        Self::started(database, starts.collect())
    }

    /// Nodes that are started so.
    pub fn started(database: Option<Server>, starts: Vec<Start>) -> Self {
        let mut nodes = Self {
            _database: database,
            dir: tempfile::tempdir().unwrap(),
            nodes: Vec::new(),
        };
        starts.into_iter().for_each(|start| nodes.begin(start));
        nodes.nodes[0].0.apply(DEFINITIONS);
        nodes.until_settled(nodes.nodes.len());
        nodes
    }

    /// Starts a further node, in a zone of its own, which reaches the database in its own way.
    pub fn join(&mut self, name: &str, database: &str) {
        self.begin(Start::new(database, name, name));
    }

    /// From now on a node that is started again has the address that it has now, as behind a service of its name.
    pub fn keep_addresses(&mut self) {
        for (node, start) in &mut self.nodes {
            start.own[5] = node.url.trim_start_matches("http://").to_owned();
        }
    }

    /// Kills a node as `kill -9` does; its place stays empty until [`Self::begin`].
    pub fn kill(&mut self, place: usize) -> Start {
        let (node, start) = self.nodes.remove(place);
        node.kill_nine();
        start
    }

    /// Stops a node in good order.
    pub fn stop(&mut self, place: usize) -> Start {
        let (node, start) = self.nodes.remove(place);
        node.stop();
        start
    }

    /// Starts a node, as it was started before.
    pub fn begin(&mut self, start: Start) {
        let log = self.dir.path().join(start.name());
        let partitions = PARTITIONS.to_string();
        let mut arguments = vec!["--partitions", &partitions];
        arguments.extend(start.own.iter().chain(&start.further).map(String::as_str));
        let mut node = Node::serve_on_by(&start.binary, &start.database, &log, &arguments);
        node.token.clone_from(&start.token);
        self.nodes.push((node, start));
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

    /// Waits until the node of this name owns so many partitions, as the first sees it.
    pub fn until_owned(&self, name: &str, partitions: u64) {
        until("a node owns what it should", || {
            let shown = self.nodes[0].0.json(&["nodes", "show", name]);
            (shown["items"][0]["partitions"] == partitions).then_some(())
        });
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
