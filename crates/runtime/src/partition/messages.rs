//! Messages between slots: numbered, taken in order, acknowledged by record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use engine::record::{
    ChildEnded, Ended, Envelope, MessageBody, MessageSent, MessageTaken, Parent, SlotBody,
    StartMessage, TaskKey, TaskKind,
};
use engine::{Command, Id, Refusal, Slot};

use super::decide::Asked;
use super::events::failure_of;
use super::mailbox::Internal;
use super::prepared::needs_more;
use super::slots::{Pair, pair_of};
use super::task::Partition;
use super::work::Work;
use crate::error::CommandError;

/// Messages of one pair that wait for an earlier one at most; later ones are sent again anyway.
const WAITING: usize = 1_000;

/// Messages that have arrived and are not taken yet, by pair of slots.
#[derive(Default)]
pub(super) struct Arrivals {
    waiting: BTreeMap<Pair, BTreeMap<u64, MessageSent>>,
    /// Pairs whose next message waits for its addressee to be loaded.
    busy: BTreeSet<Pair>,
    /// The oldest messages without acknowledgement when they were last looked at.
    oldest_sent: BTreeMap<Pair, u64>,
}

impl Arrivals {
    /// The next message of a pair may be taken.
    pub(super) fn done(&mut self, pair: Pair) {
        self.busy.remove(&pair);
    }
}

impl Partition {
    /// Numbers a message of one instance to another and journals it with the decision.
    pub(super) fn send(&mut self, from: Id, to: Id, body: MessageBody) {
        self.send_from(from.slot(), to, body);
    }

    pub(super) fn send_from(&mut self, from: Slot, to: Id, body: MessageBody) {
        let number = self.slots.next_number((from, to.slot()));
        let message = MessageSent {
            from_slot: u32::from(from),
            to_slot: u32::from(to.slot()),
            number,
            to: Bytes::copy_from_slice(&to.bytes()),
            message: Some(Box::new(Envelope { body: Some(body) })),
        };
        self.record_fact("", SlotBody::MessageSent(message));
    }

    /// A message arrived; it is taken when it is the next of its pair.
    pub(super) fn on_message(&mut self, message: MessageSent) {
        let pair = pair_of(message.from_slot, message.to_slot);
        let mark = self.slots.mark(pair);
        if message.number <= mark {
            self.acknowledge_again(MessageTaken {
                number: mark,
                ..taken(&message)
            });
            return;
        }
        let waiting = self.arrivals.waiting.entry(pair).or_default();
        if waiting.len() < WAITING || message.number == mark + 1 {
            waiting.insert(message.number, message);
        }
        self.take_arrived(pair);
    }

    pub(super) fn take_arrived(&mut self, pair: Pair) {
        while !self.arrivals.busy.contains(&pair) {
            let Some(message) = self.next_arrived(pair) else {
                return;
            };
            let id = Id::from_slice(&message.to).unwrap_or_default();
            if needs_more(&message) {
                self.arrivals.busy.insert(pair);
                self.prepare(message);
            } else if needs_no_instance(&message) || self.hot.contains(id) {
                self.perform(message);
            } else {
                self.arrivals.busy.insert(pair);
                self.work(id, Work::Message(Box::new(message)));
            }
        }
    }

    /// The next message of a pair, if it has arrived.
    fn next_arrived(&mut self, pair: Pair) -> Option<MessageSent> {
        let next = self.slots.mark(pair) + 1;
        let waiting = self.arrivals.waiting.get_mut(&pair)?;
        *waiting = waiting.split_off(&next);
        let message = waiting.remove(&next);
        let early = waiting.keys().next().copied();
        if waiting.is_empty() {
            self.arrivals.waiting.remove(&pair);
        }
        if let (None, Some(number)) = (&message, early) {
            self.note_early(pair, number, next);
        }
        message
    }

    /// A message came before the one that precedes it. On the way between two nodes one may get
    /// lost, and is sent again; within a process that cannot be.
    fn note_early(&self, (from, to): Pair, number: u64, next: u64) {
        if self.shared.cluster.is_some() {
            tracing::debug!(from, to, number, next, "a message waits for an earlier one");
            return;
        }
        tracing::error!(
            from,
            to,
            number,
            next,
            "a message came before the one that precedes it"
        );
        crate::health::add(&self.shared.stats.message_order_errors, 1);
    }

    /// Sends messages again that have waited for their acknowledgement since this was last called:
    /// they, or it, got lost between two nodes.
    pub(super) fn redeliver(&mut self) {
        let oldest = self.slots.oldest_unacknowledged();
        let stuck = |(pair, number): (&Pair, &u64)| {
            (self.arrivals.oldest_sent.get(pair) == Some(number)).then_some(*pair)
        };
        let stuck: Vec<Pair> = oldest.iter().filter_map(stuck).collect();
        self.arrivals.oldest_sent = oldest;
        if stuck.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            if let Err(error) = crate::recovery::deliver_again(&shared, stuck).await {
                tracing::warn!(%error, "messages could not be sent again; the next round will do");
            }
        });
    }

    /// The addressee of a message is in memory now.
    pub(super) fn take_message(&mut self, message: MessageSent) {
        let pair = pair_of(message.from_slot, message.to_slot);
        self.arrivals.busy.remove(&pair);
        self.perform(message);
        self.take_arrived(pair);
    }

    /// The addressee of a message is not there: it is taken all the same, and said aloud.
    pub(super) fn take_in_vain(&mut self, message: MessageSent) {
        let pair = pair_of(message.from_slot, message.to_slot);
        let to = Id::from_slice(&message.to).unwrap_or_default();
        tracing::error!(instance = %to, number = message.number, "a message's addressee does not exist");
        self.arrivals.busy.remove(&pair);
        self.record_fact("", SlotBody::MessageTaken(taken(&message)));
        self.take_arrived(pair);
    }

    fn perform(&mut self, message: MessageSent) {
        let fact = SlotBody::MessageTaken(taken(&message));
        let id = Id::from_slice(&message.to).unwrap_or_default();
        let body = message.message.and_then(|envelope| envelope.body);
        let asked = |command| Asked {
            command,
            command_id: Id::default(),
            actor: "",
            cause: "message",
        };
        let decided = match body {
            Some(MessageBody::Start(start)) => {
                self.start_by_message(id, &start);
                Ok(false)
            }
            Some(MessageBody::ChildEnded(ended)) => {
                self.decide(id, asked(Command::ChildEnded(ended)))
            }
            Some(MessageBody::CancelChild(cancel)) => {
                self.decide(id, asked(Command::Cancel(cancel)))
            }
            Some(MessageBody::CompensateChild(_)) => self.decide(id, asked(Command::Compensate)),
            Some(MessageBody::ChildCompensated(ended)) => {
                self.decide(id, asked(Command::ChildCompensated(ended)))
            }
            Some(MessageBody::StartRefused(refused)) => {
                self.on_start_refused(refused);
                Ok(false)
            }
            Some(MessageBody::WindowOffered(offered)) => {
                self.take_offered(*offered);
                Ok(false)
            }
            Some(MessageBody::EventOffered(offered)) => {
                self.on_offered(*offered);
                Ok(false)
            }
            Some(MessageBody::WaitWithdrawn(placed)) => {
                self.on_wait_withdrawn(placed);
                Ok(false)
            }
            Some(MessageBody::EventCame(came)) => self.decide(id, asked(Command::Event(came))),
            Some(MessageBody::WaitRefused(refused)) => {
                self.decide(id, asked(Command::WaitRefused(refused)))
            }
            // These are taken when what they need is there.
            Some(MessageBody::Emit(_) | MessageBody::WaitPlaced(_)) => Ok(false),
            None => Err(Refusal::Stale("an empty message".into())),
        };
        if let Err(refusal) = decided {
            tracing::debug!(instance = %id, %refusal, "a message changed nothing");
        }
        self.record_fact("", fact);
    }

    /// A message is taken.
    pub(super) fn taken(&mut self, message: &MessageSent) {
        self.record_fact("", SlotBody::MessageTaken(taken(message)));
    }

    fn start_by_message(&mut self, id: Id, start: &StartMessage) {
        if self.hot.contains(id) {
            return;
        }
        let parent = start.parent.as_ref();
        let parent_id = parent.and_then(|parent| Id::from_slice(&parent.id));
        let cause = match (parent_id, start.cause.as_str()) {
            (Some(parent), _) => format!("parent:{parent}"),
            (None, "") => "api".to_owned(),
            (None, cause) => cause.to_owned(),
        };
        let Err(refusal) = self.start(id, start, "", &cause) else {
            return;
        };
        let correlation_id = &start.correlation_id;
        tracing::warn!(instance = %id, %correlation_id, %refusal, "a start by message was refused");
        if let (Some(parent), Some(parent_id)) = (parent.filter(|p| !p.detached), parent_id) {
            let ended = refused_child(parent, &refusal);
            self.send(id, parent_id, MessageBody::ChildEnded(ended));
        }
        self.keep_if_of_event(id, start, &refusal);
        self.release_key(id, start);
        self.start_refused(id, CommandError::Refused(refusal));
    }

    /// A receiver has taken our messages up to this number.
    pub(super) fn on_acknowledged(&mut self, taken: MessageTaken) {
        if self.slots.is_unacknowledged(taken) {
            self.record_fact("", SlotBody::MessageAcknowledged(taken));
        }
    }

    /// A repeat is acknowledged once the mark that says so is durable.
    fn acknowledge_again(&mut self, taken: MessageTaken) {
        let shared = Arc::clone(&self.shared);
        let saw = self.seen();
        self.release_after(saw, move || {
            let (from, _) = pair_of(taken.from_slot, taken.to_slot);
            shared.tell(from, Internal::Acknowledged(taken));
        });
    }
}

/// Whether it is not about an instance that is there already.
fn needs_no_instance(message: &MessageSent) -> bool {
    let body = message
        .message
        .as_ref()
        .and_then(|envelope| envelope.body.as_ref());
    matches!(
        body,
        Some(
            MessageBody::Start(_)
                | MessageBody::StartRefused(_)
                | MessageBody::EventOffered(_)
                | MessageBody::WaitWithdrawn(_)
                | MessageBody::WindowOffered(_)
        )
    )
}

const fn taken(message: &MessageSent) -> MessageTaken {
    MessageTaken {
        from_slot: message.from_slot,
        to_slot: message.to_slot,
        number: message.number,
    }
}

/// What a parent is told of a child that could not be started.
fn refused_child(parent: &Parent, refusal: &Refusal) -> ChildEnded {
    let kind = if parent.undo {
        TaskKind::Undo
    } else {
        TaskKind::Run
    };
    ChildEnded {
        task: TaskKey {
            at: parent.at.unwrap_or_default(),
            kind: kind as i32,
            generation: parent.generation,
            attempt: parent.attempt,
        },
        how: Ended::Failed as i32,
        output: None,
        error: Some(failure_of(refusal)),
    }
}
