//! Who waits for what becomes of an instance.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use engine::{Id, Instance};
use store::Position;
use tokio::sync::mpsc;

use super::work::Reply;
use crate::error::{CommandError, ReadError};
use crate::subscribe::Published;

type InstanceReply = Reply<Result<Arc<Instance>, ReadError>>;

/// Those who wait, by instance. Who has gone away is forgotten when the number has doubled.
#[derive(Default)]
pub(super) struct Watchers {
    records: BTreeMap<Id, Vec<mpsc::Sender<Published>>>,
    ends: BTreeMap<Id, Vec<InstanceReply>>,
    starts: BTreeMap<Id, Vec<InstanceReply>>,
    /// The last starts that were refused here, for those who ask later what became of them.
    refused: VecDeque<(Id, Position, CommandError)>,
    added: usize,
}

/// Before so many were added nothing is tidied.
const TIDY_AFTER: usize = 256;

/// So many refused starts are remembered.
const REFUSED: usize = 1_000;

impl Watchers {
    pub(super) fn watch(&mut self, id: Id, records: mpsc::Sender<Published>) {
        self.records.entry(id).or_default().push(records);
        self.added();
    }

    pub(super) fn await_end(&mut self, id: Id, reply: InstanceReply) {
        self.ends.entry(id).or_default().push(reply);
        self.added();
    }

    pub(super) fn await_start(&mut self, id: Id, reply: InstanceReply) {
        self.starts.entry(id).or_default().push(reply);
        self.added();
    }

    /// Whether anybody wants this instance's records.
    pub(super) fn wants(&self, id: Id) -> bool {
        self.records.contains_key(&id)
    }

    /// Gives a committed record to those who watch its instance. One that does not keep up is
    /// dropped: it sees its channel closed and reads the store instead.
    pub(super) fn publish(&mut self, id: Id, published: &Published) {
        if let Some(watching) = self.records.get_mut(&id) {
            watching.retain(|watcher| watcher.try_send(published.clone()).is_ok());
            if watching.is_empty() {
                self.records.remove(&id);
            }
        }
    }

    /// An instance exists, durable.
    pub(super) fn started(&mut self, instance: &Arc<Instance>) {
        answer(self.starts.remove(&instance.id()), instance);
    }

    /// An instance has ended, durable.
    pub(super) fn ended(&mut self, instance: &Arc<Instance>) {
        answer(self.ends.remove(&instance.id()), instance);
    }

    /// A start on the way was refused, in this batch; answers with those who wait for it.
    pub(super) fn start_refused(
        &mut self,
        id: Id,
        position: Position,
        error: CommandError,
    ) -> Vec<InstanceReply> {
        if self.refused.len() >= REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back((id, position, error));
        self.starts.remove(&id).unwrap_or_default()
    }

    /// Why a start was refused that had travelled here, and in which batch.
    pub(super) fn refused(&self, id: Id) -> Option<(Position, CommandError)> {
        let mut refused = self.refused.iter().rev();
        let (_, position, error) = refused.find(|(refused, _, _)| *refused == id)?;
        Some((*position, error.clone()))
    }

    fn added(&mut self) {
        self.added += 1;
        let held = self.records.len() + self.ends.len() + self.starts.len();
        if self.added < held.max(TIDY_AFTER) {
            return;
        }
        self.added = 0;
        retain(&mut self.records, |watcher| !watcher.is_closed());
        retain(&mut self.ends, |reply| !reply.is_closed());
        retain(&mut self.starts, |reply| !reply.is_closed());
    }
}

fn answer(waiting: Option<Vec<InstanceReply>>, instance: &Arc<Instance>) {
    for reply in waiting.unwrap_or_default() {
        drop(reply.send(Ok(Arc::clone(instance))));
    }
}

fn retain<T>(map: &mut BTreeMap<Id, Vec<T>>, keep: impl Fn(&T) -> bool) {
    map.retain(|_, waiting| {
        waiting.retain(&keep);
        !waiting.is_empty()
    });
}
