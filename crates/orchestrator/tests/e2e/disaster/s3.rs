//! A real S3 server keeps the archive.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::json_with;
use super::load::Load;
use crate::DEFINITIONS;
use crate::harness::{BINARY, Node, cli_with, text, until};

const KEY: &str = "orchestrator";
const SECRET: &str = "not-a-secret-of-anybody";

/// The program: on the PATH, or where `scripts/test-needs` puts it.
fn program() -> PathBuf {
    let fetched = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("s3s-fs");
    if fetched.exists() {
        fetched
    } else {
        "s3s-fs".into()
    }
}

/// A running server with one bucket, killed when it is dropped.
struct S3 {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl S3 {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("copies")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Self {
            port: port.local_addr().unwrap().port(),
            folder,
            process: None,
        };
        drop(port);
        server.launch();
        server
    }

    /// Starts it; after [`S3::kill`] on the same port and folder.
    fn launch(&mut self) {
        let process = Command::new(program())
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--access-key", KEY, "--secret-key", SECRET])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("s3s-fs is there: `scripts/test-needs` makes it");
        self.process = Some(process);
        until("the S3 server listens", || {
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn address(&self, path: &str) -> String {
        let port = self.port;
        format!("s3://{path}?endpoint=http://127.0.0.1:{port}&region=us-east-1")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.kill();
    }
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];

fn serve(data: &std::path::Path, archive: &str) -> Node {
    let mut command = Command::new(BINARY);
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--partitions",
        "2",
        "--data",
    ]);
    command.arg(data).args(["--archive", archive]).envs(KEYS);
    Node::launch(data, command)
}

fn figure(node: &Node, name: &str) -> f64 {
    let page = node.page("/metrics");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}"))
        .parse()
        .unwrap()
}

#[test]
fn an_archive_in_a_bucket_outlives_the_machine_and_its_own_outage() {
    let dir = tempfile::tempdir().unwrap();
    let mut s3 = S3::start();
    let address = s3.address("copies/shop");
    let node = serve(&dir.path().join("store"), &address);
    node.apply(DEFINITIONS);
    let load = Load::begin(&node.url);
    load.until_more(40);
    // What interrupts the first backup leaves something that `verify` names.
    until("the base of the archive is there", || {
        let list = ["backup", "list", "--from", &address, "-o", "json"];
        let listed = json_with(&list, &KEYS);
        (!listed["items"].as_array()?.is_empty()).then_some(())
    });
    s3.kill();
    // Commits do not wait for the bucket.
    load.until_more(40);
    until("the archive lags", || {
        let failed = figure(&node, "orchestrator_archive_failures_total") > 0.0;
        (failed && figure(&node, "orchestrator_archive_lag_bytes") > 0.0).then_some(())
    });
    s3.launch();
    let answered = load.end();
    until("the archive has caught up", || {
        (figure(&node, "orchestrator_archive_lag_bytes") == 0.0).then_some(())
    });
    node.kill_nine();

    let verify = ["backup", "verify", "--from", &address, "-o", "json"];
    let verified = json_with(&verify, &KEYS);
    assert_eq!(verified["findings"], serde_json::json!([]));
    let back = dir.path().join("back");
    let folder = back.to_str().unwrap();
    json_with(
        &[
            "backup", "restore", "--from", &address, folder, "-o", "json",
        ],
        &KEYS,
    );
    let node = Node::serve(&back);
    for known in &answered {
        let shown = node.json(&["show", &known.id]);
        assert_eq!(shown["status"] == "completed", known.completed, "{shown}");
    }
    node.stop();
}

#[test]
fn wrong_keys_and_a_missing_bucket_are_said() {
    let s3 = S3::start();
    let said = |address: &str, secret: &str| {
        let keys = [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ];
        let output = cli_with(&["backup", "list", "--from", address], &keys, "");
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    let wrong = said(&s3.address("copies"), "another");
    assert!(wrong.contains("SignatureDoesNotMatch"), "{wrong}");
    assert!(
        wrong.contains("check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "{wrong}"
    );
    let missing = said(&s3.address("nowhere"), SECRET);
    assert!(missing.contains("create the bucket"), "{missing}");
    let mut s3 = s3;
    s3.kill();
    let away = said(&s3.address("copies"), SECRET);
    assert!(away.contains("cannot be reached"), "{away}");
    assert!(!away.contains("X-Amz"), "no signature is shown: {away}");
}
