//! How windows lie in the state.

use bytes::Bytes;
use engine::Id;
use engine::record::{WindowOffered, WindowOutcome};
use prost::Message;
use store::{Change, Holder, Row, Table};

use super::state::WindowState;
use crate::blob_names::named_by_offer;

/// First byte of keys: windows that closed, by id, which is ordered by when they opened.
pub(crate) const CLOSED: u8 = b'c';
/// First byte of keys: what came of an event, by its id.
pub(crate) const ENTRY: u8 = b'e';
/// First byte of keys: what a window keeps, by its id and place.
const ITEM: u8 = b'i';
/// First byte of keys: which events a window has, by its id and theirs.
pub(crate) const MEMBER: u8 = b'm';
/// First byte of keys: open windows, by id.
pub(crate) const OPEN: u8 = b'o';

/// What came of an event that came to a window; it lies in the window's slot.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct WindowEntry {
    /// The window (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub window: Bytes,
    /// What came of it.
    #[prost(enumeration = "WindowOutcome", tag = "2")]
    pub outcome: i32,
    /// The instance of its own that it starts (16 bytes), of a throttle.
    #[prost(bytes = "bytes", tag = "3")]
    pub instance: Bytes,
    /// Its place among those that are held back.
    #[prost(uint64, tag = "4")]
    pub place: u64,
}

/// The key of a window's row among the open or the closed ones.
pub(crate) fn row_key(kind: u8, id: Id) -> Bytes {
    let mut key = vec![kind];
    key.extend(id.bytes());
    key.into()
}

/// How the keys of what a window keeps begin.
pub(crate) fn item_prefix(id: Id) -> Bytes {
    row_key(ITEM, id)
}

/// How the keys of a window's events begin.
pub(crate) fn member_prefix(id: Id) -> Bytes {
    row_key(MEMBER, id)
}

/// The key of what came of an event.
pub(crate) fn entry_key(event: &[u8]) -> Bytes {
    let mut key = vec![ENTRY];
    key.extend(event);
    key.into()
}

/// The event in the key of a member.
pub(crate) fn event_in_member(key: &[u8]) -> Option<Id> {
    Id::from_slice(key.get(17..)?)
}

fn item_key(id: Id, place: u64) -> Bytes {
    let mut key = item_prefix(id).to_vec();
    key.extend(place.to_be_bytes());
    key.into()
}

/// What a window keeps, in a row; none in a row of another kind.
pub(crate) fn item_in(row: &Row) -> Option<WindowOffered> {
    let is_item = row.key.first() == Some(&ITEM);
    is_item.then(|| WindowOffered::decode(row.value.clone()).ok())?
}

pub(super) fn item_rows(
    id: Id,
    place: u64,
    offered: &WindowOffered,
) -> impl Iterator<Item = Change> {
    let key = item_key(id, place);
    let by = Holder::Row {
        table: Table::Window,
        slot: id.slot(),
        key: key.clone(),
    };
    let named = named_by_offer(by, offered);
    std::iter::once(put(id, key, offered.encode_to_vec())).chain(named)
}

pub(super) fn delete_items(id: Id, places: std::ops::Range<u64>) -> impl Iterator<Item = Change> {
    places.map(move |place| delete(id, item_key(id, place)))
}

/// What is written of an event that came to a window, so that each is found from the other.
pub(super) fn entry_rows(
    id: Id,
    offered: &WindowOffered,
    outcome: WindowOutcome,
    place: u64,
) -> Vec<Change> {
    if offered.event.is_empty() {
        return Vec::new();
    }
    let entry = WindowEntry {
        window: Bytes::copy_from_slice(&id.bytes()),
        outcome: outcome as i32,
        instance: offered.instance.clone(),
        place,
    };
    let mut rows = vec![put(id, entry_key(&offered.event), entry.encode_to_vec())];
    if outcome == WindowOutcome::Kept {
        let mut key = member_prefix(id).to_vec();
        key.extend(&offered.event);
        rows.push(put(id, key.into(), Vec::new()));
    }
    rows
}

pub(super) fn put_state(kind: u8, state: &WindowState) -> Change {
    let id = state.id();
    put(id, row_key(kind, id), state.encode_to_vec())
}

pub(super) fn delete_open(id: Id) -> Change {
    delete(id, row_key(OPEN, id))
}

fn put(id: Id, key: Bytes, value: Vec<u8>) -> Change {
    Change::Put {
        table: Table::Window,
        slot: id.slot(),
        key,
        value: value.into(),
    }
}

fn delete(id: Id, key: Bytes) -> Change {
    Change::Delete {
        table: Table::Window,
        slot: id.slot(),
        key,
    }
}

/// Whether what a row tells of windows that closed is no longer kept at this time; it is kept as long as events.
pub(crate) fn is_row_over(row: &Row, keep_ms: u64, now: i64) -> bool {
    let is_over = |at: i64| at.saturating_add_unsigned(keep_ms) <= now;
    match row.key.first() {
        Some(&CLOSED) => {
            let state = WindowState::decode(row.value.clone());
            state.is_ok_and(|state| is_over(state.closed_at))
        }
        Some(&ENTRY) => Id::from_slice(&row.key[1..]).is_some_and(|event| is_over(event.made_at())),
        Some(&MEMBER) => event_in_member(&row.key).is_some_and(|event| is_over(event.made_at())),
        _ => false,
    }
}
