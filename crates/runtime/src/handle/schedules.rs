//! Schedules: read, and turned by people.

use definition::Catalog;
use engine::Id;
use engine::record::TickBy;
use schedule::Schedule;
use store::Table;
use tokio::sync::oneshot;

use super::Runtime;
use super::events::KNOWN_SINCE;
use crate::cluster::{Routed, Trip};
use crate::error::Unavailable;
use crate::partition::{Internal, ScheduleAsked};
use crate::schedules::{
    Moment, Order, ScheduleError, ScheduleName, ScheduleState, TurnOrder, TurnVerb, live_names,
    row_key, trigger_of,
};

/// The most ticks that one span may hold.
const MOST_TICKS: usize = 1_000;

/// A schedule as it is defined, and how it stands.
#[derive(Clone, Debug)]
pub struct LiveSchedule {
    /// Which.
    pub name: ScheduleName,
    /// The workflow's version that it starts.
    pub version: String,
    /// When it ticks.
    pub schedule: Schedule,
    /// How it stands; none until its partition has seen it.
    pub state: Option<ScheduleState>,
}

/// What a person does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleVerb {
    /// The clock starts nothing.
    Pause,
    /// It does again; what was held is not made up for.
    Resume,
    /// One is started now, whatever is open.
    Trigger,
    /// The ticks from the first moment on and before the second, milliseconds since the epoch, are started.
    Backfill(i64, i64),
}

impl LiveSchedule {
    /// When the next few ticks fire, at most `count`, as things stand; none while it is held.
    pub fn upcoming(&self, now: i64, count: usize) -> Vec<i64> {
        let state = self.state.as_ref();
        if state.is_some_and(|state| state.held.is_some()) {
            return Vec::new();
        }
        let from = state.map_or(now, |state| state.cursor.max(now));
        let name = self.name.to_string();
        let ticks = self.schedule.upcoming(from).take(count);
        ticks
            .map(|tick| self.schedule.fires_at(&name, tick))
            .collect()
    }
}

impl Runtime {
    /// The live schedules behind a name, in the order of names, at most `limit`, and whether there are more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn schedules(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<LiveSchedule>, bool), Unavailable> {
        let catalog = self.shared.catalog.current();
        let mut names = live_names(&catalog);
        names.retain(|name| after.is_none_or(|after| name.to_string().as_str() > after));
        names.sort_by_cached_key(ScheduleName::to_string);
        let more = names.len() > limit;
        names.truncate(limit);
        self.fresh(crate::reads::Consistency::Fresh).await;
        let mut schedules = Vec::with_capacity(names.len());
        for name in names {
            schedules.extend(self.live_schedule(&catalog, name).await?);
        }
        Ok((schedules, more))
    }

    /// One live schedule.
    ///
    /// # Errors
    /// When there is none of this name, or the store fails.
    pub async fn schedule(&self, name: &ScheduleName) -> Result<LiveSchedule, ScheduleError> {
        self.fresh_slot(name.slot()).await;
        let catalog = self.shared.catalog.current();
        let found = self.live_schedule(&catalog, name.clone()).await?;
        found.ok_or_else(|| ScheduleError::NotFound(name.clone()))
    }

    async fn live_schedule(
        &self,
        catalog: &Catalog,
        name: ScheduleName,
    ) -> Result<Option<LiveSchedule>, Unavailable> {
        let Some((trigger, schedule)) = trigger_of(catalog, &name) else {
            return Ok(None);
        };
        let row = self
            .shared
            .store
            .get(Table::Schedule, name.slot(), row_key(&name));
        let state = row.await?.and_then(|row| serde_json::from_slice(&row).ok());
        Ok(Some(LiveSchedule {
            version: trigger.workflow.version.to_string(),
            name,
            schedule,
            state,
        }))
    }

    /// Holds a schedule, lets it go on, or has it start something; answers with it when that is durable, and with the
    /// request, by which [`ScheduleState::request`] tells what it led to. One that stands so already is not changed.
    ///
    /// # Errors
    /// See [`ScheduleError`].
    pub async fn turn_schedule(
        &self,
        name: &ScheduleName,
        verb: ScheduleVerb,
        (actor, reason): (&str, &str),
    ) -> Result<(LiveSchedule, Id), ScheduleError> {
        self.shared.check_open()?;
        if self.shared.format() < KNOWN_SINCE {
            return Err(ScheduleError::OlderNode);
        }
        let mut live = self.schedule(name).await?;
        let verb = match verb {
            ScheduleVerb::Pause => TurnVerb::Pause,
            ScheduleVerb::Resume => TurnVerb::Resume,
            ScheduleVerb::Trigger => TurnVerb::Trigger,
            ScheduleVerb::Backfill(from, to) => {
                backfill(&live.schedule, (from, to), self.shared.clock.now_ms())?
            }
        };
        let request = self.shared.new_id(name.slot());
        let order = TurnOrder {
            name: name.clone(),
            request,
            verb,
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        };
        let mut trip = Trip::to(&self.shared, name.slot());
        live.state = loop {
            let outcome = match trip.next().await? {
                Routed::Here => trip.here(self.turn_schedule_here(order.clone())).await,
                Routed::There(there) => there.schedule(&order).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                break settled?;
            }
        };
        Ok((live, request))
    }

    /// Carries an order out in this process; one that comes again is known by its request.
    pub(crate) async fn turn_schedule_here(
        &self,
        order: TurnOrder,
    ) -> Result<Option<ScheduleState>, ScheduleError> {
        if order.verb != TurnVerb::Trigger {
            return self.schedule_here(Order::Turn(order)).await;
        }
        let TurnOrder {
            name,
            request,
            actor,
            reason,
            ..
        } = order;
        let catalog = self.shared.catalog.current();
        let Some((trigger, _)) = trigger_of(&catalog, &name) else {
            return Err(ScheduleError::NotFound(name));
        };
        let moment = Moment {
            tick: self.shared.clock.now_ms(),
            by: TickBy::Person,
        };
        let mut tick = self.tick_order(&name, &trigger, moment, &actor).await?;
        tick.fact.request = bytes::Bytes::copy_from_slice(&request.bytes());
        tick.fact.reason = reason;
        self.schedule_here(Order::Tick(Box::new(tick))).await
    }

    /// Has the partition of this process decide an order.
    pub(crate) async fn schedule_here(
        &self,
        order: Order,
    ) -> Result<Option<ScheduleState>, ScheduleError> {
        let (reply, answer) = oneshot::channel();
        let port = self.shared.port(order.slot());
        if !port.is_open() {
            return Err(Unavailable::Closed.into());
        }
        port.notify(Internal::Schedule(Box::new(ScheduleAsked { order, reply })));
        answer.await.map_err(|_| Unavailable::Closed)?
    }
}

/// The ticks from one moment on and before another, if they can be made up for.
fn backfill(
    schedule: &Schedule,
    (from, to): (i64, i64),
    now: i64,
) -> Result<TurnVerb, ScheduleError> {
    let refused = |message: String| Err(ScheduleError::BadSpan(message));
    if from >= to {
        return refused("expected `from` before `to`".to_owned());
    }
    if to > now {
        return refused("expected a span of the past, but `to` is still to come".to_owned());
    }
    let (after, until) = (from - 1, to - 1);
    let ticks = schedule.upcoming(after).take_while(|tick| *tick <= until);
    match ticks.take(MOST_TICKS + 1).count() {
        0 => refused("expected a span with a tick in it, but there is none".to_owned()),
        many if many > MOST_TICKS => refused(format!(
            "expected a span of at most {MOST_TICKS} ticks, but there are more: divide it"
        )),
        ticks => Ok(TurnVerb::Backfill {
            after,
            until,
            ticks: ticks as u64,
        }),
    }
}
