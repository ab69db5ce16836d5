//! Forgetting idempotency keys that have expired, events, dead letters and roll-ups whose time is over, and operations
//! that ended long ago. Only the projector writes the tables, so a key that was taken anew is never swept with its old row.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use definition::DEFAULT_KEEP_EVENTS_MS;
use engine::record::KeyTaken;
use engine::{Id, SLOTS};
use prost::Message;
use store::{Change, PartitionId, Projection, Row, Scan, Slot, StoreError, Table};
use tokio::time::Instant;

use crate::clock::steady_now;
use crate::dead_letter::DeadLetter;
use crate::events::index_rows_gone;
use crate::operation::Operation;
use crate::rollup::{ROLLUPS_GO_MS, Tier, time_of_key};
use crate::shared::Shared;
use crate::windows::{CLOSED, ENTRY, MEMBER, is_row_over};

/// Keys looked at at once.
const PAGE: usize = 1_000;
/// Dead letters or operations looked at at once: they hold what was sent.
const LETTERS: usize = 50;
/// Events looked at at once: most are small, and as many must go in a second as come.
const EVENTS: usize = 500;
/// Between pages.
const BETWEEN_PAGES: Duration = Duration::from_millis(100);
/// Between pages of which all rows go, where they lie in the order of their times.
const WHILE_THEY_GO: Duration = Duration::from_millis(10);
/// Between the end of the table and the next round.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(600);

/// How long an operation is shown after its end, in milliseconds.
const OPERATIONS_KEPT_MS: u64 = 90 * 24 * 3_600 * 1_000;
/// What is swept, one after the other: tables, or the rows of one whose keys begin so.
const SWEPT: [(Table, Rows); 14] = [
    (Table::Key, Rows::All),
    (Table::Event, Rows::All),
    (Table::Window, Rows::Begin(&[CLOSED])),
    (Table::Window, Rows::Begin(&[ENTRY])),
    (Table::Window, Rows::Begin(&[MEMBER])),
    (Table::DeadLetter, Rows::All),
    (Table::Operation, Rows::All),
    (Table::Rollup, Rows::Of(Tier::ALL[0])),
    (Table::Rollup, Rows::Of(Tier::ALL[1])),
    (Table::Rollup, Rows::Of(Tier::ALL[2])),
    (Table::Rollup, Rows::Of(Tier::ALL[3])),
    (Table::Rollup, Rows::Of(Tier::ALL[4])),
    (Table::Rollup, Rows::Of(Tier::ALL[5])),
    (Table::Rollup, Rows::Of(Tier::ALL[6])),
];

/// Which rows of a table.
#[derive(Clone, Copy)]
enum Rows {
    All,
    Begin(&'static [u8]),
    Of(Tier),
}

impl Rows {
    /// What their keys begin with.
    fn prefix(self) -> Bytes {
        match self {
            Self::All => Bytes::new(),
            Self::Begin(bytes) => Bytes::from_static(bytes),
            Self::Of(tier) => tier.prefix(),
        }
    }
}

/// Goes through the tables, page by page, round after round.
pub(super) struct Sweep {
    next_at: Instant,
    /// The place in [`SWEPT`].
    at: usize,
    after: Option<(Bytes, Slot)>,
}

impl Sweep {
    /// The first round begins a while after the start.
    pub(super) fn new() -> Self {
        Self {
            next_at: steady_now() + BETWEEN_ROUNDS,
            at: 0,
            after: None,
        }
    }

    /// When the next page is due.
    pub(super) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Looks at one page and deletes what has expired.
    pub(super) async fn page(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let (table, rows) = SWEPT[self.at];
        let limit = match table {
            Table::DeadLetter | Table::Operation => LETTERS,
            Table::Event => EVENTS,
            _ => PAGE,
        };
        let scan = Scan {
            table,
            slots: 0..=SLOTS - 1,
            after: self.after.take(),
            prefix: rows.prefix(),
            reverse: false,
            limit,
        };
        let rows = shared.store.scan(scan).await?;
        let projections = deletions(shared, table, &rows);
        // These lie in the order of their times: behind one that stays all do.
        let by_time = matches!(table, Table::Event | Table::Rollup | Table::Window);
        let full = rows.len() >= limit && (!by_time || !projections.is_empty());
        self.after = rows
            .last()
            .filter(|_| full)
            .map(|row| (row.key.clone(), row.slot));
        let mut pause = if by_time {
            WHILE_THEY_GO
        } else {
            BETWEEN_PAGES
        };
        if !full {
            self.at = (self.at + 1) % SWEPT.len();
            if self.at == 0 {
                pause = BETWEEN_ROUNDS;
            }
        }
        self.next_at = steady_now() + pause;
        if projections.is_empty() {
            Ok(())
        } else {
            shared.store.project(projections).await
        }
    }
}

fn deletions(shared: &Shared, table: Table, rows: &[Row]) -> Vec<Projection> {
    let now = shared.clock.now_ms();
    let catalog = shared.catalog.current();
    let keep_ms = catalog.defaults.keep_dead_letters_ms;
    let keep_events_ms = catalog
        .defaults
        .keep_events_ms
        .unwrap_or(DEFAULT_KEEP_EVENTS_MS);
    let is_over = |row: &Row| match table {
        Table::DeadLetter => is_letter_over(row, keep_ms, now),
        Table::Event => {
            let id = Id::from_slice(&row.key).unwrap_or_default();
            id.made_at().saturating_add_unsigned(keep_events_ms) <= now
        }
        Table::Window => is_row_over(row, keep_events_ms, now),
        Table::Operation => is_operation_over(row, now),
        Table::Rollup => {
            let start = time_of_key(&row.key);
            start.is_none_or(|start| start.saturating_add(ROLLUPS_GO_MS) <= now)
        }
        _ => KeyTaken::decode(row.value.clone()).is_ok_and(|taken| taken.expires_at <= now),
    };
    let is_ours = |slot| shared.port(slot).is_open();
    let mut changes: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_ours(row.slot)) {
        if is_over(row) {
            let (slot, key) = (row.slot, row.key.clone());
            let gone = changes.entry(shared.placement.of(slot)).or_default();
            if table == Table::Event {
                gone.extend(index_rows_gone(row));
            }
            gone.push(Change::Delete { table, slot, key });
        }
    }
    let projection = |(index, changes): (usize, Vec<Change>)| Projection {
        partition: PartitionId(u16::try_from(index).unwrap_or_default()),
        reached: shared.ports[index].reached.get(),
        changes,
    };
    changes.into_iter().map(projection).collect()
}

/// Without a limit of their own letters are kept for good.
fn is_letter_over(row: &Row, keep_ms: Option<u64>, now: i64) -> bool {
    let Some(keep_ms) = keep_ms else { return false };
    let letter: Result<DeadLetter, _> = serde_json::from_slice(&row.value);
    letter.is_ok_and(|letter| letter.at.saturating_add_unsigned(keep_ms) <= now)
}

fn is_operation_over(row: &Row, now: i64) -> bool {
    let operation: Result<Operation, _> = serde_json::from_slice(&row.value);
    let ended_at = operation.ok().and_then(|operation| operation.ended_at);
    ended_at.is_some_and(|at| at.saturating_add_unsigned(OPERATIONS_KEPT_MS) <= now)
}
