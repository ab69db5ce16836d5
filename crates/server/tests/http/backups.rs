//! Backups and the pause, over HTTP.

use crate::site::Site;

#[tokio::test]
async fn a_backup_that_is_not_made_says_why() {
    let site = Site::open().await;
    let refused = site.post("/api/v1/system/backup", "{}").await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (409, "ORC-0428".to_owned())
    );
    let broken = site
        .post("/api/v1/system/backup", r#"{"to": "broken"}"#)
        .await;
    assert_eq!(
        (broken.status.as_u16(), broken.code()),
        (500, "ORC-0504".to_owned())
    );
    assert!(
        broken.text.contains("the disk is broken"),
        "{}",
        broken.text
    );
    let unknown = site
        .post("/api/v1/system/backup", r#"{"target": "x"}"#)
        .await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.code()),
        (400, "ORC-0107".to_owned())
    );
}

#[tokio::test]
async fn a_paused_server_takes_work_and_makes_no_call_until_it_is_resumed() {
    let site = Site::open().await;
    let unknown = site.post("/api/v1/system/pause", r#"{"why": "x"}"#).await;
    assert_eq!(unknown.code(), "ORC-0107");
    let reason = r#"{"reason": "prices are wrong"}"#;
    let paused = site.post("/api/v1/system/pause", reason).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    let why = &paused.json()["paused_because"];
    assert!(
        why.as_str().unwrap().ends_with(": prices are wrong"),
        "{why}"
    );
    let alone = site.post("/api/v1/system/nodes/a/drain", "").await;
    assert_eq!(
        (alone.status.as_u16(), alone.code()),
        (404, "ORC-0321".to_owned())
    );
    let resumed = site.post("/api/v1/system/resume", "").await;
    assert_eq!(resumed.json()["paused"], false, "{}", resumed.text);
    assert_eq!(resumed.json()["paused_because"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_server_that_is_not_paused_can_be_resumed_all_the_same() {
    let site = Site::open().await;
    let resumed = site.post("/api/v1/system/resume", "").await;
    assert_eq!(resumed.status, 200, "{}", resumed.text);
    assert_eq!(resumed.json()["paused"], false);
}
