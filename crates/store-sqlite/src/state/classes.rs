//! The numbers of the rules under which ended instances are kept.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use store::RetentionClass;

/// The class without a name.
const UNNAMED: i64 = 0;

/// The numbers of classes, as far as one transaction has needed them. They are forgotten with the
/// transaction, because rolling it back may take them away.
#[derive(Default)]
pub(super) struct Classes {
    known: HashMap<RetentionClass, i64>,
}

impl Classes {
    /// Forgets all, for the next transaction.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// The number of a class, made if it is new.
    pub(super) fn number(
        &mut self,
        state: &Connection,
        class: &RetentionClass,
    ) -> rusqlite::Result<i64> {
        if class.name().is_empty() {
            return Ok(UNNAMED);
        }
        if let Some(number) = self.known.get(class) {
            return Ok(*number);
        }
        let number = find_or_make(state, class.name())?;
        self.known.insert(class.clone(), number);
        Ok(number)
    }
}

fn find_or_make(state: &Connection, name: &str) -> rusqlite::Result<i64> {
    let mut find = state.prepare_cached("SELECT number FROM class WHERE name = ?1")?;
    match find.query_row([name], |row| row.get(0)).optional()? {
        Some(number) => Ok(number),
        None => {
            let sql = "INSERT INTO class (name) VALUES (?1)";
            state.prepare_cached(sql)?.insert([name])
        }
    }
}

/// All classes that have a name, by number.
pub(super) fn all(state: &Connection) -> rusqlite::Result<HashMap<i64, RetentionClass>> {
    let mut statement = state.prepare_cached("SELECT number, name FROM class")?;
    let class =
        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, RetentionClass::new(row.get::<_, String>(1)?)));
    statement.query_map([], class)?.collect()
}
