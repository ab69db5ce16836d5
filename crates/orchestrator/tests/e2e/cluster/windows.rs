//! Windows of triggers at several nodes: each event counts once, whoever takes it, also while a node is killed.

use serde_json::{Value, json};

use super::events::send;
use super::nodes::Nodes;
use crate::harness::until;

const DEVICES: usize = 30;
const READINGS: usize = 4;

/// It fails where its input is not that of one device, and there is one for each.
const BATCH: &str = r#"
workflow:
  name: storm
  version: 1.0.0
  timeout: 1h
  trigger:
    type: event
    event-type: sensor.reading
    batch: { key: "${ event.device }", max-size: 4, max-wait: 1h }
    input:
      device: "${ event.device }"
      alike: "${ window.events.all(e, e.device == event.device) }"
      sum: "${ sum(window.events.map(e, e.value)) }"
  subject: "${ 'device-' + string(input.device) }"
  steps:
    - { id: check, when: "!input.alike || input.sum != 6", fail: { type: wrong, message: wrong } }
"#;

fn reading_of(device: usize, reading: usize) -> Value {
    json!({
        "specversion": "1.0", "id": format!("{device}-{reading}"), "source": "/sensors",
        "type": "sensor.reading", "data": { "device": device, "value": reading },
    })
}

#[test]
fn each_batch_is_whole_and_starts_once_over_a_kill() {
    let mut nodes = Nodes::three();
    nodes.nodes[0].0.apply(BATCH);
    let urls = nodes.urls();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let all = (0..READINGS).flat_map(|reading| (0..DEVICES).map(move |device| (device, reading)));
    let sent: Vec<_> = all
        .map(|(device, reading)| {
            runtime.spawn(send(
                urls.clone(),
                device + reading,
                reading_of(device, reading),
            ))
        })
        .collect();
    let start = nodes.kill(2);
    for answer in sent {
        runtime.block_on(answer).unwrap();
    }
    until("every batch is whole", || {
        let count = nodes.nodes[0]
            .0
            .get("/api/v1/workflows/count?workflow=storm&status=completed");
        (count["total"] == DEVICES).then_some(())
    });
    nodes.begin(start);
    nodes.until_settled(3);
    let all = nodes.nodes[1]
        .0
        .get("/api/v1/workflows/count?workflow=storm");
    assert_eq!(all["total"], DEVICES, "none was started twice");
    let open = nodes.nodes[2].0.get("/api/v1/windows");
    assert_eq!(open["items"].as_array().unwrap().len(), 0, "{open}");
}
