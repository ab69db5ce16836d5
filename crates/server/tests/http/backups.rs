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
async fn a_server_that_is_not_paused_can_be_resumed_all_the_same() {
    let site = Site::open().await;
    let resumed = site.post("/api/v1/system/resume", "").await;
    assert_eq!(resumed.status, 200, "{}", resumed.text);
    assert_eq!(resumed.json()["paused"], false);
}
