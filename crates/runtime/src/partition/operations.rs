//! Operations on many instances whose slot is here: their facts, and who carries them out.

use std::sync::Arc;

use engine::Id;
use engine::record::KeyTaken;
use tokio::sync::watch;

use super::keys::Keyed;
use super::task::Partition;
use super::work::Reply;
use crate::handle::Runtime;
use crate::operation::{Operation, OperationError, Order};
use crate::submit::Idempotency;

/// Something asked of an operation.
pub(crate) struct OperationAsked {
    pub(crate) order: Order,
    pub(crate) reply: Reply<Result<Operation, OperationError>>,
}

/// Tells the drivers of a partition's operations and schedules that someone turned one; they end with it.
pub(super) struct Drivers(Arc<watch::Sender<u64>>);

impl Default for Drivers {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Drivers {
    /// What the drivers listen to.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// What tells them.
    pub(super) fn turns(&self) -> Arc<watch::Sender<u64>> {
        Arc::clone(&self.0)
    }
}

impl Partition {
    /// Goes on with what the owner before left.
    pub(super) fn drive_operations(&self) {
        for id in self.slots.operations.ids() {
            Runtime::drive_beside(&self.shared, id, self.drivers.news());
        }
    }

    /// Does what is asked of an operation; one that is made under a key when that is looked up.
    pub(super) fn on_operation(&mut self, asked: OperationAsked) {
        let key = match &asked.order {
            Order::Make(made) => made.key.as_ref().map(|key| key.key.clone()),
            _ => None,
        };
        match key {
            Some(key) => self.do_under(key, Keyed::Operation(asked)),
            None => self.operate_under_known_key(asked, None),
        }
    }

    /// Decides what is asked; answers when that, and all that it saw, is durable.
    pub(super) fn operate_under_known_key(
        &mut self,
        asked: OperationAsked,
        known: Option<(u64, KeyTaken)>,
    ) {
        let OperationAsked { order, reply } = asked;
        let id = order.id();
        let was_open = self.slots.operations.get(id).is_some();
        let answer = self.operate(&order, known.as_ref().map(|(_, taken)| taken));
        let begins = !was_open && self.slots.operations.get(id).is_some();
        let turned = matches!(order, Order::Turn { .. });
        let saw = self.seen();
        let (shared, drivers) = (Arc::clone(&self.shared), self.drivers.turns());
        self.release_after(saw, move || {
            if begins {
                Runtime::drive_beside(&shared, id, drivers.subscribe());
            }
            if turned {
                drivers.send_modify(|turns| *turns += 1);
            }
            drop(reply.send(answer));
        });
    }

    fn operate(
        &mut self,
        order: &Order,
        known: Option<&KeyTaken>,
    ) -> Result<Operation, OperationError> {
        let key = match order {
            Order::Make(made) => made.key.as_ref(),
            _ => None,
        };
        if let (Some(key), Some(taken)) = (key, known) {
            taken_before(taken, key, self.now()).map_or(Ok(()), Err)?;
        }
        let id = order.id();
        let fact = self.slots.operations.decide(order, self.now())?;
        let after = match fact {
            None => self.slots.operations.get(id).cloned(),
            Some(fact) => {
                let after = self.slots.operations.after(&fact);
                self.record_fact(order.actor(), fact);
                if let Some(key) = key {
                    self.record_key(id, key);
                }
                after
            }
        };
        after.ok_or(OperationError::NotFound(id))
    }
}

/// What a key that was taken says to who brings it again; none when its time is over.
pub(crate) fn taken_before(
    taken: &KeyTaken,
    key: &Idempotency,
    now: i64,
) -> Option<OperationError> {
    if taken.expires_at <= now {
        return None;
    }
    let first = Id::from_slice(&taken.id).filter(|_| taken.digest == key.digest[..]);
    Some(first.map_or(OperationError::KeyReused, OperationError::Replayed))
}
