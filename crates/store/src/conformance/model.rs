//! A store and the in-memory store are put through the same random life, with checkpoints and
//! restarts in between, and must agree on every question.

use std::ops::Range;

use bytes::Bytes;

use super::Harness;
use super::blobs::{hash, named_once, there};
use super::sample::{DAY, ONE, class};
use crate::{
    Change, CountBy, Expiry, HistorySegment, Holder, InstanceFilter, InstanceRow, MemoryStore,
    Projection, Scan, Store, Table,
};

const IDS: u64 = 9;
const STEPS: u64 = 40;
const BLOBS: u16 = 12;

/// A small generator of numbers: the same seed gives the same life.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn id(number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[15] = number as u8;
    id
}

struct Life {
    chance: Chance,
    reached: u64,
    /// The last seq in each instance's history.
    seqs: [u64; IDS as usize],
}

impl Life {
    fn changes(&mut self) -> Vec<Change> {
        let count = 1 + self.chance.below(6);
        (0..count).flat_map(|_| self.change()).collect()
    }

    fn change(&mut self) -> Vec<Change> {
        let number = self.chance.below(IDS);
        let (slot, id) = (number as u16, id(number));
        match self.chance.below(15) {
            0..=2 => vec![self.history(number), self.put(number, None)],
            3..=6 => {
                let ended_at = self.chance.below(4) as i64 * DAY + self.chance.below(9) as i64;
                vec![self.put(number, Some(ended_at)), self.history(number)]
            }
            7 => vec![self.history(number)],
            8 => {
                let chunk = self.chance.below(3) as u32;
                let bytes = Bytes::from(vec![chunk as u8; self.chance.below(90_000) as usize]);
                vec![Change::PutChunk {
                    slot,
                    id,
                    chunk,
                    bytes,
                }]
            }
            9 => {
                self.seqs[number as usize] = 0;
                vec![Change::DeleteInstance { slot, id }]
            }
            10..=11 => vec![self.keyed(Table::Timer)],
            12 => vec![self.keyed(Table::Outbox)],
            13 => self.named_by_row(),
            _ => {
                let ended_at = (self.chance.below(2) == 0).then_some(2 * DAY);
                let by = Holder::Instance(id);
                vec![
                    self.put(number, ended_at),
                    self.history(number),
                    self.name(by),
                ]
            }
        }
    }

    fn put(&mut self, number: u64, ended_at: Option<i64>) -> Change {
        let seq = self.chance.below(1000);
        Change::PutInstance(Box::new(InstanceRow {
            slot: number as u16,
            id: id(number),
            workflow: format!("w{}", number % 2),
            status: if ended_at.is_some() {
                "completed"
            } else {
                "running"
            }
            .into(),
            correlation_id: format!("c{}", self.chance.below(3)),
            created_at: number as i64 / 2,
            updated_at: seq as i64,
            ended_at,
            seq,
            snapshot: Bytes::from(format!("{seq}")),
            class: class(self.chance.below(2)),
            ..InstanceRow::default()
        }))
    }

    /// The next segment, or now and then one that is there already.
    fn history(&mut self, number: u64) -> Change {
        let last = &mut self.seqs[number as usize];
        let first_seq = if *last > 0 && self.chance.below(4) == 0 {
            1
        } else {
            *last + 1
        };
        let last_seq = if first_seq == 1 { 3 } else { first_seq + 1 };
        *last = last_seq.max(*last);
        let segment = HistorySegment {
            first_seq,
            last_seq,
            bytes: Bytes::from(format!("records {first_seq}")),
        };
        Change::AppendHistory {
            slot: number as u16,
            id: id(number),
            segment,
        }
    }

    /// A row names blobs.
    fn named_by_row(&mut self) -> Vec<Change> {
        let row = self.keyed(Table::Outbox);
        let (Change::Put { slot, key, .. } | Change::Delete { slot, key, .. }) = &row else {
            return vec![row];
        };
        let (table, slot, key) = (Table::Outbox, *slot, key.clone());
        vec![row, self.name(Holder::Row { table, slot, key })]
    }

    fn name(&mut self, by: Holder) -> Change {
        let blobs = (0..2).map(|_| hash(self.chance.below(BLOBS.into()) as u16));
        let blobs = blobs.collect();
        Change::NameBlobs { by, blobs }
    }

    fn keyed(&mut self, table: Table) -> Change {
        let slot = self.chance.below(3) as u16;
        let key = Bytes::from(vec![self.chance.below(5) as u8]);
        if self.chance.below(3) == 0 {
            return Change::Delete { table, slot, key };
        }
        let value = Bytes::from(vec![self.chance.below(200) as u8]);
        Change::Put {
            table,
            slot,
            key,
            value,
        }
    }

    /// Times for either class, or for neither.
    fn expiry(&mut self) -> Expiry {
        let mut before = || (self.chance.below(4) > 0).then_some(self.chance.below(3) as i64 * DAY);
        Expiry {
            classes: [(class(1), before())].into(),
            others: before(),
        }
    }

    fn projection(&mut self) -> Projection {
        self.reached += 1;
        Projection {
            partition: ONE,
            reached: self.reached,
            changes: self.changes(),
        }
    }
}

/// Everything a store can be asked, as text.
async fn everything(store: &impl Store) -> Vec<String> {
    let mut told = vec![];
    for number in 0..IDS {
        told.push(format!(
            "{:?}",
            store.instance(number as u16, id(number)).await.unwrap()
        ));
        told.push(format!(
            "{:?}",
            store
                .history(number as u16, id(number), 1, 30)
                .await
                .unwrap()
        ));
    }
    let filters = [
        InstanceFilter::default(),
        InstanceFilter {
            statuses: vec!["running".into()],
            ..InstanceFilter::default()
        },
        InstanceFilter {
            correlation_id: Some("c1".into()),
            ..InstanceFilter::default()
        },
        InstanceFilter {
            text: Some("w1".into()),
            ..InstanceFilter::default()
        },
    ];
    for filter in filters {
        let mut after = None;
        loop {
            let page = store.list(&filter, after, 2).await.unwrap();
            told.push(format!("{page:?}"));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for by in [CountBy::Nothing, CountBy::Status, CountBy::Version] {
            told.push(format!("{:?}", store.count(&filter, by).await.unwrap()));
        }
    }
    let scan = Scan {
        table: Table::Timer,
        slots: 0..=4095,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: 100,
    };
    told.push(format!("{:?}", store.scan(scan).await.unwrap()));
    told.push(format!("blobs {:?}", there(store, BLOBS).await));
    told
}

async fn live<H: Harness>(harness: &H, seed: u64) {
    harness.begin_anew();
    let model = MemoryStore::new();
    let mut store = harness.open().await;
    // The journal lets go of the blobs, so that what is swept is seen to go.
    named_once(&model, BLOBS).await;
    let reached = named_once(&store, BLOBS).await;
    let mut life = Life {
        chance: Chance(seed),
        reached,
        seqs: [0; IDS as usize],
    };
    for step in 0..STEPS {
        let projection = life.projection();
        let what = format!("seed {seed}, step {step}, after {projection:?}");
        model.project(vec![projection.clone()]).await.unwrap();
        store.project(vec![projection]).await.unwrap();
        match life.chance.below(8) {
            0 | 1 => store.checkpoint().await.unwrap(),
            2 => {
                drop(store);
                store = harness.open().await;
            }
            3 if step % 3 == 0 => {
                let expiry = life.expiry();
                let expected = model.drop_ended(&expiry).await.unwrap();
                let dropped = store.drop_ended(&expiry).await.unwrap();
                assert_eq!(dropped.instances, expected.instances, "{expiry:?}; {what}");
            }
            4..=6 => {
                let (now, keep) = (step as i64 * DAY, DAY as u64);
                let expected = model.sweep_blobs(now, keep).await.unwrap();
                let swept = store.sweep_blobs(now, keep).await.unwrap();
                assert_eq!(swept, expected, "{what}");
            }
            _ => {}
        }
        let (told, expected) = (everything(&store).await, everything(&model).await);
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told, expected, "{what}");
        }
        assert_eq!(told.len(), expected.len(), "{what}");
    }
}

/// Lives of these seeds. Buckets of ended instances must cover a day, as the in-memory store's do.
///
/// # Panics
/// When the store and the in-memory store disagree.
pub async fn random_lives(harness: &impl Harness, seeds: Range<u64>) {
    for seed in seeds {
        live(harness, seed).await;
    }
}
