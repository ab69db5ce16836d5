//! What operators do about single steps, and starting an instance once more.

use serde_json::{Value, json};

use crate::site::{Answer, Site};

async fn post(site: &Site, id: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/workflows/{id}/steps/{path}");
    site.post(&path, &body.to_string()).await
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
async fn a_step_is_skipped_completed_or_failed_with_a_reason_in_history_and_audit() {
    let site = Site::open().await;
    let skipped = site.start("sleep", "{}").await;
    let body = json!({ "reason": "not needed" });
    let answer = post(&site, &skipped, "nap/skip", body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let shown = ended(&site, &skipped).await;
    assert_eq!(
        (&shown["status"], &shown["steps"][0]["status"]),
        (&json!("completed"), &json!("skipped"))
    );
    let history = format!("/api/v1/workflows/{skipped}/history?type=step-overruled");
    let record = site.get(&history).await.json()["items"][0].clone();
    assert_eq!(
        record["data"],
        json!({ "how": "skip", "reason": "not needed" })
    );
    assert_eq!(
        (&record["step"], &record["actor"]),
        (&json!("nap"), &json!("local"))
    );
    let audit = site.get("/api/v1/audit?kind=step-overruled").await.json();
    assert_eq!(audit["items"][0]["reason"], "not needed", "{audit}");

    let completed = site.start("sleep", "{}").await;
    let body = json!({ "output": { "n": 7 } });
    let answer = post(&site, &completed, "nap/complete", body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let shown = ended(&site, &completed).await;
    assert_eq!(shown["steps"][0]["output"], json!({ "n": 7 }));

    let failed = site.start("sleep", "{}").await;
    let body = json!({ "error_type": "stuck", "message": "it hangs" });
    let answer = post(&site, &failed, "nap/fail", body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let shown = ended(&site, &failed).await;
    let error = (&shown["error"]["type"], &shown["error"]["message"]);
    assert_eq!(error, (&json!("stuck"), &json!("it hangs")));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let site = Site::open().await;
    let id = site.start("sleep", "{}").await;
    check(
        &post(&site, &id, "nowhere/skip", json!({})).await,
        404,
        "ORC-0303",
    );
    check(
        &post(&site, &id, "nap/retry", json!({})).await,
        409,
        "ORC-0406",
    );
    let lane = json!({ "lane": "each[0]" });
    check(&post(&site, &id, "nap/skip", lane).await, 409, "ORC-0406");
    let spaces = json!({ "error_type": "a b" });
    check(&post(&site, &id, "nap/fail", spaces).await, 400, "ORC-0107");
    let shown = site.get(&format!("/api/v1/workflows/{id}")).await.json();
    assert_eq!(shown["seq"], 2);
    check(
        &post(&site, &id, "nap/skip", json!({ "lane": "" })).await,
        202,
        "",
    );
    ended(&site, &id).await;
    check(
        &post(&site, &id, "nap/skip", json!({})).await,
        409,
        "ORC-0401",
    );
}

#[tokio::test]
async fn an_instance_is_replayed_as_a_new_one_with_the_same_input() {
    let site = Site::open().await;
    let first = site
        .complete("greet", r#"{ "name": "Ada", "secret": "s3cret" }"#)
        .await;
    let id = first["id"].as_str().unwrap();
    let path = format!("/api/v1/workflows/{id}/replay");
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let again = site.ask("POST", &path, &headers, "{}").await;
    assert_eq!(again.status, 201, "{}", again.text);
    let new = again.json()["id"].as_str().unwrap().to_owned();
    assert_ne!(new, id);
    let repeated = site.ask("POST", &path, &headers, "{}").await;
    assert_eq!(repeated.json()["id"], json!(new));
    assert_eq!(repeated.header("idempotent-replayed"), "true");
    let shown = ended(&site, &new).await;
    for field in [
        "output",
        "correlation_id",
        "subject",
        "attributes",
        "version",
    ] {
        assert_eq!(shown[field], first[field], "{field}");
    }
    assert_eq!(shown["cause"], json!(format!("replay:{id}")));
    let input = site.runtime.instance(new.parse().unwrap()).await.unwrap();
    assert_eq!(
        input.header().input().value()["secret"],
        "s3cret",
        "not the mask"
    );
    let other = site.post(&path, r#"{"version": "9.0.0"}"#).await;
    check(&other, 404, "ORC-0302");
    let wrong = site.post(&path, r#"{"version": "new"}"#).await;
    check(&wrong, 400, "ORC-0107");
}
