//! Where an event and the wait for it meet: by what waits find an event, and how long it is kept for those that come
//! after it.

use bytes::Bytes;
use definition::{Catalog, DEFAULT_KEEP_MS, is_event_key};
use engine::record::{EventOffered, EventTaken};
use engine::{Id, Payload, Slot, meeting_slot};
use prost::Message;
use router::{Start, look};
use serde_json::Value;
use store::{Change, Holder, Row, Scan, Table};

use super::facts::{Facts, Outside};
use super::incoming::Incoming;
use super::routing::Routing;
use crate::blob_names::named_by_kept;
use crate::shared::Shared;

/// How the keys of kept events begin, among idempotency keys.
const PREFIX: &str = "meet";
/// An event is remembered so much longer than it is kept, in milliseconds: a wait that began before it may be told of
/// after it.
const GRACE_MS: i64 = 10 * 60 * 1_000;
/// Kept events that a wait is told of when it begins, the newest: of more it does not see those before.
pub(crate) const MAX_CANDIDATES: usize = 100;

/// By what waits find an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meeting {
    pub(crate) key: String,
    keep_ms: u64,
}

/// By what waits find an event, if any definition has one for its type.
pub(super) fn meeting_of(
    shared: &Shared,
    catalog: &Catalog,
    routing: &Routing,
    (incoming, meta): (&Incoming, &Payload),
    now: i64,
) -> Option<Meeting> {
    if !routing.is_awaited(&incoming.event_type) {
        return None;
    }
    let known = catalog.events.get(&incoming.event_type);
    let key = match known.and_then(|known| known.key.as_ref()) {
        None => incoming.subject.clone(),
        Some(template) => {
            let facts = Facts::new(incoming, meta, now);
            let found = look(catalog, (None, Some(template)), &facts, &Outside(shared));
            match found {
                Ok(Start::Yes(Some(key))) => text(key),
                Ok(Start::Yes(None) | Start::No) => String::new(),
                Err(error) => {
                    let event_type = &incoming.event_type;
                    tracing::debug!(%error, event_type, "the event has no key");
                    String::new()
                }
            }
        }
    };
    is_event_key(&key).then(|| Meeting {
        key,
        keep_ms: known.map_or(DEFAULT_KEEP_MS, |known| known.keep_ms),
    })
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

impl Meeting {
    /// The event, as it is told where it meets those who wait for it.
    pub(crate) fn offer(self, taken: &EventTaken) -> EventOffered {
        let kept_until = taken.at.saturating_add_unsigned(self.keep_ms);
        EventOffered {
            key: self.key,
            event: taken.id.clone(),
            forget_at: kept_until.saturating_add(GRACE_MS),
            meta: taken.meta.clone(),
            data: taken.data.clone(),
            event_type: taken.event_type.clone(),
            at: taken.at,
            kept_until,
        }
    }
}

/// The slot in which an event meets those who wait for it.
pub(crate) fn slot_of_offer(offered: &EventOffered) -> Slot {
    meeting_slot(&offered.event_type, &offered.key)
}

/// What is written of an event that is kept.
pub(crate) fn offered_rows(offered: &EventOffered) -> impl Iterator<Item = Change> {
    let mut key = prefix_of(&offered.event_type, &offered.key);
    key.push_str(
        &Id::from_slice(&offered.event)
            .unwrap_or_default()
            .to_string(),
    );
    let (table, slot, key) = (Table::Key, slot_of_offer(offered), Bytes::from(key));
    let by = Holder::Row {
        table,
        slot,
        key: key.clone(),
    };
    let put = Change::Put {
        table,
        slot,
        key,
        value: offered.encode_to_vec().into(),
    };
    std::iter::once(put).chain(named_by_kept(by, offered))
}

/// The events that are kept for a type and key, the newest first.
pub(crate) fn kept_scan(event_type: &str, key: &str) -> Scan {
    let slot = meeting_slot(event_type, key);
    Scan {
        table: Table::Key,
        slots: slot..=slot,
        after: None,
        prefix: prefix_of(event_type, key).into(),
        reverse: true,
        limit: MAX_CANDIDATES + 1,
    }
}

/// The event in a row among the keys; none where it is no kept event.
pub(crate) fn kept_in(row: &Row) -> Option<EventOffered> {
    let is_kept =
        row.key.starts_with(PREFIX.as_bytes()) && row.key.get(PREFIX.len()) == Some(&b'\n');
    is_kept.then(|| EventOffered::decode(row.value.clone()).ok())?
}

/// The event in a row; none where it is of another key, whose hash is the same.
pub(crate) fn read_offered(row: &Row, event_type: &str, key: &str) -> Option<EventOffered> {
    let offered = EventOffered::decode(row.value.clone()).ok()?;
    (offered.event_type == event_type && offered.key == key).then_some(offered)
}

/// The part of a key that all events of a type and key have in common.
fn prefix_of(event_type: &str, key: &str) -> String {
    format!("{PREFIX}\n{}\n", hex_of(event_type, key))
}

/// A type and key, in as many bytes as any other.
pub(crate) fn hash_of(event_type: &str, key: &str) -> [u8; 16] {
    let hash = blake3::hash(format!("{event_type}\n{key}").as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}

fn hex_of(event_type: &str, key: &str) -> String {
    let hash = hash_of(event_type, key);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of the row of a wait.
pub(crate) fn wait_row_key(event_type: &str, key: &str, instance: &[u8], wait: u64) -> Bytes {
    let mut bytes = hash_of(event_type, key).to_vec();
    bytes.extend(instance);
    bytes.extend(wait.to_be_bytes());
    bytes.into()
}
