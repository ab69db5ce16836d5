//! What follows a commit, and only a commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::Instance;
use engine::record::{Body, MessageTaken, Record, SlotBody};
use store::{Row, StoreError};
use tokio::time::Instant;

use super::commit::Closed;
use super::load::patiently;
use super::mailbox::Internal;
use super::slots::pair_of;
use super::task::Partition;
use crate::dispatch::Offer;
use crate::projector::{Committed, News};
use crate::subscribe::Published;

impl Partition {
    /// The batch in flight is durable: everything that waited for it goes out.
    pub(super) fn on_committed(&mut self) {
        let Some(in_flight) = self.in_flight.take() else {
            return;
        };
        let mut closed = in_flight.closed;
        self.committed = closed.append.expected_head + 1;
        self.note_commit(&closed, in_flight.begun);
        self.count_instances(&closed);
        for record in closed.records.iter() {
            self.shared.stats.count_decision(record);
        }
        closed.free.releases.drain(..).for_each(|release| release());
        crate::logging::committed(&closed.records, &closed.deltas);
        self.publish(&closed);
        self.send_messages(&mut closed);
        self.set_timers(&closed);
        self.offer_tasks(&closed);
        self.call_off_tasks(&closed);
        self.show_load();
        self.hand_to_projector(closed);
    }

    fn note_commit(&self, closed: &Closed, begun: Instant) {
        let (stats, port) = (&self.shared.stats, self.port());
        let (records, stored) = (closed.records.len() as u64, closed.append.body.len() as u64);
        crate::health::add(&stats.commits, 1);
        crate::health::add(&stats.records, records);
        stats.histograms.commit_us.add_duration(begun.elapsed());
        stats.histograms.batch_records.add(records);
        stats.histograms.batch_bytes.add(stored);
        let lag = i64::try_from(closed.bytes).unwrap_or(i64::MAX);
        stats.projection_lag_bytes.fetch_add(lag, Ordering::Relaxed);
        if port.reached.get() + 1 >= self.committed {
            port.behind_since
                .store(self.shared.clock.now_ms(), Ordering::Relaxed);
        }
        port.head.raise(self.committed);
    }

    /// Counts the instances that the batch began and ended.
    fn count_instances(&self, closed: &Closed) {
        let stats = &self.shared.stats;
        for delta in &closed.deltas {
            if delta.before.is_none() {
                crate::health::add(&stats.instances_started, 1);
            }
            // One that had ended before may be touched again, by a late result.
            let was_open = |before: &Arc<Instance>| before.ended_at().is_none();
            if delta.after.ended_at().is_some() && delta.before.as_ref().is_none_or(was_open) {
                stats.count_end(delta.after.status());
            }
        }
    }

    fn publish(&mut self, closed: &Closed) {
        for delta in &closed.deltas {
            let id = delta.after.id();
            if delta.before.is_none() {
                self.watchers.started(&delta.after);
            }
            if delta.after.ended_at().is_some() {
                self.watchers.ended(&delta.after);
            }
            if !self.watchers.wants(id) {
                continue;
            }
            for record in delta
                .ranges
                .iter()
                .flat_map(|range| &closed.records[range.clone()])
            {
                let (partition, position) = (self.index, self.committed);
                let record = Record::clone(record);
                let published = Published {
                    partition,
                    position,
                    record,
                    cursor: String::new(),
                };
                self.watchers.publish(id, &published);
            }
        }
    }

    fn send_messages(&self, closed: &mut Closed) {
        for message in closed.free.messages.drain(..) {
            let (_, to) = pair_of(message.from_slot, message.to_slot);
            self.shared.tell(to, Internal::Message(Box::new(message)));
        }
        for taken in closed.records.iter().filter_map(taken_mark) {
            let (from, _) = pair_of(taken.from_slot, taken.to_slot);
            // Within one partition the mark itself is the acknowledgement.
            if !self.is_here(from) {
                self.shared.tell(from, Internal::Acknowledged(taken));
            }
        }
    }

    fn set_timers(&mut self, closed: &Closed) {
        for (id, key) in &closed.free.timers {
            self.timers.set(*id, *key, self.committed);
        }
    }

    /// Tasks that the batch scheduled and that are still out at its end go to their adapters.
    fn offer_tasks(&self, closed: &Closed) {
        // The next owner makes the calls of a partition that is handed over.
        if closed.free.tasks.is_empty() || self.port().is_leaving() {
            return;
        }
        let tasks = closed.free.tasks.iter();
        let offers =
            tasks.filter_map(|(place, task)| Offer::of(&closed.deltas[*place].after, *task));
        self.shared.dispatcher.offer(&self.shared, offers);
    }

    /// Calls that wait for lanes that close are not made any more.
    fn call_off_tasks(&self, closed: &Closed) {
        let closes = |record: &Record| matches!(record.body, Some(Body::LaneClosing(_)));
        for delta in &closed.deltas {
            let mut ranges = delta.ranges.iter();
            if ranges.any(|range| closed.records[range.clone()].iter().any(closes)) {
                self.shared.dispatcher.call_off(&self.shared, &delta.after);
            }
        }
    }

    fn hand_to_projector(&self, closed: Closed) {
        let committed = Committed {
            partition: self.id(),
            position: self.committed,
            records: closed.records,
            deltas: closed.deltas,
            deleted: closed.free.deleted,
            changes: closed.free.changes,
            bytes: closed.bytes,
        };
        // Without a projector the process is going down.
        let _gone = self.shared.projector.send(News::Committed(committed));
    }

    /// Reads the next page of the timer table, if it is time to.
    pub(super) fn read_timers(&mut self) {
        let slots = self.shared.placement.slots(self.index);
        let now = self.shared.clock.now_ms();
        let Some(scan) = self.timers.page_to_read(now, slots) else {
            return;
        };
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            let page = patiently(|| shared.store.scan(scan.clone())).await;
            shared.ports[index].notify(Internal::TimersLoaded(page));
        });
    }

    pub(super) fn on_timers(&mut self, page: Result<Vec<Row>, StoreError>) {
        match page {
            Ok(rows) => {
                self.timers.page_read(self.shared.clock.now_ms(), &rows);
                self.show_load();
            }
            Err(error) => {
                let partition = self.index;
                self.shared.fatal(format!(
                    "partition {partition}: timers cannot be read: {error}"
                ));
            }
        }
    }
}

fn taken_mark(record: &Record) -> Option<MessageTaken> {
    match record.body.as_ref()? {
        Body::Slot(fact) => match fact.body.as_ref()? {
            SlotBody::MessageTaken(taken) => Some(*taken),
            _ => None,
        },
        _ => None,
    }
}
