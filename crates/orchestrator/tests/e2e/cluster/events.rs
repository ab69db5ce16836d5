//! Events at several nodes: each is taken once, whoever is asked, also while a node is killed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::nodes::Nodes;
use crate::harness::{PATIENCE, until};

const READING: &str = r#"
workflow:
  name: reading
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: sensor.reading }
  subject: "${ input.device }"
  steps: [{ id: note, adapter: local, action: echo }]
"#;
const EVENTS: usize = 60;

fn reading(number: usize) -> Value {
    json!({
        "specversion": "1.0", "id": format!("e-{number}"), "source": "/sensors",
        "type": "sensor.reading", "data": { "device": format!("d-{}", number % 7) },
    })
}

/// Sends one event to a node until some node has answered; the nodes take turns, this one first.
pub async fn send(urls: Vec<String>, first: usize, event: Value) -> Value {
    let http = reqwest::Client::new();
    let until = std::time::Instant::now() + PATIENCE;
    for turn in first.. {
        assert!(std::time::Instant::now() < until, "no answer");
        let request = http
            .post(format!("{}/api/v1/events", urls[turn % urls.len()]))
            .header("content-type", "application/cloudevents+json")
            .body(event.to_string());
        if let Ok(answer) = request.send().await
            && answer.status() == 202
            && let Ok(text) = answer.text().await
            && let Ok(answer) = serde_json::from_str(&text)
        {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    Value::Null
}

#[test]
fn each_is_taken_once_whoever_is_asked_over_a_kill() {
    let mut nodes = Nodes::three();
    nodes.nodes[0].0.apply(READING);
    let urls = nodes.urls();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Each event at all three nodes at once.
    let sent: Vec<_> = (0..EVENTS)
        .flat_map(|number| (0..3).map(move |first| (number, first)))
        .map(|(number, first)| {
            (
                number,
                runtime.spawn(send(urls.clone(), first, reading(number))),
            )
        })
        .collect();
    let start = nodes.kill(2);
    let mut ids: Vec<BTreeSet<String>> = vec![BTreeSet::new(); EVENTS];
    let mut first_time = 0;
    for (number, answer) in sent {
        let answer = runtime.block_on(answer).unwrap();
        ids[number].insert(answer["id"].as_str().unwrap().to_owned());
        first_time += usize::from(answer["duplicate"] == false);
    }
    assert!(ids.iter().all(|ids| ids.len() == 1), "{ids:?}");
    // One whose first answer was lost with the killed node is a repeat for all who were answered.
    assert!(first_time <= EVENTS, "{first_time}");
    until("all have completed", || {
        let count = nodes.nodes[0]
            .0
            .get("/api/v1/workflows/count?workflow=reading&status=completed");
        (count["total"] == EVENTS).then_some(())
    });
    let all = nodes.nodes[1]
        .0
        .get("/api/v1/workflows/count?workflow=reading");
    assert_eq!(all["total"], EVENTS, "none was started twice");
    nodes.begin(start);
    nodes.until_settled(3);
    let last = ids[EVENTS - 1].first().unwrap();
    let kept = nodes.nodes[2].0.get(&format!("/api/v1/events/{last}"));
    assert_eq!(kept["data"]["device"], format!("d-{}", (EVENTS - 1) % 7));
    let listed = nodes.nodes[2]
        .0
        .get("/api/v1/events?source=/sensors&limit=1000");
    assert_eq!(listed["items"].as_array().unwrap().len(), EVENTS);
}
