//! Signals: sent, kept, refused.

use serde_json::{Value, json};
use server::TokenSettings;

use crate::site::{Answer, Site};

const WAITS: &str = r#"
workflow:
  name: pays
  version: 1.0.0
  timeout: 1h
  output: "${ steps.paid.output }"
  steps:
    - { id: paid, wait: { signal: paid, timeout: 30m } }
"#;

async fn site() -> Site {
    let site = Site::open().await;
    let applied = site.post_yaml("/api/v1/apply", WAITS).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    site
}

async fn send(site: &Site, id: &str, key: Option<&str>, body: Value) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    let path = format!("/api/v1/workflows/{id}/signal");
    site.ask("POST", &path, &headers, &body.to_string()).await
}

fn check(answer: &Answer, status: u16, code: &str) {
    let found = (answer.status.as_u16(), answer.code());
    assert_eq!(found, (status, code.to_owned()), "{}", answer.text);
}

async fn ended(site: &Site, id: &str) -> Value {
    let wait = site.runtime.wait_ended(id.parse().unwrap(), 20_000);
    wait.await.unwrap();
    site.get(&format!("/api/v1/workflows/{id}")).await.json()
}

#[tokio::test]
async fn an_instance_says_which_signal_it_waits_for_and_goes_on_when_it_comes() {
    let site = site().await;
    let id = site.start("pays", "{}").await;
    let path = format!("/api/v1/workflows/{id}");
    let shown = site.get(&path).await.json();
    let waits = &shown["waiting_for"][0];
    assert_eq!(shown["status"], "waiting");
    assert_eq!(waits["kind"], "signal");
    assert_eq!(waits["signal"], "paid");
    assert_eq!(waits["can"], json!(["signal", "cancel"]));
    assert!(waits["until"].is_string(), "{shown}");
    let other = send(&site, &id, None, json!({ "name": "other" })).await;
    assert_eq!(other.status, 202, "{}", other.text);
    let shown = site.get(&path).await.json();
    assert_eq!(shown["kept_signals"][0]["name"], "other");

    let body = json!({ "name": "paid", "data": { "amount": 7 } });
    let first = send(&site, &id, Some("k"), body.clone()).await;
    assert_eq!(first.status, 202, "{}", first.text);
    assert_eq!(first.header("idempotent-replayed"), "");
    let shown = ended(&site, &id).await;
    assert_eq!(shown["output"], json!({ "amount": 7 }));
    let again = send(&site, &id, Some("k"), body).await;
    assert_eq!(again.status, 202, "{}", again.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let differs = send(&site, &id, Some("k"), json!({ "name": "paid" })).await;
    check(&differs, 422, "ORC-0405");

    let history = site.get(&format!("{path}/history")).await.json();
    let came = history["items"].as_array().unwrap().iter();
    let came = came.filter(|record| record["type"] == "signal-received");
    assert_eq!(came.count(), 2, "{history}");
}

#[tokio::test]
async fn a_signal_that_makes_no_sense_is_refused_and_changes_nothing() {
    let site = site().await;
    let id = site.start("pays", "{}").await;
    let seq = || async {
        let shown = site.get(&format!("/api/v1/workflows/{id}")).await.json();
        shown["seq"].clone()
    };
    let before = seq().await;
    for name in ["", " paid", "a\nb", &"x".repeat(129)] {
        let answer = send(&site, &id, None, json!({ "name": name })).await;
        check(&answer, 400, "ORC-0107");
        assert_eq!(answer.json()["errors"][0]["pointer"], "/name");
    }
    let unknown = send(&site, &id, None, json!({ "nam": "paid" })).await;
    check(&unknown, 400, "ORC-0107");
    let nobody = "0192c3a4-0000-7000-8000-000000000001";
    let nobody = send(&site, nobody, None, json!({ "name": "paid" })).await;
    check(&nobody, 404, "ORC-0301");
    assert_eq!(seq().await, before);

    let cancel = format!("/api/v1/workflows/{id}/cancel");
    site.ask("POST", &cancel, &[], "").await;
    ended(&site, &id).await;
    let late = send(&site, &id, None, json!({ "name": "paid" })).await;
    check(&late, 409, "ORC-0401");
}

#[tokio::test]
async fn no_more_signals_are_kept_than_the_bound() {
    let site = site().await;
    let id = site.start("sleep", "{}").await;
    for number in 0..256 {
        let body = json!({ "name": "early", "data": number });
        let answer = send(&site, &id, None, body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let full = send(&site, &id, None, json!({ "name": "early" })).await;
    check(&full, 429, "ORC-0507");
    assert!(!full.header("retry-after").is_empty());
}

#[tokio::test]
async fn who_may_only_look_cannot_send_one_and_who_may_is_in_the_audit() {
    let tokens = vec![
        TokenSettings::of_token("vic", &["viewer"], "vic"),
        TokenSettings::of_token("root", &["admin"], "root"),
    ];
    let site = Site::with(tokens, &[]).await;
    let ask = |token: &'static str, path: String, kind: &'static str, body: String| {
        let site = &site;
        async move {
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
            let method = if body.is_empty() { "GET" } else { "POST" };
            site.ask(method, &path, &headers, &body).await
        }
    };
    let (yaml, json_type) = ("application/yaml", "application/json");
    let applied = ask("root", "/api/v1/apply".into(), yaml, WAITS.into()).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    let start = json!({ "workflow": "pays" }).to_string();
    let started = ask("root", "/api/v1/workflows".into(), json_type, start).await;
    let id = started.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/workflows/{id}/signal");
    let body = json!({ "name": "paid" }).to_string();
    let refused = ask("vic", path.clone(), json_type, body.clone()).await;
    check(&refused, 403, "ORC-0202");
    let sent = ask("root", path, json_type, body).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let wait = site.runtime.wait_ended(id.parse().unwrap(), 20_000);
    wait.await.unwrap();
    let audit = "/api/v1/audit?kind=signal-received".to_owned();
    let audit = ask("root", audit, json_type, String::new()).await.json();
    let entry = &audit["items"][0];
    assert_eq!(
        (&entry["who"], &entry["subject"]),
        (&json!("root"), &json!(id))
    );
    assert_eq!(entry["data"]["signal"], "paid");
}
