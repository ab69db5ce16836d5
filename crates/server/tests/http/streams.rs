//! Streams over server-sent events. (WebSockets need a socket: see the binary's tests.)

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
