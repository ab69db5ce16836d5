//! Backups of a running server and of a stopped folder.

use futures_util::StreamExt;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::load::Load;
use super::{address, json, sound};
use crate::DEFINITIONS;
use crate::harness::{Node, cli, text};

#[test]
fn a_backup_under_load_holds_what_was_answered_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let vault = address(&dir.path().join("vault"));
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    let load = Load::begin(&node.url);
    load.until_more(80);
    let before = super::load::now_ms();
    let made = node.json(&["backup", "create", "--to", &vault]);
    load.until_more(40);
    let answered = load.end();
    let open = node.submit("nap", r#"{"for": "2s"}"#);
    node.stop();

    let listed = json(&["backup", "list", "--from", &vault, "-o", "json"]);
    assert_eq!(listed["items"], serde_json::json!([made]));
    let back = dir.path().join("back");
    let folder = back.to_str().unwrap();
    let report = json(&["backup", "restore", "--from", &vault, folder, "-o", "json"]);
    assert_eq!(
        (&report["backup"], &report["incarnation"]),
        (&made["id"], &2.into())
    );
    sound(&back);
    let node = Node::serve(&back);
    for known in answered.iter().filter(|known| known.answered_at < before) {
        let shown = node.json(&["show", &known.id]);
        assert_eq!(
            shown["status"] == "completed",
            known.completed,
            "{known:?}: {shown}"
        );
        assert_eq!(shown["input"]["name"], "Ada");
    }
    let gone = node.cli(&["show", &open]);
    assert_eq!(gone.status.code(), Some(4), "it came after the backup");
    node.stop();
}

#[test]
fn a_stopped_folder_is_copied_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, data) = (address(&dir.path().join("vault")), dir.path().join("store"));
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let id = node.submit("nap", r#"{"for": "1s"}"#);
    let create = [
        "backup",
        "create",
        "--data",
        data.to_str().unwrap(),
        "--to",
        &vault,
    ];
    let held = cli(&create);
    assert_eq!(held.status.code(), Some(1), "the server has it");
    assert!(
        text(&held.stderr).contains("another one holds it"),
        "{}",
        text(&held.stderr)
    );
    node.kill_nine();
    let made = json(&[&create[..], &["-o", "json"]].concat());
    assert!(made["bytes"].as_u64().unwrap() > 0, "{made}");

    let back = dir.path().join("back");
    json(&[
        "backup",
        "restore",
        "--from",
        &vault,
        back.to_str().unwrap(),
        "-o",
        "json",
    ]);
    let node = Node::serve(&back);
    node.json(&["system", "resume"]);
    node.until_status(&id, "completed");
    node.stop();
    sound(&back);
}

/// The cursor of the first record of a workflow.
async fn first_cursor(node: &Node) -> String {
    let url = format!("{}/api/v1/stream", node.url.replace("http", "ws"));
    let (mut socket, _) = connect_async(&url).await.unwrap();
    node.submit("greet", r#"{"name": "Ada"}"#);
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let first: serde_json::Value = serde_json::from_str(&text).unwrap();
            break first["cursor"].as_str().unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn a_cursor_of_before_the_restore_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, data) = (address(&dir.path().join("vault")), dir.path().join("store"));
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let cursor = first_cursor(&node).await;
    node.json(&["backup", "create", "--to", &vault]);
    node.stop();
    let back = dir.path().join("back");
    json(&[
        "backup",
        "restore",
        "--from",
        &vault,
        back.to_str().unwrap(),
        "-o",
        "json",
    ]);
    let node = Node::serve(&back);
    let url = format!(
        "{}/api/v1/stream?cursor={cursor}",
        node.url.replace("http", "ws")
    );
    let Err(Error::Http(refused)) = connect_async(&url).await else {
        panic!("expected a refusal");
    };
    let problem: api::Problem = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
    assert_eq!(problem.code, "ORC-0111");
    node.stop();
}
