//! Callbacks to real receivers: one that is down and comes back, over a kill -9, and one that is slow.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{BINARY, Node, until};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The published verifier, as `scripts/test-needs` fetches it.
fn verifier() -> PathBuf {
    let fetched = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standardwebhooks");
    assert!(
        fetched.is_dir(),
        "expected {}: run scripts/test-needs",
        fetched.display()
    );
    fetched
}

/// A receiver in Python; dropping it ends it.
struct Receiver {
    child: Child,
    port: u16,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start(port: u16) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/receiver.py");
        let mut child = Command::new("python3")
            .arg(script)
            .arg(verifier())
            .args([SECRET, &port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        let told: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                kept.lock()
                    .unwrap()
                    .push(serde_json::from_str(&line).unwrap());
            }
        });
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        Self { child, port, told }
    }

    fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(data: &Path) -> Node {
    let data_text = data.display().to_string();
    let mut command = Command::new(BINARY);
    command
        .args([
            "serve",
            "--data",
            &data_text,
            "--partitions",
            "2",
            "--listen",
            "127.0.0.1:0",
        ])
        .env("ORCHESTRATOR_SECRET_CB", SECRET);
    Node::launch(data, command)
}

fn set(port: u16) -> String {
    format!(
        r#"
adapters: [{{ name: local, type: builtin }}]
---
workflow:
  name: greet
  version: 1.0.0
  timeout: 1h
  output: "${{ steps.say.output }}"
  steps: [{{ id: say, adapter: local, action: echo }}]
---
callbacks:
  - name: end
    event: workflow.completed
    url: http://127.0.0.1:{port}/
    secret: "${{ secrets.cb }}"
    retry: {{ initial-interval: 50ms, max-interval: 200ms }}
"#
    )
}

const STARTED: usize = 20;

#[test]
fn a_receiver_that_was_down_is_told_of_everything_once_it_is_back_over_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = serve(&data);
    let first = Receiver::start(0);
    let port = first.port;
    node.apply(&set(port));
    let before = node.submit("greet", "{}");
    until("the first one is told", || {
        (first.told().len() == 1).then_some(())
    });
    drop(first);
    let mut started: BTreeSet<String> = (0..STARTED).map(|_| node.submit("greet", "{}")).collect();
    until("all were tried in vain", || {
        let pending = node.get("/api/v1/callbacks/end/deliveries?status=pending");
        let items = pending["items"].as_array()?;
        let tried = items
            .iter()
            .filter(|item| item["last_error"]["type"] == "connect");
        (tried.count() == STARTED).then_some(())
    });
    node.kill_nine();
    let node = serve(&data);
    let receiver = Receiver::start(port);
    until("all are delivered", || {
        let done = node.get("/api/v1/callbacks/end/deliveries?status=delivered");
        (done["items"].as_array()?.len() == STARTED + 1).then_some(())
    });
    let told = receiver.told();
    let wrong: Vec<&Value> = told
        .iter()
        .filter(|told| !told["error"].is_null())
        .collect();
    assert!(
        wrong.is_empty(),
        "the published verifier takes them: {wrong:?}"
    );
    let ids: BTreeSet<&str> = told
        .iter()
        .map(|told| told["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids.len(),
        STARTED,
        "each event once, however often it was sent"
    );
    let of: BTreeSet<String> = told
        .iter()
        .map(|told| told["data"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(of, started);

    let list = node.json(&["callbacks", "deliveries", "end", "--status", "delivered"]);
    let items = list["items"].as_array().unwrap().iter();
    let oldest = items
        .clone()
        .find(|item| item["workflow_id"] == before.as_str())
        .unwrap();
    let id = oldest["id"].as_str().unwrap();
    node.json(&["callbacks", "redeliver", "end", id]);
    started.insert(before);
    until("it is told once more", || {
        let told = receiver.told();
        told.iter()
            .any(|told| told["id"] == oldest["event_id"])
            .then_some(())
    });
    let shown = node.cli(&["callbacks", "list", "-o", "table"]);
    assert!(crate::harness::text(&shown.stdout).contains("workflow.completed"));
}

/// One that takes a request and does not answer.
fn slow() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.extend(stream);
        }
    });
    port
}

/// One that answers at once, and counts.
fn quick() -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || answer(stream, &counted));
        }
    });
    (port, count)
}

fn answer(stream: std::net::TcpStream, counted: &Mutex<usize>) {
    let mut out = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap_or(0) > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        if line.is_empty() {
            return;
        }
        let mut body = vec![0; length];
        std::io::Read::read_exact(&mut lines, &mut body).unwrap();
        *counted.lock().unwrap() += 1;
        out.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    }
}

const PENDING: usize = 1_000;
/// What another receiver may have to wait at most, whatever waits for the slow one.
const PROMPT: Duration = Duration::from_secs(5);

#[test]
fn a_thousand_that_wait_for_a_slow_receiver_hold_up_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = serve(&data);
    let (slow, (quick, count)) = (slow(), quick());
    let quick_too = format!(
        "  - {{ name: quick, event: workflow.completed, url: 'http://127.0.0.1:{quick}/', workflow: other }}\n"
    );
    let other = "---\nworkflow: { name: other, version: 1.0.0, timeout: 1h, steps: [{ id: say, adapter: local, action: echo }] }\n";
    let both = set(slow).replace(
        "event: workflow.completed",
        "event: workflow.completed\n    workflow: greet",
    );
    node.apply(&format!("{both}{quick_too}{other}"));
    let item = serde_json::json!({ "workflow": "greet", "input": {} });
    let batch = serde_json::json!({ "items": vec![item; PENDING] }).to_string();
    node.post("/api/v1/workflows/batch", &batch);
    until("all wait for the slow one", || {
        let path = "/api/v1/workflows/count?workflow=callback-end&status=active";
        (node.get(path)["total"] == PENDING).then_some(())
    });
    let begun = Instant::now();
    for told in 1..=10 {
        node.submit("other", "{}");
        until("the quick one is told", || {
            (*count.lock().unwrap() >= told).then_some(())
        });
    }
    let took = begun.elapsed();
    assert!(took < PROMPT, "ten others took {took:?}");
    let path = "/api/v1/workflows/count?workflow=callback-end&status=active";
    assert_eq!(
        node.get(path)["total"],
        PENDING,
        "the slow one answered none"
    );
}
