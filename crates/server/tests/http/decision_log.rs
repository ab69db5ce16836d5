//! The log of decisions: what was edited, deleted, cut off or written anew shows.

use bytes::Bytes;
use serde_json::{Value, json};
use store::{Change, PartitionId, Projection, Row, Scan, Store, Table};

use crate::site::Site;

const HEADS: &str = "/api/v1/system/audit-heads";

/// A server whose one slot has made three decisions.
async fn site() -> Site {
    let site = Site::open().await;
    let set = "workflow: { name: ask-me, version: 1.0.0, timeout: 1h, subject: one, \
               steps: [{ id: ask, decision: { prompt: fine } }] }";
    let applied = site.post_yaml("/api/v1/apply", set).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    for round in 0..3 {
        let id = site.start("ask-me", "{}").await;
        let list = "/api/v1/decisions?status=pending";
        let list = site.get(list).await.json();
        let decision = list["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/decisions/{decision}/approve");
        let body = json!({ "comment": format!("round {round}") }).to_string();
        let answer = site.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = id.parse().unwrap();
        site.runtime.wait_ended(id, 20_000).await.unwrap();
    }
    site
}

async fn findings(site: &Site, kept: &str) -> Vec<String> {
    let found = site.post(HEADS, kept).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let found = found.json();
    let each = found["findings"].as_array().unwrap().iter();
    each.map(|one| one["what"].as_str().unwrap().to_owned())
        .collect()
}

/// Rows of the decisions' table whose keys begin so.
async fn rows(site: &Site, first: u8) -> Vec<Row> {
    let scan = Scan {
        table: Table::Decision,
        slots: 0..=engine::SLOTS - 1,
        after: None,
        prefix: Bytes::copy_from_slice(&[first]),
        reverse: false,
        limit: 100,
    };
    site.store.scan(scan).await.unwrap()
}

/// Changes the state behind the server's back.
async fn tamper(site: &Site, change: Change) {
    let partition = PartitionId(0);
    let reached = site.store.reached(partition).await.unwrap();
    let projection = Projection {
        partition,
        reached,
        changes: vec![change],
    };
    site.store.project(vec![projection]).await.unwrap();
}

fn put(row: &Row, value: Bytes) -> Change {
    Change::Put {
        table: Table::Decision,
        slot: row.slot,
        key: row.key.clone(),
        value,
    }
}

fn delete(row: &Row) -> Change {
    Change::Delete {
        table: Table::Decision,
        slot: row.slot,
        key: row.key.clone(),
    }
}

/// The bytes with one text in place of another of the same length.
fn replaced(bytes: &Bytes, from: &str, to: &str) -> Bytes {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let mut windows = bytes.windows(from.len());
    let at = windows.position(|part| part == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes.into()
}

#[tokio::test]
async fn an_untouched_log_has_no_findings() {
    let site = site().await;
    let heads = site.get(HEADS).await;
    assert_eq!(heads.json()["heads"][0]["number"], 3, "{}", heads.text);
    assert_eq!(findings(&site, "").await, Vec::<String>::new());
    assert_eq!(findings(&site, &heads.text).await, Vec::<String>::new());
    // The list of decisions does not show the log's rows.
    let list = site.get("/api/v1/decisions?limit=2").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
}

#[tokio::test]
async fn an_edited_entry_or_decision_shows() {
    let site = site().await;
    let link = rows(&site, 2).await.swap_remove(1);
    let edited = replaced(&link.value, "round 1", "round 9");
    tamper(&site, put(&link, edited)).await;
    let found = findings(&site, "").await;
    assert!(found[0].contains("edited"), "{found:?}");
    tamper(&site, put(&link, link.value.clone())).await;
    assert_eq!(findings(&site, "").await, Vec::<String>::new());

    let row = rows(&site, 1).await.swap_remove(0);
    let mut shown: Value = serde_json::from_slice(&row.value).unwrap();
    shown["answer"]["by"] = json!("eve");
    tamper(&site, put(&row, shown.to_string().into())).await;
    let found = findings(&site, "").await;
    assert!(found[0].contains("was edited"), "{found:?}");
}

#[tokio::test]
async fn a_deleted_entry_and_a_truncated_log_show() {
    let site = site().await;
    let links = rows(&site, 2).await;
    tamper(&site, delete(&links[1])).await;
    let found = findings(&site, "").await;
    assert!(found[0].contains("deleted"), "{found:?}");
    tamper(&site, put(&links[1], links[1].value.clone())).await;
    tamper(&site, delete(&links[2])).await;
    let found = findings(&site, "").await;
    assert!(found[0].contains("truncated"), "{found:?}");
}

#[tokio::test]
async fn a_log_written_anew_shows_by_a_kept_head() {
    let site = site().await;
    let kept = site.get(HEADS).await.text;
    // The last decision never happened, says the store, and its head says so as well.
    let (links, heads) = (rows(&site, 2).await, rows(&site, 3).await);
    let second = rows(&site, 2).await.swap_remove(1);
    tamper(&site, delete(&links[2])).await;
    let hash: [u8; 32] = hash_of(&second.value);
    let mut head = 2_u64.to_be_bytes().to_vec();
    head.extend(hash);
    tamper(&site, put(&heads[0], head.into())).await;
    assert_eq!(findings(&site, "").await, Vec::<String>::new());
    let found = findings(&site, &kept).await;
    assert!(found[0].contains("not there any more"), "{found:?}");
    // Heads that the server did not sign prove nothing.
    let mut forged: Value = serde_json::from_str(&kept).unwrap();
    forged["heads"][0]["number"] = json!(2);
    let found = findings(&site, &forged.to_string()).await;
    assert!(found[0].contains("not signed"), "{found:?}");
}

/// The hash that a link carries: its sixth field.
fn hash_of(link: &[u8]) -> [u8; 32] {
    use prost::Message;
    let link = engine::record::DecisionChained::decode(link).unwrap();
    link.hash[..].try_into().unwrap()
}
