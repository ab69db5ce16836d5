//! The keyed tables: their statements, lookups and scans.

use bytes::Bytes;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use store::{Row, Scan, Slot, StoreError, Table};

use super::packed::{self, Runs, is_packed};
use super::readers::{Reader, begin, end};
use crate::failure::sqlite_failure;

macro_rules! statements {
    ($($table:ident $name:literal),* $(,)?) => {
        /// Writes a row: key, slot, value. A table whose rows lie in runs has no such table.
        pub(super) const fn put(table: Table) -> &'static str {
            match table {
                $(Table::$table => concat!("INSERT OR REPLACE INTO keyed_", $name, " VALUES (?1, ?2, ?3)"),)*
            }
        }

        /// Removes a row: key, slot.
        pub(super) const fn delete(table: Table) -> &'static str {
            match table {
                $(Table::$table => concat!("DELETE FROM keyed_", $name, " WHERE key = ?1 AND slot = ?2"),)*
            }
        }

        const fn get(table: Table) -> &'static str {
            match table {
                $(Table::$table => concat!("SELECT value FROM keyed_", $name, " WHERE key = ?1 AND slot = ?2"),)*
            }
        }
    };
}

statements! {
    Task "task", Timer "timer", Wait "wait", Key "key", Outbox "outbox", InboxMark "inbox_mark",
    Limit "limit", Schedule "schedule", Decision "decision", DeadLetter "dead_letter",
    Operation "operation", Catalog "catalog", Audit "audit", Event "event",
    EventIndex "event_index", Rollup "rollup", Window "window",
}

fn failure(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

impl Reader {
    /// The values of rows, as of one moment.
    pub(crate) fn get_many(
        &mut self,
        table: Table,
        keys: &[(Slot, Bytes)],
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        if is_packed(table) {
            return self.in_runs(|connection, runs| {
                let value =
                    |(slot, key): &(Slot, Bytes)| packed::get(connection, runs, table, key, *slot);
                keys.iter().map(value).collect()
            });
        }
        let several = keys.len() > 1;
        if several {
            begin(&self.state).map_err(failure)?;
        }
        let read = || {
            let mut statement = self.state.prepare_cached(get(table))?;
            let value = |(slot, key): &(Slot, Bytes)| {
                let value = statement.query_row(params![&key[..], slot], |row| {
                    Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
                });
                value.optional()
            };
            keys.iter().map(value).collect()
        };
        let found: rusqlite::Result<_> = read();
        if several {
            end(&self.state).map_err(failure)?;
        }
        found.map_err(failure)
    }

    /// Rows in the order of (key, slot).
    pub(crate) fn scan(&mut self, scan: &Scan) -> Result<Vec<Row>, StoreError> {
        if is_packed(scan.table) {
            return self.in_runs(|connection, runs| packed::scan(connection, runs, scan));
        }
        scan_rows(&self.state, scan).map_err(failure)
    }

    /// Reads runs, and what `state.db` has of them, as of the same moment.
    fn in_runs<T>(
        &mut self,
        read: impl FnOnce(&Connection, &Runs) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.at_one_moment(
            |view| (view.packed.clone(), vec![]),
            |reader, runs| read(&reader.state, &runs).map_err(failure),
        )
    }
}

fn scan_rows(connection: &Connection, scan: &Scan) -> rusqlite::Result<Vec<Row>> {
    let (sql, params) = statement(scan);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(params), |row| {
        Ok(Row {
            key: Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?),
            slot: row.get(1)?,
            value: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
        })
    })?;
    rows.collect()
}

fn statement(scan: &Scan) -> (String, Vec<Value>) {
    let mut params = vec![
        Value::from(i64::from(*scan.slots.start())),
        Value::from(i64::from(*scan.slots.end())),
    ];
    let mut conditions = String::from("slot BETWEEN ? AND ?");
    let mut condition = |text: &str, values: Vec<Value>| {
        conditions.push_str(" AND ");
        conditions.push_str(text);
        params.extend(values);
    };
    if let Some((key, slot)) = &scan.after {
        let text = if scan.reverse {
            "(key, slot) < (?, ?)"
        } else {
            "(key, slot) > (?, ?)"
        };
        condition(
            text,
            vec![Value::from(key.to_vec()), Value::from(i64::from(*slot))],
        );
    }
    if !scan.prefix.is_empty() {
        condition("key >= ?", vec![Value::from(scan.prefix.to_vec())]);
        if let Some(end) = prefix_end(&scan.prefix) {
            condition("key < ?", vec![Value::from(end)]);
        }
    }
    params.push(Value::from(i64::try_from(scan.limit).unwrap_or(i64::MAX)));
    let order = if scan.reverse {
        "key DESC, slot DESC"
    } else {
        "key, slot"
    };
    let name = scan.table.name();
    let sql = format!(
        "SELECT key, slot, value FROM keyed_{name} WHERE {conditions} ORDER BY {order} LIMIT ?"
    );
    (sql, params)
}

/// The first key behind all keys with a prefix, if there is one.
pub(super) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
