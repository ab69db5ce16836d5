//! Turns under the limits of workflows: given here, where all instances under one limit are.

use std::sync::atomic::Ordering;

use engine::record::{CancelRequested, MessageBody, SlotBody, StartMessage, StartRefused};
use engine::record::{KeyReleased, OverLimit};
use engine::{Command, Id, Instance, Refusal, slot_of};

use super::decide::Asked;
use super::task::Partition;
use super::work::{Reply, Work};
use crate::turns::{Next, Queue};

/// What led to a command that gives or takes a turn.
const CAUSE: &str = "limit";

impl Partition {
    /// An instance changed: it may stand otherwise under its limit.
    pub(super) fn note_turn(&mut self, id: Id) {
        if let Some(hot) = self.hot.get(id) {
            self.turns.note_instance(&hot.instance);
        }
    }

    /// Refuses a start that would be one too many, where the definition says so.
    pub(super) fn expect_room(&self, instance: &Instance) -> Result<(), Refusal> {
        let Some(limit) = instance.limit() else {
            return Ok(());
        };
        // What starts later has its turn then, or fails.
        let now = instance.start_at().is_none();
        if now && limit.over() == OverLimit::Reject && self.turns.is_full(limit) {
            crate::health::add(&self.shared.stats.turns_refused, 1);
            return Err(Refusal::OverLimit(limit.told()));
        }
        Ok(())
    }

    /// Refuses to take an ended instance up again where that would be one too many, as a start.
    pub(super) fn expect_room_again(&self, id: Id, command: &Command) -> Result<(), Refusal> {
        let again = matches!(command, Command::Retry(_) | Command::Restore(_));
        let hot = self.hot.get(id).filter(|_| again);
        let ended = hot.filter(|hot| hot.instance.ended_at().is_some());
        ended.map_or(Ok(()), |hot| self.expect_room(&hot.instance))
    }

    /// One that was just started has its turn at once, if there is room.
    pub(super) fn call_at_once(&mut self, id: Id) {
        let room = self.forming.commands < self.shared.config.bounds.batch_commands;
        if room && self.turns.call(id, self.now()) {
            self.forming.commands += 1;
            self.take_turn(id);
        }
    }

    /// Does the next thing about a turn, if there is one to do.
    pub(super) fn give_turn(&mut self) -> bool {
        let Some(next) = self.turns.next(self.now()) else {
            return false;
        };
        match next {
            Next::Call(id) => {
                crate::health::add(&self.shared.stats.turns_called, 1);
                self.work(id, Work::own(Command::TakeTurn, CAUSE));
            }
            Next::Refuse(id) => {
                crate::health::add(&self.shared.stats.turns_refused, 1);
                self.work(id, Work::own(Command::RefuseTurn, CAUSE));
            }
            Next::Cancel(id) => {
                crate::health::add(&self.shared.stats.turns_cancelled, 1);
                let request = CancelRequested {
                    reason: "a newer instance under the same limit takes its place".to_owned(),
                    skip_compensation: false,
                };
                self.work(id, Work::own(Command::Cancel(request), CAUSE));
            }
        }
        true
    }

    fn take_turn(&mut self, id: Id) {
        let asked = Asked {
            command: Command::TakeTurn,
            command_id: Id::default(),
            actor: "",
            cause: CAUSE,
        };
        if let Err(refusal) = self.decide(id, asked) {
            tracing::error!(instance = %id, %refusal, "a turn was given in vain");
        }
    }

    /// Says how an instance that waits for its turn stands.
    pub(super) fn answer_queue(&self, id: Id, reply: Reply<Option<Queue>>) {
        let _gone = reply.send(self.turns.queue_of(id));
    }

    /// A start that travelled here is refused: the idempotency key that was taken for it is free again.
    pub(super) fn release_key(&mut self, id: Id, start: &StartMessage) {
        let key = &start.idempotency_key;
        if key.is_empty() {
            return;
        }
        let to = Id::new(self.now(), slot_of(key), self.entropy.next_u64());
        let body = MessageBody::StartRefused(StartRefused { key: key.clone() });
        self.send_from(id.slot(), to, body);
    }

    /// What an idempotency key was taken for was refused.
    pub(super) fn on_start_refused(&mut self, refused: StartRefused) {
        let key = refused.key;
        self.record_fact("", SlotBody::KeyReleased(KeyReleased { key }));
    }

    /// Shows those who watch how many wait for a turn.
    pub(super) fn show_turns(&self) {
        let waiting = self.turns.waiting();
        self.port().turns_waiting.store(waiting, Ordering::Relaxed);
    }
}
