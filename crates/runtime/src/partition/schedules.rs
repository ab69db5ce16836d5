//! Schedules whose slot is here: their facts, and what their ticks start.

use std::time::Duration;

use bytes::Bytes;
use engine::Id;
use engine::record::{ScheduleTicked, SlotBody, TickOutcome};

use super::events::Begun;
use super::task::Partition;
use super::work::Reply;
use crate::handle::Runtime;
use crate::schedules::{Order, ScheduleError, ScheduleName, ScheduleState, TickOrder, TurnOrder};

/// Something asked of a schedule.
pub(crate) struct ScheduleAsked {
    pub(crate) order: Order,
    pub(crate) reply: Reply<Result<Option<ScheduleState>, ScheduleError>>,
}

impl Partition {
    /// Has the schedules of these slots tick from here on.
    pub(super) fn drive_schedules(&self) {
        let known = &self.slots.schedules;
        Runtime::drive_schedules(&self.shared, self.index, known, self.drivers.news());
    }

    /// Decides what is asked of a schedule; answers when that, and all that it saw, is durable.
    pub(super) fn on_schedule(&mut self, asked: ScheduleAsked) {
        let ScheduleAsked { order, reply } = asked;
        let (answer, turned) = match order {
            Order::Look(name) => (Ok(self.slots.schedules.get(&name).cloned()), false),
            Order::Tick(order) => {
                let turned = order.number.is_none();
                (self.tick(*order), turned)
            }
            Order::Turn(order) => (self.turn(&order), true),
        };
        let saw = self.seen();
        let turns = self.drivers.turns();
        self.release_after(saw, move || {
            if turned {
                turns.send_modify(|turns| *turns += 1);
            }
            drop(reply.send(answer));
        });
    }

    fn tick(&mut self, order: TickOrder) -> Result<Option<ScheduleState>, ScheduleError> {
        let name = order.name();
        let state = self.slots.schedules.get(&name);
        let before = state.and_then(|state| state.request(Id::from_slice(&order.fact.request)?));
        if before.is_some() {
            return Ok(state.cloned());
        }
        let number = state.map_or(0, |state| state.number) + 1;
        if order.number.is_some_and(|expected| expected != number) {
            return Err(ScheduleError::Stale);
        }
        let TickOrder {
            mut fact,
            planned,
            due_at,
            actor,
            ..
        } = order;
        (fact.number, fact.at) = (number, self.now());
        if let Some(planned) = planned {
            let id = planned.id;
            match self.begin_planned(name.slot(), planned, &actor, &name.cause()) {
                Ok(Begun::Started) => fact.instance = Bytes::copy_from_slice(&id.bytes()),
                // What its window makes of it is told there.
                Ok(Begun::ToWindow(_)) => {}
                Err(refused) => {
                    let (_, error) = *refused;
                    let (schedule, message) = (name.to_string(), &error.message);
                    tracing::warn!(schedule, message, "the start of a tick was refused");
                    fact.outcome = TickOutcome::Refused as i32;
                    fact.error = Some(error);
                }
            }
        }
        self.count_tick(&fact, due_at);
        self.record_fact(&actor, SlotBody::ScheduleTicked(Box::new(fact)));
        Ok(self.slots.schedules.get(&name).cloned())
    }

    fn turn(&mut self, order: &TurnOrder) -> Result<Option<ScheduleState>, ScheduleError> {
        let name: &ScheduleName = &order.name;
        let state = self.slots.schedules.get(name).cloned().unwrap_or_default();
        if state.request(order.request).is_none()
            && let Some(fact) = order.decide(&state, self.now())?
        {
            self.record_fact(&order.actor, SlotBody::ScheduleTurned(fact));
        }
        Ok(self.slots.schedules.get(name).cloned())
    }

    fn count_tick(&self, fact: &ScheduleTicked, due_at: Option<i64>) {
        let stats = &self.shared.stats;
        let counter = match fact.outcome() {
            TickOutcome::Started => Some(&stats.ticks_started),
            TickOutcome::Skipped => Some(&stats.ticks_skipped),
            TickOutcome::Refused => Some(&stats.ticks_refused),
            TickOutcome::Begun
            | TickOutcome::Queued
            | TickOutcome::Missed
            | TickOutcome::Unmet
            | TickOutcome::Gone => None,
        };
        if let Some(counter) = counter {
            crate::health::add(counter, 1);
        }
        crate::health::add(&stats.ticks_missed, fact.missed);
        if let Some(due_at) = due_at {
            let late = u64::try_from(fact.at.saturating_sub(due_at)).unwrap_or(0);
            let late = Duration::from_millis(late);
            stats.histograms.tick_lateness_us.add_duration(late);
        }
    }
}
