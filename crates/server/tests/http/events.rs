//! Events in: the forms in which they come, taken once, kept and found.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::site::Site;

const PATH: &str = "/api/v1/events";
const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");

fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/shop", "type": "order.placed",
        "subject": "ada", "time": "2026-11-27T18:00:00Z", "tenant": "t1",
        "data": { "amount": 7.50, "lines": [1, 2] },
    })
}

async fn shown(site: &Site, id: &Value) -> Value {
    site.get(&format!("{PATH}/{}", id.as_str().unwrap()))
        .await
        .json()
}

#[tokio::test]
async fn a_structured_event_is_kept_as_it_came_and_taken_once() {
    let site = Site::open().await;
    let body = event("1").to_string();
    let first = site.ask("POST", PATH, &[STRUCTURED], &body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let first = first.json();
    assert_eq!(first["routed_to"], json!([]));
    assert_eq!(
        (&first["duplicate"], &first["deduplicated"]),
        (&json!(false), &json!(true))
    );
    let kept = shown(&site, &first["id"]).await;
    assert_eq!(kept["type"], "order.placed");
    assert_eq!(kept["subject"], "ada");
    assert_eq!(kept["data"], json!({ "amount": 7.50, "lines": [1, 2] }));
    assert_eq!(kept["meta"]["tenant"], "t1");
    assert_eq!(
        kept["correlation_id"], first["id"],
        "its own id without another"
    );
    let again = site.ask("POST", PATH, &[STRUCTURED], &body).await.json();
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["id"], first["id"]);
    let other = site
        .ask("POST", PATH, &[STRUCTURED], &event("2").to_string())
        .await
        .json();
    assert_eq!(other["duplicate"], false);
}

#[tokio::test]
async fn a_binary_event_has_its_attributes_in_headers() {
    let site = Site::open().await;
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "b-1"),
        ("ce-source", "/shop"),
        ("ce-type", "order.placed"),
        ("ce-correlationid", "corr-7"),
    ];
    let taken = site.ask("POST", PATH, &headers, r#"{"amount": 1}"#).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    let kept = shown(&site, &taken.json()["id"]).await;
    assert_eq!(kept["data"], json!({ "amount": 1 }));
    assert_eq!(kept["correlation_id"], "corr-7");
    assert_eq!(kept["meta"]["datacontenttype"], "application/json");
}

#[tokio::test]
async fn plain_json_takes_its_attributes_from_the_query() {
    let site = Site::open().await;
    let taken = site.post(PATH, "[1, 2]").await.json();
    let kept = shown(&site, &taken["id"]).await;
    assert_eq!(
        (&kept["type"], &kept["source"]),
        (&json!("event"), &json!("/api"))
    );
    assert_eq!(kept["data"], json!([1, 2]));
    assert_eq!(kept["meta"]["id"], taken["id"], "it is given one");
    assert_eq!(taken["deduplicated"], false);
    let path = format!("{PATH}?type=ping&source=/x&subject=s&id=1");
    let first = site.post(&path, "1").await.json();
    let again = site.post(&path, "1").await.json();
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&first["id"], &json!(true))
    );
}

#[tokio::test]
async fn of_a_batch_the_good_ones_are_kept() {
    let site = Site::open().await;
    let mut bad = event("x");
    bad["specversion"] = json!("0.3");
    let batch = json!([event("1"), bad, event("1"), event("2")]);
    let headers = [("content-type", "application/cloudevents-batch+json")];
    let answer = site.ask("POST", PATH, &headers, &batch.to_string()).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&json!(3), &json!(1))
    );
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items[1]["error"]["code"], "ORC-0117");
    assert_eq!(items[2]["duplicate"], true);
    assert_eq!(items[2]["id"], items[0]["id"]);
    let listed = site.get(&format!("{PATH}?type=order.*")).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn lines_are_answered_line_by_line() {
    let site = Site::open().await;
    let mut body = String::new();
    for id in ["1", "2", "1"] {
        body += &format!("{}\n", event(id));
    }
    body += "{\"plain\": true}\nnot json\n";
    let headers = [("content-type", "application/x-ndjson")];
    let answer = site.ask("POST", PATH, &headers, &body).await;
    assert_eq!(answer.status, 202);
    let lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[2]["duplicate"], true);
    assert_eq!(lines[3]["deduplicated"], false);
    assert_eq!(lines[4]["error"]["code"], "ORC-0105");
    assert_eq!(lines[4]["index"], 4);
}

#[tokio::test]
async fn events_are_found_by_what_they_say() {
    let site = Site::open().await;
    let send = async |id: &str, subject: &str, correlation: &str| {
        let mut event = event(id);
        event["subject"] = json!(subject);
        event["correlationid"] = json!(correlation);
        let sent = site
            .ask("POST", PATH, &[STRUCTURED], &event.to_string())
            .await;
        sent.json()["id"].as_str().unwrap().to_owned()
    };
    let first = send("1", "ada", "c1").await;
    let second = send("2", "ada", "c2").await;
    let third = send("3", "bob", "c1").await;
    // Within a millisecond their order is any.
    let found = async |query: &str| -> BTreeSet<String> {
        let page = site.get(&format!("{PATH}?{query}")).await.json();
        let ids = page["items"].as_array().unwrap().iter();
        ids.map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect();
    assert_eq!(found("subject=ada").await, set(&[&second, &first]));
    assert_eq!(found("correlation_id=c1").await, set(&[&third, &first]));
    assert_eq!(found("subject=ada&correlation_id=c1").await, set(&[&first]));
    assert_eq!(found("routed=false").await.len(), 3);
    assert!(found("routed=true").await.is_empty());
    let page = site.get(&format!("{PATH}?limit=2")).await.json();
    let items = page["items"].as_array().unwrap().iter();
    let mut all: BTreeSet<String> = items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    let cursor = page["next_cursor"].as_str().unwrap();
    all.extend(found(&format!("cursor={cursor}")).await);
    assert_eq!(all, set(&[&first, &second, &third]));
}

#[tokio::test]
async fn a_start_that_is_refused_is_a_dead_letter_and_can_be_made_anew() {
    let site = Site::open().await;
    let hook = "/api/v1/hooks/door-bell";
    let answer = site.post(hook, r#"{"ring": true}"#).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let answer = answer.json();
    let routed = &answer["routed_to"][0];
    assert!(
        routed["error"].as_str().unwrap().contains("name"),
        "{routed}"
    );
    assert!(routed.get("workflow_id").is_none());
    let letters = site.get("/api/v1/dead-letters").await.json();
    let letter = &letters["items"][0];
    assert_eq!(
        (&letter["kind"], &letter["event_id"]),
        (&json!("event"), &answer["id"])
    );
    let path = format!(
        "/api/v1/dead-letters/{}/reprocess",
        letter["id"].as_str().unwrap()
    );
    let started = site.post(&path, r#"{"input": {"name": "Ada"}}"#).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let started = started.json();
    assert_eq!(started["workflow"], "greet");
    assert_eq!(started["correlation_id"], answer["correlation_id"]);
    assert_eq!(site.post(&path, "{}").await.status, 409, "it is settled");
}
