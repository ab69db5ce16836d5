//! Reads of one instance: they wait for the commit of what they saw.

use std::sync::Arc;

use engine::{Id, Instance};
use tokio::sync::mpsc;

use super::task::Partition;
use super::work::Reply;
use crate::error::ReadError;
use crate::subscribe::Published;

type InstanceReply = Reply<Result<Arc<Instance>, ReadError>>;

impl Partition {
    /// Answers with the present state.
    pub(super) fn answer_read(&mut self, id: Id, reply: InstanceReply) {
        let Some(hot) = self.hot.get_mut(id) else {
            return;
        };
        let (instance, saw) = (Arc::clone(&hot.instance), hot.position);
        self.release_after(saw, move || drop(reply.send(Ok(instance))));
    }

    /// Answers with the state once the instance has ended.
    pub(super) fn await_end(&mut self, id: Id, reply: InstanceReply) {
        let ended = self
            .hot
            .get(id)
            .is_some_and(|hot| !hot.instance.status().is_open());
        if ended {
            self.answer_read(id, reply);
        } else {
            self.watchers.await_end(id, reply);
        }
    }

    /// Answers with the state once it exists, or with why its start was refused.
    pub(super) fn await_start(&mut self, id: Id, reply: InstanceReply) {
        match self.watchers.refused(id) {
            Some((saw, error)) => {
                self.release_after(saw, move || drop(reply.send(Err(error))));
            }
            None => self.watchers.await_start(id, reply),
        }
    }

    /// A start that travelled here was refused: those who wait for it are told when what refused it
    /// is durable.
    pub(super) fn start_refused(&mut self, id: Id, error: ReadError) {
        let saw = self.forming_position();
        for reply in self.watchers.start_refused(id, saw, error.clone()) {
            let error = error.clone();
            self.release_after(saw, move || drop(reply.send(Err(error))));
        }
    }

    /// Sends the records that are committed from now on.
    pub(super) fn watch(
        &mut self,
        id: Id,
        records: mpsc::Sender<Published>,
        reply: Reply<Result<u64, ReadError>>,
    ) {
        let Some(hot) = self.hot.get(id) else { return };
        let (seq, saw) = (hot.instance.seq(), hot.position);
        self.watchers.watch(id, records);
        self.release_after(saw, move || drop(reply.send(Ok(seq))));
    }
}
