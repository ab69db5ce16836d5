//! When the next is due, asked beside the partition: one driver for each schedule.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::Id;
use engine::record::{ScheduleTicked, TickBy, TickOutcome};
use router::TriggerRef;
use schedule::{Overlap, Schedule};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::name::ScheduleName;
use super::order::{Order, ScheduleError, TickOrder};
use super::state::{ScheduleState, Schedules};
use super::tick::{Moment, fact_of, live_names, trigger_of};
use crate::error::CommandError;
use crate::handle::{KNOWN_SINCE, Runtime};
use crate::shared::Shared;

/// Pause before something is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// No rest is longer: somebody may set the machine's clock.
const LONGEST_REST_MS: i64 = 30_000;
/// So long an instance that was started elsewhere may be on its way, in milliseconds.
const ON_ITS_WAY_MS: i64 = 60_000;

impl Runtime {
    /// Drives the schedules of a partition of this process, beside it. `turns` change when someone turned one, and end
    /// with the partition.
    pub(crate) fn drive_schedules(
        shared: &Arc<Shared>,
        partition: u16,
        known: &Schedules,
        turns: watch::Receiver<u64>,
    ) {
        let supervisor = Supervisor {
            runtime: Self::of(Arc::clone(shared)),
            partition: usize::from(partition),
            turns,
            driven: BTreeSet::new(),
        };
        shared.tasks.spawn(supervisor.run(known.names()));
    }
}

/// Has a driver for each schedule of a partition.
struct Supervisor {
    runtime: Runtime,
    partition: usize,
    turns: watch::Receiver<u64>,
    driven: BTreeSet<ScheduleName>,
}

impl Supervisor {
    async fn run(mut self, known: Vec<ScheduleName>) {
        let mut gone = self.turns.clone();
        let supervised = async {
            let shared = self.runtime.shared();
            let mut changes = shared.catalog.changes();
            let mut drivers = JoinSet::new();
            self.have_driven(known, &mut drivers, &changes);
            loop {
                changes.borrow_and_update();
                let live = live_names(&shared.catalog.current()).into_iter();
                let here = |name: &ScheduleName| shared.placement.of(name.slot()) == self.partition;
                let live = live.filter(here).collect();
                self.have_driven(live, &mut drivers, &changes);
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            _ended = gone.wait_for(|_| false) => {}
            () = supervised => {}
        }
    }

    fn have_driven(
        &mut self,
        names: Vec<ScheduleName>,
        drivers: &mut JoinSet<()>,
        changes: &watch::Receiver<u64>,
    ) {
        for name in names {
            if self.driven.insert(name.clone()) {
                let driver = Driver {
                    runtime: self.runtime.clone(),
                    name,
                    turns: self.turns.clone(),
                    changes: changes.clone(),
                };
                drivers.spawn(driver.run());
            }
        }
    }
}

/// Asks when one schedule is due, and has it recorded.
struct Driver {
    runtime: Runtime,
    name: ScheduleName,
    turns: watch::Receiver<u64>,
    changes: watch::Receiver<u64>,
}

/// A schedule as its driver finds it.
struct Found {
    trigger: TriggerRef,
    schedule: Schedule,
    state: ScheduleState,
    now: i64,
}

impl Driver {
    async fn run(mut self) {
        while self.go_on().await.is_some() {}
    }

    /// Does the next thing, or waits for it; none when there is nothing to do here any more.
    async fn go_on(&mut self) -> Option<()> {
        self.turns.borrow_and_update();
        self.changes.borrow_and_update();
        let shared = self.runtime.shared();
        shared.check_open().ok()?;
        if shared.dispatcher.is_paused() || shared.format() < KNOWN_SINCE {
            tokio::time::sleep(PAUSE).await;
            return Some(());
        }
        let now = shared.clock.now_ms();
        let live = trigger_of(&shared.catalog.current(), &self.name);
        let asked = self.runtime.schedule_here(Order::Look(self.name.clone()));
        let state = asked.await.ok()?;
        match (live, state) {
            (None, None) => self.rest(i64::MAX, now).await,
            (None, Some(state)) => {
                let fact = self.fact(TickOutcome::Gone, i64::MIN);
                self.record(&state, order(fact)).await?;
            }
            (Some((trigger, schedule)), Some(state)) if state.told == schedule.told() => {
                let found = Found {
                    trigger,
                    schedule,
                    state,
                    now,
                };
                self.live(found).await?;
            }
            // From here on it ticks as it is defined now.
            (Some((_, schedule)), state) => {
                let fact = ScheduleTicked {
                    told: schedule.told(),
                    ..self.fact(TickOutcome::Begun, now)
                };
                self.record(&state.unwrap_or_default(), order(fact)).await?;
            }
        }
        Some(())
    }

    async fn live(&mut self, found: Found) -> Option<()> {
        let Found {
            schedule,
            state,
            now,
            ..
        } = &found;
        let allow = schedule.overlap == Overlap::Allow;
        let name = self.name.to_string();
        let due = match state.held {
            Some(_) => schedule::Due::default(),
            None => schedule.due(&name, state.cursor, *now),
        };
        let fills = state.backfills.front();
        let asks =
            state.waiting.is_some() || (!allow && (fills.is_some() || !due.ticks.is_empty()));
        let open = match asks {
            true => match self.open(state, *now).await {
                Ok(open) => open,
                Err(Unknown) => return self.pause().await,
            },
            false => None,
        };
        if let (Some(tick), None, None) = (state.waiting, open, &state.held) {
            let by = TickBy::Queue;
            return self.start(&found, Moment { tick, by }, None).await;
        }
        if let Some(span) = fills.filter(|_| allow || open.is_none()) {
            let next = schedule.next_after(span.after);
            let tick = next.unwrap_or(span.until).min(span.until);
            let by = TickBy::Backfill;
            return self.start(&found, Moment { tick, by }, None).await;
        }
        let Some(newest) = due.newest else {
            let next = schedule
                .next_after(state.cursor)
                .filter(|_| state.held.is_none());
            let next = next.map_or(i64::MAX, |tick| schedule.fires_at(&name, tick));
            match open {
                Some(id) => self.rest_or_end(id, next, *now).await,
                None => self.rest(next, *now).await,
            }
            return Some(());
        };
        let Some(tick) = due.ticks.first().copied() else {
            let fact = self.fact(TickOutcome::Missed, newest);
            return self.note(&found, fact, newest, due.missed).await;
        };
        let outcome = match (open, schedule.overlap) {
            (Some(_), Overlap::Queue) if state.waiting.is_none() => TickOutcome::Queued,
            (Some(_), Overlap::Skip | Overlap::Queue) => TickOutcome::Skipped,
            (None, _) | (_, Overlap::Allow) => {
                let by = TickBy::Clock;
                return self
                    .start(&found, Moment { tick, by }, Some(due.missed))
                    .await;
            }
        };
        self.note(&found, self.fact(outcome, tick), tick, due.missed)
            .await
    }

    /// Has a tick recorded that starts nothing.
    async fn note(
        &self,
        found: &Found,
        fact: ScheduleTicked,
        tick: i64,
        missed: u64,
    ) -> Option<()> {
        let fact = ScheduleTicked {
            tick,
            missed,
            ..fact
        };
        self.record(&found.state, order(fact)).await
    }

    /// Has a tick recorded with what it starts; `missed` is of the clock's ticks, which move its cursor.
    async fn start(&self, found: &Found, moment: Moment, missed: Option<u64>) -> Option<()> {
        let made = self
            .runtime
            .tick_order(&self.name, &found.trigger, moment, "");
        let Ok(mut order) = made.await else {
            return self.pause().await;
        };
        if let Some(missed) = missed {
            order.fact.missed = missed;
            order.fact.cursor = moment.tick;
            let name = self.name.to_string();
            order.due_at = Some(found.schedule.fires_at(&name, moment.tick));
        }
        self.record(&found.state, order).await
    }

    async fn record(&self, state: &ScheduleState, order: TickOrder) -> Option<()> {
        let order = TickOrder {
            number: Some(state.number + 1),
            ..order
        };
        match self
            .runtime
            .schedule_here(Order::Tick(Box::new(order)))
            .await
        {
            // A person was faster: it is looked at anew.
            Ok(_) | Err(ScheduleError::Stale) => Some(()),
            Err(_) => None,
        }
    }

    fn fact(&self, outcome: TickOutcome, cursor: i64) -> ScheduleTicked {
        ScheduleTicked {
            outcome: outcome as i32,
            cursor,
            ..fact_of(&self.name)
        }
    }

    /// The last instance, if it is open.
    async fn open(&self, state: &ScheduleState, now: i64) -> Result<Option<Id>, Unknown> {
        let Some((id, started_at)) = state.instance else {
            return Ok(None);
        };
        match self.runtime.instance(id).await {
            Ok(instance) => Ok(Some(id).filter(|_| instance.ended_at().is_none())),
            Err(CommandError::NotFound(_)) if now - started_at > ON_ITS_WAY_MS => Ok(None),
            Err(_) => Err(Unknown),
        }
    }

    async fn pause(&self) -> Option<()> {
        tokio::time::sleep(PAUSE).await;
        Some(())
    }

    /// Waits until a moment, or until something else happens to the schedule.
    async fn rest(&mut self, until: i64, now: i64) {
        let rest_ms = until.saturating_sub(now).clamp(0, LONGEST_REST_MS);
        let rest = Duration::from_millis(u64::try_from(rest_ms).unwrap_or(0));
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _turned = self.turns.changed() => {}
            _changed = self.changes.changed() => {}
        }
    }

    /// The same, and until an instance has ended.
    async fn rest_or_end(&mut self, id: Id, until: i64, now: i64) {
        let runtime = self.runtime.clone();
        let ended = async {
            let longest = u64::try_from(LONGEST_REST_MS).unwrap_or(0);
            if runtime.wait_ended(id, longest).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = ended => {}
            () = self.rest(until, now) => {}
        }
    }
}

/// Whether an instance is open cannot be told for the moment.
struct Unknown;

fn order(fact: ScheduleTicked) -> TickOrder {
    TickOrder {
        fact,
        number: None,
        planned: None,
        due_at: None,
        actor: String::new(),
    }
}
