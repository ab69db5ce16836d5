//! The tables of `state.db` and of the bucket files.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use store::Table;

use super::{blobs, packed};

/// The layout's version; a store of another one is refused, but for [`OLDER`] ones, which become this one.
pub(super) const FORMAT: i64 = 5;

/// The layouts that become the present one when they are opened.
pub(super) const OLDER: [i64; 2] = [NAMELESS, 4];

/// The layout before it was noted what names blobs. A program that does not note it must not write on in a
/// store of the present one.
const NAMELESS: i64 = 3;

/// What instances have in common, once in each file.
const KIND: &str = "
CREATE TABLE IF NOT EXISTS kind (
    kind INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    instances INTEGER NOT NULL DEFAULT 0,
    UNIQUE (workflow, version, status, priority, namespace)
);
";

/// Chunks and history of what is too large to lie in one row, alike in `state.db` and in buckets.
const PARTS: &str = "
CREATE TABLE IF NOT EXISTS chunk (
    id BLOB NOT NULL,
    chunk INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (id, chunk)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    id BLOB NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (id, first_seq)
) WITHOUT ROWID;
";

/// Open instances.
///
/// `correlation_id` is null where it is the text of the instance's own id. `parts` holds chunks and
/// history while they are small; null says that they lie in the tables `chunk` and `history`. The
/// index by creation carries the kind, so that lists and counts by status or workflow need no index
/// of their own.
const OPEN: &str = "
CREATE TABLE IF NOT EXISTS instance (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    slot INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    correlation_id TEXT,
    subject TEXT,
    parent_id BLOB,
    attributes BLOB,
    error TEXT,
    pending_decisions INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER,
    seq INTEGER NOT NULL,
    snapshot BLOB NOT NULL,
    parts BLOB
);
CREATE INDEX IF NOT EXISTS instance_created ON instance (created_at, id, kind);
CREATE INDEX IF NOT EXISTS instance_correlation ON instance (correlation_id, created_at, id)
    WHERE correlation_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS instance_subject ON instance (subject, created_at, id)
    WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS instance_parent ON instance (parent_id, created_at, id)
    WHERE parent_id IS NOT NULL;
";

/// Ended instances: blocks of them, and runs of what they are found by. `filled` in `meta` is the
/// last run of `state.db` that was moved here.
const BUCKET: &str = "
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block (
    block INTEGER PRIMARY KEY, rows BLOB NOT NULL, parts BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS run (run INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS page (
    run INTEGER NOT NULL,
    term INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    row INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, term, created_at, row)
) WITHOUT ROWID;
";

/// `start` is a bucket's key: the start of its time and the number of its class, added up. `blob_use` says
/// what names a blob, and in which bucket an ended instance lies that does, by a number which is not that of
/// a later bucket under the same key (`blob_bucket`); the rounds in which the others are swept are the contract's.
const STATE: &str = "
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reached (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ended_run (
    run INTEGER NOT NULL,
    part INTEGER NOT NULL,
    start INTEGER NOT NULL,
    rows BLOB NOT NULL,
    parts BLOB NOT NULL,
    PRIMARY KEY (run, part)
);
CREATE TABLE IF NOT EXISTS ended_removed (
    run INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS superseded (
    start INTEGER NOT NULL, id BLOB NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (start, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rowless (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket (
    start INTEGER PRIMARY KEY,
    first_id BLOB NOT NULL,
    last_id BLOB NOT NULL,
    first_created INTEGER NOT NULL,
    last_created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS class (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS blob (
    row INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL,
    named_in INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS blob_use (
    holder BLOB NOT NULL, hash BLOB NOT NULL, bucket INTEGER, PRIMARY KEY (holder, hash)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blob_use_hash ON blob_use (hash);
CREATE INDEX IF NOT EXISTS blob_use_bucket ON blob_use (bucket) WHERE bucket IS NOT NULL;
CREATE TABLE IF NOT EXISTS blob_bucket (
    number INTEGER PRIMARY KEY AUTOINCREMENT, start INTEGER NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS blob_round (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    noted INTEGER NOT NULL,
    after BLOB
);
CREATE TABLE IF NOT EXISTS blob_noted (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
";

/// The layout's version of a `state.db`; none if it is new.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !connection.table_exists(None, "meta")? {
        return Ok(None);
    }
    let sql = "SELECT value FROM meta WHERE key = 'format'";
    connection.query_row(sql, [], |row| row.get(0)).optional()
}

/// Makes what is missing of `state.db`, which has this format, or none yet.
pub(super) fn create_state(connection: &Connection, format: Option<i64>) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for tables in [KIND, PARTS, OPEN, STATE, packed::TABLES] {
        connection.execute_batch(tables)?;
    }
    for table in Table::ALL {
        if packed::is_packed(table) {
            packed::take_in(connection, table)?;
            continue;
        }
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS keyed_{} (
                key BLOB NOT NULL, slot INTEGER NOT NULL, value BLOB NOT NULL,
                PRIMARY KEY (key, slot)
            ) WITHOUT ROWID",
            table.name()
        ))?;
    }
    match format {
        // Of an older store the first sweep has to say something before rounds begin.
        None => blobs::begin_rounds(connection, 0)?,
        Some(NAMELESS) => connection
            .execute_batch("ALTER TABLE blob ADD COLUMN named_in INTEGER NOT NULL DEFAULT 0")?,
        Some(_) => {}
    }
    let sql = "INSERT OR REPLACE INTO meta VALUES ('format', ?1)";
    connection.execute(sql, [FORMAT])?;
    connection.execute_batch("COMMIT")
}

/// How much time the store's buckets cover, in milliseconds: settled when it is made, for their
/// names follow from it.
pub(super) fn settle_span(state: &Connection, new_ms: i64) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO meta VALUES ('bucket_ms', ?1) ON CONFLICT DO NOTHING";
    state.execute(sql, [new_ms])?;
    let sql = "SELECT value FROM meta WHERE key = 'bucket_ms'";
    state.query_row(sql, [], |row| row.get(0))
}

/// Makes what is missing of a bucket.
pub(super) fn create_bucket(connection: &Connection) -> rusqlite::Result<()> {
    [KIND, PARTS, BUCKET]
        .into_iter()
        .try_for_each(|tables| connection.execute_batch(tables))
}

/// SQLite copies its write-ahead log into the file when it has grown by this much.
const CHECKPOINT_BYTES: i64 = 32 << 20;

/// How a connection writes: `NORMAL` loses the last transactions with the power, never the file;
/// `FULL` loses none.
#[derive(Clone, Copy)]
pub(super) enum Durability {
    Normal,
    Full,
}

/// A connection that writes.
pub(super) fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    // Ended instances are written once, side by side: large pages waste less of their ends.
    let (synchronous, page_bytes) = match durability {
        Durability::Normal => ("NORMAL", 4 << 10),
        Durability::Full => ("FULL", 16 << 10),
    };
    if matches!(durability, Durability::Normal) {
        // So that what is freed can be given back to the disk. It counts when the file is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "page_size", page_bytes)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_BYTES / page_bytes)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(60))?;
    connection.set_prepared_statement_cache_capacity(128);
    // Else a statement whose plan might depend on a bound value is prepared anew each time: the
    // cache clears its bindings, and that alone counts as a new value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16384)
}
