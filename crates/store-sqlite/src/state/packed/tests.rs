//! Runs against a map of rows.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use rusqlite::Connection;
use store::{Row, Scan, Slot, Table};

use super::*;

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(TABLES).unwrap();
    connection
}

/// What the runs must hold.
type Model = BTreeMap<(Bytes, Slot), Bytes>;

/// Keys that share their beginnings, as real ones do; some are the beginning of others.
fn key(number: u16) -> Bytes {
    let text = format!("event\n/source/{}\n{number}", number % 3);
    Bytes::from(text[..text.len() - usize::from(number % 2)].to_owned())
}

fn row((key, slot): &(Bytes, Slot), value: &Bytes) -> Row {
    Row {
        slot: *slot,
        key: key.clone(),
        value: value.clone(),
    }
}

fn expected(model: &Model, scan: &Scan) -> Vec<Row> {
    let fits = |(key, _): &(&(Bytes, Slot), &Bytes)| {
        let after = scan.after.as_ref().is_none_or(|after| match scan.reverse {
            false => *key > after,
            true => *key < after,
        });
        after && key.0.starts_with(&scan.prefix) && scan.slots.contains(&key.1)
    };
    let mut rows: Vec<Row> = model
        .iter()
        .filter(fits)
        .map(|(key, value)| row(key, value))
        .collect();
    if scan.reverse {
        rows.reverse();
    }
    rows.truncate(scan.limit);
    rows
}

/// All that can be asked of the runs is as the model has it.
fn check(connection: &Connection, runs: &Runs, model: &Model) {
    let places = || (0..60).flat_map(|number| (0..3).map(move |slot| (key(number), slot)));
    for (key, slot) in places() {
        let found = get(connection, runs, Table::Key, &key, slot).unwrap();
        assert_eq!(
            found.as_ref(),
            model.get(&(key.clone(), slot)),
            "{key:?} {slot}"
        );
    }
    let afters = places().step_by(7).map(Some).chain([None]);
    for after in afters {
        for prefix in ["", "event\n/source/1", "event\n/source/1\n4", "zzz"] {
            for (reverse, limit, slots) in
                [(false, 500, 0..=2), (true, 500, 0..=2), (true, 3, 1..=1)]
            {
                let asked = Scan {
                    table: Table::Key,
                    slots,
                    after: after.clone(),
                    prefix: Bytes::from_static(prefix.as_bytes()),
                    reverse,
                    limit,
                };
                let found = scan(connection, runs, &asked).unwrap();
                assert_eq!(found, expected(model, &asked), "{asked:?}");
            }
        }
    }
    assert!(damage(connection).unwrap().is_empty());
}

fn numbers(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is written and removed in whatever transactions, small and large.
    #[test]
    fn runs_hold_what_a_map_would(
        transactions in prop::collection::vec(
            prop::collection::btree_map((0_u16..60, 0_u16..3), prop::option::weighted(0.7, 0_usize..2_000), 1..30),
            1..30,
        ),
    ) {
        let (connection, mut runs, mut model) = (connection(), Runs::default(), Model::new());
        for (number, transaction) in transactions.into_iter().enumerate() {
            let value = |length| Bytes::from(format!("{number}").repeat(length));
            let changes: BTreeMap<(Bytes, Slot), Option<Bytes>> = transaction
                .into_iter()
                .map(|((of, slot), length)| ((key(of), slot), length.map(value)))
                .collect();
            for (place, value) in &changes {
                match value {
                    Some(value) => drop(model.insert(place.clone(), value.clone())),
                    None => drop(model.remove(place)),
                }
            }
            let changes = changes.into_iter().map(|((key, slot), value)| (key, slot, value));
            write(&connection, &mut runs, Table::Key, changes.collect()).unwrap();
        }
        check(&connection, &runs, &model);
        // What is kept of the runs says the same.
        check(&connection, &Runs::load(&connection).unwrap(), &model);
        let all = model.into_keys().map(|(key, slot)| (key, slot, None)).collect();
        write(&connection, &mut runs, Table::Key, all).unwrap();
        prop_assert_eq!(numbers(&connection, "SELECT count(*) FROM packed_run"), 0);
        prop_assert_eq!(numbers(&connection, "SELECT count(*) FROM packed_page"), 0);
    }
}

#[test]
fn runs_are_merged_and_the_newest_row_of_a_key_counts() {
    let (connection, mut runs) = (connection(), Runs::default());
    for number in 0..1_000_u32 {
        let of =
            |key: String, value: &str| (Bytes::from(key), 0, Some(Bytes::from(value.to_owned())));
        let mut changes: Vec<_> = (0..20)
            .map(|place| of(format!("{}-{number}-{place}", number.reverse_bits()), "x"))
            .chain([of("same".to_owned(), &number.to_string())])
            .collect();
        changes.sort();
        write(&connection, &mut runs, Table::EventIndex, changes).unwrap();
    }
    let left = numbers(&connection, "SELECT count(*) FROM packed_run");
    assert!(left < 40, "{left} runs");
    let found = get(&connection, &runs, Table::EventIndex, b"same", 0).unwrap();
    assert_eq!(found.as_deref(), Some(&b"999"[..]));
    let rows = numbers(&connection, "SELECT sum(rows) FROM packed_run");
    assert!((20_001..20_040).contains(&rows), "{rows} rows");
}

#[test]
fn a_table_of_an_older_layout_is_taken_in() {
    let connection = connection();
    connection
        .execute_batch(
            "CREATE TABLE keyed_event (key BLOB NOT NULL, slot INTEGER NOT NULL, value BLOB NOT NULL, \
             PRIMARY KEY (key, slot)) WITHOUT ROWID;
             INSERT INTO keyed_event VALUES (x'02', 7, x'22'), (x'01', 9, x'11'), (x'01', 8, x'');",
        )
        .unwrap();
    take_in(&connection, Table::Event).unwrap();
    take_in(&connection, Table::Event).unwrap();
    assert!(!connection.table_exists(None, "keyed_event").unwrap());
    let runs = Runs::load(&connection).unwrap();
    let value = |key: &[u8], slot| get(&connection, &runs, Table::Event, key, slot).unwrap();
    assert_eq!(value(&[2], 7).as_deref(), Some(&[0x22][..]));
    assert_eq!(value(&[1], 9).as_deref(), Some(&[0x11][..]));
    assert_eq!(value(&[1], 8).as_deref(), Some(&[][..]));
    assert_eq!(value(&[1], 7), None);
}
