//! Streams over server-sent events. (WebSockets need a socket: see the binary's tests.)

use serde_json::{Value, json};

use crate::site::Site;

/// The seqs of the records, and the last event's name.
fn read(text: &str) -> (Vec<u64>, String) {
    let lines = text.lines();
    let seqs = lines
        .clone()
        .filter_map(|line| line.strip_prefix("id: ")?.parse().ok())
        .collect();
    let last = lines
        .filter_map(|line| line.strip_prefix("event: "))
        .next_back();
    (seqs, last.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn past_records_come_then_live_ones_then_the_end() {
    let site = Site::open().await;
    let id = site.start("greet", r#"{"name": "Ada"}"#).await;
    let (seqs, last) = read(
        &site
            .get(&format!("/api/v1/workflows/{id}/events"))
            .await
            .text,
    );
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(last, "end");
    assert!(seqs.len() > 3);

    let path = format!("/workflows/{id}/events?from_seq=3");
    assert_eq!(read(&site.get(&path).await.text).0.first(), Some(&4));
    let resumed = site
        .ask(
            "GET",
            &format!("/workflows/{id}/events"),
            &[("last-event-id", "5")],
            "",
        )
        .await;
    assert_eq!(read(&resumed.text).0.first(), Some(&6));
}

#[tokio::test]
async fn a_stopping_server_ends_its_streams() {
    let site = Site::open().await;
    let id = site.start("sleep", "null").await;
    let path = format!("/api/v1/workflows/{id}/events");
    let (answer, ()) = tokio::join!(site.get(&path), async {
        site.stop.send_replace(true);
    });
    assert_eq!(answer.status, 200);
    let all = site.get("/api/v1/stream?workflow=greet").await;
    assert_eq!(
        (all.status.as_u16(), all.header("content-type")),
        (200, "text/event-stream")
    );
}

/// What a stream of all says of events, while some of these types are sent.
async fn events_said(site: &Site, query: &str, types: &[&str]) -> Vec<Value> {
    let mut following = site.follow(query).await;
    for kind in types {
        let path = format!("/api/v1/events?type={kind}&source=/shop&subject=ada");
        let sent = site.post(&path, r#"{"secret": "s3cr3t"}"#).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
    }
    // What was durable before the first start is said before the second one's.
    let mut said = Vec::new();
    for _ in 0..2 {
        let id = site.start("greet", r#"{"name": "Ada"}"#).await;
        said = following.until(&id).await;
    }
    assert!(!format!("{said:?}").contains("s3cr3t"), "{said:?}");
    said.retain(|record| record["record"]["type"] == "event-taken");
    said
}

#[tokio::test]
async fn events_come_on_the_stream_where_they_are_asked_for() {
    let site = Site::open().await;
    let query = "type=event-taken,instance-started";
    let records = events_said(&site, query, &["order.placed", "other"]).await;
    assert_eq!(records.len(), 2, "{records:?}");
    let first = &records[0];
    assert_eq!(first["workflow_id"], "");
    let data = &first["record"]["data"];
    assert_eq!(
        (
            &data["event_type"],
            &data["source"],
            &data["subject"],
            &data["routes"]
        ),
        (
            &json!("order.placed"),
            &json!("/shop"),
            &json!("ada"),
            &json!(0)
        )
    );
    let path = format!("/api/v1/events/{}", data["event"].as_str().unwrap());
    let event = site.get(&path).await.json();
    assert_eq!(event["correlation_id"], first["correlation_id"]);
    assert!(first["cursor"].is_string());
}

#[tokio::test]
async fn events_do_not_come_unasked_nor_more_than_were_asked_for() {
    let site = Site::open().await;
    for (query, most) in [
        ("", 0),
        ("type=event-taken,instance-started&workflow=greet", 0),
        ("type=event-taken,instance-started&event_rate=2", 2),
    ] {
        let said = events_said(&site, query, &["a", "b", "c", "d"]).await;
        assert_eq!(said.len(), most, "{query}: {said:?}");
    }
    let refused = site
        .get("/api/v1/stream?type=event-taken&event_rate=0")
        .await;
    assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
    assert!(refused.text.contains("at least 1"), "{}", refused.text);
}
