//! What is asked of the owner of a schedule, and what it answers.

use bytes::Bytes;
use engine::record::{ScheduleTicked, ScheduleTurn, ScheduleTurned};
use engine::{Id, Slot};
use serde::{Deserialize, Serialize};

use super::name::ScheduleName;
use super::state::{BACKFILLS, ScheduleState};
use crate::error::Unavailable;
use crate::events::Planned;

/// Why something was not done with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ScheduleError {
    /// No live trigger has this name.
    #[error("there is no schedule {0}: no version that a start takes has such a trigger")]
    NotFound(ScheduleName),
    /// It went on meanwhile.
    #[error("the schedule is further by now")]
    Stale,
    /// A span that cannot be made up for.
    #[error("{0}")]
    BadSpan(String),
    /// A node of the cluster would not know what a schedule is.
    #[error(
        "a node of an older version runs beside this one: schedules tick when all are of this version"
    )]
    OlderNode,
    /// For the moment nothing can be done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a person asks of a schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TurnOrder {
    pub(crate) name: ScheduleName,
    /// The request is known again by it.
    pub(crate) request: Id,
    pub(crate) verb: TurnVerb,
    pub(crate) actor: String,
    pub(crate) reason: String,
}

/// What a person does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TurnVerb {
    Pause,
    Resume,
    /// One is started now.
    Trigger,
    /// The ticks after the first moment up to the second are started.
    Backfill {
        after: i64,
        until: i64,
        ticks: u64,
    },
}

/// A tick, or that a schedule begins or goes.
pub(crate) struct TickOrder {
    /// What is to be recorded; number, time and what came of the start are not known yet.
    pub(crate) fact: ScheduleTicked,
    /// The number that it will have, so that of two drivers one is heard; none: whatever is next.
    pub(crate) number: Option<u64>,
    /// What is to be started.
    pub(crate) planned: Option<Planned>,
    /// When it should have been, milliseconds since the epoch.
    pub(crate) due_at: Option<i64>,
    pub(crate) actor: String,
}

/// What is asked of the partition of a schedule.
pub(crate) enum Order {
    /// How it stands.
    Look(ScheduleName),
    Tick(Box<TickOrder>),
    /// Everything but a start.
    Turn(TurnOrder),
}

impl Order {
    /// Where the schedule lives.
    pub(crate) fn slot(&self) -> Slot {
        match self {
            Self::Look(name) => name.slot(),
            Self::Tick(order) => order.name().slot(),
            Self::Turn(order) => order.name.slot(),
        }
    }
}

impl TickOrder {
    pub(crate) fn name(&self) -> ScheduleName {
        ScheduleName::new(&self.fact.workflow, &self.fact.trigger)
    }
}

impl TurnOrder {
    /// The fact to record; none where the schedule stands so already.
    pub(crate) fn decide(
        &self,
        state: &ScheduleState,
        at: i64,
    ) -> Result<Option<ScheduleTurned>, ScheduleError> {
        let (turn, (after, until, ticks)) = match self.verb {
            TurnVerb::Pause if state.held.is_some() => return Ok(None),
            TurnVerb::Resume if state.held.is_none() => return Ok(None),
            TurnVerb::Trigger => return Ok(None),
            TurnVerb::Backfill { .. } if state.backfills.len() >= BACKFILLS => {
                let message =
                    format!("expected less than {BACKFILLS} spans that wait to be made up for");
                return Err(ScheduleError::BadSpan(message));
            }
            TurnVerb::Pause => (ScheduleTurn::Pause, (0, 0, 0)),
            TurnVerb::Resume => (ScheduleTurn::Resume, (0, 0, 0)),
            TurnVerb::Backfill {
                after,
                until,
                ticks,
            } => (ScheduleTurn::Backfill, (after, until, ticks)),
        };
        Ok(Some(ScheduleTurned {
            workflow: self.name.workflow.clone(),
            trigger: self.name.trigger.clone(),
            number: state.number + 1,
            at,
            turn: turn as i32,
            reason: self.reason.clone(),
            after,
            until,
            ticks,
            request: Bytes::copy_from_slice(&self.request.bytes()),
            actor: self.actor.clone(),
        }))
    }
}
