//! Others send to us by the packages that they use: CloudEvents of Python and of npm in all modes, and signed webhooks.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{BINARY, Node, until};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WORKFLOWS: &str = r#"
workflow:
  name: takes
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: sdk.sent, condition: meta.region == 'eu' && event.text == 'Grüße' }
  steps: [{ id: one, set: { n: "${ event.number }" } }]
---
workflow:
  name: paid
  version: 1.0.0
  timeout: 1h
  trigger:
    type: webhook
    source: partner
    verify: { scheme: standard-webhooks, secret: "${ secrets.partner }" }
    condition: event.type == 'invoice.paid'
  steps: [{ id: one, set: { n: "${ event.amount }" } }]
"#;

/// What `scripts/test-needs` fetches.
fn fetched(name: &str) -> PathBuf {
    let fetched = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    assert!(
        fetched.is_dir(),
        "expected {}: run scripts/test-needs",
        fetched.display()
    );
    fetched
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/e2e/interop")
        .join(name)
}

/// What a sender was answered.
fn answers(command: &mut Command) -> Vec<(u64, Value)> {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let answer = |line: &str| {
        let answer: Value = serde_json::from_str(line).unwrap();
        (answer["status"].as_u64().unwrap(), answer["body"].clone())
    };
    lines.lines().map(answer).collect()
}

fn serve(data: &Path) -> Node {
    let data_text = data.display().to_string();
    let mut command = Command::new(BINARY);
    command
        .args(["serve", "--data", &data_text, "--partitions", "2"])
        .args(["--listen", "127.0.0.1:0"])
        .env("ORCHESTRATOR_SECRET_PARTNER", SECRET);
    let node = Node::launch(data, command);
    node.apply(WORKFLOWS);
    node
}

/// One in each of two modes, then a batch of three of which the last is the second again.
fn check_events(node: &Node, answers: &[(u64, Value)], source: &str, subject: &str) {
    let [(202, structured), (202, binary), (202, batch)] = answers else {
        panic!("{answers:?}");
    };
    let items = batch["items"].as_array().unwrap();
    let duplicates: Vec<&Value> = items.iter().map(|item| &item["duplicate"]).collect();
    assert_eq!(duplicates, [false, false, true], "{batch}");
    assert_eq!(items[2]["id"], binary["id"]);
    for (number, event) in (1..).zip([structured, binary, &items[0], &items[1]]) {
        assert_eq!(event["routed_to"][0]["workflow"], "takes", "{event}");
        let id = event["id"].as_str().unwrap();
        let kept = node.get(&format!("/api/v1/events/{id}"));
        assert_eq!(kept["data"], json!({ "number": number, "text": "Grüße" }));
        assert_eq!(kept["source"], source);
        assert_eq!(kept["subject"], subject);
        assert_eq!(kept["meta"]["region"], "eu");
    }
    until("all have completed", || {
        let count = node.get("/api/v1/workflows/count?workflow=takes&status=completed");
        (count["total"] == 4).then_some(())
    });
}

#[test]
fn the_packages_of_python_send_events_in_all_modes_and_signed_webhooks() {
    let dir = tempfile::tempdir().unwrap();
    let node = serve(&dir.path().join("store"));
    let mut command = Command::new("python3");
    command
        .arg(script("send.py"))
        .arg(&node.url)
        .arg(fetched("cloudevents-python"))
        .arg(fetched("standardwebhooks"))
        .arg(SECRET);
    let answers = answers(&mut command);
    let (events, hooks) = answers.split_at(3);
    check_events(&node, events, "/python sdk", "Grüße, 100 %");
    let [(202, first), (202, again), (401, tampered), (401, old)] = hooks else {
        panic!("{hooks:?}");
    };
    assert_eq!(first["routed_to"][0]["workflow"], "paid", "{first}");
    assert_eq!(
        (&again["duplicate"], &again["id"]),
        (&json!(true), &first["id"])
    );
    for refused in [tampered, old] {
        assert_eq!(refused["code"], "ORC-0205", "{refused}");
    }
    until("it has completed", || {
        let count = node.get("/api/v1/workflows/count?workflow=paid");
        (count["total"] == 1).then_some(())
    });
}

#[test]
fn the_package_of_npm_sends_events_in_all_modes() {
    let dir = tempfile::tempdir().unwrap();
    let node = serve(&dir.path().join("store"));
    let package = fetched("cloudevents-npm").join("node_modules/cloudevents");
    let mut command = Command::new("node");
    command.arg(script("send.cjs")).arg(&node.url).arg(package);
    check_events(&node, &answers(&mut command), "/js-sdk", "greetings");
}
