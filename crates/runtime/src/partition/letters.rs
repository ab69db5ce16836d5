//! Settling dead letters whose slot is here: each once, whoever asks at the same moment.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use engine::record::{DeadLetterSettled, MessageBody, SlotBody, StartMessage};
use engine::{Id, Refusal};
use store::{Store, StoreError, Table};

use super::load::patiently;
use super::mailbox::Internal;
use super::task::Partition;
use super::work::Reply;
use crate::dead_letter::letter_key;
use crate::error::Unavailable;

/// A letter that is to be settled, and who does it.
pub(crate) struct LetterOrder {
    pub(crate) fact: DeadLetterSettled,
    pub(crate) actor: String,
    /// What makes its call anew, and begins in the same batch.
    pub(crate) start: Option<LetterStart>,
    pub(crate) reply: Reply<Result<Settling, Unavailable>>,
}

/// The instance that makes a letter's call anew. It lives in the letter's slot, but where an event should have
/// started it and its workflow says otherwise.
#[derive(Clone)]
pub(crate) struct LetterStart {
    pub(crate) id: Id,
    pub(crate) message: StartMessage,
    pub(crate) cause: String,
}

/// What became of an order to settle a letter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Settling {
    /// It is settled so; perhaps the same order came before.
    Done,
    /// Somebody was faster.
    Before,
    /// There is none.
    Gone,
    /// Its call cannot be started.
    Refused(Refusal),
}

/// How a letter stands in the tables.
pub(crate) enum LetterRow {
    /// It waits; whether the instance that makes its call anew is there already.
    Waits(bool),
    /// It was settled, with this row.
    Settled(Bytes),
    /// It is not there.
    Gone,
}

/// Orders that wait until their letter is looked up.
#[derive(Default)]
pub(super) struct LetterLoads {
    waiting: BTreeMap<Id, VecDeque<LetterOrder>>,
}

impl LetterLoads {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Partition {
    /// Looks the letter up; others that come for it meanwhile wait for the same.
    pub(super) fn on_letter(&mut self, order: LetterOrder) {
        let id = Id::from_slice(&order.fact.id).unwrap_or_default();
        let anew = order.start.as_ref().map(|start| start.id);
        let waiting = self.letter_loads.waiting.entry(id).or_default();
        waiting.push_back(order);
        if waiting.len() > 1 {
            return;
        }
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            let found = read_letter(shared.store.as_ref(), id, anew).await;
            shared.ports[index].notify(Internal::LetterLoaded { id, found });
        });
    }

    /// A letter was looked up: the first order for it may settle it, the others then find it settled.
    pub(super) fn on_letter_loaded(&mut self, id: Id, found: Result<LetterRow, StoreError>) {
        let waiting = self.letter_loads.waiting.remove(&id).unwrap_or_default();
        let found = found.map_err(Unavailable::from);
        for order in waiting {
            match &found {
                Ok(row) => self.settle_one(id, order, row),
                Err(failed) => drop(order.reply.send(Err(failed.clone()))),
            }
        }
    }

    fn settle_one(&mut self, id: Id, order: LetterOrder, row: &LetterRow) {
        let own = order.fact.row.as_bytes();
        let settled_as = |row: &[u8]| {
            if row == own {
                Settling::Done
            } else {
                Settling::Before
            }
        };
        let (settling, position) = match (self.slots.settled_letter(id), row) {
            (Some((position, row)), _) => (settled_as(row.as_bytes()), position),
            (None, LetterRow::Settled(row)) => (settled_as(row), 0),
            (None, LetterRow::Gone) => (Settling::Gone, 0),
            (None, LetterRow::Waits(begun)) => match self.begin_anew(&order, *begun) {
                Ok(()) => {
                    let fact = SlotBody::DeadLetterSettled(order.fact);
                    self.record_fact(&order.actor, fact);
                    (Settling::Done, self.forming_position())
                }
                Err(refusal) => (Settling::Refused(refusal), self.seen()),
            },
        };
        let reply = order.reply;
        self.release_after(position, move || drop(reply.send(Ok(settling))));
    }

    /// Settles letters in the batch of what settles them; those that somebody settled meanwhile stay so.
    pub(super) fn settle_with(&mut self, actor: &str, letters: Vec<DeadLetterSettled>) {
        for fact in letters {
            let id = Id::from_slice(&fact.id).unwrap_or_default();
            if self.slots.settled_letter(id).is_none() {
                self.record_fact(actor, SlotBody::DeadLetterSettled(fact));
            }
        }
    }

    fn begin_anew(&mut self, order: &LetterOrder, begun: bool) -> Result<(), Refusal> {
        let to_begin = |start: &&LetterStart| !begun && !self.hot.contains(start.id);
        let Some(start) = order.start.as_ref().filter(to_begin) else {
            return Ok(());
        };
        let (id, message, cause) = (start.id, &start.message, &start.cause);
        if !self.start_if_here(id, message, &order.actor, cause)? {
            let message = StartMessage {
                cause: cause.clone(),
                ..message.clone()
            };
            let letter = Id::from_slice(&order.fact.id).unwrap_or_default();
            self.send_from(letter.slot(), id, MessageBody::Start(message));
        }
        Ok(())
    }
}

async fn read_letter(store: &dyn Store, id: Id, anew: Option<Id>) -> Result<LetterRow, StoreError> {
    let row =
        |waits| patiently(move || store.get(Table::DeadLetter, id.slot(), letter_key(id, waits)));
    if row(true).await?.is_some() {
        let begun = match anew {
            Some(anew) => patiently(|| store.instance(anew.slot(), anew.bytes())).await?,
            None => None,
        };
        return Ok(LetterRow::Waits(begun.is_some()));
    }
    let settled = row(false).await?;
    Ok(settled.map_or(LetterRow::Gone, LetterRow::Settled))
}
