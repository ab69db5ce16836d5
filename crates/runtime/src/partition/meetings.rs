//! Events and the waits for them meet here, in the slot of their common key.
//!
//! Both come as messages, in any order: a wait that comes is told of the events that are kept for it, an event that comes
//! is told to those who wait. Who waits is in memory; what is kept is in the state, and here until it is there.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use engine::record::{EventCame, EventOffered, MessageBody, SlotBody, WaitPlaced, WaitRefused};
use engine::{Id, Payload, Slot, meeting_slot};
use prost::Message;
use store::{Change, Row, Table};

use super::task::Partition;
use crate::events::{MAX_CANDIDATES, offered_rows, slot_of_offer, wait_row_key};

/// Steps that may wait for events of one key.
const MAX_WAITS: usize = 1_000;
/// Bytes of kept events that a wait is told of when it begins; a single one may be larger.
const CANDIDATE_BYTES: usize = 4 << 20;

/// A type and key.
type Topic = (String, String);

/// Who waits for which events, and which came of late; the fold of their facts.
#[derive(Default)]
pub(crate) struct Meetings {
    waits: BTreeMap<Topic, Vec<WaitPlaced>>,
    /// Events that the state may not have yet, with their batches.
    recent: BTreeMap<Topic, Vec<(u64, EventOffered)>>,
    /// Their topics, in the order in which they came.
    order: VecDeque<(u64, Topic)>,
    /// The last position that was projected.
    projected: u64,
    /// Events that came up to here are forgotten.
    forgotten: u64,
}

impl Meetings {
    fn waits_for(&self, topic: &Topic) -> &[WaitPlaced] {
        self.waits.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Whether what is not known here was in a state that had reached `position`.
    fn goes_back_to(&self, position: u64) -> bool {
        position >= self.forgotten
    }

    fn recent(&self, topic: &Topic) -> impl Iterator<Item = &EventOffered> {
        let recent = self.recent.get(topic).into_iter().flatten();
        recent.map(|(_, offered)| offered)
    }

    /// The payloads in it.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let recent = self.recent.values().flatten();
        recent.flat_map(|(_, offered)| offered.meta.iter().chain(&offered.data))
    }

    /// Applies a fact of the batch at `position`; answers with what the projector writes.
    pub(super) fn apply(&mut self, fact: &SlotBody, position: u64) -> Vec<Change> {
        match fact {
            SlotBody::WaitPlaced(placed) => {
                self.place(placed.clone());
                vec![put_wait(placed)]
            }
            SlotBody::WaitWithdrawn(placed) => {
                self.withdraw(placed);
                vec![delete_wait(placed)]
            }
            SlotBody::EventOffered(offered) => {
                let topic = topic_of(offered);
                self.order.push_back((position, topic.clone()));
                let offered = EventOffered::clone(offered);
                let rows = offered_rows(&offered).collect();
                self.recent
                    .entry(topic)
                    .or_default()
                    .push((position, offered));
                rows
            }
            _ => Vec::new(),
        }
    }

    fn place(&mut self, placed: WaitPlaced) {
        let waits = self.waits.entry(topic_of_wait(&placed)).or_default();
        waits.retain(|wait| !is_same(wait, &placed));
        waits.push(placed);
    }

    fn withdraw(&mut self, placed: &WaitPlaced) {
        let topic = topic_of_wait(placed);
        if let Some(waits) = self.waits.get_mut(&topic) {
            waits.retain(|wait| !is_same(wait, placed));
            if waits.is_empty() {
                self.waits.remove(&topic);
            }
        }
    }

    /// The state has reached a position: what it had already reached before is forgotten.
    pub(super) fn projected(&mut self, position: u64) {
        let upto = self.projected;
        self.projected = upto.max(position);
        self.forgotten = self.forgotten.max(upto);
        while let Some((came, _)) = self.order.front()
            && *came <= upto
        {
            let Some((_, topic)) = self.order.pop_front() else {
                return;
            };
            if let Some(recent) = self.recent.get_mut(&topic) {
                recent.retain(|(came, _)| *came > upto);
                if recent.is_empty() {
                    self.recent.remove(&topic);
                }
            }
        }
    }

    /// Takes in a row of a wait.
    pub(super) fn load(&mut self, row: &Row) {
        if let Ok(placed) = WaitPlaced::decode(row.value.clone()) {
            self.place(placed);
        }
    }
}

impl Partition {
    /// Takes an event, which was taken in a slot of ours, to where it meets those who wait for it.
    pub(super) fn offer_event(&mut self, from: Slot, offered: EventOffered) {
        let slot = slot_of_offer(&offered);
        if self.is_here(slot) {
            return self.on_offered(offered);
        }
        let to = Id::new(self.now(), slot, 0);
        self.send_from(from, to, MessageBody::EventOffered(Box::new(offered)));
    }

    /// An event comes to where it meets those who wait for it: it is kept, and they are told.
    pub(super) fn on_offered(&mut self, offered: EventOffered) {
        let waits = self.slots.meetings.waits_for(&topic_of(&offered)).to_vec();
        for wait in &waits {
            self.tell_of_event(wait, &offered);
        }
        self.record_fact("", SlotBody::EventOffered(Box::new(offered)));
    }

    /// A step begins to wait: it is told of the events that are kept for it. `kept` are those of a state that had
    /// reached `reached`; answers false where that was too long ago.
    pub(super) fn on_wait_placed(
        &mut self,
        placed: &WaitPlaced,
        (reached, kept): (u64, &[EventOffered]),
    ) -> bool {
        let meetings = &self.slots.meetings;
        if !meetings.goes_back_to(reached) {
            return false;
        }
        let topic = topic_of_wait(placed);
        let waits = meetings.waits_for(&topic).len();
        if waits >= MAX_WAITS {
            self.refuse_wait(placed, waits);
            return true;
        }
        let known = kept.iter().chain(meetings.recent(&topic));
        let found: BTreeMap<Bytes, EventOffered> = known
            .filter(|offered| comes_to(offered, placed))
            .map(|offered| (offered.event.clone(), offered.clone()))
            .collect();
        let (found, cut) = newest(found);
        if cut {
            crate::health::add(&self.shared.stats.event_waits_cut, 1);
            let (event_type, key) = &topic;
            tracing::warn!(
                event_type,
                key,
                "more events are kept than a wait looks at: it sees the newest"
            );
        }
        self.record_fact("", SlotBody::WaitPlaced(placed.clone()));
        for offered in &found {
            self.tell_of_event(placed, offered);
        }
        true
    }

    pub(super) fn on_wait_withdrawn(&mut self, placed: WaitPlaced) {
        self.record_fact("", SlotBody::WaitWithdrawn(placed));
    }

    fn refuse_wait(&mut self, placed: &WaitPlaced, waits: usize) {
        crate::health::add(&self.shared.stats.event_waits_refused, 1);
        let refused = WaitRefused {
            at: placed.at,
            wait: placed.wait,
            waits: u32::try_from(waits).unwrap_or(u32::MAX),
        };
        self.send_to_wait(placed, MessageBody::WaitRefused(refused));
    }

    fn tell_of_event(&mut self, wait: &WaitPlaced, offered: &EventOffered) {
        let came = EventCame {
            at: wait.at,
            wait: wait.wait,
            event: offered.clone(),
        };
        self.send_to_wait(wait, MessageBody::EventCame(Box::new(came)));
    }

    fn send_to_wait(&mut self, wait: &WaitPlaced, body: MessageBody) {
        let instance = Id::from_slice(&wait.instance).unwrap_or_default();
        let from = meeting_slot(&wait.event_type, &wait.key);
        self.send_from(from, instance, body);
    }
}

/// Whether an event comes to a wait: it came after the wait began, or is still kept.
fn comes_to(offered: &EventOffered, placed: &WaitPlaced) -> bool {
    offered.at >= placed.since || offered.kept_until > placed.since
}

/// The newest of these, oldest first, and whether there were more.
fn newest(found: BTreeMap<Bytes, EventOffered>) -> (Vec<EventOffered>, bool) {
    let count = found.len();
    let mut all: Vec<EventOffered> = found.into_values().collect();
    all.sort_by(|a, b| (b.at, &b.event).cmp(&(a.at, &a.event)));
    let mut bytes = 0;
    let mut room = |offered: &EventOffered| {
        let fits = bytes == 0 || bytes + size_of_event(offered) <= CANDIDATE_BYTES;
        bytes += size_of_event(offered);
        fits
    };
    let fitting = all.iter().take(MAX_CANDIDATES).take_while(|one| room(one));
    let fitting = fitting.count();
    all.truncate(fitting);
    all.reverse();
    let cut = all.len() < count;
    (all, cut)
}

fn size_of_event(offered: &EventOffered) -> usize {
    let data = offered.data.as_ref();
    1 + data.map_or(0, |data| data.bytes().len())
}

fn is_same(wait: &WaitPlaced, other: &WaitPlaced) -> bool {
    wait.instance == other.instance && wait.wait == other.wait
}

fn topic_of(offered: &EventOffered) -> Topic {
    (offered.event_type.clone(), offered.key.clone())
}

fn topic_of_wait(placed: &WaitPlaced) -> Topic {
    (placed.event_type.clone(), placed.key.clone())
}

fn put_wait(placed: &WaitPlaced) -> Change {
    Change::Put {
        table: Table::Wait,
        slot: meeting_slot(&placed.event_type, &placed.key),
        key: row_key(placed),
        value: placed.encode_to_vec().into(),
    }
}

fn delete_wait(placed: &WaitPlaced) -> Change {
    Change::Delete {
        table: Table::Wait,
        slot: meeting_slot(&placed.event_type, &placed.key),
        key: row_key(placed),
    }
}

fn row_key(placed: &WaitPlaced) -> Bytes {
    wait_row_key(
        &placed.event_type,
        &placed.key,
        &placed.instance,
        placed.wait,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(event: u8, at: i64, kept_until: i64) -> EventOffered {
        EventOffered {
            key: "ada".to_owned(),
            event_type: "paid".to_owned(),
            event: Bytes::from(vec![event; 16]),
            at,
            kept_until,
            ..EventOffered::default()
        }
    }

    fn wait(number: u64, since: i64) -> WaitPlaced {
        WaitPlaced {
            instance: Bytes::from(vec![7; 16]),
            wait: number,
            event_type: "paid".to_owned(),
            key: "ada".to_owned(),
            since,
            ..WaitPlaced::default()
        }
    }

    fn topic() -> Topic {
        ("paid".to_owned(), "ada".to_owned())
    }

    #[test]
    fn waits_are_there_until_they_are_withdrawn_and_come_back_from_their_rows() {
        let mut meetings = Meetings::default();
        let mut rows: BTreeMap<Bytes, (Slot, Bytes)> = BTreeMap::new();
        let facts = [
            SlotBody::WaitPlaced(wait(1, 0)),
            SlotBody::WaitPlaced(wait(2, 0)),
            SlotBody::WaitPlaced(wait(2, 0)),
            SlotBody::WaitWithdrawn(wait(1, 0)),
        ];
        for change in facts.iter().flat_map(|fact| meetings.apply(fact, 1)) {
            match change {
                Change::Put {
                    key, value, slot, ..
                } => drop(rows.insert(key, (slot, value))),
                Change::Delete { key, .. } => drop(rows.remove(&key)),
                _ => {}
            }
        }
        assert_eq!(meetings.waits_for(&topic()), [wait(2, 0)]);
        let mut loaded = Meetings::default();
        for (key, (slot, value)) in rows {
            loaded.load(&Row { slot, key, value });
        }
        assert_eq!(loaded.waits_for(&topic()), [wait(2, 0)]);
    }

    #[test]
    fn an_event_is_here_until_the_projection_after_its_own() {
        let mut meetings = Meetings::default();
        let fact = SlotBody::EventOffered(Box::new(offered(1, 0, 10)));
        meetings.apply(&fact, 3);
        meetings.projected(3);
        assert_eq!(meetings.recent(&topic()).count(), 1);
        assert!(meetings.goes_back_to(0));
        meetings.projected(4);
        assert_eq!(meetings.recent(&topic()).count(), 0);
        assert!(meetings.goes_back_to(3) && !meetings.goes_back_to(2));
    }

    #[test]
    fn an_event_comes_to_a_wait_that_begins_while_it_is_kept_or_began_before_it() {
        let event = offered(1, 100, 200);
        assert!(comes_to(&event, &wait(1, 199)));
        assert!(!comes_to(&event, &wait(1, 200)), "it was kept long enough");
        assert!(
            comes_to(&offered(1, 100, 100), &wait(1, 100)),
            "nothing is kept, but it waited"
        );
    }

    #[test]
    fn of_too_many_the_newest_are_seen_oldest_first() {
        let count = u8::try_from(MAX_CANDIDATES + 1).expect("fits");
        let all = (0..count).map(|n| (Bytes::from(vec![n]), offered(n, i64::from(n), 0)));
        let (found, cut) = newest(all.collect());
        assert!(cut);
        let first = found.first().map(|event| event.at);
        assert_eq!((found.len(), first), (MAX_CANDIDATES, Some(1)));
    }
}
