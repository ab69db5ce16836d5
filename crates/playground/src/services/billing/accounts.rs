//! The account table.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::calls::now_ms;
use crate::ledger::number_in;

/// The newest so many accounts are listed; all are counted.
const MAX_LISTED: u32 = 10_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS account (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        idempotency_key TEXT UNIQUE,
        customer TEXT NOT NULL,
        replays INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        deleted_at INTEGER
    ) STRICT;
";

const COLUMNS: &str = "id, idempotency_key, customer, replays, created_at, deleted_at";

#[derive(Clone, Debug, Serialize)]
pub(super) struct Account {
    id: String,
    /// `open` or `deleted`.
    status: &'static str,
    customer: Value,
    idempotency_key: Option<String>,
    /// How often the same request came again.
    replays: i64,
    created_at: i64,
    deleted_at: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct AccountList {
    /// Accounts ever opened.
    total: i64,
    open: i64,
    /// Requests that opened nothing, because their key was known.
    replays: i64,
    /// Oldest first.
    items: Vec<Account>,
}

pub(super) enum Opening {
    New(Account),
    Replay(Account),
    KeyReused,
}

pub(super) enum Closing {
    Closed(Account),
    ClosedBefore,
    Unknown,
}

/// One connection to the file; the caller sees to it that it is used by one thread at a time.
pub(super) struct Accounts {
    database: Connection,
}

impl Accounts {
    pub(super) fn open(file: &Path) -> Result<Self, rusqlite::Error> {
        let database = Connection::open(file)?;
        // A write reaches the file system at once and the disk a little later: it survives the end of the process,
        // which is what one tries here, and thousands a second go through.
        database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        database.execute_batch(SCHEMA)?;
        Ok(Self { database })
    }

    pub(super) fn create(
        &mut self,
        key: Option<&str>,
        customer: &str,
    ) -> Result<Opening, rusqlite::Error> {
        let transaction = self.database.transaction()?;
        let known = match key {
            Some(key) => of_key(&transaction, key)?,
            None => None,
        };
        let opening = match known {
            Some((_, known)) if known != customer => Opening::KeyReused,
            Some((id, _)) => {
                transaction.execute(
                    "UPDATE account SET replays = replays + 1 WHERE id = ?1",
                    [id],
                )?;
                Opening::Replay(by_id(&transaction, id)?)
            }
            None => {
                transaction.execute(
                    "INSERT INTO account (idempotency_key, customer, created_at) VALUES (?1, ?2, ?3)",
                    params![key, customer, now_ms()],
                )?;
                Opening::New(by_id(&transaction, transaction.last_insert_rowid())?)
            }
        };
        transaction.commit()?;
        Ok(opening)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Closing, rusqlite::Error> {
        let Some(number) = number_in(id, "acc-").and_then(|number| i64::try_from(number).ok())
        else {
            return Ok(Closing::Unknown);
        };
        let changed = self.database.execute(
            "UPDATE account SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
            params![number, now_ms()],
        )?;
        let account = by_id(&self.database, number).optional()?;
        Ok(match (changed, account) {
            (_, None) => Closing::Unknown,
            (0, Some(_)) => Closing::ClosedBefore,
            (_, Some(account)) => Closing::Closed(account),
        })
    }

    pub(super) fn list(&mut self) -> Result<AccountList, rusqlite::Error> {
        let counts =
            "SELECT count(*), count(*) - count(deleted_at), coalesce(sum(replays), 0) FROM account";
        let (total, open, replays) = self.database.query_row(counts, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let newest = format!("SELECT {COLUMNS} FROM account ORDER BY id DESC LIMIT {MAX_LISTED}");
        let mut statement = self.database.prepare_cached(&newest)?;
        let mut items: Vec<Account> = statement
            .query_map([], account)?
            .collect::<Result<_, _>>()?;
        items.reverse();
        Ok(AccountList {
            total,
            open,
            replays,
            items,
        })
    }
}

fn of_key(database: &Connection, key: &str) -> Result<Option<(i64, String)>, rusqlite::Error> {
    let sql = "SELECT id, customer FROM account WHERE idempotency_key = ?1";
    let mut statement = database.prepare_cached(sql)?;
    statement
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn by_id(database: &Connection, id: i64) -> Result<Account, rusqlite::Error> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE id = ?1");
    database.prepare_cached(&sql)?.query_row([id], account)
}

fn account(row: &Row<'_>) -> Result<Account, rusqlite::Error> {
    let id: i64 = row.get(0)?;
    let customer: String = row.get(2)?;
    let deleted_at: Option<i64> = row.get(5)?;
    Ok(Account {
        id: format!("acc-{id:06}"),
        status: if deleted_at.is_some() {
            "deleted"
        } else {
            "open"
        },
        customer: serde_json::from_str(&customer).unwrap_or(Value::String(customer)),
        idempotency_key: row.get(1)?,
        replays: row.get(3)?,
        created_at: row.get(4)?,
        deleted_at,
    })
}
