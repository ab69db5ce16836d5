//! A page: rows that follow each other, packed. Of each key only what differs from the one before is kept.

use bytes::Bytes;
use store::{Row, Slot};

use crate::state::block::{pack, unpack};
use crate::state::codec::{self, Reader};

/// Bytes of a page before it is packed, at most (a row may go beyond): few enough that a look at one row is cheap.
const PAGE_BYTES: usize = 8 << 10;

/// Gathers rows, in order.
#[derive(Default)]
pub(super) struct Gathering {
    plain: Vec<u8>,
    first: Option<(Bytes, Slot)>,
    last: Bytes,
}

impl Gathering {
    /// Adds a row behind the others.
    pub(super) fn add(&mut self, key: &Bytes, slot: Slot, value: &[u8]) {
        let shared = self
            .last
            .iter()
            .zip(key)
            .take_while(|(a, b)| a == b)
            .count();
        codec::number(&mut self.plain, shared as u64);
        codec::blob(&mut self.plain, &key[shared..]);
        self.plain.extend_from_slice(&slot.to_le_bytes());
        codec::blob(&mut self.plain, value);
        self.first.get_or_insert_with(|| (key.clone(), slot));
        self.last = key.clone();
    }

    /// Whether it takes no more.
    pub(super) fn is_full(&self) -> bool {
        self.plain.len() >= PAGE_BYTES
    }

    /// The page of what was added, with its first key; none if nothing was. The next one begins.
    pub(super) fn finish(&mut self) -> Option<((Bytes, Slot), Vec<u8>)> {
        let first = self.first.take()?;
        let packed = pack(&self.plain);
        self.plain.clear();
        self.last = Bytes::new();
        Some((first, packed))
    }
}

/// A page of these rows, however many they are; none where there are none.
pub(super) fn of(rows: &[Row]) -> Option<Vec<u8>> {
    let mut gathering = Gathering::default();
    for row in rows {
        gathering.add(&row.key, row.slot, &row.value);
    }
    gathering.finish().map(|(_, page)| page)
}

/// A page's rows; none if it is damaged.
pub(super) fn rows(packed: &[u8]) -> Option<Vec<Row>> {
    let mut reader = Reader {
        rest: unpack(packed)?,
    };
    let (mut rows, mut last) = (vec![], Bytes::new());
    while !reader.rest.is_empty() {
        let shared = usize::try_from(reader.number()?).ok()?;
        let rest = reader.blob()?;
        let key = match shared {
            0 => rest,
            shared => [last.get(..shared)?, &rest[..]].concat().into(),
        };
        let slot = Slot::from_le_bytes([reader.byte()?, reader.byte()?]);
        let value = reader.blob()?;
        last = key.clone();
        rows.push(Row { slot, key, value });
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_it_was_written_and_damage_is_noticed() {
        let row = |key: &str, slot: Slot, value: &str| Row {
            slot,
            key: key.to_owned().into(),
            value: value.to_owned().into(),
        };
        let written = [
            row("", 0, ""),
            row("a", 1, "one"),
            row("a", 2, "two"),
            row("ab", 0, ""),
            row("b", 4095, &"x".repeat(PAGE_BYTES)),
        ];
        let mut gathering = Gathering::default();
        for row in &written {
            assert!(!gathering.is_full());
            gathering.add(&row.key, row.slot, &row.value);
        }
        assert!(gathering.is_full());
        let (first, packed) = gathering.finish().unwrap();
        assert_eq!(first, (Bytes::new(), 0));
        assert_eq!(rows(&packed).unwrap(), written);
        assert!(gathering.finish().is_none(), "the next one begins");
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 1;
            assert!(rows(&damaged).is_none(), "byte {at}");
        }
    }
}
