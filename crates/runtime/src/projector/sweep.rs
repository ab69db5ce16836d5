//! Forgetting idempotency keys that have expired. Only the projector writes the table, so a key
//! that was taken anew is never swept with its old row.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use engine::SLOTS;
use engine::record::KeyTaken;
use prost::Message;
use store::{Change, PartitionId, Projection, Row, Scan, Slot, StoreError, Table};
use tokio::time::Instant;

use crate::clock::steady_now;
use crate::shared::Shared;

/// Rows looked at at once.
const PAGE: usize = 1_000;
/// Between pages.
const BETWEEN_PAGES: Duration = Duration::from_millis(100);
/// Between the end of the table and the next round.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(600);

/// Goes through the keys, page by page, round after round.
pub(super) struct Sweep {
    next_at: Instant,
    after: Option<(Bytes, Slot)>,
}

impl Sweep {
    /// The first round begins a while after the start.
    pub(super) fn new() -> Self {
        Self {
            next_at: steady_now() + BETWEEN_ROUNDS,
            after: None,
        }
    }

    /// When the next page is due.
    pub(super) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Looks at one page and deletes what has expired.
    pub(super) async fn page(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let scan = Scan {
            table: Table::Key,
            slots: 0..=SLOTS - 1,
            after: self.after.take(),
            prefix: Bytes::new(),
            reverse: false,
            limit: PAGE,
        };
        let rows = shared.store.scan(scan).await?;
        let full = rows.len() >= PAGE;
        self.after = rows
            .last()
            .filter(|_| full)
            .map(|row| (row.key.clone(), row.slot));
        self.next_at = steady_now() + if full { BETWEEN_PAGES } else { BETWEEN_ROUNDS };
        let projections = deletions(shared, &rows);
        if projections.is_empty() {
            Ok(())
        } else {
            shared.store.project(projections).await
        }
    }
}

fn deletions(shared: &Shared, rows: &[Row]) -> Vec<Projection> {
    let now = shared.clock.now_ms();
    let is_ours = |slot| shared.port(slot).is_open();
    let mut changes: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_ours(row.slot)) {
        let taken = KeyTaken::decode(row.value.clone());
        if taken.is_ok_and(|taken| taken.expires_at <= now) {
            let (slot, key) = (row.slot, row.key.clone());
            let delete = Change::Delete {
                table: Table::Key,
                slot,
                key,
            };
            changes
                .entry(shared.placement.of(slot))
                .or_default()
                .push(delete);
        }
    }
    let projection = |(index, changes): (usize, Vec<Change>)| Projection {
        partition: PartitionId(u16::try_from(index).unwrap_or_default()),
        reached: shared.ports[index].reached.get(),
        changes,
    };
    changes.into_iter().map(projection).collect()
}
