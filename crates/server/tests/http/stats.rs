//! Counts, latencies and grouped failures.

use serde_json::{Value, json};

use crate::site::Site;

const WORKFLOWS: &str = r#"
workflow:
  name: hello
  version: 1.0.0
  timeout: 1h
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: broken
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: say, adapter: local, action: echo }
    - { id: breaks, fail: { type: out-of-stock, message: "no ${ input.what } left" } }
---
workflow:
  name: asks
  version: 2.0.0
  timeout: 1h
  on-failure: man
  steps: [{ id: breaks, fail: { type: out-of-stock, message: gone } }]
"#;

async fn start(site: &Site, workflow: &str, status: &str) -> String {
    let body = json!({ "workflow": workflow, "input": { "what": "hats" } });
    let started = site.post("/api/v1/workflows", &body.to_string()).await;
    let id = started.json()["id"].as_str().unwrap().to_owned();
    site.until_status(&id, status).await;
    id
}

/// Greets three times, breaks twice, asks once; answers the ids of those that broke.
async fn live(site: &Site) -> Vec<String> {
    site.apply(WORKFLOWS).await;
    for _ in 0..3 {
        start(site, "hello", "completed").await;
    }
    let broken = vec![
        start(site, "broken", "failed").await,
        start(site, "broken", "failed").await,
    ];
    start(site, "asks", "waiting").await;
    broken
}

async fn read(site: &Site, path: &str) -> Value {
    site.get(&format!("/api/v1{path}")).await.json()
}

#[tokio::test]
async fn workflows_steps_and_targets_are_counted() {
    let site = Site::open().await;
    live(&site).await;
    let all = read(&site, "/stats").await;
    assert_eq!(
        (&all["about"], &all["left_out"]),
        (&json!("workflows"), &json!(0))
    );
    let total = &all["series"][0]["total"];
    assert_eq!(
        [&total["started"], &total["completed"], &total["failed"]],
        [&json!(6), &json!(3), &json!(2)]
    );
    assert_eq!(total["latency"]["count"], 5);
    assert!(total.get("calls").is_none() && total.get("attempts").is_none());
    let by_version = read(&site, "/stats?group_by=version&workflow=asks").await;
    assert_eq!(
        by_version["series"][0]["group"],
        json!({ "workflow": "asks", "version": "2.0.0" })
    );
    let steps = read(&site, "/stats?group_by=step&workflow=broken").await;
    assert_eq!(steps["about"], "steps");
    let found: Vec<(&Value, &Value, &Value)> = steps["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| {
            let total = &series["total"];
            (
                &series["group"]["step"],
                &total["completed"],
                &total["failed"],
            )
        })
        .collect();
    assert!(found.contains(&(&json!("say"), &json!(2), &json!(0))));
    assert!(found.contains(&(&json!("breaks"), &json!(0), &json!(2))));
    let targets = read(&site, "/stats?group_by=target").await;
    assert_eq!(targets["about"], "targets");
    assert_eq!(targets["series"][0]["group"]["adapter"], "local");
    assert_eq!(targets["series"][0]["total"]["calls"], 5);
    assert_eq!(targets["series"][0]["total"]["errors"], 0);
}

#[tokio::test]
async fn spans_add_up_to_the_whole() {
    let site = Site::open().await;
    live(&site).await;
    let stats = read(&site, "/stats?step_seconds=60&group_by=workflow").await;
    assert_eq!(stats["step_seconds"], 60);
    for series in stats["series"].as_array().unwrap() {
        let points = series["points"].as_array().unwrap().iter();
        let sum: u64 = points.map(|point| point["started"].as_u64().unwrap()).sum();
        assert_eq!(series["total"]["started"], sum);
    }
    let one = read(&site, "/stats?group_by=workflow&limit=1").await;
    assert_eq!(one["series"].as_array().unwrap().len(), 1);
    assert_eq!(one["series"][0]["group"]["workflow"], "hello");
    assert_eq!(one["left_out"], 2);
    let month = read(
        &site,
        "/stats?from=2020-01-01T00:00:00Z&to=2020-01-30T00:00:00Z",
    )
    .await;
    assert_eq!(month["series"], json!([]));
}

#[tokio::test]
async fn failures_are_grouped_and_their_filter_finds_them() {
    let site = Site::open().await;
    let broken = live(&site).await;
    let failures = read(&site, "/failures").await;
    assert_eq!(failures["total"], 3);
    let group = &failures["items"][0];
    assert_eq!(
        group["group"],
        json!({ "workflow": "broken", "step": "breaks", "error": "out-of-stock", "adapter": "", "target": "" })
    );
    assert_eq!(
        (&group["count"], &group["failed"], &group["open"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(group["message"], "no hats left");
    // Those of one moment stand in no order.
    let mut samples: Vec<&str> = group["samples"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|id| id.as_str())
        .collect();
    samples.sort_unstable();
    let mut ids: Vec<&str> = broken.iter().take(2).map(String::as_str).collect();
    ids.sort_unstable();
    assert_eq!(samples, ids);
    let open = &failures["items"][1];
    assert_eq!((&open["open"], open.get("filter")), (&json!(1), None));
    let operation = json!({ "action": "retry", "filter": group["filter"], "dry_run": true, "reason": "mended" });
    let preview = site
        .post("/api/v1/operations", &operation.to_string())
        .await;
    assert_eq!(preview.json()["count"], 2);
    let by_error = read(&site, "/failures?group_by=error").await;
    assert_eq!(by_error["items"][0]["count"], 3);
    assert_eq!(
        by_error["items"][0]["group"],
        json!({ "error": "out-of-stock" })
    );
    let path = format!("/api/v1/workflows/{}", broken[0]);
    let deleted = site.ask("DELETE", &path, &[], "").await;
    assert_eq!(deleted.status.as_u16(), 200);
    let left = read(&site, "/failures?workflow=broken").await;
    assert_eq!(
        (&left["total"], &left["items"][0]["samples"]),
        (&json!(1), &json!([broken[1]]))
    );
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_parameter_and_the_mend() {
    let site = Site::open().await;
    let long = "/stats?step_seconds=60&from=2026-01-01T00:00:00Z&to=2026-01-20T00:00:00Z";
    for (path, parameter, says) in [
        (
            "/stats?group_by=colour",
            "group_by",
            "workflow, version, step, target, router or rule",
        ),
        ("/stats?step_seconds=90", "step_seconds", "whole minutes"),
        ("/stats?step_seconds=0", "step_seconds", "whole minutes"),
        ("/stats?step_seconds=420", "step_seconds", "divide a day"),
        ("/stats?step_seconds=x", "step_seconds", "invalid digit"),
        (long, "step_seconds", "1500 spans"),
        ("/stats?from=yesterday", "from", "expected a time"),
        (
            "/stats?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "from",
            "before `to`",
        ),
        (
            "/stats?from=2025-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "from",
            "30 days",
        ),
        (
            "/stats?group_by=step&adapter=local",
            "step",
            "not counted by step",
        ),
        ("/stats?step=a&target=b", "step", "not counted by step"),
        (
            "/stats?router=a&workflow=b",
            "workflow",
            "by router and rule alone",
        ),
        (
            "/stats?rule=a&target=b",
            "target",
            "by router and rule alone",
        ),
        (
            "/stats?router=a&group_by=step",
            "group_by",
            "router or rule",
        ),
        ("/stats?limit=0", "limit", "1 to 1000"),
        ("/stats?grup_by=step", "grup_by", "unknown"),
        ("/failures?group_by=workflow,colour", "group_by", "`colour`"),
        ("/failures?from=2025-01-02T00:00:00Z", "from", "30 days"),
        ("/failures?status=ended", "status", "compensated"),
        (
            "/failures?consistency=maybe",
            "consistency",
            "fresh or eventual",
        ),
    ] {
        let refused = site.get(&format!("/api/v1{path}")).await;
        assert_eq!(refused.status.as_u16(), 400, "{path}");
        let problem = refused.json();
        assert_eq!(
            problem["errors"][0]["pointer"], parameter,
            "{path}: {problem}"
        );
        assert!(problem.to_string().contains(says), "{path}: {problem}");
    }
}
