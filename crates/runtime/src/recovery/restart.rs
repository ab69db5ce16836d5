//! What was under way goes on: tasks, messages.

use std::sync::Arc;

use bytes::Bytes;
use engine::codec::payloads_of;
use engine::record::{Body, MessageSent, SlotBody, SlotFact};
use store::{Row, Scan, StoreError, Table};

use super::partition::scan;
use super::tail::scan_all;
use crate::partition::{Internal, Opened, Pair, messages_to, outbox_message, pair_of};
use crate::projector::TaskRow;
use crate::shared::Shared;

/// Queues the open tasks of a partition and delivers its messages again. The tables must hold all
/// that is durable.
pub(super) async fn restart(shared: &Arc<Shared>, index: u16) -> Result<(), StoreError> {
    let (store, slots) = (shared.store.as_ref(), shared.placement.slots(index));
    let mut tasks = 0_usize;
    scan_all(store, scan(Table::Task, slots.clone()), |row: &Row| {
        if let Some(row) = TaskRow::read(&row.key, &row.value) {
            tasks += 1;
            shared.dispatcher.repeat(shared, row);
        }
    })
    .await?;
    let mut messages = vec![];
    let each = |row: &Row| messages.extend(outbox_message(row));
    scan_all(store, scan(Table::Outbox, slots), each).await?;
    tracing::info!(
        partition = index,
        tasks,
        messages = messages.len(),
        "partition opened"
    );
    for message in messages {
        deliver(shared, message).await?;
    }
    Ok(())
}

/// Messages of one pair of slots that are sent again at once.
const AGAIN: usize = 100;

/// Sends the oldest messages of these pairs again that the state has without acknowledgement.
pub(crate) async fn deliver_again(
    shared: &Arc<Shared>,
    pairs: Vec<Pair>,
) -> Result<(), StoreError> {
    for (from, to) in pairs {
        let scan = Scan {
            prefix: messages_to(to),
            limit: AGAIN,
            ..scan(Table::Outbox, from..=from)
        };
        for row in shared.store.scan(scan).await? {
            if let Some(message) = outbox_message(&row) {
                deliver(shared, message).await?;
            }
        }
    }
    Ok(())
}

async fn deliver(shared: &Arc<Shared>, message: MessageSent) -> Result<(), StoreError> {
    let (_, to) = pair_of(message.from_slot, message.to_slot);
    supply_message(shared, &message).await?;
    shared.tell(to, Internal::Message(Box::new(message)));
    Ok(())
}

/// Supplies the payloads that a message only knows by their hash.
pub(crate) async fn supply_message(
    shared: &Shared,
    message: &MessageSent,
) -> Result<(), StoreError> {
    // Payloads share their bytes with their copies, so supplying one supplies all.
    let fact = SlotFact {
        body: Some(SlotBody::MessageSent(message.clone())),
    };
    for payload in payloads_of(&Body::Slot(fact)) {
        let Some(blob) = payload.missing() else {
            continue;
        };
        let bytes: Option<Bytes> = shared.store.blob(blob.hash).await?;
        payload.supply(bytes.unwrap_or_else(|| {
            tracing::error!(number = message.number, "a blob of a message is not there");
            Bytes::from_static(b"null")
        }));
    }
    Ok(())
}

/// A receiver that has taken more than its sender ever sent: the two come from different pasts.
pub(super) fn check_marks(shared: &Arc<Shared>, opened: &[Opened]) {
    for ((from, to), mark) in opened.iter().flat_map(|partition| partition.slots.marks()) {
        let sent = opened[shared.placement.of(from)]
            .slots
            .last_sent((from, to));
        if mark > sent {
            tracing::error!(from, to, mark, sent, "a receiver is ahead of its sender");
            crate::health::add(&shared.stats.message_order_errors, 1);
        }
    }
}
