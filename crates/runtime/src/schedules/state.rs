//! A schedule's state: the fold of its facts.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use engine::Id;
use engine::record::{ScheduleTicked, ScheduleTurn, ScheduleTurned, SlotBody, TickBy, TickOutcome};
use serde::{Deserialize, Serialize};
use store::{Change, Row, Table};

use super::name::ScheduleName;

/// Requests of people that are known again.
const REQUESTS: usize = 32;
/// Spans that wait to be made up for at most.
pub(super) const BACKFILLS: usize = 16;

/// How a schedule stands. It is stored: names and fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleState {
    /// Which.
    pub name: ScheduleName,
    /// The number of its last fact.
    pub number: u64,
    /// When it ticks, as it was when it began or changed last.
    pub told: String,
    /// Ticks of the clock up to here are done, milliseconds since the epoch.
    pub cursor: i64,
    /// Held since; none: it ticks.
    pub held: Option<Held>,
    /// A tick that waits for the end of the last instance.
    pub waiting: Option<i64>,
    /// Spans of the past that are still to be made up for.
    pub backfills: VecDeque<Backfill>,
    /// What came of the last tick.
    pub last: Option<LastTick>,
    /// The last instance that it started, and when.
    pub instance: Option<(Id, i64)>,
    /// Instances started.
    pub started: u64,
    /// Ticks passed over because an instance was open.
    pub skipped: u64,
    /// Ticks passed over because they were missed.
    pub missed: u64,
    /// Ticks at which the condition did not hold.
    pub unmet: u64,
    /// Ticks whose start was refused.
    pub refused: u64,
    /// What the last few requests of people led to.
    pub requests: VecDeque<Request>,
}

/// Since when, by whom and why a schedule is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
}

/// A span of the past whose ticks are still to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Those after this moment, milliseconds since the epoch.
    pub after: i64,
    /// Those up to this moment, milliseconds since the epoch.
    pub until: i64,
    /// So many.
    pub left: u64,
}

/// What came of a tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTick {
    /// The tick, milliseconds since the epoch.
    pub tick: i64,
    /// When that was, milliseconds since the epoch.
    pub at: i64,
    /// `started`, `skipped`, `queued`, `missed`, `unmet` or `refused`.
    pub outcome: String,
    /// The instance.
    pub instance: Option<Id>,
    /// Why nothing was started.
    pub error: Option<String>,
}

/// What a person's request led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The request.
    pub id: Id,
    /// The instance that it started, if it did.
    pub instance: Option<Id>,
    /// Why it did not.
    pub error: Option<String>,
}

/// The word of an outcome.
pub(super) const fn word(outcome: TickOutcome) -> &'static str {
    match outcome {
        TickOutcome::Begun => "begun",
        TickOutcome::Started => "started",
        TickOutcome::Skipped => "skipped",
        TickOutcome::Queued => "queued",
        TickOutcome::Missed => "missed",
        TickOutcome::Unmet => "unmet",
        TickOutcome::Refused => "refused",
        TickOutcome::Gone => "gone",
    }
}

impl ScheduleState {
    /// What a request led to, if it came before.
    pub fn request(&self, id: Id) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    fn tick(&mut self, ticked: &ScheduleTicked) {
        self.number = ticked.number;
        self.cursor = self.cursor.max(ticked.cursor);
        self.missed += ticked.missed;
        let outcome = ticked.outcome();
        match outcome {
            TickOutcome::Begun => {
                self.told.clone_from(&ticked.told);
                return;
            }
            // It is forgotten as a whole.
            TickOutcome::Gone => return,
            TickOutcome::Started => self.started += 1,
            TickOutcome::Skipped => self.skipped += 1,
            TickOutcome::Queued => self.waiting = Some(ticked.tick),
            TickOutcome::Missed => {}
            TickOutcome::Unmet => self.unmet += 1,
            TickOutcome::Refused => self.refused += 1,
        }
        match ticked.by() {
            TickBy::Clock | TickBy::Person => {}
            TickBy::Queue => self.waiting = None,
            TickBy::Backfill => self.filled(ticked.tick),
        }
        let instance = Id::from_slice(&ticked.instance);
        self.instance = instance.map(|id| (id, ticked.at)).or(self.instance);
        let error = ticked.error.as_ref().map(|error| error.message.clone());
        self.note_request(&ticked.request, instance, error.clone());
        self.last = Some(LastTick {
            tick: ticked.tick,
            at: ticked.at,
            outcome: word(outcome).to_owned(),
            instance,
            error,
        });
    }

    fn filled(&mut self, tick: i64) {
        if let Some(first) = self.backfills.front_mut() {
            first.after = tick;
            first.left = first.left.saturating_sub(1);
            if first.left == 0 {
                self.backfills.pop_front();
            }
        }
    }

    fn note_request(&mut self, request: &[u8], instance: Option<Id>, error: Option<String>) {
        if let Some(id) = Id::from_slice(request) {
            self.requests.push_back(Request {
                id,
                instance,
                error,
            });
            if self.requests.len() > REQUESTS {
                self.requests.pop_front();
            }
        }
    }

    fn turn(&mut self, turned: &ScheduleTurned) {
        self.number = turned.number;
        match turned.turn() {
            ScheduleTurn::Pause => {
                self.held = Some(Held {
                    at: turned.at,
                    by: turned.actor.clone(),
                    reason: turned.reason.clone(),
                });
            }
            ScheduleTurn::Resume => {
                self.held = None;
                self.cursor = self.cursor.max(turned.at);
            }
            ScheduleTurn::Backfill => self.backfills.push_back(Backfill {
                after: turned.after,
                until: turned.until,
                left: turned.ticks,
            }),
        }
        self.note_request(&turned.request, None, None);
    }

    fn row(&self) -> Change {
        Change::Put {
            table: Table::Schedule,
            slot: self.name.slot(),
            key: row_key(&self.name),
            value: serde_json::to_vec(self).unwrap_or_default().into(),
        }
    }
}

/// The key of a schedule's row.
pub(crate) fn row_key(name: &ScheduleName) -> Bytes {
    name.to_string().into_bytes().into()
}

/// The schedules of a partition; the fold of their facts.
#[derive(Default)]
pub(crate) struct Schedules(BTreeMap<ScheduleName, ScheduleState>);

impl Schedules {
    pub(crate) fn get(&self, name: &ScheduleName) -> Option<&ScheduleState> {
        self.0.get(name)
    }

    pub(crate) fn names(&self) -> Vec<ScheduleName> {
        self.0.keys().cloned().collect()
    }

    /// Takes in a row.
    pub(crate) fn load(&mut self, row: &Row) {
        match serde_json::from_slice::<ScheduleState>(&row.value) {
            Ok(state) => drop(self.0.insert(state.name.clone(), state)),
            Err(error) => tracing::error!(slot = row.slot, %error, "a schedule cannot be read"),
        }
    }

    /// Applies a fact; answers with what is written of it.
    pub(crate) fn apply(&mut self, fact: &SlotBody) -> Vec<Change> {
        let (workflow, trigger) = match fact {
            SlotBody::ScheduleTicked(ticked) => (&ticked.workflow, &ticked.trigger),
            SlotBody::ScheduleTurned(turned) => (&turned.workflow, &turned.trigger),
            _ => return Vec::new(),
        };
        let name = ScheduleName::new(workflow, trigger);
        if let SlotBody::ScheduleTicked(ticked) = fact
            && ticked.outcome() == TickOutcome::Gone
        {
            self.0.remove(&name);
            let (slot, key) = (name.slot(), row_key(&name));
            return vec![Change::Delete {
                table: Table::Schedule,
                slot,
                key,
            }];
        }
        let state = self.0.entry(name.clone()).or_default();
        state.name = name;
        match fact {
            SlotBody::ScheduleTicked(ticked) => state.tick(ticked),
            SlotBody::ScheduleTurned(turned) => state.turn(turned),
            _ => {}
        }
        vec![state.row()]
    }
}
