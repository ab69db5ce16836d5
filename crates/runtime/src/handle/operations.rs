//! Operations: made, turned, read.

use engine::{Id, slot_of};
use store::Table;
use tokio::sync::oneshot;

use super::Runtime;
use crate::cluster::{Routed, Trip};
use crate::error::Unavailable;
use crate::operation::{
    Asked, MakeOrder, Operation, OperationError, OperationStatus, Order, Turn, row_key,
};
use crate::partition::{Internal, OperationAsked, read_key, taken_before};
use crate::reads::{Consistency, TablePage};
use crate::submit::Idempotency;

/// The first format whose readers know operations.
const KNOWN_SINCE: u32 = 3;

impl Runtime {
    /// Makes an operation on `total` instances; answers with it when that is durable, and whether
    /// the idempotency key was used for it a moment before (see [`Self::operation_under`]).
    ///
    /// # Errors
    /// See [`OperationError`].
    pub async fn make_operation(
        &self,
        asked: &Asked,
        total: u64,
        (actor, reason): (&str, &str),
        key: Option<Idempotency>,
    ) -> Result<(Operation, bool), OperationError> {
        self.shared.check_open()?;
        if self.shared.format() < KNOWN_SINCE {
            return Err(OperationError::OlderNode);
        }
        let slot = match &key {
            Some(key) => slot_of(&key.key),
            None => self.shared.any_slot(),
        };
        let order = MakeOrder {
            id: self.shared.new_id(slot),
            asked: serde_json::to_string(asked).unwrap_or_default(),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            total,
            key,
        };
        match self.order(Order::Make(Box::new(order))).await {
            Err(OperationError::Replayed(first)) => {
                self.stored(first).await.map(|first| (first, true))
            }
            made => made.map(|made| (made, false)),
        }
    }

    /// The operation that was made under a key before, as far as the state knows.
    ///
    /// # Errors
    /// When the key was used for another request.
    pub async fn operation_under(
        &self,
        key: &Idempotency,
    ) -> Result<Option<Operation>, OperationError> {
        let store = self.shared.store.as_ref();
        let taken = read_key(store, &key.key).await.map_err(Unavailable::from)?;
        let now = self.shared.clock.now_ms();
        match taken.and_then(|taken| taken_before(&taken, key, now)) {
            Some(OperationError::Replayed(first)) => self.stored(first).await.map(Some),
            Some(refused) => Err(refused),
            None => Ok(None),
        }
    }

    /// Holds an operation, lets it go on, or gives it up; answers with it when that is durable. One
    /// that stands so already is not changed.
    ///
    /// # Errors
    /// See [`OperationError`].
    pub async fn turn_operation(
        &self,
        id: Id,
        turn: Turn,
        (actor, reason): (&str, &str),
    ) -> Result<Operation, OperationError> {
        self.shared.check_open()?;
        let (actor, reason) = (actor.to_owned(), reason.to_owned());
        let order = Order::Turn {
            id,
            turn,
            actor,
            reason,
        };
        self.order(order).await
    }

    /// One operation.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn operation(&self, id: Id) -> Result<Option<Operation>, Unavailable> {
        self.fresh_slot(id.slot()).await;
        for open in [true, false] {
            let key = row_key(id, open);
            let row = self.shared.store.get(Table::Operation, id.slot(), key);
            if let Some(row) = row.await? {
                return Ok(serde_json::from_slice(&row).ok());
            }
        }
        Ok(None)
    }

    /// Operations: the open ones first, each kind newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn operations(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<Operation>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let all = |_: &Operation| true;
        self.table_page(Table::Operation, bytes::Bytes::new(), after, limit, all)
            .await
    }

    async fn stored(&self, id: Id) -> Result<Operation, OperationError> {
        let found = self.operation(id).await?;
        found.ok_or(OperationError::NotFound(id))
    }

    /// Has an order carried out by the operation's owner, wherever that is.
    async fn order(&self, order: Order) -> Result<Operation, OperationError> {
        let mut trip = Trip::to(&self.shared, order.id().slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => {
                    let again = trip.again();
                    trip.here(self.operation_at_owner(order.clone(), again))
                        .await
                }
                Routed::There(there) => there.operation(&order).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return settled;
            }
        }
    }

    /// Carries an order out in this process, also on an operation that has ended. One that comes
    /// `again` may have been carried out before.
    pub(crate) async fn operation_at_owner(
        &self,
        order: Order,
        again: bool,
    ) -> Result<Operation, OperationError> {
        let id = order.id();
        if again
            && matches!(order, Order::Make(_))
            && let Some(made) = self.operation(id).await?
        {
            return Ok(made);
        }
        let is_cancel = matches!(
            order,
            Order::Turn {
                turn: Turn::Cancel,
                ..
            }
        );
        match self.operation_here(order).await {
            Err(OperationError::NotFound(_)) => {
                let ended = self.stored(id).await?;
                let cancelled = ended.status == OperationStatus::Cancelled;
                if is_cancel && cancelled {
                    return Ok(ended);
                }
                Err(OperationError::Ended(ended.status.as_str().to_owned()))
            }
            answer => answer,
        }
    }

    /// Carries an order out in this process.
    pub(crate) async fn operation_here(&self, order: Order) -> Result<Operation, OperationError> {
        let (reply, answer) = oneshot::channel();
        let port = self.shared.port(order.id().slot());
        if !port.is_open() {
            return Err(Unavailable::Closed.into());
        }
        port.notify(Internal::Operation(Box::new(OperationAsked {
            order,
            reply,
        })));
        answer.await.map_err(|_| Unavailable::Closed)?
    }
}
