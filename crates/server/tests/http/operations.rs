//! One verb on many instances.

use serde_json::{Value, json};

use crate::site::{Answer, Site};

const PATH: &str = "/api/v1/operations";

async fn create(site: &Site, body: &Value) -> Answer {
    site.post(PATH, &body.to_string()).await
}

async fn over(site: &Site, id: &str) -> Value {
    loop {
        let shown = site.get(&format!("{PATH}/{id}")).await.json();
        if shown["ended_at"].is_string() {
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_dry_run_counts_and_an_operation_does_it() {
    let site = Site::open().await;
    for _ in 0..25 {
        site.start("sleep", "{}").await;
    }
    let filter = json!({ "status": ["waiting"], "workflow": "sleep" });
    let dry = create(
        &site,
        &json!({ "action": "cancel", "filter": filter, "dry_run": true }),
    )
    .await;
    assert_eq!(dry.status, 200, "{}", dry.text);
    let dry = dry.json();
    assert_eq!(dry["count"], 25);
    assert_eq!(dry["samples"].as_array().unwrap().len(), 20);
    let wrong = json!({ "action": "cancel", "filter": filter, "expect_count": 24 });
    let wrong = create(&site, &wrong).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code().as_str()),
        (409, "ORC-0427")
    );

    let body = json!({
        "action": "cancel", "filter": filter, "expect_count": 25, "reason": "the shop is closed",
    });
    let made = create(&site, &body).await;
    assert_eq!(made.status, 202, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("{PATH}/{id}"));
    let ended = over(&site, &id).await;
    assert_eq!(
        (
            &ended["status"],
            &ended["total"],
            &ended["done"],
            &ended["by"]
        ),
        (&json!("completed"), &json!(25), &json!(25), &json!("local"))
    );
    assert_eq!(ended["filter"], filter);
    let cancelled = site.get("/api/v1/workflows/count?status=cancelled").await;
    assert_eq!(cancelled.json()["total"], 25);
    let listed = site.get(PATH).await.json();
    assert_eq!(listed["items"][0]["id"], json!(id));
    let audit = site.get("/api/v1/audit?kind=operation-made").await.json();
    let entry = &audit["items"][0];
    assert_eq!(entry["reason"], "the shop is closed");
    assert_eq!(entry["subject"], json!(id));
    let late = site.post(&format!("{PATH}/{id}/pause"), "{}").await;
    assert_eq!(
        (late.status.as_u16(), late.code().as_str()),
        (409, "ORC-0450")
    );
}

#[tokio::test]
async fn a_key_makes_one_operation_however_the_state_has_changed() {
    let site = Site::open().await;
    let id = site.start("sleep", "{}").await;
    let body = json!({ "action": "cancel", "ids": [id], "expect_count": 1 }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let first = site.ask("POST", PATH, &headers, &body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let first = first.json()["id"].clone();
    over(&site, first.as_str().unwrap()).await;
    let again = site.ask("POST", PATH, &headers, &body).await;
    assert_eq!(again.json()["id"], first);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = json!({ "action": "pause", "ids": [id] }).to_string();
    let other = site.ask("POST", PATH, &headers, &other).await;
    assert_eq!(other.code(), "ORC-0405");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let site = Site::open().await;
    let id = "01990000-0000-7000-8000-000000000000";
    let filter = json!({ "status": "active" });
    let cases = [
        (json!({ "action": "explode", "filter": filter }), "ORC-0107"),
        (json!({ "action": "pause" }), "ORC-0107"),
        (json!({ "action": "pause", "filter": {} }), "ORC-0107"),
        (
            json!({ "action": "pause", "filter": filter, "ids": [id] }),
            "ORC-0107",
        ),
        (
            json!({ "action": "pause", "filter": { "statsu": "active" } }),
            "ORC-0108",
        ),
        (
            json!({ "action": "pause", "filter": filter, "compensate": true }),
            "ORC-0107",
        ),
        (
            json!({ "action": "pause", "filter": filter, "rate": "fast" }),
            "ORC-0107",
        ),
        (json!({ "action": "signal", "filter": filter }), "ORC-0107"),
        (
            json!({ "action": "skip-step", "filter": filter }),
            "ORC-0107",
        ),
        (json!({ "action": "pause", "ids": ["x"] }), "ORC-0110"),
    ];
    for (body, code) in cases {
        let refused = create(&site, &body).await;
        assert_eq!(refused.code(), code, "{body}: {}", refused.text);
    }
    assert_eq!(site.get(&format!("{PATH}/{id}")).await.code(), "ORC-0340");
    let turn = site.post(&format!("{PATH}/{id}/resume"), "{}").await;
    assert_eq!(turn.code(), "ORC-0340");
    let turn = site.post(&format!("{PATH}/{id}/explode"), "{}").await;
    assert_eq!(turn.code(), "ORC-0100");
}
