//! Messages that need something beside the partition before they can be taken: a plan, or what the state has. They hold
//! up those of their own pair of slots alone, as one to an absent instance does.

use std::sync::Arc;
use std::time::Duration;

use engine::Payload;
use engine::record::{EventOffered, EventTaken, MessageBody, MessageSent, WaitPlaced};
use store::StoreError;

use super::load::{patiently, supply_payload};
use super::mailbox::Internal;
use super::slots::pair_of;
use super::task::Partition;
use crate::events::{Plan, kept_scan, read_offered};
use crate::handle::Runtime;
use crate::shared::Shared;

/// Pause before an event is planned again that could not be.
const PAUSE: Duration = Duration::from_millis(200);

/// What a message needed.
pub(crate) enum Needed {
    /// What follows from the event that it carries.
    Plan(Plan),
    /// The events that are kept for the wait that it tells of, of a state that had reached a position.
    Kept(u64, Result<Vec<EventOffered>, StoreError>),
}

/// A message with what it needed.
pub(crate) struct Prepared {
    pub(crate) message: MessageSent,
    pub(crate) needed: Needed,
}

/// Whether a message needs something first.
pub(super) fn needs_more(message: &MessageSent) -> bool {
    let body = message.message.as_ref();
    let body = body.and_then(|envelope| envelope.body.as_ref());
    matches!(
        body,
        Some(MessageBody::Emit(_) | MessageBody::WaitPlaced(_))
    )
}

impl Partition {
    /// Gets what a message needs; the pair of slots is busy until it is there.
    pub(super) fn prepare(&self, message: MessageSent) {
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            let body = message.message.as_ref();
            let needed = match body.and_then(|envelope| envelope.body.as_ref()) {
                Some(MessageBody::Emit(taken)) => plan(&shared, taken).await.map(Needed::Plan),
                Some(MessageBody::WaitPlaced(placed)) => {
                    let reached = shared.ports[index].reached.get();
                    let kept = kept_events(&shared, placed).await;
                    Some(Needed::Kept(reached, kept))
                }
                _ => None,
            };
            // Without it the server goes down; the message comes again.
            if let Some(needed) = needed {
                let prepared = Prepared { message, needed };
                shared.ports[index].notify(Internal::Prepared(Box::new(prepared)));
            }
        });
    }

    /// A message has what it needed.
    pub(super) fn on_prepared(&mut self, prepared: Prepared) {
        let Prepared { message, needed } = prepared;
        let pair = pair_of(message.from_slot, message.to_slot);
        // It may have been sent again when the partition was opened anew.
        if message.number != self.slots.mark(pair) + 1 {
            return;
        }
        let body = message.message.as_ref();
        let body = body.and_then(|envelope| envelope.body.as_ref());
        match (body, needed) {
            (Some(MessageBody::Emit(taken)), Needed::Plan(plan)) => {
                self.take_event(EventTaken::clone(taken), plan);
            }
            (Some(MessageBody::WaitPlaced(_)), Needed::Kept(_, Err(error))) => {
                return self
                    .shared
                    .fatal(format!("kept events could not be read: {error}"));
            }
            (Some(MessageBody::WaitPlaced(placed)), Needed::Kept(reached, Ok(kept)))
                if !self.on_wait_placed(placed, (reached, &kept)) =>
            {
                return self.prepare(message);
            }
            _ => {}
        }
        self.taken(&message);
        self.arrivals.done(pair);
        self.take_arrived(pair);
    }
}

/// Tried until it can be, or the server goes down.
async fn plan(shared: &Arc<Shared>, taken: &EventTaken) -> Option<Plan> {
    let runtime = Runtime::of(Arc::clone(shared));
    loop {
        match runtime.plan_emitted(taken).await {
            Ok(plan) => return Some(plan),
            Err(outage) if shared.phase.is_open() => {
                tracing::warn!(%outage, "an event cannot be routed for the moment; trying again");
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => return None,
        }
    }
}

async fn kept_events(
    shared: &Shared,
    placed: &WaitPlaced,
) -> Result<Vec<EventOffered>, StoreError> {
    let (store, event_type, key) = (&shared.store, &placed.event_type, &placed.key);
    let rows = patiently(|| store.scan(kept_scan(event_type, key))).await?;
    let kept: Vec<EventOffered> = rows
        .iter()
        .filter_map(|row| read_offered(row, event_type, key))
        .collect();
    let carried = { kept.iter() }.flat_map(|event| event.meta.iter().chain(&event.data));
    // Copies share their bytes: supplying one supplies all.
    let carried: Vec<Payload> = carried.cloned().collect();
    for payload in &carried {
        patiently(|| supply_payload(store.as_ref(), payload)).await?;
    }
    Ok(kept)
}
