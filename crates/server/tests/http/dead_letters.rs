//! Calls that failed for good.

use serde_json::{Value, json};

use crate::site::Site;

const PATH: &str = "/api/v1/dead-letters";
const KEPT: &str = r#"
workflow:
  name: kept
  version: 1.0.0
  timeout: 1h
  input: { sensitive: [/value] }
  steps:
    - id: check
      adapter: local
      action: validate
      retry: { max-attempts: 2, initial-interval: 1ms, on-exhausted: dead-letter }
"#;

async fn site() -> Site {
    let site = Site::open().await;
    let applied = site.post_yaml("/api/v1/apply", KEPT).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    site
}

fn wrong_input() -> String {
    json!({ "schema": { "type": "string" }, "value": 7 }).to_string()
}

async fn letters(site: &Site, query: &str) -> Vec<Value> {
    let page = site.get(&format!("{PATH}{query}")).await.json();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_letter_is_shown_called_anew_amended_and_audited() {
    let site = site().await;
    let failed = site.complete("kept", &wrong_input()).await;
    assert_eq!(failed["status"], "failed");
    let [letter] = &letters(&site, "?adapter=local&step=check").await[..] else {
        panic!("expected one letter");
    };
    assert_eq!(
        (
            &letter["what"],
            &letter["workflow_id"],
            &letter["correlation_id"]
        ),
        (
            &json!("local/validate"),
            &failed["id"],
            &failed["correlation_id"]
        )
    );
    assert_eq!(
        letter["input"]["value"], "***",
        "it is the instance's own input"
    );
    let id = letter["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    assert_eq!(&site.get(&path).await.json(), letter);

    let good =
        json!({ "input": { "schema": { "type": "string" }, "value": "x" }, "reason": "typo" });
    let anew = site
        .post(&format!("{path}/reprocess"), &good.to_string())
        .await;
    assert_eq!(anew.status, 201, "{}", anew.text);
    assert_eq!(anew.json()["correlation_id"], failed["correlation_id"]);
    let again = site.post(&format!("{path}/reprocess"), "{}").await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "ORC-0452")
    );
    let settled = site.get(&path).await.json();
    assert_eq!(
        (&settled["status"], &settled["settled"]["workflow_id"]),
        (&json!("reprocessed"), &anew.json()["id"])
    );
    assert!(letters(&site, "").await.is_empty());
    assert_eq!(letters(&site, "?status=reprocessed").await.len(), 1);
    let audit = site.get("/api/v1/audit?kind=dead-letter-reprocessed").await;
    assert_eq!(audit.json()["items"][0]["reason"], "typo");
}

#[tokio::test]
async fn many_are_discarded_with_a_reason() {
    let site = site().await;
    for _ in 0..3 {
        site.complete("kept", &wrong_input()).await;
    }
    let without = json!({ "action": "discard", "filter": { "workflow": "kept" } });
    let without = site.post("/api/v1/operations", &without.to_string()).await;
    assert_eq!(without.code(), "ORC-0107");
    let mut asked = json!({
        "action": "discard", "filter": { "workflow": "kept" }, "reason": "by hand", "dry_run": true,
    });
    let dry = site.post("/api/v1/operations", &asked.to_string()).await;
    let dry = dry.json();
    assert_eq!(
        (&dry["count"], dry["dead_letters"].as_array().unwrap().len()),
        (&json!(3), 3)
    );
    asked["dry_run"] = json!(false);
    let made = site.post("/api/v1/operations", &asked.to_string()).await;
    assert_eq!(made.status, 202, "{}", made.text);
    while !letters(&site, "").await.is_empty() {
        tokio::task::yield_now().await;
    }
    let gone = letters(&site, "?status=discarded").await;
    assert_eq!(gone.len(), 3);
    assert_eq!(gone[0]["settled"]["reason"], "by hand");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let site = site().await;
    let id = "01990000-0000-7000-8000-000000000000";
    assert_eq!(site.get(&format!("{PATH}/{id}")).await.code(), "ORC-0341");
    assert_eq!(
        site.get(&format!("{PATH}?status=lost")).await.code(),
        "ORC-0109"
    );
    let anew = site.post(&format!("{PATH}/{id}/reprocess"), "{}").await;
    assert_eq!(anew.code(), "ORC-0341");
    let silent = site
        .post(&format!("{PATH}/{id}/discard"), "{\"reason\":\" \"}")
        .await;
    assert_eq!(silent.code(), "ORC-0107");
    let settled = json!({ "action": "reprocess", "filter": { "status": "discarded" } });
    let settled = site.post("/api/v1/operations", &settled.to_string()).await;
    assert_eq!(settled.code(), "ORC-0109");
}
