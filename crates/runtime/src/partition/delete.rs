//! Deleting an ended instance for good.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::record::{Body, InstanceDeleted};
use engine::{Id, Refusal};
use store::{Change, Position};

use super::batch::own_record;
use super::task::Partition;
use super::work::{Reply, Work};
use crate::error::CommandError;

/// Who wants an instance deleted, and why.
pub(crate) struct Deletion {
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) reply: Reply<Result<(), CommandError>>,
}

/// Instances that were deleted, with the batch that says so, until the state no longer has them.
#[derive(Default)]
pub(super) struct Deleted(BTreeMap<Id, Position>);

impl Deleted {
    /// The batch that deletes an instance.
    pub(super) fn at(&self, id: Id) -> Option<Position> {
        self.0.get(&id).copied()
    }

    /// Forgets those that the state no longer has, and answers with them.
    pub(super) fn projected(&mut self, position: Position) -> Vec<Id> {
        let gone = self.0.extract_if(.., |_, at| *at <= position);
        gone.map(|(id, _)| id).collect()
    }
}

/// What the projector writes of it. It is written no sooner than the position of the record is
/// reached: else a recovery would meet records of an instance that is not there.
pub(crate) fn deletion(id: Id) -> Change {
    Change::DeleteInstance {
        slot: id.slot(),
        id: id.bytes(),
    }
}

impl Partition {
    /// Deletes an instance that is in memory, if it has ended.
    pub(super) fn delete(&mut self, id: Id, asked: Deletion) {
        let Some(hot) = self.hot.get(id) else { return };
        let instance = &hot.instance;
        let refusal = if instance.ended_at().is_none() {
            Some("the instance is open; cancel it first, and delete it when it has ended")
        } else if !instance.pending_decisions().is_empty() {
            Some("a decision about the instance is pending; answer it first")
        } else {
            None
        };
        if let Some(reason) = refusal {
            let refused = CommandError::Refused(Refusal::Stale(reason.into()));
            let saw = hot.position;
            return self.release_after(saw, move || drop(asked.reply.send(Err(refused))));
        }
        let gone = Arc::clone(instance);
        let position = self.forming_position();
        self.last_at = self.now();
        let body = InstanceDeleted {
            id: bytes::Bytes::copy_from_slice(&id.bytes()),
            reason: asked.reason,
        };
        let record = own_record(self.last_at, &asked.actor, Body::InstanceDeleted(body));
        self.forming.records.push(record);
        self.forming.free.changes.push(deletion(id));
        self.forming.free.deleted.push(gone);
        self.deleted.0.insert(id, position);
        self.release_after(position, move || drop(asked.reply.send(Ok(()))));
    }

    /// Work on an instance that was deleted: there is none, once that is durable.
    pub(super) fn work_on_deleted(&mut self, id: Id, position: Position, work: Work) {
        match work {
            Work::Message(message) => self.take_in_vain(*message),
            work => self.release_after(position, move || {
                work.refuse(id, CommandError::NotFound(id));
            }),
        }
    }
}
