//! What a tick starts.

use std::sync::Arc;

use definition::{Catalog, TriggerKind};
use engine::Payload;
use engine::record::{ScheduleTicked, TickBy, TickOutcome};
use router::TriggerRef;
use schedule::{Schedule, told_time};
use serde_json::json;

use super::name::ScheduleName;
use super::order::TickOrder;
use crate::error::Unavailable;
use crate::events::{Incoming, plan_trigger};
use crate::handle::Runtime;

/// The type that conditions and inputs see.
const TICK: &str = "schedule.tick";

/// A moment at which a schedule starts something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The tick, milliseconds since the epoch.
    pub(crate) tick: i64,
    pub(crate) by: TickBy,
}

/// A schedule's trigger, where the version that a start takes has it.
pub(crate) fn trigger_of(catalog: &Catalog, name: &ScheduleName) -> Option<(TriggerRef, Schedule)> {
    let workflow = catalog.workflow(&name.workflow, None)?;
    let mut triggers = workflow.triggers.iter().zip(0..);
    let (schedule, place) = triggers.find_map(|(trigger, place)| match &trigger.kind {
        TriggerKind::Schedule(schedule) if trigger.id == name.trigger => {
            Some((Schedule::clone(schedule), place))
        }
        _ => None,
    })?;
    let workflow = Arc::clone(workflow);
    Some((TriggerRef { workflow, place }, schedule))
}

/// The names of all live schedules of a catalog.
pub(crate) fn live_names(catalog: &Catalog) -> Vec<ScheduleName> {
    let names = catalog.workflows.keys();
    let workflows = names.filter_map(|name| catalog.workflow(name, None));
    let schedules = workflows.flat_map(|workflow| {
        let triggers = workflow.triggers.iter();
        let own = triggers.filter(|trigger| matches!(trigger.kind, TriggerKind::Schedule(_)));
        own.map(move |trigger| ScheduleName::new(&workflow.name, &trigger.id))
    });
    schedules.collect()
}

impl Runtime {
    /// What a schedule's trigger makes of a moment: the order to record it, and to start what it starts.
    ///
    /// # Errors
    /// When what routers need cannot be applied for the moment.
    pub(crate) async fn tick_order(
        &self,
        name: &ScheduleName,
        trigger: &TriggerRef,
        Moment { tick, by }: Moment,
        actor: &str,
    ) -> Result<TickOrder, Unavailable> {
        let shared = self.shared();
        let catalog = shared.catalog.current();
        let routing = self.routing(&catalog).await?;
        let (incoming, now) = (incoming(name, tick, by, actor), shared.clock.now_ms());
        let about = (&incoming, &incoming.meta);
        let mut planned = plan_trigger(&shared, &catalog, &routing, trigger, about, now);
        if let Some(planned) = &mut planned {
            self.place_planned(&catalog, planned, name.slot(), &incoming);
        }
        let outcome = match planned {
            Some(_) => TickOutcome::Started,
            None => TickOutcome::Unmet,
        };
        Ok(TickOrder {
            fact: ScheduleTicked {
                outcome: outcome as i32,
                by: by as i32,
                tick,
                ..fact_of(name)
            },
            number: None,
            planned,
            due_at: None,
            actor: actor.to_owned(),
        })
    }
}

/// A fact of a schedule that says nothing else yet.
pub(super) fn fact_of(name: &ScheduleName) -> ScheduleTicked {
    ScheduleTicked {
        workflow: name.workflow.clone(),
        trigger: name.trigger.clone(),
        cursor: i64::MIN,
        ..ScheduleTicked::default()
    }
}

/// The tick as conditions and inputs see it.
fn incoming(name: &ScheduleName, tick: i64, by: TickBy, actor: &str) -> Incoming {
    let (at, source) = (told_time(tick), format!("/schedules/{name}"));
    let by = match by {
        TickBy::Clock => "clock",
        TickBy::Queue => "queue",
        TickBy::Backfill => "backfill",
        TickBy::Person => "person",
    };
    let meta =
        json!({ "specversion": "1.0", "type": TICK, "source": source, "id": at, "time": at });
    let data = json!({ "scheduled_at": at, "schedule": name.to_string(), "by": by });
    Incoming {
        event_type: TICK.to_owned(),
        source,
        meta: Payload::from_value(meta),
        data: Payload::from_value(data),
        actor: actor.to_owned(),
        cause: name.cause(),
        ..Incoming::default()
    }
}
