//! Examples of real webhooks through the example that routes them: counts by rule match a count of our own.

use std::collections::BTreeMap;
use std::path::Path;

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::harness::{BINARY, Node, until};

const SECRET: &str = "only for this test";

/// What the router should say, worked out without it.
fn expected(kind: &str, payload: &Value) -> &'static str {
    let is = |pointer: &str, wanted: &str| {
        payload.pointer(pointer).and_then(Value::as_str) == Some(wanted)
    };
    let lines = |name: &str| payload["pull_request"][name].as_i64();
    match kind {
        "dependabot_alert"
        | "code_scanning_alert"
        | "repository_vulnerability_alert"
        | "security_advisory" => "alerts",
        "pull_request" => match (lines("additions"), lines("deletions")) {
            (Some(more), Some(less)) if more + less > 100 => "big-change",
            _ => "change",
        },
        "workflow_run" if is("/workflow_run/conclusion", "failure") => "ci-failed",
        "issues" if is("/repository/full_name", "Codertocat/Hello-World") => "main-repository",
        "push" => "pushes",
        _ => "default",
    }
}

fn signature(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// Every example, with its event's name.
fn examples() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("github-webhooks.json");
    let text = std::fs::read_to_string(&path).expect("scripts/test-needs fetches the examples");
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    let examples = events.iter().flat_map(|event| {
        let kind = event["name"].as_str().unwrap();
        let examples = event["examples"].as_array().unwrap().iter();
        examples.map(move |payload| (kind.to_owned(), payload.clone()))
    });
    examples.collect()
}

#[test]
fn all_examples_go_where_a_count_of_our_own_says() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let mut command = std::process::Command::new(BINARY);
    command.env("ORCHESTRATOR_SECRET_GITHUB_HOOK", SECRET);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data);
    let node = Node::launch(&data, command);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/github-ops");
    node.json(&["apply", "-f", example]);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = reqwest::Client::new();
    let (mut wanted, mut found, mut pushes) = (BTreeMap::new(), BTreeMap::new(), 0);
    let examples = examples();
    assert!(examples.len() > 300, "{}", examples.len());
    for (number, (kind, payload)) in examples.iter().enumerate() {
        *wanted
            .entry(expected(kind, payload).to_owned())
            .or_insert(0) += 1;
        let body = payload.to_string();
        let request = http
            .post(format!("{}/api/v1/hooks/github", node.url))
            .header("content-type", "application/json")
            .header("x-github-event", kind)
            .header("x-github-delivery", format!("delivery-{number}"))
            .header("x-hub-signature-256", signature(&body))
            .body(body);
        let answer: Value = runtime.block_on(async {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 202, "{kind}");
            serde_json::from_str(&answer.text().await.unwrap()).unwrap()
        });
        for routed in answer["routed_to"].as_array().unwrap() {
            assert!(routed["error"].is_null(), "{kind}: {routed}");
            match routed["router"].as_str() {
                Some("github") => {
                    let rule = routed["rule"].as_str().unwrap().to_owned();
                    *found.entry(rule).or_insert(0) += 1;
                }
                _ => {
                    assert_eq!(
                        (kind.as_str(), routed["workflow"].as_str()),
                        ("push", Some("push-audit"))
                    );
                    pushes += 1;
                }
            }
        }
    }
    assert_eq!(found, wanted);
    assert_eq!(Some(&pushes), wanted.get("pushes"));
    let started = examples.len() + pushes;
    until("all have completed", || {
        let count = node.get("/api/v1/workflows/count?status=completed");
        (count["total"] == started).then_some(())
    });
    let letters = node.json(&["dead-letters", "list"]);
    assert!(letters["items"].as_array().unwrap().is_empty(), "{letters}");
}
