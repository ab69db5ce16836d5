//! Messages between slots: no receiver may have taken more than its sender ever sent.

use bytes::Bytes;
use engine::SLOTS;
use engine::record::SlotBody;
use store::{Scan, Store, StoreError, Table};

use crate::partition::SlotState;
use crate::recovery::scan_all;

/// Pairs of slots whose receiver is ahead of its sender; in words. `facts` are those of slots that the
/// journal has and the tables do not.
///
/// # Errors
/// When the store fails.
pub async fn messages_ahead(
    store: &dyn Store,
    facts: &[SlotBody],
) -> Result<Vec<String>, StoreError> {
    let mut slots = SlotState::default();
    scan_all(store, whole(Table::Outbox), |row| slots.load_outbox(row)).await?;
    scan_all(store, whole(Table::InboxMark), |row| slots.load_mark(row)).await?;
    for fact in facts {
        slots.apply(fact, 0);
    }
    let ahead = slots.marks().filter_map(|((from, to), taken)| {
        let sent = slots.last_sent((from, to));
        (taken > sent).then(|| {
            format!("slot {to} has taken message {taken} of slot {from}, which has sent {sent}")
        })
    });
    Ok(ahead.collect())
}

fn whole(table: Table) -> Scan {
    Scan {
        table,
        slots: 0..=SLOTS - 1,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: 0,
    }
}
