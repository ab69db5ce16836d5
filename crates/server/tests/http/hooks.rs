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
    assert_eq!(
        shown["cause"],
        format!("event:{}", answer["id"].as_str().unwrap())
    );
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

const SIGNED: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: pushed
  version: 1.0.0
  timeout: 1h
  trigger:
    type: webhook
    source: forge
    verify: { scheme: github, secret: "${ secrets.forge }" }
  steps: [{ id: a, adapter: local, action: echo }]
"#;

#[tokio::test]
async fn a_signed_webhook_needs_no_token_and_an_unsigned_one_is_refused() {
    let secrets = [("ORCHESTRATOR_SECRET_FORGE", "It's a Secret to Everybody")];
    let site = Site::with(vec![], &secrets).await;
    site.apply(SIGNED).await;
    let path = "/api/v1/hooks/forge";
    let body = "{\"ref\":\"main\"}";
    // Made with openssl: printf BODY | openssl dgst -sha256 -hmac SECRET
    let signature = "sha256=9e43299a601a4fecf1d621c86c0321b9a33c0bb89b80c1a36337e38860420fab";
    let headers = [
        JSON,
        ("x-hub-signature-256", signature),
        ("x-github-delivery", "d-1"),
        ("x-github-event", "push"),
    ];
    let taken = site.ask("POST", path, &headers, body).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    let taken = taken.json();
    assert_eq!(taken["routed_to"][0]["workflow"], "pushed");
    let kept = site
        .get(&format!("/api/v1/events/{}", taken["id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(
        (&kept["type"], &kept["meta"]["id"]),
        (&"github.push".into(), &"d-1".into())
    );
    let again = site.ask("POST", path, &headers, body).await.json();
    assert_eq!(again["duplicate"], true);
    let changed = site.ask("POST", path, &headers, "{\"ref\":\"evil\"}").await;
    assert_eq!(
        (changed.status.as_u16(), changed.code().as_str()),
        (401, "ORC-0205")
    );
    let unsigned = site.post(path, body).await;
    assert_eq!(unsigned.status, 401);
}
