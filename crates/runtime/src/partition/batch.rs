//! A batch while it forms: records, and what they set free.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use engine::record::{Body, MessageSent, RECORD_VERSION, Record, SlotBody, SlotFact, TaskKey};
use engine::{Id, Instance, TimerKey};
use prost::Message;
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
    pub(super) before: Option<Arc<Instance>>,
    pub(super) ranges: Vec<Range<usize>>,
}

/// A batch while it forms.
#[derive(Default)]
pub(super) struct Forming {
    pub(super) records: Vec<Record>,
    pub(super) bytes: usize,
    pub(super) commands: usize,
    pub(super) touched: BTreeMap<Id, Touched>,
    pub(super) free: SetFree,
}

/// What a batch sets free once it is durable.
#[derive(Default)]
pub(super) struct SetFree {
    pub(super) releases: Vec<Release>,
    pub(super) tasks: Vec<(Id, TaskKey)>,
    pub(super) timers: Vec<(Id, TimerKey)>,
    pub(super) messages: Vec<MessageSent>,
    pub(super) changes: Vec<Change>,
}

impl Forming {
    /// Nothing to make durable.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds a decision's records; answers with their bytes.
    pub(super) fn add(
        &mut self,
        id: Id,
        before: Option<Arc<Instance>>,
        records: Vec<Record>,
    ) -> usize {
        let from = self.records.len();
        let bytes: usize = records.iter().map(Message::encoded_len).sum();
        self.records.extend(records);
        self.bytes += bytes;
        let first = || Touched {
            before,
            ranges: Vec::new(),
        };
        let touched = self.touched.entry(id).or_insert_with(first);
        match touched.ranges.last_mut() {
            Some(last) if last.end == from => last.end = self.records.len(),
            _ => touched.ranges.push(from..self.records.len()),
        }
        bytes
    }

    /// Adds a slot's fact.
    pub(super) fn add_fact(&mut self, at: i64, actor: &str, fact: SlotBody) {
        let record = slot_record(at, actor, fact);
        self.bytes += record.encoded_len();
        self.records.push(record);
    }
}

/// A record of a slot's fact; it has no entity and no seq.
pub(crate) fn slot_record(at: i64, actor: &str, fact: SlotBody) -> Record {
    Record {
        entity: Bytes::new(),
        at,
        version: RECORD_VERSION,
        actor: actor.to_owned(),
        body: Some(Body::Slot(SlotFact { body: Some(fact) })),
        ..Record::default()
    }
}
