//! Instances and keyed tables in memory.

use std::collections::btree_map::Range;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::{
    BlobHash, Change, Count, CountBy, Dropped, EntityId, Expiry, HistorySegment, Holder,
    InstanceFilter, InstanceRow, ListCursor, Page, RetentionClass, Row, Scan, Slot, StoredInstance,
    Table,
};

/// An instance's row, chunks and history: moved and dropped together.
#[derive(Default)]
struct Family {
    row: Option<InstanceRow>,
    chunks: BTreeMap<u32, Bytes>,
    history: BTreeMap<u64, HistorySegment>,
    blobs: BTreeSet<BlobHash>,
    /// Of its row, which does not tell.
    class: RetentionClass,
}

impl Family {
    fn ended(&self) -> Option<(&RetentionClass, i64)> {
        Some((&self.class, self.row.as_ref()?.ended_at?))
    }
}

/// The rows from a scan's first key (prefix, or after the last row) to its end, which may lie
/// before the first one: nothing is left then.
fn between<'a>(
    rows: &'a BTreeMap<(Bytes, Slot), Bytes>,
    scan: &Scan,
) -> Range<'a, (Bytes, Slot), Bytes> {
    let mut start = (scan.prefix.clone(), 0);
    let mut end = end_of(&scan.prefix);
    match scan.after.clone() {
        Some(after) if scan.reverse => end = Some(end.map_or(after.clone(), |end| end.min(after))),
        Some((key, slot)) => start = start.max((key, slot.saturating_add(1))),
        None => {}
    }
    match end {
        Some(end) => rows.range(start.clone()..end.max(start)),
        None => rows.range(start..),
    }
}

/// The first key behind all keys with this prefix, if there is one.
fn end_of(prefix: &[u8]) -> Option<(Bytes, Slot)> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some((end.into(), 0))
}

/// All that is derived from the journal.
#[derive(Default)]
pub(super) struct MemoryState {
    families: BTreeMap<EntityId, Family>,
    tables: BTreeMap<Table, BTreeMap<(Bytes, Slot), Bytes>>,
    /// Blobs that rows of keyed tables name.
    named: BTreeMap<(Table, Bytes, Slot), BTreeSet<BlobHash>>,
}

impl MemoryState {
    /// The bytes of what is derived, and of that of ended instances.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let rows = self.tables.values().flatten();
        let mut state: usize = rows.map(|((key, _), value)| key.len() + value.len()).sum();
        let mut ended = 0;
        for family in self.families.values() {
            let chunks = family.chunks.values().map(Bytes::len).sum::<usize>();
            let history = family.history.values().map(|segment| segment.bytes.len());
            let row = family.row.as_ref().map_or(0, |row| row.snapshot.len());
            let of = if family.ended().is_some() {
                &mut ended
            } else {
                &mut state
            };
            *of += chunks + history.sum::<usize>() + row;
        }
        (state as u64, ended as u64)
    }

    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::PutInstance(mut row) => {
                let family = self.family(row.id);
                family.class = std::mem::take(&mut row.class);
                family.row = Some(*row);
            }
            Change::PutChunk {
                id, chunk, bytes, ..
            } => {
                self.family(id).chunks.insert(chunk, bytes);
            }
            Change::AppendHistory { id, segment, .. } => {
                let history = &mut self.family(id).history;
                history.entry(segment.first_seq).or_insert(segment);
            }
            Change::DeleteInstance { id, .. } => {
                self.families.remove(&id);
            }
            Change::Put {
                table,
                slot,
                key,
                value,
            } => {
                self.tables
                    .entry(table)
                    .or_default()
                    .insert((key, slot), value);
            }
            Change::Delete { table, slot, key } => {
                self.named.remove(&(table, key.clone(), slot));
                self.tables.entry(table).or_default().remove(&(key, slot));
            }
            Change::NameBlobs { by, blobs } => match by {
                Holder::Instance(id) => self.family(id).blobs.extend(blobs),
                Holder::Row { table, slot, key } => {
                    self.named
                        .entry((table, key, slot))
                        .or_default()
                        .extend(blobs);
                }
            },
        }
    }

    /// Every blob that is named.
    pub(super) fn named(&self) -> BTreeSet<BlobHash> {
        let families = self.families.values().flat_map(|family| &family.blobs);
        families
            .chain(self.named.values().flatten())
            .copied()
            .collect()
    }

    fn family(&mut self, id: EntityId) -> &mut Family {
        self.families.entry(id).or_default()
    }

    pub(super) fn instance(&self, slot: Slot, id: EntityId) -> Option<StoredInstance> {
        let family = self.families.get(&id)?;
        let row = family.row.clone().filter(|row| row.slot == slot)?;
        let chunks = family
            .chunks
            .iter()
            .map(|(n, bytes)| (*n, bytes.clone()))
            .collect();
        Some(StoredInstance { row, chunks })
    }

    pub(super) fn history(
        &self,
        id: EntityId,
        after_seq: u64,
        limit_bytes: usize,
    ) -> Vec<HistorySegment> {
        let mut bytes = 0;
        let Some(family) = self.families.get(&id) else {
            return vec![];
        };
        let wanted = family
            .history
            .values()
            .filter(|segment| segment.last_seq > after_seq);
        wanted
            .take_while(|segment| {
                let room = bytes <= limit_bytes;
                bytes += segment.bytes.len();
                room
            })
            .cloned()
            .collect()
    }

    pub(super) fn get(&self, table: Table, slot: Slot, key: Bytes) -> Option<Bytes> {
        self.tables.get(&table)?.get(&(key, slot)).cloned()
    }

    pub(super) fn scan(&self, scan: &Scan) -> Vec<Row> {
        let Some(rows) = self.tables.get(&scan.table) else {
            return vec![];
        };
        let wanted = between(rows, scan)
            .filter(|((key, slot), _)| scan.slots.contains(slot) && key.starts_with(&scan.prefix));
        let to_row = |((key, slot), value): (&(Bytes, Slot), &Bytes)| Row {
            slot: *slot,
            key: key.clone(),
            value: value.clone(),
        };
        if scan.reverse {
            wanted.rev().take(scan.limit).map(to_row).collect()
        } else {
            wanted.take(scan.limit).map(to_row).collect()
        }
    }

    fn rows(&self, filter: &InstanceFilter) -> impl Iterator<Item = &InstanceRow> {
        let rows = self
            .families
            .values()
            .filter_map(|family| family.row.as_ref());
        rows.filter(move |row| filter.matches(row))
    }

    pub(super) fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Page<InstanceRow> {
        let place = |row: &InstanceRow| (row.created_at, row.id);
        let follows = |row: &&InstanceRow| row.follows(after);
        let mut rows: Vec<_> = self.rows(filter).filter(follows).collect();
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(place(row)));
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.cursor());
        let listed = |row: &InstanceRow| InstanceRow {
            snapshot: Bytes::new(),
            ..row.clone()
        };
        Page {
            items: rows.into_iter().map(listed).collect(),
            next,
        }
    }

    pub(super) fn count(&self, filter: &InstanceFilter, by: CountBy) -> Vec<Count> {
        let mut groups: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for row in self.rows(filter) {
            *groups.entry(row.group(by)).or_default() += 1;
        }
        if by == CountBy::Nothing && groups.is_empty() {
            groups.insert(vec![], 0);
        }
        let counted = |(group, count)| Count { group, count };
        groups.into_iter().map(counted).collect()
    }

    /// Drops the instances of all buckets (spans of `bucket_ms`) whose time is over.
    pub(super) fn drop_ended(&mut self, expiry: &Expiry, bucket_ms: i64) -> Dropped {
        let held = self.families.len();
        let mut buckets = BTreeSet::new();
        self.families.retain(|_, family| {
            let Some((class, at)) = family.ended() else {
                return true;
            };
            let start = at.div_euclid(bucket_ms) * bucket_ms;
            let over = expiry.is_over(class, start + bucket_ms);
            if over {
                buckets.insert((start, class.clone()));
            }
            !over
        });
        Dropped {
            buckets: buckets.len() as u64,
            instances: (held - self.families.len()) as u64,
            bytes: 0,
        }
    }
}
