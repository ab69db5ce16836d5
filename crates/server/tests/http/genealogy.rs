//! What belongs together: by correlation, and by subject.

use serde_json::{Value, json};

use crate::site::Site;

const FAMILY: &str = r#"
workflow:
  name: child
  version: 1.0.0
  timeout: 1h
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: parent
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: family.grows }
  steps: [{ id: have, workflow: child }]
"#;

fn find<'a>(graph: &'a Value, kind: &str, name: &str) -> &'a Value {
    let mut nodes = graph["nodes"].as_array().unwrap().iter();
    nodes
        .find(|node| node["kind"] == kind && node["name"] == name)
        .unwrap_or_else(|| panic!("{kind} {name}: {graph}"))
}

fn leads(graph: &Value, from: &Value, to: &Value, kind: &str) -> bool {
    let mut edges = graph["edges"].as_array().unwrap().iter();
    edges.any(|edge| edge["from"] == from["id"] && edge["to"] == to["id"] && edge["kind"] == kind)
}

#[tokio::test]
async fn an_event_is_followed_to_the_last_attempt() {
    let site = Site::open().await;
    site.apply(FAMILY).await;
    let sent = site
        .post("/api/v1/events?type=family.grows&subject=ada", "{}")
        .await
        .json();
    let root = sent["routed_to"][0]["workflow_id"].as_str().unwrap();
    site.until_status(root, "completed").await;
    let path = format!(
        "/api/v1/correlations/{}",
        sent["correlation_id"].as_str().unwrap()
    );
    let graph = site.get(&format!("{path}?detail=attempts")).await.json();
    let (event, parent) = (
        find(&graph, "event", "family.grows"),
        find(&graph, "workflow", "parent"),
    );
    let (have, child) = (
        find(&graph, "step", "have"),
        find(&graph, "workflow", "child"),
    );
    let say = find(&graph, "step", "say");
    assert!(leads(&graph, event, parent, "started"));
    assert!(leads(&graph, parent, have, "ran"));
    assert!(leads(&graph, have, child, "started"), "{graph}");
    assert!(!leads(&graph, parent, child, "started"), "the step did");
    assert!(leads(&graph, child, say, "ran"));
    let edges = graph["edges"].as_array().unwrap();
    assert!(
        edges
            .iter()
            .any(|edge| edge["from"] == say["id"] && edge["kind"] == "tried")
    );
    assert_eq!(child["status"], "completed");

    let of = |node: &Value| node["id"].as_str().unwrap().replace('/', "%2F");
    let up = site
        .get(&format!("{path}?ancestors_of={}", of(have)))
        .await
        .json();
    assert_eq!(up["nodes"].as_array().unwrap().len(), 3, "{up}");
    let down = site
        .get(&format!("{path}?descendants_of={}", of(child)))
        .await
        .json();
    assert_eq!(down["nodes"].as_array().unwrap().len(), 2, "{down}");
    let small = site.get(&format!("{path}?detail=workflows")).await.json();
    assert_eq!(small["nodes"].as_array().unwrap().len(), 3);

    let nobody = site.get("/api/v1/correlations/nobody").await;
    assert_eq!(
        (nobody.status.as_u16(), nobody.code().as_str()),
        (404, "ORC-0343")
    );
}

#[tokio::test]
async fn a_journey_tells_what_happened_for_one_subject() {
    let site = Site::open().await;
    site.apply(FAMILY).await;
    let sent = site
        .post("/api/v1/events?type=family.grows&subject=ada", "{}")
        .await
        .json();
    let root = sent["routed_to"][0]["workflow_id"].as_str().unwrap();
    site.until_status(root, "completed").await;
    site.post("/api/v1/events?type=other&subject=bob", "{}")
        .await;
    let journey = site.get("/api/v1/subjects/ada/journey").await.json();
    let items = journey["items"].as_array().unwrap();
    let told: Vec<(&str, &str)> = items
        .iter()
        .map(|item| {
            (
                item["kind"].as_str().unwrap(),
                item["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(told.contains(&("event", "family.grows")), "{journey}");
    assert!(
        told.contains(&("workflow", "parent")),
        "the event's subject is the instance's"
    );
    assert!(told.contains(&("workflow", "child")), "and its children's");
    assert_eq!(told.len(), 3, "{journey}");
    assert_eq!(items[0]["correlation_id"], json!(sent["correlation_id"]));
}
