//! Sets of definitions.

use crate::site::Site;

const GREET_2: &str =
    "workflow: { name: greet, version: 2.0.0, timeout: 1h, steps: [{ id: a, set: { x: 1 } }] }";

#[tokio::test]
async fn a_set_is_applied_whole_or_not_at_all() {
    let site = Site::open().await;
    let dry = site
        .post_yaml("/api/v1/apply?dry_run=true", GREET_2)
        .await
        .json();
    assert_eq!(
        (&dry["dry_run"], &dry["changes"][0]["change"]),
        (&true.into(), &"created".into())
    );
    assert_eq!(
        site.get("/api/v1/definitions/greet").await.json()["default_version"],
        "1.0.0"
    );

    let done = site.post_yaml("/api/v1/apply", GREET_2).await.json();
    assert_eq!(done["changes"][0]["name"], "greet 2.0.0");
    assert_eq!(
        site.get("/api/v1/definitions/greet").await.json()["default_version"],
        "2.0.0"
    );
    let again = site.post_yaml("/api/v1/apply", GREET_2).await.json();
    assert_eq!(again["changes"][0]["change"], "unchanged");

    let files = serde_json::json!({"files": [
        {"name": "good.yaml", "text": "adapters: [{ name: other, type: builtin }]"},
        {"name": "bad.yaml", "text": "workflow: { name: w, version: 1.0.0, steps: [{ id: a, adaptor: other }] }"},
    ]});
    let refused = site.post("/api/v1/apply", &files.to_string()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (422, "ORC-0408")
    );
    let first = &refused.json()["errors"][0];
    assert_eq!(first["file"], "bad.yaml");
    assert!(
        first["code"].as_str().unwrap().starts_with("ORC-1"),
        "{first}"
    );
    assert_eq!(site.get("/api/v1/adapters/other").await.status, 404);
}

#[tokio::test]
async fn what_is_not_available_yet_is_a_warning_to_validate_and_refused_by_apply() {
    let site = Site::open().await;
    let text = "workflow: { name: w, version: 1.0.0, timeout: 1h, steps: [{ id: a, adapter: local, action: echo, heartbeat-timeout: 3s }] }";
    let report = site
        .post_yaml("/api/v1/definitions/validate", text)
        .await
        .json();
    assert_eq!(report["valid"], true);
    assert_eq!(report["findings"][0]["severity"], "not-yet", "{report}");
    assert_eq!(
        site.post_yaml("/api/v1/apply", text).await.code(),
        "ORC-0408"
    );
}

#[tokio::test]
async fn a_version_can_be_pinned() {
    let site = Site::open().await;
    site.post_yaml("/api/v1/apply", GREET_2).await;
    let path = "/api/v1/definitions/greet/default";
    let put = async |headers: &[(&str, &str)], body: &str| {
        let headers = [&[("content-type", "application/json")], headers].concat();
        site.ask("PUT", path, &headers, body).await
    };
    assert_eq!(put(&[], r#"{"version": "3.0.0"}"#).await.code(), "ORC-0408");
    assert_eq!(
        put(&[("if-match", "\"0\"")], r#"{"version": "1.0.0"}"#)
            .await
            .code(),
        "ORC-0113"
    );
    let tag = site
        .get("/api/v1/definitions/greet")
        .await
        .header("etag")
        .to_owned();
    let pinned = put(
        &[("if-match", &tag)],
        r#"{"version": "1.0.0", "reason": "roll back"}"#,
    )
    .await;
    assert_eq!(pinned.status, 200, "{}", pinned.text);
    let shown = site.get("/api/v1/definitions/greet").await.json();
    assert_eq!(
        (&shown["default_version"], &shown["pinned"]),
        (&"1.0.0".into(), &true.into())
    );
    assert_eq!(put(&[], r#"{"version": null}"#).await.status, 200);
    assert_eq!(
        site.get("/api/v1/definitions/greet").await.json()["default_version"],
        "2.0.0"
    );
}

#[tokio::test]
async fn an_explanation_says_where_each_value_comes_from() {
    let site = Site::open().await;
    let explained = site
        .get("/api/v1/definitions/ask/versions/1.0.0/explain")
        .await
        .json();
    let step = &explained["steps"][0];
    let value = |name: &str| {
        let values = step["values"].as_array().unwrap();
        values
            .iter()
            .find(|value| value["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(value("max-attempts")["value"], 10);
    assert_eq!(value("max-attempts")["from"], "built-in critical");
    assert_eq!(value("policy")["from"], "step");
    let version = site
        .get("/api/v1/definitions/ask/versions/1.0.0")
        .await
        .json();
    assert_eq!(version["document"]["name"], "ask");
    let policies = site.get("/api/v1/policies").await.json();
    assert_eq!(policies["items"].as_array().unwrap().len(), 4);
    assert_eq!(
        site.get("/api/v1/environments").await.json()["items"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn an_explanation_names_the_rules_that_hold_and_those_that_only_evaluate() {
    const RULES: &str = r#"
adapters: [{ name: bank, type: http, url: "http://127.0.0.1:1", actions: { pay: { risk: low } } }]
policies:
  rules:
    - { name: slow, match: { adapter: bank }, set: { concurrency: 3, rate-limit: { rate: 2/s } } }
    - { name: risky, match: { action: pay }, set: { risk: high, man-mode: audit } }
    - { name: tried, match: { adapter: bank }, set: { man-mode: block }, mode: evaluate }
---
workflow:
  name: pays
  version: 1.0.0
  timeout: 1h
  steps: [{ id: pay, adapter: bank, action: pay, idempotency-key: "${ input.id }" }]
"#;
    let site = Site::open().await;
    let applied = site.post_yaml("/api/v1/apply", RULES).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    let explained = site.get("/api/v1/definitions/pays/versions/1.0.0/explain");
    let explained = explained.await.json();
    let values = explained["steps"][0]["values"].as_array().unwrap().clone();
    let found = |name: &str| {
        let value = values.iter().find(|value| value["name"] == name).unwrap();
        (value["value"].clone(), value["from"].clone())
    };
    let by = |name: &str| serde_json::json!(format!("rule {name}"));
    assert_eq!(found("concurrency"), (3.into(), by("slow")));
    assert_eq!(found("rate-limit"), ("2/s".into(), by("slow")));
    assert_eq!(found("risk"), ("high".into(), by("risky")));
    assert_eq!(found("man-mode"), ("audit".into(), by("risky")));
    let told = "rule tried would set man-mode block";
    assert_eq!(found("evaluated").0, told);
    let shown = site.get("/api/v1/adapters/bank").await.json();
    assert_eq!(shown["status"]["concurrency"], 3, "{shown}");
}

#[tokio::test]
async fn a_missing_secret_refuses_the_apply_that_needs_it() {
    let set = "adapters: [{ name: crm, type: http, url: 'http://127.0.0.1:1', auth: { bearer: '${ secrets.crm-token }' } }]";
    let without = Site::with(vec![], &[]).await;
    let refused = without.post_yaml("/api/v1/apply", set).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (422, "ORC-0409"),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("crm-token"));
    let with = Site::with(
        vec![],
        &[("ORCHESTRATOR_SECRET_CRM_TOKEN", "s3cret-value-42")],
    )
    .await;
    let applied = with.post_yaml("/api/v1/apply", set).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    assert!(
        !with
            .get("/api/v1/adapters/crm")
            .await
            .text
            .contains("s3cret")
    );
}
