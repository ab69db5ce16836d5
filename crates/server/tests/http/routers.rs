//! Routers: where events go, and why.

use serde_json::{Value, json};

use crate::site::Site;

const ROUTERS: &str = r#"
adapters: [{ name: ear, type: builtin, default-action: echo }]
---
workflows:
  - { name: high-value-processor, version: 1.0.0, timeout: 1h, steps: [{ id: a, adapter: ear }] }
  - { name: gdpr-compliant-processor, version: 1.0.0, timeout: 1h, steps: [{ id: a, adapter: ear }] }
  - { name: standard-processor, version: 1.0.0, timeout: 1h, steps: [{ id: a, adapter: ear }] }
---
router:
  - condition: event.amount > 10000
    destination: high-value-processor
  - condition: event.region == "EU"
    destination: gdpr-compliant-processor
  - default: standard-processor
---
routers:
  - name: calls
    match: meta.type == 'ping'
    mode: all
    rules:
      - { name: first, condition: event.loud, destination: ear/echo, transform: { said: "${ event.word }" } }
      - { name: vip, condition: event.vip, destination: standard-processor, priority: high }
      - { name: broken, condition: event.broken, destination: standard-processor, transform: "${ event.nothing.there }" }
"#;

async fn site() -> Site {
    let site = Site::open().await;
    site.apply(ROUTERS).await;
    site
}

async fn routed(site: &Site, kind: &str, data: Value) -> Vec<Value> {
    let path = format!("/api/v1/events?type={kind}");
    let answer = site.post(&path, &data.to_string()).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()["routed_to"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_first_rule_that_holds_decides_and_a_missing_field_is_no_match() {
    let site = site().await;
    let cases = [
        (
            json!({ "amount": 10001, "region": "EU" }),
            "high-value-processor",
            "0",
        ),
        (
            json!({ "amount": 1, "region": "EU" }),
            "gdpr-compliant-processor",
            "1",
        ),
        (json!({ "region": "EU" }), "gdpr-compliant-processor", "1"),
        (json!({ "amount": 1 }), "standard-processor", "default"),
        (json!("text"), "standard-processor", "default"),
    ];
    for (data, workflow, rule) in cases {
        let routed = routed(&site, "order", data.clone()).await;
        assert_eq!(routed.len(), 1, "{data}: {routed:?}");
        assert_eq!(routed[0]["workflow"], workflow, "{data}");
        assert_eq!(
            (&routed[0]["router"], &routed[0]["rule"]),
            (&json!("default"), &json!(rule))
        );
    }
}

#[tokio::test]
async fn an_adapter_is_called_in_an_instance_of_one_step() {
    let site = site().await;
    let all = routed(
        &site,
        "ping",
        json!({ "loud": true, "vip": true, "word": "hi" }),
    )
    .await;
    let of = |rule: &str| {
        let found = all.iter().find(|routed| routed["rule"] == rule);
        found.unwrap_or_else(|| panic!("{rule}: {all:?}")).clone()
    };
    let call = of("first");
    assert_eq!(
        (&call["adapter"], call.get("workflow")),
        (&json!("ear/echo"), None)
    );
    let id = call["workflow_id"].as_str().unwrap();
    let ended = site.until_status(id, "completed").await;
    assert_eq!(ended["output"], json!({ "said": "hi" }));
    let vip = of("vip");
    let path = format!("/api/v1/workflows/{}", vip["workflow_id"].as_str().unwrap());
    assert_eq!(site.get(&path).await.json()["priority"], "high");
}

#[tokio::test]
async fn a_rule_that_fails_is_a_dead_letter_and_the_others_go_on() {
    let site = site().await;
    let all = routed(&site, "ping", json!({ "vip": true, "broken": true })).await;
    let broken = all
        .iter()
        .find(|routed| routed["rule"] == "broken")
        .unwrap();
    assert!(
        broken["error"].as_str().unwrap().contains("transform"),
        "{broken}"
    );
    assert!(
        all.iter()
            .any(|routed| routed["rule"] == "vip" && routed.get("error").is_none())
    );
    let letters = site.get("/api/v1/dead-letters").await.json();
    assert_eq!(letters["items"][0]["kind"], "event");
}

#[tokio::test]
async fn explain_says_what_decided_and_why_not_the_others() {
    let site = site().await;
    let asked = json!({ "event": { "amount": 5, "region": "US" } }).to_string();
    let told = site.post("/api/v1/routers/default/explain", &asked).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    let rules = told["routers"][0]["rules"].as_array().unwrap();
    assert_eq!(rules[0]["verdict"]["says"], "false");
    assert_eq!(rules[0]["condition"], "event.amount > 10000");
    assert_eq!(rules[1]["verdict"]["says"], "false");
    let last = rules.last().unwrap();
    assert_eq!(
        (&last["rule"], &last["decides"]),
        (&json!("default"), &json!(true))
    );
    assert_eq!(last["destination"], "workflow standard-processor");
    let told = site
        .post("/api/v1/routers/default/explain", "{}")
        .await
        .json();
    assert_eq!(told["routers"][0]["rules"][0]["verdict"]["says"], "missing");
    let missing = site.post("/api/v1/routers/nobody/explain", "{}").await;
    assert_eq!(
        (missing.status.as_u16(), missing.code().as_str()),
        (404, "ORC-0305")
    );
    let events = site.get("/api/v1/events").await.json();
    assert!(
        events["items"].as_array().unwrap().is_empty(),
        "nothing is taken"
    );
}

#[tokio::test]
async fn what_rules_take_send_on_and_leave_is_counted() {
    let site = site().await;
    for data in [
        json!({ "amount": 10001 }),
        json!({ "region": "EU" }),
        json!({ "region": "EU" }),
        json!({}),
    ] {
        routed(&site, "order", data).await;
    }
    for data in [
        json!({ "loud": true, "vip": true, "word": "hi" }),
        json!({ "broken": true, "vip": true }),
        json!({ "quiet": true }),
    ] {
        routed(&site, "ping", data).await;
    }
    let read = async |path: &str| site.get(path).await.json();
    let by_router = read("/api/v1/stats?group_by=router").await;
    assert_eq!(by_router["about"], "routers");
    let total = |of: &Value, name: &str, value: &str| {
        let series = of["series"].as_array().unwrap();
        let found = series.iter().find(|series| series["group"][name] == value);
        found.unwrap_or_else(|| panic!("{value}: {of}"))["total"].clone()
    };
    // The default router takes every event, those of the other one too.
    let counts =
        |seen, unrouted, failed| json!({ "seen": seen, "unrouted": unrouted, "failed": failed });
    assert_eq!(total(&by_router, "router", "default"), counts(7, 0, 0));
    assert_eq!(total(&by_router, "router", "calls"), counts(3, 1, 1));
    let by_rule = read("/api/v1/stats?router=calls&group_by=rule").await;
    assert_eq!(by_rule["about"], "rules");
    let counts = |taken, sent, failed| json!({ "taken": taken, "sent": sent, "failed": failed });
    assert_eq!(total(&by_rule, "rule", "first"), counts(1, 1, 0));
    assert_eq!(total(&by_rule, "rule", "vip"), counts(2, 2, 0));
    assert_eq!(total(&by_rule, "rule", "broken"), counts(1, 0, 1));
    let one = read("/api/v1/stats?router=default&rule=1&step_seconds=60").await;
    assert_eq!(one["series"][0]["total"], counts(2, 2, 0));
    let points = one["series"][0]["points"].as_array().unwrap().iter();
    let sum: u64 = points.map(|point| point["taken"].as_u64().unwrap()).sum();
    assert_eq!(sum, 2);
    let workflows = read("/api/v1/stats?group_by=workflow").await;
    assert!(
        !workflows.to_string().contains("calls"),
        "routers are no workflows"
    );
}

#[tokio::test]
async fn routers_are_listed() {
    let site = site().await;
    let listed = site.get("/api/v1/routers").await.json();
    let names: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|router| router["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["calls", "default"]);
    let one = site.get("/api/v1/routers/calls").await.json();
    assert_eq!((&one["mode"], &one["rules"]), (&json!("all"), &json!(3)));
}
