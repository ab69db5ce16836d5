//! What instances have in common (workflow, status ...), kept once in each file under a number.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use store::InstanceRow;

/// The numbers of one file's kinds, as far as one transaction has needed them. They are forgotten
/// with the transaction, because rolling it back may take them away.
#[derive(Default)]
pub(super) struct Kinds {
    known: HashMap<Vec<u8>, i64>,
    /// The key of the row in hand.
    key: Vec<u8>,
}

impl Kinds {
    /// Forgets all, for the next transaction.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// The number of a row's kind in this file, made if it is new.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        row: &InstanceRow,
    ) -> rusqlite::Result<i64> {
        self.key.clear();
        for text in texts(row) {
            self.key.extend_from_slice(&text.len().to_le_bytes());
            self.key.extend_from_slice(text.as_bytes());
        }
        if let Some(number) = self.known.get(&self.key) {
            return Ok(*number);
        }
        let number = find_or_make(connection, row)?;
        self.known.insert(self.key.clone(), number);
        Ok(number)
    }
}

fn texts(row: &InstanceRow) -> [&String; 5] {
    [
        &row.namespace,
        &row.workflow,
        &row.version,
        &row.status,
        &row.priority,
    ]
}

fn find_or_make(connection: &Connection, row: &InstanceRow) -> rusqlite::Result<i64> {
    let sql = "SELECT kind FROM kind WHERE namespace = ?1 AND workflow = ?2 AND version = ?3 \
               AND status = ?4 AND priority = ?5";
    let mut find = connection.prepare_cached(sql)?;
    let found = find.query_row(texts(row), |row| row.get(0)).optional()?;
    if let Some(number) = found {
        return Ok(number);
    }
    let sql = "INSERT INTO kind (namespace, workflow, version, status, priority) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let [namespace, workflow, version, status, priority] = texts(row);
    let mut make = connection.prepare_cached(sql)?;
    make.insert(params![namespace, workflow, version, status, priority])
}
