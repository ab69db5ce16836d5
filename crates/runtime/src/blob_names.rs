//! Which blobs rows and instances name: they are kept for as long as these are there.

use std::collections::BTreeSet;

use bytes::Bytes;
use engine::Payload;
use engine::codec::{CodecError, blobs_named, payloads_of_fact, payloads_of_start, unpack_history};
use engine::record::{EventOffered, EventTaken, SlotBody, WindowOffered};
use store::{BlobHash, Change, Holder, Row, Table};

use crate::events::{Event, kept_in};
use crate::partition::outbox_message;
use crate::windows::item_in;

/// Says which blobs something names, if it names any.
pub(crate) fn named_by<'a>(
    by: Holder,
    payloads: impl Iterator<Item = &'a Payload>,
) -> Option<Change> {
    let blobs: Vec<BlobHash> = payloads.filter_map(Payload::hash).collect();
    (!blobs.is_empty()).then_some(Change::NameBlobs { by, blobs })
}

/// What a message that was sent names, for its row.
pub(crate) fn named_by_message(by: Holder, sent: &SlotBody) -> Option<Change> {
    named_by(by, payloads_of_fact(sent))
}

/// What an event names, for its row.
pub(crate) fn named_by_event(by: Holder, taken: &EventTaken) -> Option<Change> {
    named_by(by, [&taken.meta, &taken.data].into_iter().flatten())
}

/// What a window keeps names, for its row.
pub(crate) fn named_by_offer(by: Holder, offered: &WindowOffered) -> Option<Change> {
    let start = offered.start.as_deref();
    named_by(by, start.into_iter().flat_map(payloads_of_start))
}

/// What an event names that is kept for those who wait for it, for its row.
pub(crate) fn named_by_kept(by: Holder, kept: &EventOffered) -> Option<Change> {
    named_by(by, [&kept.meta, &kept.data].into_iter().flatten())
}

/// What the row of a keyed table names, if it names blobs.
pub fn named_by_row(table: Table, row: &Row) -> Option<Change> {
    let by = || Holder::Row {
        table,
        slot: row.slot,
        key: row.key.clone(),
    };
    match table {
        Table::Outbox => named_by_message(by(), &SlotBody::MessageSent(outbox_message(row)?)),
        Table::Event => named_by_event(by(), &Event::read(&row.value)?.taken),
        Table::Key => named_by_kept(by(), &kept_in(row)?),
        Table::Window => named_by_offer(by(), &item_in(row)?),
        _ => None,
    }
}

/// The blobs that the records of a segment of a history name.
///
/// # Errors
/// When the segment cannot be read.
pub fn named_by_history(segment: &Bytes) -> Result<BTreeSet<BlobHash>, CodecError> {
    Ok(blobs_named(unpack_history(segment)?.iter()))
}

#[cfg(test)]
mod tests {
    use engine::record::{ChildEnded, Envelope, MessageBody, MessageSent};
    use serde_json::json;

    use super::*;

    fn large(fill: &str) -> Payload {
        Payload::from_value(json!(fill.repeat(40_000)))
    }

    fn row(value: &impl prost::Message) -> Row {
        Row {
            slot: 1,
            key: Bytes::from_static(&[1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]),
            value: value.encode_to_vec().into(),
        }
    }

    fn named(change: Option<Change>) -> usize {
        match change {
            Some(Change::NameBlobs { blobs, .. }) => blobs.len(),
            _ => 0,
        }
    }

    #[test]
    fn a_message_and_an_event_name_what_is_large() {
        let body = MessageBody::ChildEnded(ChildEnded {
            output: Some(large("a")),
            ..ChildEnded::default()
        });
        let sent = MessageSent {
            message: Some(Box::new(Envelope { body: Some(body) })),
            ..MessageSent::default()
        };
        assert_eq!(named(named_by_row(Table::Outbox, &row(&sent))), 1);
        let event = EventTaken {
            meta: Some(Payload::from_value(json!({}))),
            data: Some(large("b")),
            ..EventTaken::default()
        };
        assert_eq!(named(named_by_row(Table::Event, &row(&event))), 1);
        assert_eq!(named(named_by_row(Table::Key, &row(&event))), 0);
    }
}
