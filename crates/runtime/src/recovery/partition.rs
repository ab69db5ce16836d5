//! One partition: taken over, replayed, opened.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use engine::codec::{Packer, RecordBatch, payloads_of_fact};
use engine::record::{Body, OwnerOpened, RECORD_VERSION, Record, SlotBody};
use engine::{Entropy, Id, IdMap, Instance, Slot};
use store::{PartitionId, Position, Row, Scan, Store, StoreError, Table};

use super::tail::{ReadBatch, Tail, scan_all};
use crate::decision_log::head_prefix;
use crate::error::OpenError;
use crate::history::fold;
use crate::operation::open_prefix;
use crate::partition::{
    AppendFailed, Appending, Delta, HotSet, NearTimers, Opened, SlotState, append, deletion,
    load_instance, supply_blobs, supply_payload,
};
use crate::projector::Committed;
use crate::retention::may_be_purged;
use crate::shared::Shared;
use crate::turns::{TurnRow, Turns};

/// A partition while it is recovered.
struct Recovering {
    shared: Arc<Shared>,
    partition: PartitionId,
    hot: HotSet,
    slots: SlotState,
    turns: Turns,
    from_tail: Vec<Id>,
}

/// Takes a partition over and brings it to its head; what is not projected yet goes to the
/// projector on the way.
pub(super) async fn recover(shared: &Arc<Shared>, index: u16) -> Result<Opened, OpenError> {
    let (store, partition) = (shared.store.as_ref(), PartitionId(index));
    let port = &shared.ports[usize::from(index)];
    // Looked at before the partition is ours: what is refused from here on may be ours.
    let refused = port.refused.get();
    let head = store.take_over(partition).await?;
    let reached = store.reached(partition).await?;
    refuse_lost_journal(index, head.head, reached)?;
    let slots = read_slots(store, shared.placement.slots(index)).await?;
    let turns = read_turns(store, shared.placement.slots(index)).await?;
    let mut recovering = Recovering {
        shared: Arc::clone(shared),
        partition,
        hot: HotSet::default(),
        slots,
        turns,
        from_tail: Vec::new(),
    };
    port.head.raise(head.head);
    port.reached.raise(reached);
    let mut tail = Tail::new(partition, head, reached, shared.config.format);
    while let Some(batch) = tail.next(store).await? {
        recovering.replay(batch).await?;
    }
    recovering.supply_blobs().await?;
    let bounds = &shared.config.bounds;
    let mut opened = Opened {
        epoch: head.epoch,
        head: head.head,
        refused,
        chain: tail.chain(),
        last_at: tail.last_at(),
        hot: recovering.hot,
        slots: recovering.slots,
        turns: recovering.turns,
        timers: NearTimers::new(bounds.timer_window_ms, bounds.near_timers),
    };
    record_opening(shared, partition, &mut opened).await?;
    Ok(opened)
}

/// A state may be one batch ahead of a journal whose last write was torn. Further ahead, durable
/// batches are missing, and what is written in their place would be taken for projected.
fn refuse_lost_journal(index: u16, head: Position, reached: Position) -> Result<(), OpenError> {
    if reached <= head + 1 {
        return Ok(());
    }
    Err(OpenError::Journal {
        partition: index,
        position: head + 1,
        reason: format!(
            "the state has reached {reached}, but the journal ends at {head}: durable batches are \
             missing; put back the journal's files or a backup"
        ),
    })
}

/// How instances changed in one batch, in the order in which they were first touched.
#[derive(Default)]
struct Deltas {
    in_order: Vec<Delta>,
    places: IdMap<usize>,
}

impl Deltas {
    fn add(&mut self, id: Id, before: Option<Arc<Instance>>, after: Arc<Instance>, record: usize) {
        let place = *self.places.entry(id).or_insert_with(|| {
            let ranges = Vec::new();
            self.in_order.push(Delta {
                before,
                after,
                ranges,
            });
            self.in_order.len() - 1
        });
        self.in_order[place].ranges.push(record..record + 1);
    }
}

impl Recovering {
    /// Applies a batch as its decisions did, and hands it to the projector.
    async fn replay(&mut self, batch: ReadBatch) -> Result<(), OpenError> {
        self.supply_refused(&batch.records).await?;
        let mut deltas = Deltas::default();
        let (mut changes, mut deleted, mut gone) = (vec![], vec![], vec![]);
        for (place, record) in batch.records.iter().enumerate() {
            match &record.body {
                Some(Body::Slot(fact)) => {
                    let fact = fact.body.iter();
                    changes.extend(fact.flat_map(|fact| self.slots.apply(fact, batch.position)));
                }
                Some(Body::InstanceDeleted(body)) => {
                    let id = Id::from_slice(&body.id).unwrap_or_default();
                    gone.extend(self.state_before(id).await?);
                    changes.push(deletion(id));
                    deleted.push(id);
                }
                Some(Body::OwnerOpened(_) | Body::CatalogChanged(_)) | None => {}
                Some(_) => {
                    self.replay_record(batch.position, place, record, &mut deltas)
                        .await?
                }
            }
        }
        let mut deltas = deltas.in_order;
        for delta in &mut deltas {
            if let Some(hot) = self.hot.get(delta.after.id()) {
                delta.after = Arc::clone(&hot.instance);
            }
        }
        deleted.into_iter().for_each(|id| self.hot.remove(id));
        self.to_project(batch, deltas, gone, changes);
        Ok(())
    }

    async fn replay_record(
        &mut self,
        position: Position,
        place: usize,
        record: &Record,
        deltas: &mut Deltas,
    ) -> Result<(), OpenError> {
        let partition = self.partition.0;
        let unreadable = |reason: &str| OpenError::Journal {
            partition,
            position,
            reason: format!("record {place}: {reason}"),
        };
        let id = record.entity;
        if id.is_nil() {
            return Err(unreadable("it names no instance"));
        }
        let before = self.state_before(id).await?;
        if before
            .as_ref()
            .is_some_and(|before| record.seq <= before.seq())
        {
            return Ok(());
        }
        let after = match &before {
            Some(before) => {
                let mut after = Instance::clone(before);
                after.apply(record);
                let catalog = self.shared.catalog.current();
                after.bind(|name, version| catalog.recorded_workflow(name, version));
                if after.is_unbound() {
                    return Err(unreadable("the version to which it goes on is missing"));
                }
                after
            }
            None => match fold(&self.shared.catalog.current(), std::slice::from_ref(record)) {
                Some(after) => after,
                // It was written above the reached position, and has been purged since.
                None if may_be_purged(&self.shared, record) => return Ok(()),
                None => return Err(unreadable("its instance or workflow is missing")),
            },
        };
        let (ended_at, after) = (after.ended_at(), Arc::new(after));
        self.hold(id, position, Arc::clone(&after), record);
        if let Some(at) = ended_at {
            self.hot.ended(id, position, at);
        }
        deltas.add(id, before, after, place);
        Ok(())
    }

    /// An instance in memory, or as the state has it.
    async fn state_before(&mut self, id: Id) -> Result<Option<Arc<Instance>>, OpenError> {
        if let Some(hot) = self.hot.get(id) {
            return Ok(Some(Arc::clone(&hot.instance)));
        }
        let catalog = self.shared.catalog.current();
        let Some(loaded) = load_instance(self.shared.store.as_ref(), &catalog, id).await? else {
            return Ok(None);
        };
        let instance = Arc::new(loaded.instance);
        self.hot.insert(Arc::clone(&instance), 0, loaded.weight);
        Ok(Some(instance))
    }

    fn hold(&mut self, id: Id, position: Position, after: Arc<Instance>, record: &Record) {
        self.turns.note_instance(&after);
        match self.hot.get_mut(id) {
            Some(hot) => hot.instance = after,
            None => self.hot.insert(after, position, 0),
        }
        self.hot
            .grew(id, position, prost::Message::encoded_len(record));
        self.from_tail.push(id);
    }

    async fn supply_blobs(&mut self) -> Result<(), StoreError> {
        self.from_tail.sort_unstable();
        self.from_tail.dedup();
        for id in &self.from_tail {
            if let Some(hot) = self.hot.get(*id) {
                supply_blobs(self.shared.store.as_ref(), &hot.instance).await?;
            }
        }
        for payload in self.slots.meetings.payloads() {
            supply_payload(self.shared.store.as_ref(), payload).await?;
        }
        Ok(())
    }

    /// What is refused is kept whole as a dead letter: what it carries must be at hand.
    async fn supply_refused(&self, records: &[Record]) -> Result<(), StoreError> {
        let facts = records.iter().filter_map(|record| match &record.body {
            Some(Body::Slot(fact)) => fact.body.as_ref(),
            _ => None,
        });
        let refused = facts.filter(|fact| matches!(fact, SlotBody::EventRefused(_)));
        for payload in refused.flat_map(payloads_of_fact) {
            supply_payload(self.shared.store.as_ref(), payload).await?;
        }
        Ok(())
    }

    fn to_project(
        &self,
        batch: ReadBatch,
        deltas: Vec<Delta>,
        deleted: Vec<Arc<Instance>>,
        changes: Vec<store::Change>,
    ) {
        self.shared.project(Committed {
            partition: self.partition,
            position: batch.position,
            records: Arc::new(batch.records),
            deltas,
            deleted,
            changes,
            bytes: batch.bytes,
        });
    }
}

/// From this record on the partition is ours: an older owner's append is fenced.
async fn record_opening(
    shared: &Arc<Shared>,
    partition: PartitionId,
    opened: &mut Opened,
) -> Result<(), OpenError> {
    opened.last_at = opened.last_at.max(shared.clock.now_ms());
    let body = OwnerOpened {
        epoch: opened.epoch,
        node: shared.config.node.clone(),
    };
    let record = Record {
        at: opened.last_at,
        version: RECORD_VERSION,
        body: Some(Body::OwnerOpened(body)),
        ..Record::default()
    };
    let appending = Appending {
        partition,
        epoch: opened.epoch,
        head: opened.head,
        chain: opened.chain,
        at: opened.last_at,
        catalog_version: shared.catalog.current().version,
    };
    let records = Arc::new(RecordBatch::from_iter([record]));
    let mut entropy = Entropy::new(shared.random());
    let (batch, chain) =
        appending.append_of(shared, &mut entropy, &records, &mut Packer::default());
    let bytes = batch.body.len();
    append(Arc::clone(shared), batch)
        .await
        .map_err(|failed| match failed {
            AppendFailed::Fenced => OpenError::Fenced(partition.0),
            AppendFailed::Storage(error) => OpenError::Store(error),
        })?;
    opened.head += 1;
    opened.chain = chain;
    shared.ports[usize::from(partition.0)]
        .head
        .raise(opened.head);
    let (deltas, deleted, changes) = (vec![], vec![], vec![]);
    shared.project(Committed {
        partition,
        position: opened.head,
        records,
        deltas,
        deleted,
        changes,
        bytes,
    });
    Ok(())
}

async fn read_slots(
    store: &dyn Store,
    slots: RangeInclusive<Slot>,
) -> Result<SlotState, StoreError> {
    let mut state = SlotState::default();
    scan_all(store, scan(Table::Outbox, slots.clone()), |row: &Row| {
        state.load_outbox(row)
    })
    .await?;
    scan_all(store, scan(Table::InboxMark, slots.clone()), |row: &Row| {
        state.load_mark(row)
    })
    .await?;
    let heads = Scan {
        prefix: head_prefix(),
        ..scan(Table::Decision, slots.clone())
    };
    scan_all(store, heads, |row: &Row| state.load_chain(row)).await?;
    let operations = Scan {
        prefix: open_prefix(),
        ..scan(Table::Operation, slots.clone())
    };
    scan_all(store, operations, |row: &Row| state.load_operation(row)).await?;
    let waits = scan(Table::Wait, slots.clone());
    scan_all(store, waits, |row: &Row| state.load_wait(row)).await?;
    let schedules = scan(Table::Schedule, slots.clone());
    scan_all(store, schedules, |row: &Row| state.load_schedule(row)).await?;
    let windows = Scan {
        prefix: vec![crate::windows::OPEN].into(),
        ..scan(Table::Window, slots)
    };
    scan_all(store, windows, |row: &Row| state.load_window(row)).await?;
    Ok(state)
}

async fn read_turns(store: &dyn Store, slots: RangeInclusive<Slot>) -> Result<Turns, StoreError> {
    let mut turns = Turns::default();
    scan_all(store, scan(Table::Limit, slots), |row: &Row| {
        if let Some((id, row)) = TurnRow::read(row) {
            turns.note(id, Some(&row));
        }
    })
    .await?;
    Ok(turns)
}

/// A whole table in these slots.
pub(super) fn scan(table: Table, slots: RangeInclusive<Slot>) -> Scan {
    Scan {
        table,
        slots,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: 0,
    }
}
