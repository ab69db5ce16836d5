//! Calls of adapters that a person tries out.

use serde_json::{Value, json};

use crate::site::{Answer, Site};

const ADAPTERS: &str = r#"
adapters:
  - { name: shop, type: http, url: "http://127.0.0.1:9", actions: { order: { method: POST, path: /orders } }, retry: { max-attempts: 5, on-exhausted: dead-letter } }
"#;

async fn call(site: &Site, name: &str, body: Value) -> Answer {
    let path = format!("/api/v1/adapters/{name}/call?wait=20s");
    site.post(&path, &body.to_string()).await
}

#[tokio::test]
async fn a_call_is_an_instance_of_one_step_and_its_outcome_is_answered() {
    let site = Site::open().await;
    let input = json!({ "said": "hi" });
    let body = json!({ "action": "echo", "input": input, "reason": "is it there?" });
    let called = call(&site, "local", body).await;
    assert_eq!(called.status, 201, "{}", called.text);
    let instance = called.json();
    assert_eq!(
        (&instance["status"], &instance["output"]),
        (&json!("completed"), &input)
    );
    assert_eq!(instance["steps"][0]["attempt_count"], 1);
    let id = instance["id"].as_str().unwrap();
    assert_eq!(called.header("location"), format!("/api/v1/workflows/{id}"));
    let entry = &site.audited("adapter-called", 1).await[0];
    assert_eq!(entry["reason"], "local/echo: is it there?");
    assert_eq!(entry["subject"], id);
    let at_once = json!({ "action": "echo", "reason": "once more" }).to_string();
    let started = site.post("/api/v1/adapters/local/call", &at_once).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        site.until_status(&id, "completed").await["output"],
        Value::Null
    );
}

#[tokio::test]
async fn a_call_that_fails_is_not_tried_again_and_leaves_no_dead_letter() {
    let site = Site::open().await;
    site.apply(ADAPTERS).await;
    let body = json!({ "action": "order", "input": { "n": 1 }, "reason": "is it there?" });
    let called = call(&site, "shop", body).await.json();
    assert_eq!(called["status"], "failed", "{called}");
    let path = format!(
        "/api/v1/workflows/{}/steps/call/attempts",
        called["id"].as_str().unwrap()
    );
    let attempts = site.get(&path).await.json();
    let attempts = attempts["items"].as_array().unwrap().clone();
    assert_eq!(attempts.len(), 1, "{attempts:?}");
    assert!(attempts[0]["exchange"].is_object(), "{attempts:?}");
    let letters = site.get("/api/v1/dead-letters").await.json();
    assert_eq!(letters["items"], json!([]));
}

#[tokio::test]
async fn a_key_calls_once() {
    let site = Site::open().await;
    let body = json!({ "action": "echo", "reason": "x" }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k1"),
    ];
    let path = "/api/v1/adapters/local/call";
    let first = site.ask("POST", path, &headers, &body).await;
    let again = site.ask("POST", path, &headers, &body).await;
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = json!({ "action": "echo", "reason": "y" }).to_string();
    site.post(path, &other).await;
    let audit = site.audited("adapter-called", 2).await;
    assert_eq!(audit.len(), 2, "{audit:?}");
}

#[tokio::test]
async fn what_cannot_be_called_is_refused_with_what_there_is() {
    let site = Site::open().await;
    site.apply(ADAPTERS).await;
    for (name, body, status, code, says) in [
        (
            "shopp",
            json!({ "reason": "x" }),
            404,
            "ORC-0305",
            "did you mean shop?",
        ),
        (
            "shop",
            json!({ "action": "ordr", "reason": "x" }),
            400,
            "ORC-0107",
            "did you mean order?",
        ),
        (
            "shop",
            json!({ "reason": "x" }),
            400,
            "ORC-0107",
            "none by default",
        ),
        (
            "local",
            json!({ "action": "echo" }),
            400,
            "ORC-0107",
            "/reason",
        ),
        (
            "local",
            json!({ "acton": "echo", "reason": "x" }),
            400,
            "ORC-0107",
            "acton",
        ),
    ] {
        let refused = call(&site, name, body.clone()).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {}", refused.text);
        assert_eq!(refused.code(), code, "{body}: {}", refused.text);
        assert!(refused.text.contains(says), "{body}: {}", refused.text);
    }
    let listed = site.get("/api/v1/workflows").await.json();
    assert_eq!(listed["items"], json!([]));
}
