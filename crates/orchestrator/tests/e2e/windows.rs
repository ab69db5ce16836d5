//! Windows of triggers over kill -9: each device's storm becomes one start, with all its readings.

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, until};

const DEVICES: usize = 5_000;
const READINGS: usize = 4;
/// Devices whose storm the kill falls into.
const CUT: usize = 200;
/// Devices of one batch.
const TOGETHER: usize = 250;

/// It fails where its input is not that of the whole storm, and there is one for each device.
const STORM: &str = r#"
workflow:
  name: storm
  version: 1.0.0
  timeout: 1h
  trigger:
    type: event
    event-type: sensor.reading
    debounce: { key: "${ event.device }", quiet: 15s, max: 10m, keep: all }
    input:
      device: "${ event.device }"
      count: "${ window.count }"
      most: "${ max(window.events.map(e, e.value)) }"
  subject: "${ 'device-' + string(input.device) }"
  steps:
    - { id: check, when: "input.count != 4 || input.most != input.device * 4 + 3", fail: { type: wrong, message: wrong } }
"#;

/// The readings of these numbers of some devices.
fn batch(devices: std::ops::Range<usize>, readings: std::ops::Range<usize>) -> String {
    let event = |(device, reading): (usize, usize)| {
        json!({
            "specversion": "1.0", "id": format!("{device}-{reading}"), "source": "/sensors",
            "type": "sensor.reading",
            "data": { "device": device, "value": device * READINGS + (device + reading) % READINGS },
        })
    };
    let all = devices.flat_map(|device| readings.clone().map(move |reading| (device, reading)));
    all.map(event).collect::<Value>().to_string()
}

/// Sends a batch until it is answered.
async fn send(url: String, body: String) -> Value {
    let http = reqwest::Client::new();
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        assert!(std::time::Instant::now() < until, "no answer");
        let request = http
            .post(format!("{url}/api/v1/events"))
            .header("content-type", "application/cloudevents-batch+json")
            .body(body.clone());
        if let Ok(answer) = request.send().await
            && answer.status() == 202
        {
            let text = answer.text().await.unwrap();
            return serde_json::from_str(&text).unwrap();
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn each_storm_of_a_device_is_one_start_with_all_its_readings_over_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(STORM);
    let (url, listen) = (node.url.clone(), format!("127.0.0.1:{}", node.port()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rest: Vec<usize> = (CUT..DEVICES).step_by(TOGETHER).collect();
    let (before, after) = rest.split_at(rest.len() / 2);
    let whole = |from: &usize| batch(*from..DEVICES.min(from + TOGETHER), 0..READINGS);
    for from in before {
        runtime.block_on(send(url.clone(), whole(from)));
    }
    runtime.block_on(send(url.clone(), batch(0..CUT, 0..2)));
    // One is on its way while it dies.
    let cut = runtime.spawn(send(url.clone(), batch(0..CUT, 2..3)));
    node.kill_nine();
    let node = Node::serve_with(&data, &["--listen", &listen]);
    runtime.block_on(cut).unwrap();
    let last = runtime.block_on(send(url.clone(), batch(0..CUT, 3..4)));
    for from in after {
        runtime.block_on(send(url.clone(), whole(from)));
    }
    let event = last["items"][0]["id"].as_str().unwrap().to_owned();
    let route = &node.get(&format!("/api/v1/events/{event}"))["routed_to"][0];
    assert_eq!(route["window"]["key"], "0", "{route}");
    until("every storm is over", || {
        let count = node.get("/api/v1/workflows/count?status=completed");
        (count["total"] == DEVICES).then_some(())
    });
    let all = node.get("/api/v1/workflows/count");
    assert_eq!(all["total"], DEVICES, "none started twice: {all}");
    let open = node.get("/api/v1/windows");
    assert_eq!(open["items"].as_array().unwrap().len(), 0, "{open}");
    leads_from_each_event_to_the_start_and_back(&node, &event);
    let metrics = node.page("/metrics");
    assert!(
        metrics.contains("orchestrator_window_gathered_total"),
        "{metrics}"
    );
    let listed = node.json(&["windows", "list", "--closed", "--limit", "2"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

/// From an event to its window, to what that started, and back to all events of it.
fn leads_from_each_event_to_the_start_and_back(node: &Node, event: &str) {
    let shown = node.get(&format!("/api/v1/events/{event}"));
    let route = &shown["routed_to"][0];
    assert_eq!(route["window"]["outcome"], "kept", "{route}");
    let window = node.get(&format!(
        "/api/v1/windows/{}",
        route["window"]["id"].as_str().unwrap()
    ));
    assert_eq!(
        window["events"].as_array().unwrap().len(),
        READINGS,
        "{window}"
    );
    assert_eq!(window["workflow_id"], route["workflow_id"]);
    // The last event's correlation has all of it; another one's leads there.
    let ids = window["events"].as_array().unwrap();
    let other = ids.iter().find(|id| **id != event).unwrap();
    let other = node.get(&format!("/api/v1/events/{}", other.as_str().unwrap()));
    for (event, events) in [(&shown, READINGS), (&other, 1)] {
        let correlation = event["correlation_id"].as_str().unwrap();
        let graph = node.get(&format!("/api/v1/correlations/{correlation}"));
        let kinds = |kind: &str| {
            let nodes = graph["nodes"].as_array().unwrap().iter();
            nodes.filter(|node| node["kind"] == kind).count()
        };
        let found = (kinds("event"), kinds("window"), kinds("workflow"));
        assert_eq!(found, (events, 1, 1), "{graph}");
    }
}
