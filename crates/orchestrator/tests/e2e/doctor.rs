//! Damage that is planted is found: in a store that is in use, and in one that no server holds.

use std::path::Path;

use store::{Change, PartitionId, Projection, Row, Scan, Store, Table};
use store_sqlite::{Options, SqliteStore};

use crate::DEFINITIONS;
use crate::harness::{Node, cli, text};

const PARENT: &str = "
workflow:
  name: parent
  version: 1.0.0
  steps: [{ id: child, workflow: nap, input: { for: 1h } }]
";

async fn all(store: &SqliteStore, table: Table) -> Vec<Row> {
    let scan = Scan {
        table,
        slots: 0..=4095,
        after: None,
        prefix: Vec::new().into(),
        reverse: false,
        limit: 1_000,
    };
    store.scan(scan).await.unwrap()
}

/// Does something to a stopped store that no projector would.
fn damage(data: &Path, change: impl AsyncFnOnce(&SqliteStore) -> Change) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(data, &Options::default()).unwrap();
        let partition = PartitionId(0);
        let reached = store.reached(partition).await.unwrap();
        let changes = vec![change(&store).await];
        let projection = Projection {
            partition,
            reached,
            changes,
        };
        store.project(vec![projection]).await.unwrap();
        store.checkpoint().await.unwrap();
    });
}

fn delete(table: Table, row: Row) -> Change {
    let Row { slot, key, .. } = row;
    Change::Delete { table, slot, key }
}

/// What a doctor says of a store; empty: all is well.
fn violations(data: &Path) -> Vec<String> {
    let checked = cli(&["doctor", "--data", data.to_str().unwrap(), "-o", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout)
        .unwrap_or_else(|_| panic!("{}{}", text(&checked.stdout), text(&checked.stderr)));
    let found = report["violations"].as_array().unwrap();
    let found: Vec<String> = found
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(checked.status.success(), found.is_empty(), "{found:?}");
    found
}

#[test]
fn what_would_never_come_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    node.apply(PARENT);
    let nap = node.submit("nap", r#"{"for": "1h"}"#);
    let parent = node.submit("parent", "{}");
    node.until_status(&parent, "waiting");
    node.until_status(&nap, "waiting");
    let well = node.cli(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stderr));
    node.stop();
    assert_eq!(violations(&data), Vec::<String>::new());

    // A timer of `nap` that no start would read: it would sleep for ever.
    damage(&data, async |store| {
        let timers = all(store, Table::Timer).await;
        let id = store::id_of_text(&nap).unwrap();
        let own = timers.into_iter().find(|row| row.key.ends_with(&id));
        delete(Table::Timer, own.unwrap())
    });
    let found = violations(&data);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(&nap) && found[0].contains("timer"),
        "{found:?}"
    );
    let node = Node::serve(&data);
    let ill = node.cli(&["doctor"]);
    let told = text(&ill.stderr);
    assert!(!ill.status.success() && told.contains(&nap), "{told}");
    node.stop();

    // A child that is gone without a word: its parent would wait for ever.
    damage(&data, async |store| {
        let all = store::InstanceFilter::default();
        let rows = store.list(&all, None, 100).await.unwrap().items;
        let child = rows.into_iter().find(|row| row.parent_id.is_some());
        let child = child.unwrap();
        Change::DeleteInstance {
            slot: child.slot,
            id: child.id,
        }
    });
    let found = violations(&data);
    let of_parent = found.iter().find(|found| found.starts_with(&parent));
    assert!(
        of_parent.is_some_and(|found| found.contains("child")),
        "{found:?}"
    );
}

#[test]
fn a_state_that_is_not_what_its_history_says_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let one = node.submit("nap", r#"{"for": "1h"}"#);
    let other = node.submit("nap", r#"{"for": "2h"}"#);
    for id in [&one, &other] {
        node.until_status(id, "waiting");
    }
    node.stop();
    assert_eq!(violations(&data), Vec::<String>::new());
    damage(&data, async |store| {
        let (one, other) = (
            store::id_of_text(&one).unwrap(),
            store::id_of_text(&other).unwrap(),
        );
        let slot = |id: [u8; 16]| engine::Id::from_bytes(id).slot();
        let own = store.instance(slot(one), one).await.unwrap().unwrap();
        let others = store.instance(slot(other), other).await.unwrap().unwrap();
        let row = store::InstanceRow {
            snapshot: others.row.snapshot,
            ..own.row
        };
        Change::PutInstance(Box::new(row))
    });
    let found = violations(&data);
    assert!(
        found.iter().any(|found| found.contains("history folds to")),
        "{found:?}"
    );
}
