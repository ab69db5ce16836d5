//! What is asked of the owner of an operation, and what becomes of it.

use bytes::Bytes;
use engine::Id;
use engine::record::{
    OperationFinding, OperationMade, OperationTaken, OperationTurn, OperationTurned,
    OperationWorked, SlotBody,
};
use serde::{Deserialize, Serialize};

use super::state::{Finding, Operation, OperationStatus, Operations};
use crate::error::Unavailable;
use crate::submit::Idempotency;

/// How an operation is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// It stands until it is resumed.
    Pause,
    /// It goes on.
    Resume,
    /// It ends; what it did stays.
    Cancel,
}

/// Why something was not done with an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum OperationError {
    /// No open one has this id.
    #[error("there is no operation with id {0}")]
    NotFound(Id),
    /// It has ended.
    #[error("expected an operation that goes on, but it is {0}")]
    Ended(String),
    /// The idempotency key was used before with another request.
    #[error("the idempotency key was used before with another request")]
    KeyReused,
    /// The idempotency key was used before, for this one.
    #[error("the idempotency key was used before, for the operation {0}")]
    Replayed(Id),
    /// Another driver was faster.
    #[error("the operation is further by now")]
    Stale,
    /// A node that lives does not know operations.
    #[error("expected that every node of the cluster knows operations, but one is older")]
    OlderNode,
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// An operation that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MakeOrder {
    pub(crate) id: Id,
    /// JSON of what is asked.
    pub(crate) asked: String,
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) total: u64,
    /// The caller's key.
    pub(crate) key: Option<Idempotency>,
}

/// A page of an operation: taken in hand, or done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum PageOrder {
    Taken {
        items: Vec<Id>,
        next: String,
    },
    Worked {
        done: u64,
        refused: u64,
        failed: u64,
        findings: Vec<Finding>,
    },
}

/// What is asked of the owner of an operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    Make(Box<MakeOrder>),
    Look(Id),
    Turn {
        id: Id,
        turn: Turn,
        actor: String,
        reason: String,
    },
    Page {
        id: Id,
        /// The step that it makes: one further than the operation is.
        step: u64,
        page: PageOrder,
    },
}

impl Order {
    /// The operation.
    pub(crate) fn id(&self) -> Id {
        match self {
            Self::Make(made) => made.id,
            Self::Look(id) | Self::Turn { id, .. } | Self::Page { id, .. } => *id,
        }
    }

    /// Who asks; empty for the operation's own driver.
    pub(crate) fn actor(&self) -> &str {
        match self {
            Self::Make(made) => &made.actor,
            Self::Turn { actor, .. } => actor,
            Self::Look(_) | Self::Page { .. } => "",
        }
    }
}

impl Operations {
    /// Decides an order: the fact to record, or none where nothing changes.
    pub(crate) fn decide(
        &self,
        order: &Order,
        at: i64,
    ) -> Result<Option<SlotBody>, OperationError> {
        match order {
            Order::Look(id) => self.open(*id).map(|_| None),
            Order::Make(asked) => self.make(asked, at),
            Order::Turn {
                id, turn, reason, ..
            } => self.turn(*id, *turn, reason, at),
            Order::Page { id, step, page } => self.page(*id, *step, page, at).map(Some),
        }
    }

    fn open(&self, id: Id) -> Result<&Operation, OperationError> {
        self.get(id).ok_or(OperationError::NotFound(id))
    }

    /// One that comes twice on its way changes nothing.
    fn make(&self, asked: &MakeOrder, at: i64) -> Result<Option<SlotBody>, OperationError> {
        if self.get(asked.id).is_some() {
            return Ok(None);
        }
        Ok(Some(SlotBody::OperationMade(OperationMade {
            id: bytes_of(asked.id),
            asked: asked.asked.clone(),
            actor: asked.actor.clone(),
            reason: asked.reason.clone(),
            at,
            total: asked.total,
        })))
    }

    fn turn(
        &self,
        id: Id,
        turn: Turn,
        reason: &str,
        at: i64,
    ) -> Result<Option<SlotBody>, OperationError> {
        use OperationStatus::{Cancelled, Cancelling, Completed, Paused, Running};
        let status = self.open(id)?.status;
        let turn = match (turn, status) {
            (Turn::Pause, Running) => OperationTurn::Pause,
            (Turn::Resume, Paused) => OperationTurn::Resume,
            (Turn::Cancel, Running | Paused) => OperationTurn::Cancel,
            // It is so already.
            (Turn::Pause, Paused) | (Turn::Resume, Running) | (Turn::Cancel, Cancelling) => {
                return Ok(None);
            }
            (_, Cancelling | Cancelled | Completed) => {
                return Err(OperationError::Ended(status.as_str().to_owned()));
            }
        };
        Ok(Some(SlotBody::OperationTurned(OperationTurned {
            id: bytes_of(id),
            at,
            turn: turn as i32,
            reason: reason.to_owned(),
        })))
    }

    fn page(
        &self,
        id: Id,
        step: u64,
        page: &PageOrder,
        at: i64,
    ) -> Result<SlotBody, OperationError> {
        let operation = self.open(id)?;
        let may_take = operation.taken.is_empty() && operation.status == OperationStatus::Running;
        let fits = match page {
            PageOrder::Taken { .. } => may_take,
            PageOrder::Worked { .. } => !operation.taken.is_empty(),
        };
        if step != operation.step + 1 || !fits {
            return Err(OperationError::Stale);
        }
        let id = bytes_of(id);
        Ok(match page {
            PageOrder::Taken { items, next } => SlotBody::OperationTaken(OperationTaken {
                id,
                step,
                at,
                items: items.iter().copied().map(bytes_of).collect(),
                next: next.clone(),
            }),
            PageOrder::Worked {
                done,
                refused,
                failed,
                findings,
            } => SlotBody::OperationWorked(OperationWorked {
                id,
                step,
                at,
                done: *done,
                refused: *refused,
                failed: *failed,
                findings: findings.iter().map(finding).collect(),
            }),
        })
    }
}

fn bytes_of(id: Id) -> Bytes {
    Bytes::copy_from_slice(&id.bytes())
}

fn finding(finding: &Finding) -> OperationFinding {
    OperationFinding {
        item: bytes_of(finding.id),
        failed: finding.failed,
        message: finding.message.clone(),
    }
}
