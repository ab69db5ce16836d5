//! Waits for events: each is known where events of its key come, or the message that says so is on its way.

use engine::record::{MessageBody, MessageSent, SlotBody};
use engine::{EventWait, Instance, meeting_slot};
use store::{Scan, Store, StoreError, Table};

use crate::events::wait_row_key;
use crate::partition::{messages_to, outbox_message};
use crate::recovery::scan_all;

/// Waits for events of an instance of which nobody knows where the events come; in words. `facts` are those of slots that
/// the journal has and the tables do not.
///
/// # Errors
/// When the store fails.
pub async fn missing_waits(
    store: &dyn Store,
    instance: &Instance,
    facts: &[SlotBody],
) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    let id = instance.id().bytes();
    for wait in instance.event_waits() {
        let placed = facts.iter().any(|fact| match fact {
            SlotBody::WaitPlaced(placed) => placed.instance == id[..] && placed.wait == wait.wait,
            _ => false,
        });
        if !placed
            && !is_known(store, instance, wait).await?
            && !is_sent(store, instance, wait).await?
        {
            let step = instance.step_name(wait.at);
            missing.push(format!(
                "step {step} waits for the event {}, but nobody knows of it where such events come",
                wait.told()
            ));
        }
    }
    Ok(missing)
}

async fn is_known(
    store: &dyn Store,
    instance: &Instance,
    wait: &EventWait,
) -> Result<bool, StoreError> {
    let slot = meeting_slot(&wait.event_type, &wait.key);
    let id = instance.id().bytes();
    let key = wait_row_key(&wait.event_type, &wait.key, &id, wait.wait);
    Ok(store.get(Table::Wait, slot, key).await?.is_some())
}

/// Whether the message that tells of the wait, or one that ends it, is not taken yet.
async fn is_sent(
    store: &dyn Store,
    instance: &Instance,
    wait: &EventWait,
) -> Result<bool, StoreError> {
    let (own, there) = (
        instance.id().slot(),
        meeting_slot(&wait.event_type, &wait.key),
    );
    let id = instance.id().bytes();
    let tells = |message: &MessageSent| match message.message.as_ref()?.body.as_ref()? {
        MessageBody::WaitPlaced(placed) => {
            Some(placed.instance == id[..] && placed.wait == wait.wait)
        }
        MessageBody::WaitRefused(refused) => {
            Some(message.to == id[..] && refused.wait == wait.wait)
        }
        _ => None,
    };
    let mut sent = false;
    for (from, to) in [(own, there), (there, own)] {
        let scan = Scan {
            table: Table::Outbox,
            slots: from..=from,
            after: None,
            prefix: messages_to(to),
            reverse: false,
            limit: 0,
        };
        scan_all(store, scan, |row| {
            let message = outbox_message(row);
            sent |= message.as_ref().and_then(tells).unwrap_or(false);
        })
        .await?;
    }
    Ok(sent)
}
