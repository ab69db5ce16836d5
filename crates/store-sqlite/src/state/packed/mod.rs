//! Tables whose rows come in great numbers, under keys at random, and hardly change: events, what they are found by, and
//! names that are remembered.
//!
//! A row of its own in a tree of SQLite costs a page of that tree, written twice, for each row whose key falls anywhere.
//! Here the rows of one transaction are one sorted *run* of packed pages. Runs are merged when there are many of one
//! size; a filter of each says of most keys that it lacks them. A row that is removed is taken out of its page, so a run
//! holds nothing that is gone. All of it lies in `state.db`, and so is committed with the rest.

mod filter;
mod page;
mod read;
mod runs;
#[cfg(test)]
mod tests;
mod write;

use store::Table;

pub(super) use read::{damage, get, scan};
pub(super) use runs::Runs;
pub(super) use write::{RowChange, take_in, write};

/// The runs and their pages. `of` is the table's name.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS packed_run (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    of TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_key BLOB NOT NULL,
    first_slot INTEGER NOT NULL,
    last_key BLOB NOT NULL,
    last_slot INTEGER NOT NULL,
    filter BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS packed_page (
    run INTEGER NOT NULL,
    first_key BLOB NOT NULL,
    first_slot INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, first_key, first_slot)
) WITHOUT ROWID;
";

/// Whether a table's rows lie in runs.
pub(super) const fn is_packed(table: Table) -> bool {
    matches!(table, Table::Key | Table::Event | Table::EventIndex)
}
