//! What starts workflows by the time.

use serde_json::{Value, json};

use crate::site::Site;

const PATH: &str = "/api/v1/schedules";
const WORKFLOWS: &str = r#"
workflow:
  name: report
  version: 1.0.0
  timeout: 1h
  trigger: { type: schedule, cron: "0 3 * * *", time-zone: Europe/Berlin, jitter: 5m, catch-up: last, overlap: queue }
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: beat
  version: 1.0.0
  timeout: 1h
  triggers:
    - { type: schedule, id: each-second, every: 1s, input: { at: "${ event.scheduled_at }" }, overlap: allow }
    - { type: schedule, id: never-now, every: 365d, condition: "event.by == 'clock'" }
  steps: [{ id: say, adapter: local, action: echo }]
"#;

async fn show(site: &Site, name: &str) -> Value {
    site.get(&format!("{PATH}/{name}")).await.json()
}

async fn turn(site: &Site, path: &str, body: &Value) -> (u16, Value) {
    let turned = site
        .post(&format!("{PATH}/{path}"), &body.to_string())
        .await;
    (turned.status.as_u16(), turned.json())
}

#[tokio::test]
async fn schedules_are_listed_with_what_comes_next() {
    let site = Site::open().await;
    site.apply(WORKFLOWS).await;
    let listed = site.get(&format!("{PATH}?limit=2")).await.json();
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&listed), ["beat.each-second", "beat.never-now"]);
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = site
        .get(&format!("{PATH}?limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(names(&rest), ["report.0-schedule"]);
    assert_eq!(rest.get("next_cursor").and_then(Value::as_str), None);
    let report = &rest["items"][0];
    assert_eq!(
        (
            &report["cron"],
            &report["time_zone"],
            &report["jitter"],
            &report["catch_up"],
            &report["overlap"]
        ),
        (
            &json!("0 3 * * *"),
            &json!("Europe/Berlin"),
            &json!("5m"),
            &json!("last"),
            &json!("queue")
        )
    );
    assert_eq!(report["next"].as_array().unwrap().len(), 5);
    let next = site
        .get(&format!("{PATH}/report.0-schedule/next?count=400"))
        .await
        .json();
    assert_eq!(next["next"].as_array().unwrap().len(), 400);
    assert_eq!(next["next"][0], report["next"][0]);
}

#[tokio::test]
async fn a_schedule_starts_by_itself_and_what_it_started_leads_back_to_it() {
    let site = Site::open().await;
    site.apply(WORKFLOWS).await;
    let last = loop {
        let shown = show(&site, "beat.each-second").await;
        if let Some(id) = shown["last"]["workflow_id"].as_str() {
            assert_eq!(shown["last"]["outcome"], "started");
            break site.until_status(id, "completed").await;
        }
        tokio::task::yield_now().await;
    };
    assert!(last["input"]["at"].is_string(), "{last}");
    let path = format!(
        "/api/v1/correlations/{}",
        last["correlation_id"].as_str().unwrap()
    );
    let graph = site.get(&path).await.json();
    let nodes = graph["nodes"].as_array().unwrap();
    let from = nodes
        .iter()
        .find(|node| node["kind"] == "schedule")
        .unwrap();
    assert_eq!(from["name"], "beat/each-second");
    let edge = json!({ "from": from["id"], "to": last["id"], "kind": "started" });
    assert!(
        graph["edges"].as_array().unwrap().contains(&edge),
        "{graph}"
    );
    let page = site.get("/metrics").await.text;
    assert!(
        page.contains("orchestrator_schedule_starts_total"),
        "{page}"
    );
}

#[tokio::test]
async fn people_hold_trigger_and_make_up_for() {
    let site = Site::open().await;
    site.apply(WORKFLOWS).await;
    let because = json!({ "reason": "the source is down" });
    let (status, paused) = turn(&site, "report.0-schedule/pause", &because).await;
    assert_eq!(status, 202, "{paused}");
    let shown = show(&site, "report.0-schedule").await;
    assert_eq!(shown["paused"]["by"], "local");
    assert_eq!(shown["paused"]["reason"], "the source is down");
    assert_eq!(shown["next"], json!([]));

    let (status, triggered) = turn(&site, "report.0-schedule/trigger", &because).await;
    assert_eq!(status, 202, "{triggered}");
    let id = triggered["workflow_id"].as_str().unwrap();
    let instance = site.until_status(id, "completed").await;
    assert_eq!(instance["input"]["by"], "person");
    let (status, unmet) = turn(&site, "beat.never-now/trigger", &because).await;
    assert_eq!((status, &unmet["code"]), (409, &json!("ORC-0458")));

    let span = json!({ "from": "2024-10-26T00:00:00Z", "to": "2024-10-29T00:00:00Z" });
    let (status, filled) = turn(&site, "report.0-schedule/backfill", &span).await;
    assert_eq!(status, 202, "{filled}");
    loop {
        let shown = show(&site, "report.0-schedule").await;
        if shown["backfill"] == 0 {
            assert_eq!(shown["started"], 4, "one by hand, and three nights");
            break;
        }
        tokio::task::yield_now().await;
    }
    let (status, _) = turn(&site, "report.0-schedule/resume", &json!({})).await;
    assert_eq!(status, 202);
    assert!(
        show(&site, "report.0-schedule")
            .await
            .get("paused")
            .is_none()
    );
    let audit = site.get("/api/v1/audit?kind=schedule-paused").await.json();
    let entry = &audit["items"][0];
    assert_eq!(
        (&entry["reason"], &entry["subject"]),
        (&json!("the source is down"), &json!("report.0-schedule"))
    );
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let site = Site::open().await;
    site.apply(WORKFLOWS).await;
    for (path, body, status, code) in [
        ("report/pause", json!({}), 404, "ORC-0348"),
        ("report.other/trigger", json!({}), 404, "ORC-0348"),
        ("report.0-schedule/explode", json!({}), 404, "ORC-0100"),
        ("report.0-schedule/backfill", json!({}), 400, "ORC-0107"),
        (
            "report.0-schedule/pause",
            json!({ "from": "2026-01-01T00:00:00Z" }),
            400,
            "ORC-0107",
        ),
        (
            "report.0-schedule/backfill",
            json!({ "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" }),
            400,
            "ORC-0107",
        ),
    ] {
        let (found, answer) = turn(&site, path, &body).await;
        assert_eq!(
            (found, &answer["code"]),
            (status, &json!(code)),
            "{path}: {answer}"
        );
    }
    let next = site
        .get(&format!("{PATH}/report.0-schedule/next?count=0"))
        .await;
    assert_eq!(next.code(), "ORC-0109");
    let nonsense = r#"
workflow:
  name: bad
  version: 1.0.0
  timeout: 1h
  triggers:
    - { type: schedule, id: a, cron: "0 25 * * *" }
    - { type: schedule, id: b, cron: "0 2 * * *", time-zone: Europe/Berlyn }
  steps: [{ id: say, adapter: local, action: echo }]
"#;
    let refused = site.post_yaml("/api/v1/apply", nonsense).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused.text.contains("expected 0 to 23 as the hour"),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("did you mean `Europe/Berlin`?"),
        "{}",
        refused.text
    );
}
