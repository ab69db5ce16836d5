//! What slots remember: message numbers, marks, keys and kept outputs that are not projected yet, open operations.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engine::record::{MessageSent, MessageTaken, SlotBody};
use engine::{Id, Slot, slot_of};
use prost::Message;
use store::{Change, Holder, Row, Table};

use super::known_keys::KnownKeys;
use super::meetings::Meetings;
use super::outputs::{Outputs, rows_of};
use crate::blob_names::named_by_message;
use crate::dead_letter::settled_rows;
use crate::decision_log::Chains;
use crate::events::{event_rows, put_key, refused_row, remembered};
use crate::operation::Operations;
use crate::schedules::Schedules;
use crate::windows::Windows;

/// First byte of the outbox's keys: the number last given to a pair of slots.
const COUNTER: u8 = 0;
/// First byte of the outbox's keys: a message that is not acknowledged yet.
const MESSAGE: u8 = 1;

/// A sending and a receiving slot.
pub(crate) type Pair = (Slot, Slot);

/// What slots remember; the fold of their facts.
#[derive(Default)]
pub(crate) struct SlotState {
    sent: BTreeMap<Pair, u64>,
    unacknowledged: BTreeSet<(Slot, Slot, u64)>,
    taken: BTreeMap<Pair, u64>,
    pub(super) keys: KnownKeys,
    /// Dead letters that were settled and may not be projected yet: the batch, and the row that stays.
    settled: BTreeMap<Id, (u64, String)>,
    pub(super) chains: Chains,
    pub(super) operations: Operations,
    pub(super) outputs: Outputs,
    pub(super) schedules: Schedules,
    pub(super) windows: Windows,
    pub(crate) meetings: Meetings,
}

impl SlotState {
    /// The number of the next message of a pair.
    pub(crate) fn next_number(&self, pair: Pair) -> u64 {
        self.sent.get(&pair).copied().unwrap_or(0) + 1
    }

    /// The number of the last message that was given to a pair by the sender.
    pub(crate) fn last_sent(&self, pair: Pair) -> u64 {
        self.sent.get(&pair).copied().unwrap_or(0)
    }

    /// The number of the last message that was taken from a pair.
    pub(crate) fn mark(&self, pair: Pair) -> u64 {
        self.taken.get(&pair).copied().unwrap_or(0)
    }

    /// All marks.
    pub(crate) fn marks(&self) -> impl Iterator<Item = (Pair, u64)> + '_ {
        self.taken.iter().map(|(pair, number)| (*pair, *number))
    }

    /// Whether a message still waits for its acknowledgement.
    pub(crate) fn is_unacknowledged(&self, taken: MessageTaken) -> bool {
        let (from, to) = pair_of(taken.from_slot, taken.to_slot);
        self.unacknowledged
            .range((from, to, 0)..=(from, to, taken.number))
            .next()
            .is_some()
    }

    /// The oldest message of each pair that is not acknowledged.
    pub(crate) fn oldest_unacknowledged(&self) -> BTreeMap<Pair, u64> {
        let mut oldest = BTreeMap::new();
        let mut from = (0, 0, 0);
        while let Some(&(sender, receiver, number)) = self.unacknowledged.range(from..).next() {
            oldest.insert((sender, receiver), number);
            from = (sender, receiver, u64::MAX);
        }
        oldest
    }

    /// A dead letter that was settled and may not be projected yet: the batch, and the row that stays.
    pub(super) fn settled_letter(&self, id: Id) -> Option<(u64, &str)> {
        let (position, row) = self.settled.get(&id)?;
        Some((*position, row))
    }

    /// Forgets what can be read from the state, keys a little later.
    pub(crate) fn projected(&mut self, position: u64) {
        self.keys.projected(position);
        self.settled.retain(|_, (settled, _)| *settled > position);
        self.outputs.projected(position);
        self.windows.projected();
        self.meetings.projected(position);
    }

    /// Applies a fact of the batch at `position`; answers with what the projector writes.
    pub(crate) fn apply(&mut self, fact: &SlotBody, position: u64) -> Vec<Change> {
        match fact {
            SlotBody::KeyTaken(taken) => {
                self.keys.take(position, taken.clone());
                vec![put_key(taken)]
            }
            SlotBody::MessageSent(message) => {
                let mut changes = self.sent(message);
                let (slot, to) = pair_of(message.from_slot, message.to_slot);
                let by = Holder::Row {
                    table: Table::Outbox,
                    slot,
                    key: message_key(to, message.number),
                };
                changes.extend(named_by_message(by, fact));
                changes
            }
            SlotBody::MessageTaken(taken) => {
                let (from, to) = pair_of(taken.from_slot, taken.to_slot);
                self.taken.insert((from, to), taken.number);
                let mut changes = vec![put(Table::InboxMark, to, from.to_be_bytes(), taken.number)];
                // Sender and receiver in one partition: what is taken is thereby acknowledged.
                changes.extend(self.acknowledged(*taken));
                changes
            }
            SlotBody::MessageAcknowledged(taken) => self.acknowledged(*taken),
            SlotBody::DecisionChained(link) => self.chains.apply(link),
            SlotBody::KeyReleased(released) => vec![self.released(&released.key, position)],
            SlotBody::OperationMade(_)
            | SlotBody::OperationTaken(_)
            | SlotBody::OperationWorked(_)
            | SlotBody::OperationTurned(_) => self.operations.apply(fact),
            SlotBody::ScheduleTicked(_) | SlotBody::ScheduleTurned(_) => self.schedules.apply(fact),
            SlotBody::EventTaken(taken) => {
                self.keys.take(position, remembered(taken));
                event_rows(taken)
            }
            SlotBody::EventRefused(refused) => vec![refused_row(refused)],
            SlotBody::WaitPlaced(_) | SlotBody::WaitWithdrawn(_) | SlotBody::EventOffered(_) => {
                self.meetings.apply(fact, position)
            }
            SlotBody::DeadLetterSettled(settled) => {
                let id = Id::from_slice(&settled.id).unwrap_or_default();
                self.settled.insert(id, (position, settled.row.clone()));
                settled_rows(settled)
            }
            SlotBody::WindowTook(_) | SlotBody::WindowClosed(_) | SlotBody::WindowReleased(_) => {
                self.windows.apply(fact, position)
            }
            SlotBody::OutputKept(kept) => {
                self.outputs.apply(kept, position);
                rows_of(kept)
            }
        }
    }

    fn released(&mut self, key: &str, position: u64) -> Change {
        self.keys.release(position, key);
        Change::Delete {
            table: Table::Key,
            slot: slot_of(key),
            key: Bytes::copy_from_slice(key.as_bytes()),
        }
    }

    fn sent(&mut self, message: &MessageSent) -> Vec<Change> {
        let (from, to) = pair_of(message.from_slot, message.to_slot);
        self.sent.insert((from, to), message.number);
        self.unacknowledged.insert((from, to, message.number));
        vec![
            put(Table::Outbox, from, counter_key(to), message.number),
            Change::Put {
                table: Table::Outbox,
                slot: from,
                key: message_key(to, message.number),
                value: message.encode_to_vec().into(),
            },
        ]
    }

    fn acknowledged(&mut self, taken: MessageTaken) -> Vec<Change> {
        let (from, to) = pair_of(taken.from_slot, taken.to_slot);
        let range = (from, to, 0)..=(from, to, taken.number);
        let done: Vec<_> = self.unacknowledged.range(range).copied().collect();
        let forget = |entry: (Slot, Slot, u64)| {
            self.unacknowledged.remove(&entry);
            Change::Delete {
                table: Table::Outbox,
                slot: from,
                key: message_key(to, entry.2),
            }
        };
        done.into_iter().map(forget).collect()
    }

    /// Takes in a row of the outbox.
    pub(crate) fn load_outbox(&mut self, row: &Row) {
        match *row.key {
            [COUNTER, high, low] => {
                let to = Slot::from_be_bytes([high, low]);
                self.sent.insert((row.slot, to), number_in(&row.value));
            }
            [MESSAGE, high, low, ..] => {
                let to = Slot::from_be_bytes([high, low]);
                self.unacknowledged
                    .insert((row.slot, to, number_in(&row.key[3..])));
            }
            _ => {}
        }
    }

    /// Takes in the head of a slot's chain of decisions.
    pub(crate) fn load_chain(&mut self, row: &Row) {
        self.chains.load(row);
    }

    /// Takes in a row of an open operation.
    pub(crate) fn load_operation(&mut self, row: &Row) {
        self.operations.load(row);
    }

    /// Takes in a row of a step that waits for an event.
    pub(crate) fn load_wait(&mut self, row: &Row) {
        self.meetings.load(row);
    }

    /// Takes in a row of a schedule.
    pub(crate) fn load_schedule(&mut self, row: &Row) {
        self.schedules.load(row);
    }

    /// Takes in a row of an open window.
    pub(crate) fn load_window(&mut self, row: &Row) {
        self.windows.load(row);
    }

    /// Takes in a row of the marks.
    pub(crate) fn load_mark(&mut self, row: &Row) {
        if let [high, low] = *row.key {
            let from = Slot::from_be_bytes([high, low]);
            self.taken.insert((from, row.slot), number_in(&row.value));
        }
    }
}

/// How the keys of a sender's messages to this slot begin.
pub(crate) fn messages_to(to: Slot) -> Bytes {
    let mut prefix = vec![MESSAGE];
    prefix.extend(to.to_be_bytes());
    prefix.into()
}

/// The message in a row of the outbox, if it is one.
pub(crate) fn outbox_message(row: &Row) -> Option<MessageSent> {
    let is_message = row.key.first() == Some(&MESSAGE);
    is_message
        .then(|| MessageSent::decode(row.value.clone()).ok())
        .flatten()
}

/// The slots in a fact.
pub(crate) fn pair_of(from: u32, to: u32) -> Pair {
    let slot = |number: u32| Slot::try_from(number % u32::from(engine::SLOTS)).unwrap_or_default();
    (slot(from), slot(to))
}

fn put(table: Table, slot: Slot, key: impl AsRef<[u8]>, number: u64) -> Change {
    let key = Bytes::copy_from_slice(key.as_ref());
    Change::Put {
        table,
        slot,
        key,
        value: Bytes::copy_from_slice(&number.to_be_bytes()),
    }
}

fn counter_key(to: Slot) -> Bytes {
    let [high, low] = to.to_be_bytes();
    Bytes::copy_from_slice(&[COUNTER, high, low])
}

fn message_key(to: Slot, number: u64) -> Bytes {
    let mut key = messages_to(to).to_vec();
    key.extend(number.to_be_bytes());
    key.into()
}

fn number_in(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> MessageSent {
        MessageSent {
            from_slot: 1,
            to_slot: 2,
            number,
            ..MessageSent::default()
        }
    }

    const fn upto(number: u64) -> MessageTaken {
        MessageTaken {
            from_slot: 1,
            to_slot: 2,
            number,
        }
    }

    #[test]
    fn numbers_rise_by_one_and_acknowledgement_clears_all_below() {
        let mut state = SlotState::default();
        for expected in 1..=3 {
            assert_eq!(state.next_number((1, 2)), expected);
            state.apply(&SlotBody::MessageSent(message(expected)), 1);
        }
        let changes = state.apply(&SlotBody::MessageAcknowledged(upto(2)), 2);
        assert_eq!(changes.len(), 2);
        assert!(!state.is_unacknowledged(upto(2)));
        assert!(state.is_unacknowledged(upto(3)));
        assert_eq!(state.next_number((1, 2)), 4, "numbers are never used twice");
    }

    #[test]
    fn rows_bring_the_same_state_back() {
        let mut state = SlotState::default();
        let facts = [
            SlotBody::MessageSent(message(1)),
            SlotBody::MessageSent(message(2)),
            SlotBody::MessageAcknowledged(upto(1)),
        ];
        let mut rows: BTreeMap<(Bytes, Slot), Bytes> = BTreeMap::new();
        for change in facts.iter().flat_map(|fact| state.apply(fact, 1)) {
            match change {
                Change::Put {
                    slot, key, value, ..
                } => drop(rows.insert((key, slot), value)),
                Change::Delete { slot, key, .. } => drop(rows.remove(&(key, slot))),
                _ => {}
            }
        }
        let mut loaded = SlotState::default();
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|((key, slot), value)| Row { slot, key, value })
            .collect();
        rows.iter().for_each(|row| loaded.load_outbox(row));
        assert_eq!(loaded.next_number((1, 2)), 3);
        let numbers: Vec<u64> = rows
            .iter()
            .filter_map(outbox_message)
            .map(|m| m.number)
            .collect();
        assert_eq!(numbers, [2]);
    }
}
