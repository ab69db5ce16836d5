//! Keyed tables: lookups and scans.

use bytes::Bytes;

use super::Harness;
use super::sample::{ONE, fill, project};
use crate::{Change, Row, Scan, Slot, Store, Table};

pub(super) async fn checks(harness: &impl Harness) {
    rows_are_written_replaced_and_removed(harness).await;
    changes_apply_in_order(harness).await;
    scans_follow_keys_across_slots(harness).await;
    tables_do_not_mix(harness).await;
}

fn put(table: Table, slot: Slot, key: &str, value: &str) -> Change {
    Change::Put {
        table,
        slot,
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

fn delete(table: Table, slot: Slot, key: &str) -> Change {
    Change::Delete {
        table,
        slot,
        key: Bytes::copy_from_slice(key.as_bytes()),
    }
}

async fn holds(store: &impl Store, slot: Slot, key: &str, expected: Option<&str>) {
    let found = store
        .get(Table::Wait, slot, Bytes::copy_from_slice(key.as_bytes()))
        .await
        .unwrap();
    assert_eq!(
        found.as_deref(),
        expected.map(str::as_bytes),
        "{key} in slot {slot}"
    );
}

async fn rows_are_written_replaced_and_removed(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 3).await;
    holds(&store, 1, "a", None).await;
    project(
        &store,
        1,
        vec![put(Table::Wait, 1, "a", "1"), put(Table::Wait, 2, "a", "2")],
    )
    .await;
    holds(&store, 1, "a", Some("1")).await;
    holds(&store, 2, "a", Some("2")).await;
    let key = |slot: Slot, key: &'static str| (slot, Bytes::from(key));
    let asked = vec![
        key(2, "a"),
        key(3, "a"),
        key(1, "a"),
        key(2, "b"),
        key(2, "a"),
    ];
    let found = store.get_many(Table::Wait, asked).await.unwrap();
    let value = |text: &'static str| Some(Bytes::from(text));
    assert_eq!(found, [value("2"), None, value("1"), None, value("2")]);
    assert!(
        store
            .get_many(Table::Wait, vec![])
            .await
            .unwrap()
            .is_empty()
    );
    project(
        &store,
        2,
        vec![put(Table::Wait, 1, "a", ""), delete(Table::Wait, 2, "a")],
    )
    .await;
    project(&store, 3, vec![delete(Table::Wait, 9, "never")]).await;
    drop(store);
    let store = harness.open().await;
    holds(&store, 1, "a", Some("")).await;
    holds(&store, 2, "a", None).await;
}

async fn changes_apply_in_order(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 1).await;
    let changes = vec![
        put(Table::Wait, 1, "put-delete", "1"),
        delete(Table::Wait, 1, "put-delete"),
        delete(Table::Wait, 1, "delete-put"),
        put(Table::Wait, 1, "delete-put", "1"),
        put(Table::Wait, 1, "twice", "1"),
        put(Table::Wait, 1, "twice", "2"),
    ];
    project(&store, 1, changes).await;
    holds(&store, 1, "put-delete", None).await;
    holds(&store, 1, "delete-put", Some("1")).await;
    holds(&store, 1, "twice", Some("2")).await;
}

fn all() -> Scan {
    Scan {
        table: Table::Timer,
        slots: 0..=4095,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: 100,
    }
}

fn after(key: &str, slot: Slot) -> Option<(Bytes, Slot)> {
    Some((Bytes::copy_from_slice(key.as_bytes()), slot))
}

async fn finds(store: &impl Store, scan: Scan, expected: &[&str]) {
    let what = format!("{scan:?}");
    let rows = store.scan(scan).await.unwrap();
    let name = |row: &Row| {
        assert_eq!(row.value, Bytes::from(format!("value of {}", row.slot)));
        format!("{}/{}", String::from_utf8_lossy(&row.key), row.slot)
    };
    assert_eq!(
        rows.iter().map(name).collect::<Vec<_>>(),
        expected,
        "{what}"
    );
}

async fn scans_follow_keys_across_slots(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 1).await;
    let rows = [
        (3, "b"),
        (1, "c"),
        (2, "b"),
        (4095, "a"),
        (0, "ab"),
        (1, "ab"),
    ];
    let row = |(slot, key): (Slot, &str)| put(Table::Timer, slot, key, &format!("value of {slot}"));
    project(&store, 1, rows.map(row).to_vec()).await;
    for (scan, expected) in forward_scans().into_iter().chain(backward_scans()) {
        finds(&store, scan, expected).await;
    }
}

type Expected = (Scan, &'static [&'static str]);

fn prefix(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[rustfmt::skip]
fn forward_scans() -> Vec<Expected> {
    vec![
        (all(), &["a/4095", "ab/0", "ab/1", "b/2", "b/3", "c/1"]),
        (Scan { limit: 2, ..all() }, &["a/4095", "ab/0"]),
        (Scan { slots: 1..=2, ..all() }, &["ab/1", "b/2", "c/1"]),
        (Scan { prefix: prefix("a"), ..all() }, &["a/4095", "ab/0", "ab/1"]),
        (Scan { prefix: prefix("zz"), ..all() }, &[]),
        (Scan { after: after("ab", 0), ..all() }, &["ab/1", "b/2", "b/3", "c/1"]),
        (Scan { after: after("c", 1), ..all() }, &[]),
        (Scan { after: after("A", 0), prefix: prefix("b"), ..all() }, &["b/2", "b/3"]),
        (Scan { after: after("b", 2), prefix: prefix("b"), ..all() }, &["b/3"]),
        (Scan { after: after("x", 2), prefix: prefix("b"), ..all() }, &[]),
    ]
}

#[rustfmt::skip]
fn backward_scans() -> Vec<Expected> {
    let back = || Scan { reverse: true, ..all() };
    vec![
        (back(), &["c/1", "b/3", "b/2", "ab/1", "ab/0", "a/4095"]),
        (Scan { limit: 1, ..back() }, &["c/1"]),
        (Scan { after: after("b", 3), ..back() }, &["b/2", "ab/1", "ab/0", "a/4095"]),
        (Scan { prefix: prefix("b"), ..back() }, &["b/3", "b/2"]),
        (Scan { after: after("b", 0), prefix: prefix("b"), ..back() }, &[]),
    ]
}

async fn tables_do_not_mix(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 1).await;
    let change = |table: Table| put(table, 5, "key", table.name());
    project(&store, 1, Table::ALL.map(change).to_vec()).await;
    for table in Table::ALL {
        let found = store
            .get(table, 5, Bytes::from_static(b"key"))
            .await
            .unwrap();
        assert_eq!(found.as_deref(), Some(table.name().as_bytes()));
        let rows = store.scan(Scan { table, ..all() }).await.unwrap();
        assert_eq!(rows.len(), 1, "{}", table.name());
    }
}
