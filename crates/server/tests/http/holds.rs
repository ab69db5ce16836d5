//! Starts at a later time, pause and resume.

use serde_json::{Value, json};

use crate::site::{Answer, Site};

async fn post(site: &Site, id: &str, verb: &str, reason: &str) -> Answer {
    let path = format!("/api/v1/workflows/{id}/{verb}");
    site.post(&path, &json!({ "reason": reason }).to_string())
        .await
}

async fn show(site: &Site, id: &str) -> Value {
    site.get(&format!("/api/v1/workflows/{id}")).await.json()
}

#[tokio::test]
async fn a_start_at_a_later_time_is_queued_and_can_be_cancelled() {
    let site = Site::open().await;
    let body = json!({ "workflow": "greet", "input": { "name": "Ada" }, "start_at": "2999-01-01T00:00:00Z" });
    let answer = site.post("/api/v1/workflows", &body.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["status"], "queued");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let shown = show(&site, &id).await;
    assert_eq!(shown["start_at"], "2999-01-01T00:00:00.000Z");
    let waits = &shown["waiting_for"][0];
    assert_eq!(
        (&waits["kind"], &waits["can"]),
        (&json!("start"), &json!(["cancel"]))
    );
    let active = site.get("/api/v1/workflows?status=active").await.json();
    assert_eq!(active["items"][0]["status"], "queued");
    let cancelled = post(&site, &id, "cancel", "not any more").await;
    assert_eq!(cancelled.status, 202, "{}", cancelled.text);
    assert_eq!(show(&site, &id).await["status"], "cancelled");
    let passed = json!({ "workflow": "greet", "input": { "name": "Ada" }, "start_at": "2020-01-01T00:00:00Z" });
    let passed = site
        .post("/api/v1/workflows?wait=20s", &passed.to_string())
        .await;
    assert_eq!(passed.json()["status"], "completed", "{}", passed.text);
}

#[tokio::test]
async fn a_pause_says_who_and_why_and_ends_by_a_resume() {
    let site = Site::open().await;
    let id = site.start("sleep", "{}").await;
    for reason in ["the bank is closed", "again"] {
        let paused = post(&site, &id, "pause", reason).await;
        assert_eq!(paused.status, 202, "{}", paused.text);
        assert_eq!(paused.json()["status"], "paused");
    }
    let shown = show(&site, &id).await;
    assert_eq!(shown["paused"]["reason"], "the bank is closed");
    assert_eq!(shown["paused"]["by"], "local");
    let waits = &shown["waiting_for"][0];
    assert_eq!(waits["kind"], "pause");
    assert_eq!(waits["can"], json!(["resume", "cancel"]));
    let listed = site.get("/api/v1/workflows?status=paused").await.json();
    assert_eq!(listed["items"][0]["id"], json!(id));
    for _ in 0..2 {
        let resumed = post(&site, &id, "resume", "").await;
        assert_eq!(resumed.status, 202, "{}", resumed.text);
        assert_eq!(resumed.json()["status"], "waiting");
    }
    let history = site.get(&format!("/api/v1/workflows/{id}/history")).await;
    let history = history.json();
    let records = history["items"].as_array().unwrap().iter();
    let kinds: Vec<&str> = records.map(|one| one["type"].as_str().unwrap()).collect();
    let held: Vec<&&str> = kinds
        .iter()
        .filter(|kind| kind.ends_with("paused") || kind.ends_with("resumed"))
        .collect();
    assert_eq!(held, [&"instance-paused", &"instance-resumed"]);
    post(&site, &id, "cancel", "").await;
    for verb in ["pause", "resume"] {
        let late = post(&site, &id, verb, "").await;
        assert_eq!(
            (late.status.as_u16(), late.code().as_str()),
            (409, "ORC-0401")
        );
    }
}

#[tokio::test]
async fn an_answer_that_would_call_waits_for_the_resume() {
    let site = Site::open().await;
    let id = site.start("ask", "{}").await;
    let decision = loop {
        let shown = show(&site, &id).await;
        if shown["pending_decisions"] == 1 {
            let list = site.get("/api/v1/decisions?status=pending").await.json();
            if let Some(found) = list["items"][0]["id"].as_str() {
                break found.to_owned();
            }
        }
        tokio::task::yield_now().await;
    };
    post(&site, &id, "pause", "").await;
    let path = format!("/api/v1/decisions/{decision}/approve");
    let refused = site.post(&path, "{}").await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (409, "ORC-0429")
    );
    post(&site, &id, "resume", "").await;
    let skipped = site.post(&path, r#"{"choice": "skip"}"#).await;
    assert_eq!(skipped.status, 200, "{}", skipped.text);
}
