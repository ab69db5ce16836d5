//! What the server logs, seen and changed while it runs.

use runtime::LogFilter;
use serde_json::json;

use crate::site::{Answer, Site};

const PATH: &str = "/api/v1/system/log-levels";

async fn put(site: &Site, body: serde_json::Value) -> Answer {
    let json = [("content-type", "application/json")];
    site.ask("PUT", PATH, &json, &body.to_string()).await
}

#[tokio::test]
async fn levels_are_shown_changed_and_set_back_and_the_audit_says_who_and_why() {
    let site = Site::open().await;
    let shown = site.get(PATH).await.json();
    let node = shown["items"][0]["node"].as_str().unwrap().to_owned();
    assert_eq!(shown["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&shown["items"][0]["levels"], &shown["items"][0]["asked"]),
        (&json!("info"), &json!(true))
    );
    let levels = "warn,runtime::dispatch=debug";
    let set = put(
        &site,
        json!({ "levels": levels, "node": node, "reason": "calls hang" }),
    )
    .await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json()["items"][0]["levels"], levels);
    assert_eq!(site.log.current(), levels);
    let back = put(&site, json!({ "reason": "it is mended" })).await;
    assert_eq!(back.json()["items"][0]["levels"], "info", "{}", back.text);
    let audit = site.audited("log-levels-set", 2).await;
    let told: Vec<&str> = audit
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "as they began: it is mended",
            "warn,runtime::dispatch=debug: calls hang"
        ]
    );
}

#[tokio::test]
async fn what_is_no_level_changes_nothing() {
    let site = Site::open().await;
    for (body, pointer, says) in [
        (
            json!({ "levels": "inof", "reason": "x" }),
            "/levels",
            "PART=LEVEL",
        ),
        (
            json!({ "levels": "info,runtime=loud", "reason": "x" }),
            "/levels",
            "runtime=loud",
        ),
        (
            json!({ "levels": "", "reason": "x" }),
            "/levels",
            "off, error",
        ),
        (
            json!({ "levels": "debug", "reason": " " }),
            "/reason",
            "why",
        ),
        (
            json!({ "level": "debug", "reason": "x" }),
            "/level",
            "unknown",
        ),
    ] {
        let refused = put(&site, body.clone()).await;
        assert_eq!(refused.status.as_u16(), 400, "{body}");
        assert_eq!(refused.code(), "ORC-0107", "{}", refused.text);
        assert!(refused.text.contains(says), "{body}: {}", refused.text);
        assert!(refused.text.contains(pointer), "{body}: {}", refused.text);
    }
    let nobody = json!({ "levels": "debug", "node": "n7", "reason": "x" });
    let refused = put(&site, nobody).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (404, "ORC-0321")
    );
    assert_eq!(site.log.current(), "info");
}
