//! Webhooks in.

use crate::site::Site;

const PATH: &str = "/api/v1/hooks/door-bell";
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn an_event_starts_what_its_source_triggers() {
    let site = Site::open().await;
    let answer = site
        .post(PATH, r#"{"ring": true, "name": "Ada", "more": 1}"#)
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(
        (&answer["duplicate"], &answer["deduplicated"]),
        (&false.into(), &false.into())
    );
    let started = &answer["routed_to"][0];
    assert_eq!(started["workflow"], "greet");
    let path = format!(
        "/api/v1/workflows/{}",
        started["workflow_id"].as_str().unwrap()
    );
    let shown = site.get(&path).await.json();
    assert_eq!(shown["input"], serde_json::json!({"name": "Ada"}));
    assert_eq!(shown["correlation_id"], answer["correlation_id"]);
    assert!(shown["cause"].as_str().unwrap().starts_with("trigger:"));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_starts_nothing() {
    let site = Site::open().await;
    for body in [
        r#"{"ring": false, "name": "Ada"}"#,
        r#"{"name": "Ada"}"#,
        "[]",
        "7",
    ] {
        let answer = site.post(PATH, body).await;
        assert_eq!(answer.status, 202, "{body}: {}", answer.text);
        assert_eq!(answer.json()["routed_to"], serde_json::json!([]), "{body}");
    }
    // The input's own expression fails: the sender is told.
    let answer = site.post(PATH, r#"{"ring": true}"#).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (422, "ORC-0404")
    );
}

#[tokio::test]
async fn an_event_with_a_key_is_taken_once() {
    let site = Site::open().await;
    let headers = [
        JSON,
        ("idempotency-key", "evt-1"),
        ("x-correlation-id", "corr-1"),
    ];
    let body = r#"{"ring": true, "name": "Ada"}"#;
    let first = site.ask("POST", PATH, &headers, body).await.json();
    let headers = [
        JSON,
        ("idempotency-key", "evt-1"),
        ("x-correlation-id", "corr-2"),
    ];
    let again = site.ask("POST", PATH, &headers, body).await.json();
    assert_eq!(
        (&first["duplicate"], &again["duplicate"]),
        (&false.into(), &true.into())
    );
    assert_eq!(first["routed_to"], again["routed_to"]);
    assert_eq!(again["correlation_id"], "corr-1");
}
