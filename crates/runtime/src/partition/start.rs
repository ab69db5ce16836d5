//! Starts: from the door, with or without an idempotency key.

use std::sync::Arc;

use engine::record::{KeyTaken, MessageBody, SlotBody, StartMessage};
use engine::{Context, Id, Instance, Refusal, Slot, slot_of};

use super::task::Partition;
use super::work::{Reply, Work};
use crate::error::{ReadError, Unavailable};
use crate::submit::Idempotency;

/// A start that came through the door of its key's partition, or of its own.
pub(crate) struct StartRequest {
    /// The id that the instance will have.
    pub(crate) id: Id,
    /// What is to be started, its version resolved.
    pub(crate) message: StartMessage,
    /// The caller's key.
    pub(crate) key: Option<Idempotency>,
    /// Who asks.
    pub(crate) actor: String,
    /// Through what.
    pub(crate) cause: String,
    /// It may have been carried out already.
    pub(crate) again: bool,
    /// It came from another node.
    pub(crate) forwarded: bool,
    /// Who waits for the answer.
    pub(crate) reply: Reply<StartReply>,
    /// Who waits for the end of what is started here and now; dropped where it is not.
    pub(crate) ended: Option<Reply<Result<Arc<Instance>, ReadError>>>,
}

/// What became of a start; sent when it is durable.
pub(crate) enum StartReply {
    /// It began.
    Started(Arc<Instance>),
    /// The key is taken and the start is on its way to the instance's partition.
    Elsewhere,
    /// The key was used before, for this instance.
    Replayed(Id),
    /// The key was used before, with another request.
    Conflict,
    /// The engine refuses.
    Refused(Refusal),
    /// The key could not be looked up.
    Failed(Unavailable),
}

impl Partition {
    pub(super) fn on_start(&mut self, request: StartRequest) {
        match &request.key {
            Some(_) => self.start_with_key(request),
            // One that was delayed on its way may come behind its own repeat.
            None if self.may_have_come(&request) => {
                self.work(request.id, Work::StartAgain(Box::new(request)));
            }
            None => self.start_and_answer(request),
        }
    }

    fn may_have_come(&mut self, request: &StartRequest) -> bool {
        let now = self.now();
        if request.again {
            self.repeated.note(request.id, now);
        }
        request.again
            || self.hot.contains(request.id)
            || request.forwarded && self.repeated.may_have_come(request.id, now)
    }

    pub(super) fn start_and_answer(&mut self, request: StartRequest) {
        let started = self.start(request.id, &request.message, &request.actor, &request.cause);
        match started {
            Ok(()) => self.answer_started(request),
            Err(refusal) => self.answer_refused(request.reply, refusal),
        }
    }

    /// That there is no room follows from others' records: it is told when those are durable.
    fn answer_refused(&mut self, reply: Reply<StartReply>, refusal: Refusal) {
        let saw = match refusal {
            Refusal::OverLimit(_) => self.seen(),
            _ => 0,
        };
        self.release_after(saw, move || drop(reply.send(StartReply::Refused(refusal))));
    }

    pub(super) fn answer_started(&mut self, request: StartRequest) {
        let StartRequest {
            id, reply, ended, ..
        } = request;
        let Some(hot) = self.hot.get(id) else { return };
        let (instance, saw) = (Arc::clone(&hot.instance), hot.position);
        self.release_after(saw, move || drop(reply.send(StartReply::Started(instance))));
        if let Some(ended) = ended {
            self.await_end(id, ended);
        }
    }

    /// Starts an instance in this partition.
    pub(super) fn start(
        &mut self,
        id: Id,
        message: &StartMessage,
        actor: &str,
        cause: &str,
    ) -> Result<(), Refusal> {
        let (instance, decided) = self.try_start(id, message, actor, cause)?;
        self.expect_room(&instance)?;
        self.hot.insert(Arc::new(instance), 0, 0);
        self.absorb(id, None, decided);
        self.call_at_once(id);
        Ok(())
    }

    /// Whether that slot is this partition's.
    pub(super) fn is_here(&self, slot: Slot) -> bool {
        self.shared.placement.of(slot) == usize::from(self.index)
    }

    /// Starts an instance if it lives here, and answers whether it does. One that lives elsewhere is only tried, so that
    /// a refusal is told at once, with what it comes from; the start is then to be sent.
    pub(super) fn start_if_here(
        &mut self,
        id: Id,
        message: &StartMessage,
        actor: &str,
        cause: &str,
    ) -> Result<bool, Refusal> {
        let here = self.is_here(id.slot());
        if here {
            self.start(id, message, actor, cause)?;
        } else {
            self.try_start(id, message, actor, cause)?;
        }
        Ok(here)
    }

    fn try_start(
        &mut self,
        id: Id,
        message: &StartMessage,
        actor: &str,
        cause: &str,
    ) -> Result<(Instance, engine::Decided), Refusal> {
        let now = self.now();
        let catalog = self.shared.catalog.current();
        let command_id = Id::new(now, id.slot(), self.entropy.next_u64());
        let mut context = Context {
            now,
            catalog: &catalog,
            plans: &mut self.plans,
            place: self.turns.next_place(),
            entropy: &mut self.entropy,
            command_id,
            actor,
            cause,
        };
        engine::start(id, message, &mut context)
    }

    /// The key is free: takes it together with the start, which goes by message if the instance
    /// lives in another partition.
    pub(super) fn take_key_and_start(&mut self, request: StartRequest, key: &Idempotency) {
        let (id, message) = (request.id, &request.message);
        // A refusal is told before the key is taken for it.
        let here = match self.start_if_here(id, message, &request.actor, &request.cause) {
            Ok(here) => here,
            Err(refusal) => return self.answer_refused(request.reply, refusal),
        };
        self.record_key(id, key);
        if here {
            self.answer_started(request);
            return;
        }
        let start = StartMessage {
            idempotency_key: key.key.clone(),
            cause: request.cause,
            ..request.message
        };
        self.send_from(slot_of(&key.key), id, MessageBody::Start(start));
        let reply = request.reply;
        let position = self.forming_position();
        self.release_after(position, move || drop(reply.send(StartReply::Elsewhere)));
    }

    pub(super) fn record_key(&mut self, id: Id, key: &Idempotency) {
        let expires_at = self
            .now()
            .saturating_add(self.shared.config.bounds.key_ttl_ms);
        let taken = KeyTaken {
            key: key.key.clone(),
            id: bytes::Bytes::copy_from_slice(&id.bytes()),
            digest: bytes::Bytes::copy_from_slice(&key.digest),
            expires_at,
        };
        self.record_fact("", SlotBody::KeyTaken(taken));
    }
}
