//! One instance as the world around it knows it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use definition::Catalog;
use engine::codec::{Packer, RecordBatch, blobs_of, unpack_history};
use engine::record::{Record, TaskKey, TaskKind};
use engine::view::RecordView;
use engine::{Effect, Instance, TimerKey};

use crate::check::{History, Intentions, check_saga, check_signals, same_state};
use crate::coverage::Coverage;
use crate::finding::{Finding, demand};

/// An instance, its history, and what its effects have set in motion.
pub(super) struct Actor {
    pub(super) live: Instance,
    pub(super) history: History,
    /// Calls at adapters, by what was dispatched and what came back.
    pub(super) tasks: BTreeSet<TaskKey>,
    /// Calls that answer by callback.
    pub(super) accepted: BTreeSet<TaskKey>,
    /// Calls that are over, to be answered again.
    pub(super) spent: Vec<TaskKey>,
    /// Timers that were set and have not fired.
    pub(super) timers: BTreeSet<TimerKey>,
    /// The state as a projector would have written it, chunk by chunk.
    stored: Stored,
}

#[derive(Default)]
struct Stored {
    head: Bytes,
    chunks: BTreeMap<u32, Bytes>,
    state: Option<Instance>,
}

impl Actor {
    /// A new instance, with the first records already in its state.
    pub(super) fn begin(
        live: Instance,
        records: &[Record],
        coverage: &mut Coverage,
    ) -> Result<Self, Finding> {
        let (first, rest) = records
            .split_first()
            .ok_or_else(|| Finding("a start without records".to_owned()))?;
        let mut history = History::begin(first, live.workflow().clone(), coverage)?;
        for record in rest {
            history.add(record, coverage)?;
        }
        history.check_bound(records.len())?;
        let (tasks, accepted, spent, timers) = Default::default();
        Ok(Self {
            live,
            history,
            tasks,
            accepted,
            spent,
            timers,
            stored: Stored::default(),
        })
    }

    /// Takes what a decision says is to be done for this instance itself.
    pub(super) fn take_effects(
        &mut self,
        effects: &[Effect],
        intentions: &mut Intentions,
    ) -> Result<(), Finding> {
        for effect in effects {
            match effect {
                Effect::Dispatch(task) => {
                    let call = self.live.call(*task);
                    // Its decision may be over before the decision that asked is: nobody is told.
                    if call.is_none() && task.kind == TaskKind::Notify as i32 {
                        continue;
                    }
                    let call = call.ok_or_else(|| {
                        Finding(format!(
                            "{}: {task:?} is dispatched, but not out",
                            self.live.id()
                        ))
                    })?;
                    intentions.note(&self.live, *task, &call.idempotency_key)?;
                    demand(self.tasks.insert(*task), || {
                        format!("{}: {task:?} is dispatched twice", self.live.id())
                    })?;
                }
                Effect::Timer(timer) => {
                    self.timers.insert(*timer);
                }
                Effect::Send { .. } => {}
            }
        }
        Ok(())
    }

    /// Invariants 2 and 4 between two decisions. The whole state is compared only when asked.
    pub(super) fn check(&self, whole: bool) -> Result<(), Finding> {
        self.history.check()?;
        let (id, outstanding) = (self.live.id(), self.live.outstanding());
        // A notice may still be under way when its decision is over; nobody waits for it.
        let awaited = |task: &&TaskKey| {
            task.kind != TaskKind::Notify as i32 || outstanding.tasks.contains(task)
        };
        let tasks: Vec<TaskKey> = self.tasks.iter().filter(awaited).copied().collect();
        demand(outstanding.tasks == tasks, || {
            format!(
                "{id}: {tasks:?} are at adapters, but the state says {:?}",
                outstanding.tasks
            )
        })?;
        let lost = outstanding
            .timers
            .iter()
            .find(|timer| !self.timers.contains(timer));
        demand(lost.is_none(), || {
            format!("{id}: the state waits for {lost:?}, which was never set")
        })?;
        if whole {
            same_state(&self.live, &self.history.fold)
        } else {
            Ok(())
        }
    }

    /// What a projector would write now.
    pub(super) fn store(&mut self) {
        let snapshot = match &self.stored.state {
            Some(older) => self.live.snapshot_since(older),
            None => self.live.snapshot(),
        };
        self.stored.head = snapshot.head;
        self.stored.chunks.extend(snapshot.chunks);
        self.stored.state = Some(self.live.clone());
    }

    /// Comes back from what was stored and the records since, as after a crash.
    pub(super) fn recover(&mut self, catalog: &Catalog) -> Result<(), Finding> {
        if self.stored.state.is_none() {
            self.live = self.history.fold.clone();
            return Ok(());
        }
        let chunks: Vec<(u32, Bytes)> = self.stored.chunks.clone().into_iter().collect();
        let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
        let restored = Instance::restore(&self.stored.head, &chunks, find);
        let mut restored =
            restored.map_err(|error| Finding(format!("{}: {error}", self.live.id())))?;
        for (blob, bytes) in blobs_of(&self.history.records) {
            restored.supply_blob(blob.hash, &bytes);
        }
        demand(restored.missing_blobs().is_empty(), || {
            format!("{}: a payload is nowhere", self.live.id())
        })?;
        let since = self
            .history
            .records
            .iter()
            .filter(|record| record.seq > restored.seq());
        let since: Vec<Record> = since.cloned().collect();
        since.iter().for_each(|record| restored.apply(record));
        restored.bind(find);
        same_state(&restored, &self.live)?;
        self.live = restored;
        Ok(())
    }

    /// What must hold once it has ended.
    pub(super) fn check_end(&self) -> Result<(), Finding> {
        self.check(true)?;
        check_saga(&self.live, &self.history.records)?;
        check_signals(&self.history.records)?;
        let records = RecordBatch::from_iter(self.history.records.iter().cloned());
        let packed = Packer::default().history([records.bytes()].into_iter());
        let back = unpack_history(&packed).map_err(|error| Finding(error.to_string()))?;
        demand(back == self.history.records, || {
            format!("{}: its history does not come back", self.live.id())
        })?;
        let views = back
            .iter()
            .map(|record| RecordView::new(record, &self.live));
        let kinds = views.filter(|view| view.kind == "unknown").count();
        demand(kinds == 0, || {
            format!("{}: a record has no view", self.live.id())
        })
    }
}
