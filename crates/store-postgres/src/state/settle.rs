//! Decides where instances and their families go. It reads and writes nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use store::{BlobHash, EntityId, InstanceRow, Parts, Touched};
use uuid::Uuid;

use super::buckets::{Place, uuid};
use super::homes::Home;
use super::parts;

/// Up to this many bytes an ended instance's chunks and history lie in its row: one row to write
/// and to read. Beyond it, part by part in the table beside.
const INLINE_BYTES: usize = 64 << 10;

/// What has to be read of an instance before it can be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// Its chunks and history out of its row in this bucket.
    Inline(i32),
    /// Its chunks and history among those of the open.
    OpenParts,
}

/// An ended instance's row, with its chunks and history.
pub(super) struct Ended<'a> {
    pub(super) row: &'a InstanceRow,
    pub(super) parts: Packed,
}

/// Chunks and history as one blob; none when they lie beside the row.
pub(super) type Packed = Option<Vec<u8>>;

/// All writes to instances of one transaction, in the order in which they are made.
#[derive(Default)]
pub(super) struct Plan<'a> {
    /// Rows of parts to be copied from one table to another.
    pub(super) copied: BTreeMap<(Place, Place), Vec<Uuid>>,
    pub(super) gone_parts: BTreeMap<Place, Vec<Uuid>>,
    pub(super) gone_rows: BTreeMap<Place, Vec<Uuid>>,
    pub(super) open: Vec<&'a InstanceRow>,
    pub(super) ended: BTreeMap<i32, Vec<Ended<'a>>>,
    /// Chunks and history of ended instances whose row stays.
    pub(super) packed: BTreeMap<i32, Vec<(Uuid, Packed)>>,
    pub(super) parts: BTreeMap<Place, Vec<(Uuid, Parts)>>,
    /// Instances that name no blobs any more.
    pub(super) unnamed: Vec<EntityId>,
    /// Instances that went into a bucket, out of one, or into another one, with what they name.
    pub(super) moved: Vec<(EntityId, Place)>,
    /// What instances name besides, and where they are.
    pub(super) named: Vec<(EntityId, Place, &'a BTreeSet<BlobHash>)>,
}

/// What has to be read, if anything.
pub(super) fn load(touched: &Touched, home: &Home) -> Option<Load> {
    if touched.deleted {
        return None;
    }
    match (home.row, home.open_parts, &touched.row) {
        (Some(Place::Ended(number)), _, _) if home.inline => Some(Load::Inline(number)),
        (Some(Place::Ended(_)), _, _) => None,
        (_, Some(bytes), Some(row)) if row.ended_at.is_some() => {
            let together = bytes.unsigned_abs() as usize + touched.parts.bytes();
            (together <= INLINE_BYTES).then_some(Load::OpenParts)
        }
        _ => None,
    }
}

impl<'a> Plan<'a> {
    /// Settles one instance. `loaded` is what [`load`] asked for, `bucket_of` answers the bucket
    /// of a row, if it has ended.
    pub(super) fn settle(
        &mut self,
        entity: &EntityId,
        touched: &'a Touched,
        mut home: Home,
        loaded: Option<Parts>,
        bucket_of: impl Fn(&InstanceRow) -> Option<i32>,
    ) {
        let id = uuid(entity);
        if touched.deleted {
            self.remove(id, home);
            self.unnamed.push(*entity);
            home = Home::default();
        }
        let parts = touched.parts.clone();
        let place = match &touched.row {
            None => {
                if !parts.is_empty() {
                    self.add(id, parts, home, loaded);
                }
                home.row.unwrap_or(Place::Open)
            }
            Some(row) => match bucket_of(row) {
                None => {
                    self.keep_open(id, parts, home, loaded);
                    self.open.push(row);
                    Place::Open
                }
                Some(bucket) => {
                    let parts = self.keep_ended(id, parts, home, loaded, bucket);
                    let ended = self.ended.entry(bucket).or_default();
                    ended.push(Ended { row, parts });
                    Place::Ended(bucket)
                }
            },
        };
        if home.row.is_some_and(|from| from != place) {
            self.moved.push((*entity, place));
        }
        if !touched.blobs.is_empty() {
            self.named.push((*entity, place, &touched.blobs));
        }
    }

    fn remove(&mut self, id: Uuid, home: Home) {
        if let Some(place) = home.row {
            self.gone_rows.entry(place).or_default().push(id);
            if place != Place::Open {
                self.gone_parts.entry(place).or_default().push(id);
            }
        }
        if home.open_parts.is_some() {
            self.gone_parts.entry(Place::Open).or_default().push(id);
        }
    }

    /// Chunks and history without a row go where the instance is.
    fn add(&mut self, id: Uuid, parts: Parts, home: Home, loaded: Option<Parts>) {
        match (home.row, loaded) {
            (Some(Place::Ended(number)), Some(mut merged)) => {
                merged.extend(parts);
                let packed = self.pack(id, merged, number);
                self.packed.entry(number).or_default().push((id, packed));
            }
            (place, _) => self.beside(id, parts, place.unwrap_or(Place::Open)),
        }
    }

    fn keep_open(&mut self, id: Uuid, parts: Parts, home: Home, loaded: Option<Parts>) {
        let Some(place @ Place::Ended(_)) = home.row else {
            return self.beside(id, parts, Place::Open);
        };
        self.gone_rows.entry(place).or_default().push(id);
        match loaded {
            Some(mut merged) => {
                merged.extend(parts);
                self.beside(id, merged, Place::Open);
            }
            None => {
                self.carry(id, place, Place::Open);
                self.beside(id, parts, Place::Open);
            }
        }
    }

    /// Answers what lies in the ended row itself.
    fn keep_ended(
        &mut self,
        id: Uuid,
        parts: Parts,
        home: Home,
        loaded: Option<Parts>,
        bucket: i32,
    ) -> Packed {
        let place = Place::Ended(bucket);
        let from = home.row.filter(|from| *from != place);
        if let Some(from) = from {
            self.gone_rows.entry(from).or_default().push(id);
        }
        let beside = match home.row {
            Some(Place::Ended(_)) => (!home.inline).then_some(home.row).flatten(),
            _ => home.open_parts.map(|_| Place::Open),
        };
        match (loaded, beside) {
            (Some(mut merged), beside) => {
                if let Some(beside) = beside {
                    self.gone_parts.entry(beside).or_default().push(id);
                }
                merged.extend(parts);
                self.pack(id, merged, bucket)
            }
            (None, Some(beside)) => {
                if beside != place {
                    self.carry(id, beside, place);
                }
                self.beside(id, parts, place);
                None
            }
            (None, None) => self.pack(id, parts, bucket),
        }
    }

    /// Packs what is small; the rest goes into the bucket's table of parts.
    fn pack(&mut self, id: Uuid, parts: Parts, bucket: i32) -> Packed {
        if parts.bytes() <= INLINE_BYTES {
            return Some(parts::encode(&parts));
        }
        self.beside(id, parts, Place::Ended(bucket));
        None
    }

    fn beside(&mut self, id: Uuid, parts: Parts, place: Place) {
        if !parts.is_empty() {
            self.parts.entry(place).or_default().push((id, parts));
        }
    }

    fn carry(&mut self, id: Uuid, from: Place, to: Place) {
        self.copied.entry((from, to)).or_default().push(id);
        self.gone_parts.entry(from).or_default().push(id);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use store::HistorySegment;

    use super::*;

    const ID: EntityId = [7; 16];
    const HERE: Place = Place::Ended(1);

    fn touched(ended_at: Option<i64>, bytes: usize) -> Touched {
        let mut parts = Parts::default();
        parts.append(HistorySegment {
            first_seq: 1,
            last_seq: 1,
            bytes: Bytes::from(vec![1; bytes]),
        });
        let row = Some(InstanceRow {
            id: ID,
            ended_at,
            ..InstanceRow::default()
        });
        Touched {
            row: row.map(Box::new),
            parts,
            ..Touched::default()
        }
    }

    fn home(row: Option<Place>, inline: bool, open_parts: Option<i64>) -> Home {
        Home {
            row,
            inline,
            open_parts,
        }
    }

    /// Settles, with bucket 1 for times below 100 and bucket 2 for others; tells what is written.
    fn check(touched: Touched, home: Home, expected: &str) {
        let loaded = load(&touched, &home).map(|_| Parts::default());
        let mut plan = Plan::default();
        let bucket_of = |row: &InstanceRow| Some(if row.ended_at? < 100 { 1 } else { 2 });
        plan.settle(&ID, &touched, home, loaded, bucket_of);
        let mut told = vec![];
        told.extend(
            plan.copied
                .keys()
                .map(|(from, to)| format!("copy {} to {}", from.parts(), to.parts())),
        );
        told.extend(
            plan.gone_parts
                .keys()
                .map(|place| format!("clear {}", place.parts())),
        );
        told.extend(
            plan.gone_rows
                .keys()
                .map(|place| format!("leave {}", place.rows())),
        );
        told.extend(plan.open.iter().map(|_| "put instance".to_owned()));
        let packed = |parts: &Option<Vec<u8>>| if parts.is_some() { "packed" } else { "bare" };
        for (number, ended) in &plan.ended {
            told.extend(
                ended
                    .iter()
                    .map(|ended| format!("put ended_{number} {}", packed(&ended.parts))),
            );
        }
        for (number, rows) in &plan.packed {
            told.extend(
                rows.iter()
                    .map(|(_, parts)| format!("pack ended_{number} {}", packed(parts))),
            );
        }
        told.extend(
            plan.parts
                .keys()
                .map(|place| format!("add {}", place.parts())),
        );
        assert_eq!(told.join(", "), expected);
    }

    #[test]
    fn a_new_instance() {
        let nowhere = Home::default();
        check(touched(None, 1), nowhere, "put instance, add part");
        check(touched(Some(5), 1), nowhere, "put ended_1 packed");
        check(
            touched(Some(5), 70_000),
            nowhere,
            "put ended_1 bare, add ended_1_part",
        );
    }

    #[test]
    fn an_open_instance_ends() {
        let open = |parts| home(Some(Place::Open), false, parts);
        check(
            touched(Some(5), 1),
            open(None),
            "leave instance, put ended_1 packed",
        );
        check(
            touched(Some(5), 1),
            open(Some(9)),
            "clear part, leave instance, put ended_1 packed",
        );
        check(
            touched(Some(5), 1),
            open(Some(65_536)),
            "copy part to ended_1_part, clear part, leave instance, put ended_1 bare, add ended_1_part",
        );
        check(
            touched(Some(5), 1),
            home(None, false, Some(9)),
            "clear part, put ended_1 packed",
        );
    }

    #[test]
    fn an_ended_instance_is_reopened_or_ends_again() {
        let inline = home(Some(HERE), true, None);
        let beside = home(Some(HERE), false, None);
        check(
            touched(None, 1),
            inline,
            "leave ended_1, put instance, add part",
        );
        check(
            touched(None, 1),
            beside,
            "copy ended_1_part to part, clear ended_1_part, leave ended_1, put instance, add part",
        );
        check(touched(Some(6), 1), inline, "put ended_1 packed");
        check(
            touched(Some(6), 1),
            beside,
            "put ended_1 bare, add ended_1_part",
        );
        check(
            touched(Some(200), 1),
            inline,
            "leave ended_1, put ended_2 packed",
        );
        check(
            touched(Some(200), 1),
            beside,
            "copy ended_1_part to ended_2_part, clear ended_1_part, leave ended_1, put ended_2 bare, add ended_2_part",
        );
    }

    #[test]
    fn parts_follow_the_instance() {
        let late = |bytes| Touched {
            row: None,
            ..touched(None, bytes)
        };
        check(late(1), Home::default(), "add part");
        check(late(1), home(Some(Place::Open), false, Some(1)), "add part");
        check(late(1), home(Some(HERE), true, None), "pack ended_1 packed");
        check(
            late(70_000),
            home(Some(HERE), true, None),
            "pack ended_1 bare, add ended_1_part",
        );
        check(late(1), home(Some(HERE), false, None), "add ended_1_part");
        check(Touched::default(), home(Some(Place::Open), false, None), "");
    }

    #[test]
    fn a_removed_instance_leaves_nothing() {
        let gone = || Touched {
            deleted: true,
            ..Touched::default()
        };
        check(gone(), Home::default(), "");
        check(
            gone(),
            home(Some(Place::Open), false, Some(1)),
            "clear part, leave instance",
        );
        check(
            gone(),
            home(Some(HERE), true, None),
            "clear ended_1_part, leave ended_1",
        );
        let anew = Touched {
            deleted: true,
            ..touched(Some(5), 1)
        };
        check(
            anew,
            home(Some(HERE), true, None),
            "clear ended_1_part, leave ended_1, put ended_1 packed",
        );
    }
}
