//! Events as they are kept and read.

use bytes::Bytes;
use engine::record::{EventRefused, EventRoute, EventTaken, KeyTaken, StartMessage};
use engine::{Id, Payload, slot_of};
use prost::Message;
use serde_json::Value;
use store::{Change, Holder, Row, Table};

use crate::blob_names::named_by_event;
use crate::dead_letter::{DeadLetter, LetterError, letter_change};

/// First byte of index keys: events by correlation id.
const BY_CORRELATION: u8 = b'c';
/// First byte of index keys: events by subject.
const BY_SUBJECT: u8 = b's';
/// Bytes of a value's hash in an index key; what is found by it is compared again.
const HASH: usize = 8;

/// An event that was taken.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: Id,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// What the journal says of it.
    pub taken: EventTaken,
}

/// What events are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventLink {
    /// The correlation id.
    Correlation,
    /// The subject.
    Subject,
}

/// Which events; what is left out fits all.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of this type; with `*` at the end, of types that begin so.
    pub event_type: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// With this correlation id.
    pub correlation_id: Option<String>,
    /// Only those that led to nothing, or only those that led to something.
    pub routed: Option<bool>,
    /// Taken at or after, milliseconds since the epoch.
    pub since: Option<i64>,
    /// Taken before, milliseconds since the epoch.
    pub before: Option<i64>,
}

impl EventFilter {
    /// Whether an event fits.
    pub fn fits(&self, event: &Event) -> bool {
        let taken = &event.taken;
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        let of_type = |wanted: &str| match wanted.strip_suffix('*') {
            Some(beginning) => taken.event_type.starts_with(beginning),
            None => taken.event_type == wanted,
        };
        self.event_type.as_deref().is_none_or(of_type)
            && is(&self.source, &taken.source)
            && is(&self.subject, &taken.subject)
            && is(&self.correlation_id, &taken.correlation_id)
            && (self.routed).is_none_or(|routed| routed == taken.is_routed())
            && self.since.is_none_or(|since| event.at >= since)
            && self.before.is_none_or(|before| event.at < before)
    }

    /// The index that finds them soonest.
    pub(crate) fn link(&self) -> Option<(EventLink, &str)> {
        let correlation = self.correlation_id.as_deref();
        let subject = self.subject.as_deref();
        correlation
            .map(|id| (EventLink::Correlation, id))
            .or_else(|| Some((EventLink::Subject, subject?)))
    }
}

impl Event {
    /// From what the journal says.
    pub(crate) fn new(taken: EventTaken) -> Self {
        Self {
            id: Id::from_slice(&taken.id).unwrap_or_default(),
            at: taken.at,
            taken,
        }
    }

    /// From its row; none where that cannot be read.
    pub(crate) fn read(value: &Bytes) -> Option<Self> {
        EventTaken::decode(value.clone()).ok().map(Self::new)
    }

    /// What it says of itself.
    pub fn meta(&self) -> Payload {
        self.taken.meta.clone().unwrap_or_default()
    }

    /// What it carries.
    pub fn data(&self) -> Payload {
        self.taken.data.clone().unwrap_or_default()
    }

    /// Where it went.
    pub fn routes(&self) -> &[EventRoute] {
        &self.taken.routes
    }
}

/// The key of an event's row.
pub(crate) fn event_key(id: Id) -> Bytes {
    Bytes::copy_from_slice(&id.bytes())
}

/// How the index keys of a value begin; the event's id follows.
pub(crate) fn index_prefix(link: EventLink, value: &str) -> Vec<u8> {
    let kind = match link {
        EventLink::Correlation => BY_CORRELATION,
        EventLink::Subject => BY_SUBJECT,
    };
    let mut key = vec![kind];
    key.extend(&blake3::hash(value.as_bytes()).as_bytes()[..HASH]);
    key
}

/// What is written of an event that was taken.
pub(crate) fn event_rows(taken: &EventTaken) -> Vec<Change> {
    let id = Id::from_slice(&taken.id).unwrap_or_default();
    let slot = id.slot();
    let put = |table, key: Bytes, value: Bytes| Change::Put {
        table,
        slot,
        key,
        value,
    };
    let key = taken.id.clone();
    let mut rows = vec![put(Table::Event, key.clone(), taken.encode_to_vec().into())];
    let index = index_keys(id, taken).into_iter();
    rows.extend(index.map(|key| put(Table::EventIndex, key, Bytes::new())));
    rows.extend(name_of(taken).as_ref().map(put_key));
    let by = Holder::Row {
        table: Table::Event,
        slot,
        key,
    };
    rows.extend(named_by_event(by, taken));
    rows
}

/// What goes with an event's row.
pub(crate) fn index_rows_gone(row: &Row) -> Vec<Change> {
    let Some(event) = Event::read(&row.value) else {
        return Vec::new();
    };
    let keys = index_keys(event.id, &event.taken).into_iter();
    let gone = keys.map(|key| Change::Delete {
        table: Table::EventIndex,
        slot: row.slot,
        key,
    });
    gone.collect()
}

/// The keys under which an event is found.
fn index_keys(id: Id, taken: &EventTaken) -> Vec<Bytes> {
    // What is called as the event itself is found under its id.
    let correlation = Some(&taken.correlation_id).filter(|value| **value != id.to_string());
    let subject = Some(&taken.subject).filter(|value| !value.is_empty());
    let links = [
        (EventLink::Correlation, correlation),
        (EventLink::Subject, subject),
    ];
    let keys = links.into_iter().filter_map(|(link, value)| {
        let mut key = index_prefix(link, value?);
        key.extend(id.bytes());
        Some(key.into())
    });
    keys.collect()
}

/// What is written of a name that was taken.
pub(crate) fn put_key(taken: &KeyTaken) -> Change {
    Change::Put {
        table: Table::Key,
        slot: slot_of(&taken.key),
        key: Bytes::copy_from_slice(taken.key.as_bytes()),
        value: taken.encode_to_vec().into(),
    }
}

/// What is remembered of an event for a while: its name, else its own id, under which a node may have
/// sent it twice.
pub(crate) fn remembered(taken: &EventTaken) -> KeyTaken {
    name_of(taken).unwrap_or_else(|| KeyTaken {
        key: own_name(Id::from_slice(&taken.id).unwrap_or_default()),
        id: taken.id.clone(),
        digest: Bytes::new(),
        expires_at: i64::MAX,
    })
}

/// Under which an event without a name is remembered.
pub(crate) fn own_name(id: Id) -> String {
    format!("event\n{id}")
}

/// The name under which a repeat of an event is known.
fn name_of(taken: &EventTaken) -> Option<KeyTaken> {
    (!taken.key.is_empty()).then(|| KeyTaken {
        key: taken.key.clone(),
        id: taken.id.clone(),
        digest: Bytes::new(),
        expires_at: taken.key_expires_at,
    })
}

/// The dead letter of a start that was refused.
pub(crate) fn refused_row(refused: &EventRefused) -> Change {
    let start = refused.start.as_deref().cloned().unwrap_or_default();
    let error = refused.error.clone().unwrap_or_default();
    let StartMessage {
        workflow,
        version,
        correlation_id,
        subject,
        priority,
        input,
        ..
    } = start;
    letter_change(&DeadLetter {
        id: Id::from_slice(&refused.id).unwrap_or_default(),
        kind: "event".to_owned(),
        event: Id::from_slice(&refused.event),
        workflow,
        version,
        input: input
            .map(|input| Value::clone(&input.value()))
            .unwrap_or_default(),
        error: LetterError {
            error_type: error.error_type,
            message: error.message,
        },
        correlation_id,
        subject,
        priority,
        at: refused.at,
        ..DeadLetter::default()
    })
}
