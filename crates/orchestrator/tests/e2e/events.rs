//! Events under load, over kill -9: each that was answered is there, and starts what it starts once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, until};

const WORKFLOWS: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: reading
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: sensor.reading, condition: event.value >= 10 }
  steps: [{ id: note, adapter: local, action: echo }]
"#;
const CLIENTS: usize = 4;
const EVENTS: usize = 20;
/// Of twenty values, those from 10 on.
const STARTED: usize = 10;
const KILLS: usize = 3;
/// How long a server lives.
const LIVES: Duration = Duration::from_millis(300);

fn batch(client: usize, round: usize) -> String {
    let event = |value: usize| {
        json!({
            "specversion": "1.0", "id": format!("{client}-{round}-{value}"), "source": "/sensors",
            "type": "sensor.reading", "subject": format!("device-{value}"),
            "data": { "value": value },
        })
    };
    (0..EVENTS).map(event).collect::<Value>().to_string()
}

/// Sends batches one after the other, each until it is answered, until it is told to stop or has sent so many.
async fn send(url: String, client: usize, most: usize, stop: Arc<AtomicBool>) -> Vec<Value> {
    let http = reqwest::Client::new();
    let mut taken = Vec::new();
    for round in 0..most {
        if stop.load(Ordering::Acquire) {
            break;
        }
        let body = batch(client, round);
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            assert!(std::time::Instant::now() < until, "no answer");
            let request = http
                .post(format!("{url}/api/v1/events"))
                .header("content-type", "application/cloudevents-batch+json")
                .body(body.clone());
            let Ok(answer) = request.send().await else {
                tokio::task::yield_now().await;
                continue;
            };
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            if status == 202 {
                let answer: Value = serde_json::from_str(&text).unwrap();
                taken.extend(answer["items"].as_array().unwrap().clone());
                break;
            }
        }
    }
    taken
}

#[test]
fn what_was_answered_is_there_and_was_routed_once_over_kills() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let mut node = Node::serve(&data);
    node.apply(WORKFLOWS);
    let (url, listen) = (node.url.clone(), format!("127.0.0.1:{}", node.port()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| runtime.spawn(send(url.clone(), client, usize::MAX, Arc::clone(&stop))))
        .collect();
    for _ in 0..KILLS {
        let before = node.get("/api/v1/system")["started_at"].clone();
        let begun = std::time::Instant::now();
        until("it has lived a while", || {
            (begun.elapsed() > LIVES).then_some(())
        });
        node.kill_nine();
        node = Node::serve_with(&data, &["--listen", &listen]);
        assert_ne!(node.get("/api/v1/system")["started_at"], before);
    }
    stop.store(true, Ordering::Release);
    let by_client: Vec<Vec<Value>> = clients
        .into_iter()
        .map(|client| runtime.block_on(client).unwrap())
        .collect();
    let taken: Vec<&Value> = by_client.iter().flatten().collect();
    let total = taken.len();
    assert!(total > 0 && total.is_multiple_of(EVENTS));
    let ids: BTreeSet<&str> = taken
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), total, "each is an event of its own");
    let started = taken
        .iter()
        .filter_map(|item| item["routed_to"][0]["workflow_id"].as_str());
    let started: BTreeSet<&str> = started.collect();
    let expected = total / EVENTS * STARTED;
    assert_eq!(started.len(), expected);
    until("all have completed", || {
        let count = node.get("/api/v1/workflows/count?status=completed");
        (count["total"] == expected).then_some(())
    });
    let all = node.get("/api/v1/workflows/count");
    assert_eq!(all["total"], expected, "none was started twice: {all}");
    let kept = node.get(&format!(
        "/api/v1/events/{}",
        taken[EVENTS - 1]["id"].as_str().unwrap()
    ));
    assert_eq!(kept["data"], json!({ "value": EVENTS - 1 }));
    let (sent, go_on) = (
        by_client[0].len() / EVENTS,
        Arc::new(AtomicBool::new(false)),
    );
    let again = runtime.block_on(send(url, 0, sent, go_on));
    assert_eq!(again.len(), by_client[0].len());
    assert!(again.iter().all(|item| item["duplicate"] == true));
    let pairs = || again.iter().zip(&by_client[0]);
    assert!(pairs().all(|(again, first)| again["id"] == first["id"]));
    let routes = |item: &Value| item["routed_to"].clone();
    assert!(pairs().all(|(again, first)| routes(again) == routes(first)));
}
