//! Kept outputs: found, and kept, in the slot of their key. Their rows lie among the idempotency keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::record::{OutputKept, SlotBody};
use engine::{Slot, slot_of};
use prost::Message;
use store::{Row, Scan, Store, StoreError, Table};

use super::load::patiently;
use super::mailbox::Internal;
use super::task::Partition;
use super::work::Reply;

/// How the scoped keys of kept outputs begin. Those of requests begin with a namespace.
const PREFIX: &str = "cache";
/// The namespace, as long as there is one.
const NAMESPACE: &str = "default";
/// The largest output that is kept, in bytes.
pub(crate) const MAX_OUTPUT: usize = 64 << 10;
/// Outputs that one slot keeps at most.
const SLOT_OUTPUTS: usize = 64;
/// Bytes of outputs that one slot keeps at most.
const SLOT_BYTES: usize = 1 << 20;
/// Rows of a slot that are looked at: more than it keeps, for some are over and not swept yet.
const ROWS: usize = 4 * SLOT_OUTPUTS;

/// An output's key with its namespace. Its slot stands before them, so that the rows of a slot lie together.
pub(crate) fn scoped_output(key: &str) -> String {
    let named = format!("{NAMESPACE}\n{key}");
    let slot = slot_of(&named);
    prefix_of(slot) + &named
}

/// The slot of a scoped key.
pub(crate) fn slot_of_output(scoped: &str) -> Slot {
    let mut parts = scoped.splitn(3, '\n').skip(1);
    let slot = parts.next().and_then(|slot| slot.parse().ok());
    slot.unwrap_or_default()
}

fn prefix_of(slot: Slot) -> String {
    format!("{PREFIX}\n{slot:04}\n")
}

/// What is asked of the slot of a key.
pub(crate) enum OutputAsked {
    /// The output under a scoped key.
    Find {
        key: String,
        reply: Reply<Result<Option<OutputKept>, StoreError>>,
    },
    /// Keep one; answered when that is durable.
    Keep {
        kept: OutputKept,
        reply: Reply<Result<(), StoreError>>,
    },
    /// The same, once it is known what the slot keeps.
    Place {
        kept: OutputKept,
        rows: Result<Vec<Row>, StoreError>,
        reply: Reply<Result<(), StoreError>>,
    },
}

/// Outputs of the journal's tail that may not be projected yet, each with its batch. One that gave way has
/// no time left.
#[derive(Default)]
pub(super) struct Outputs(BTreeMap<String, (u64, OutputKept)>);

impl Outputs {
    pub(super) fn apply(&mut self, fact: &OutputKept, position: u64) {
        let over = |key: &String| (key.clone(), (position, OutputKept::default()));
        self.0.extend(fact.instead_of.iter().map(over));
        let kept = OutputKept {
            instead_of: Vec::new(),
            ..fact.clone()
        };
        self.0.insert(fact.key.clone(), (position, kept));
    }

    pub(super) fn projected(&mut self, position: u64) {
        self.0.retain(|_, (kept, _)| *kept > position);
    }

    fn get(&self, key: &str) -> Option<&(u64, OutputKept)> {
        self.0.get(key)
    }

    /// The keys that have to go from a slot with these rows, so that one more has room.
    fn instead_of(&self, more: &OutputKept, rows: Vec<Row>) -> Vec<String> {
        let slot = slot_of_output(&more.key);
        let rows = rows.into_iter();
        let rows = rows.filter_map(|row| OutputKept::decode(row.value).ok());
        let mut there: BTreeMap<String, (i64, usize)> = rows.map(|row| measured(&row)).collect();
        let newer = self.0.iter().filter(|(key, _)| slot_of_output(key) == slot);
        for (key, (_, kept)) in newer {
            there.remove(key);
            if kept.expires_at > 0 {
                there.extend([measured(kept)]);
            }
        }
        there.remove(&more.key);
        let mut bytes: usize = there.values().map(|(_, size)| size).sum();
        let mut soonest: Vec<_> = there.into_iter().collect();
        soonest.sort_unstable_by_key(|(_, (expires_at, _))| *expires_at);
        let mut left = soonest.len();
        let mut going = Vec::new();
        for (key, (_, size)) in soonest {
            if left < SLOT_OUTPUTS && bytes + more.output.len() <= SLOT_BYTES {
                break;
            }
            left -= 1;
            bytes -= size;
            going.push(key);
        }
        going
    }
}

fn measured(kept: &OutputKept) -> (String, (i64, usize)) {
    (kept.key.clone(), (kept.expires_at, kept.output.len()))
}

/// What the projector writes for a fact.
pub(super) fn rows_of(fact: &OutputKept) -> Vec<store::Change> {
    let key_bytes = |key: &str| Bytes::copy_from_slice(key.as_bytes());
    let forgotten = fact.instead_of.iter().map(|key| store::Change::Delete {
        table: Table::Key,
        slot: slot_of_output(key),
        key: key_bytes(key),
    });
    let row = OutputKept {
        instead_of: Vec::new(),
        ..fact.clone()
    };
    let kept = store::Change::Put {
        table: Table::Key,
        slot: slot_of_output(&fact.key),
        key: key_bytes(&fact.key),
        value: row.encode_to_vec().into(),
    };
    forgotten.chain([kept]).collect()
}

impl Partition {
    pub(super) fn on_output(&mut self, asked: OutputAsked) {
        match asked {
            OutputAsked::Find { key, reply } => self.find_output(key, reply),
            OutputAsked::Keep { kept, reply } => self.read_slot(kept, reply),
            OutputAsked::Place { kept, rows, reply } => self.place_output(kept, rows, reply),
        }
    }

    fn find_output(&mut self, key: String, reply: Reply<Result<Option<OutputKept>, StoreError>>) {
        let now = self.now();
        let lasts = move |kept: &OutputKept| kept.expires_at > now;
        if let Some((position, kept)) = self.slots.outputs.get(&key).cloned() {
            let found = Some(kept).filter(lasts);
            return self.release_after(position, move || drop(reply.send(Ok(found))));
        }
        // What is not in memory is projected.
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let found = read_output(shared.store.as_ref(), &key).await;
            drop(reply.send(found.map(|found| found.filter(lasts))));
        });
    }

    fn read_slot(&mut self, kept: OutputKept, reply: Reply<Result<(), StoreError>>) {
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        let slot = slot_of_output(&kept.key);
        self.shared.tasks.spawn(async move {
            let rows = patiently(|| shared.store.scan(outputs_of(slot))).await;
            let place = OutputAsked::Place { kept, rows, reply };
            shared.ports[index].notify(Internal::Output(Box::new(place)));
        });
    }

    fn place_output(
        &mut self,
        mut kept: OutputKept,
        rows: Result<Vec<Row>, StoreError>,
        reply: Reply<Result<(), StoreError>>,
    ) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return drop(reply.send(Err(error))),
        };
        kept.instead_of = self.slots.outputs.instead_of(&kept, rows);
        self.record_fact("", SlotBody::OutputKept(kept));
        let position = self.forming_position();
        self.release_after(position, move || drop(reply.send(Ok(()))));
    }
}

fn outputs_of(slot: Slot) -> Scan {
    Scan {
        table: Table::Key,
        slots: slot..=slot,
        after: None,
        prefix: prefix_of(slot).into(),
        reverse: false,
        limit: ROWS,
    }
}

async fn read_output(store: &dyn Store, key: &str) -> Result<Option<OutputKept>, StoreError> {
    let bytes = || Bytes::copy_from_slice(key.as_bytes());
    let row = patiently(|| store.get(Table::Key, slot_of_output(key), bytes())).await?;
    row.map(OutputKept::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            place: "a kept output".to_owned(),
            detail: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that is over after so many milliseconds, of so many bytes. All keys of a test lie in one slot.
    fn kept(key: &str, expires_at: i64, size: usize) -> OutputKept {
        OutputKept {
            key: key.to_owned(),
            expires_at,
            output: vec![b'1'; size].into(),
            ..OutputKept::default()
        }
    }

    /// Keys of one slot.
    fn keys(count: usize) -> Vec<String> {
        (0..count)
            .map(|number| format!("{}{number}", prefix_of(7)))
            .collect()
    }

    fn row(kept: &OutputKept) -> Row {
        Row {
            slot: slot_of_output(&kept.key),
            key: Bytes::copy_from_slice(kept.key.as_bytes()),
            value: kept.encode_to_vec().into(),
        }
    }

    #[test]
    fn what_is_over_first_gives_way_when_there_are_too_many() {
        let keys = keys(SLOT_OUTPUTS + 1);
        let all: Vec<OutputKept> = (1..).zip(&keys).map(|(at, key)| kept(key, at, 2)).collect();
        let (more, there) = all.split_last().expect("there are some");
        let mut outputs = Outputs::default();
        let rows: Vec<Row> = there.iter().map(row).collect();
        assert_eq!(outputs.instead_of(more, rows.clone()), keys[..1]);
        let again = &there[3];
        assert_eq!(outputs.instead_of(again, rows.clone()), [""; 0]);
        // What the journal says beside the rows counts.
        let gone = OutputKept {
            instead_of: vec![keys[0].clone()],
            ..more.clone()
        };
        outputs.apply(&gone, 1);
        assert_eq!(outputs.instead_of(again, rows.clone()), [""; 0]);
        outputs.projected(1);
        assert!(outputs.get(&more.key).is_none());
    }

    #[test]
    fn what_is_over_first_gives_way_when_they_are_too_large() {
        let keys = keys(18);
        let sized = |(at, key): (i64, &String)| kept(key, at, MAX_OUTPUT);
        let all: Vec<OutputKept> = (1..).zip(&keys).map(sized).collect();
        let rows: Vec<Row> = all[..16].iter().map(row).collect();
        let outputs = Outputs::default();
        assert_eq!(outputs.instead_of(&all[17], rows), keys[..1]);
    }

    #[test]
    fn a_scoped_key_tells_its_slot() {
        for key in ["", "a", "rate\n1", "ü"] {
            let named = format!("{NAMESPACE}\n{key}");
            assert_eq!(slot_of_output(&scoped_output(key)), slot_of(&named));
        }
    }

    #[test]
    fn the_sweep_of_keys_knows_when_a_kept_output_is_over() {
        let taken = engine::record::KeyTaken::decode(row(&kept("k", 77, 5)).value);
        assert_eq!(taken.map(|taken| taken.expires_at), Ok(77));
    }
}
