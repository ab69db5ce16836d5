//! A batch while it forms: records, and what they set free.

use std::ops::Range;
use std::sync::Arc;

use engine::codec::RecordBatch;
use engine::record::{
    Body, MessageSent, Origin, RECORD_VERSION, Record, SlotBody, SlotFact, TaskKey,
};
use engine::{Id, Instance, TimerKey};
use store::Change;

/// Something that waits for a commit: a reply, mostly.
pub(super) type Release = Box<dyn FnOnce() + Send>;

/// How an instance changed in one batch.
pub(crate) struct Delta {
    /// Its state before the batch; none if it began there.
    pub(crate) before: Option<Arc<Instance>>,
    /// Its state after the batch.
    pub(crate) after: Arc<Instance>,
    /// Its records: places in the batch.
    pub(crate) ranges: Vec<Range<usize>>,
}

/// An instance's part of a batch that still forms.
pub(super) struct Touched {
    pub(super) id: Id,
    pub(super) before: Option<Arc<Instance>>,
    pub(super) ranges: Vec<Range<usize>>,
}

/// A batch while it forms.
#[derive(Default)]
pub(super) struct Forming {
    pub(super) records: RecordBatch,
    pub(super) commands: usize,
    /// In the order in which they were first touched; each instance in memory knows its place.
    pub(super) touched: Vec<Touched>,
    pub(super) free: SetFree,
}

/// What a batch sets free once it is durable.
#[derive(Default)]
pub(super) struct SetFree {
    pub(super) releases: Vec<Release>,
    /// With the place of their instance among the touched ones.
    pub(super) tasks: Vec<(usize, TaskKey)>,
    pub(super) timers: Vec<(Id, TimerKey)>,
    pub(super) messages: Vec<MessageSent>,
    pub(super) changes: Vec<Change>,
    /// Instances that are deleted, as they were.
    pub(super) deleted: Vec<Arc<Instance>>,
}

impl Forming {
    /// Nothing to make durable.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds a decision's records to an instance's part; answers with their bytes.
    pub(super) fn add(&mut self, place: usize, records: Vec<Record>) -> usize {
        let from = self.records.len();
        let mut bytes = 0;
        for record in records {
            bytes += self.records.push(record);
        }
        let ranges = &mut self.touched[place].ranges;
        match ranges.last_mut() {
            Some(last) if last.end == from => last.end = self.records.len(),
            _ => ranges.push(from..self.records.len()),
        }
        bytes
    }

    /// Begins an instance's part; answers its place.
    pub(super) fn touch(&mut self, id: Id, before: Option<Arc<Instance>>) -> usize {
        let ranges = Vec::with_capacity(1);
        self.touched.push(Touched { id, before, ranges });
        self.touched.len() - 1
    }

    /// Adds a slot's fact.
    pub(super) fn add_fact(&mut self, at: i64, actor: &str, fact: SlotBody) {
        let body = Body::Slot(SlotFact { body: Some(fact) });
        self.records.push(own_record(at, actor, body));
    }

    /// Bytes of its records.
    pub(super) fn bytes(&self) -> usize {
        self.records.bytes().len()
    }
}

/// A record of the runtime's own; it has no entity and no seq.
pub(super) fn own_record(at: i64, actor: &str, body: Body) -> Record {
    let origin = (!actor.is_empty()).then(|| Origin {
        actor: actor.to_owned(),
        ..Origin::default()
    });
    Record {
        at,
        version: RECORD_VERSION,
        origin: origin.map(Box::new),
        body: Some(body),
        ..Record::default()
    }
}
