//! Invariant 4: every open lane is runnable within its batch, or waits for exactly what the state
//! says; an open instance has at least one such lane, or itself waits.

use std::fmt;

use crate::record::{StepRef, TaskKind};
use crate::state::{
    Instance, Lane, LaneStatus, Phase, StepState, StepStatus, UndoPhase, UndoStatus,
};

/// A state that the engine must never leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl Instance {
    /// What the state violates between two decisions; empty is well.
    pub fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |place: String, what: &str| {
            found.push(Violation {
                place,
                what: what.to_owned(),
            });
        };
        if self.phase() == Phase::Ended {
            if !self.active.is_empty() {
                report(self.id.to_string(), "it has ended, but lanes are open");
            }
            return found;
        }
        // What is held, or was cut, is looked at when it goes on.
        if self.progress.cut || self.is_held() {
            return found;
        }
        if self.active.is_empty() && !self.is_asked_what_becomes() {
            report(
                self.id.to_string(),
                "it is open, but nothing is left that would end it",
            );
        }
        for lane in self.active_lanes() {
            if !self.lane_waits(lane) {
                report(
                    format!("{} lane {}", self.id, lane.id),
                    "it is open, but waits for nothing",
                );
            }
            for (place, step) in (0_u32..).zip(&lane.steps) {
                let at = StepRef {
                    lane: lane.id,
                    step: place,
                };
                if let Some(what) = self.step_violation(at, step) {
                    report(format!("{} {}", self.id, self.path(lane, at)), what);
                }
            }
        }
        found
    }

    /// Whether something will bring the lane on: a step of its own, or a lane below it.
    fn lane_waits(&self, lane: &Lane) -> bool {
        let own = lane
            .steps
            .iter()
            .any(|step| self.step_waits_for_something(step));
        let below = || {
            self.active
                .iter()
                .any(|&other| other != lane.id && self.is_within(other, lane.id))
        };
        own || below() || self.waits_further_up(lane)
    }

    /// Whether a step waits for one that is done anew before its block: of an instance that was taken
    /// up again.
    fn waits_further_up(&self, lane: &Lane) -> bool {
        let mut places = (0_u32..).zip(&lane.steps);
        self.progress.run > 0
            && places.any(|(step, state)| {
                let at = StepRef {
                    lane: lane.id,
                    step,
                };
                state.status() == StepStatus::Pending && !self.needs_have_ended(at)
            })
    }

    fn step_waits_for_something(&self, step: &StepState) -> bool {
        let undo = step.undo.as_deref().is_some_and(|undo| match undo.phase() {
            UndoPhase::Verifying
            | UndoPhase::Out
            | UndoPhase::Accepted
            | UndoPhase::Retrying
            | UndoPhase::Deciding
            | UndoPhase::Child => true,
            UndoPhase::Lanes
            | UndoPhase::Found
            | UndoPhase::Done
            | UndoPhase::Nothing
            | UndoPhase::Skipped
            | UndoPhase::Failed => false,
        });
        undo || match step.status() {
            StepStatus::Out
            | StepStatus::Accepted
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding => true,
            StepStatus::Running => step.child.is_some() || step.due_at > 0,
            StepStatus::Pending
            | StepStatus::Completed
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Cancelled => false,
        }
    }

    fn step_violation(&self, at: StepRef, step: &StepState) -> Option<&'static str> {
        let lane = self.lane(at.lane)?;
        match step.status() {
            StepStatus::Retrying | StepStatus::Waiting | StepStatus::Accepted
                if step.due_at == 0
                    && self.signal_awaited_at(at).is_none()
                    && self.event_awaited_at(at).is_none() =>
            {
                Some("it waits for a time, but has none")
            }
            StepStatus::Out if step.plan.is_none() => Some("it is out, but has no call"),
            StepStatus::Deciding if !self.is_asked(at, false) => {
                Some("it waits for a person, but nobody was asked")
            }
            _ if self.undo_decides(step) && !self.is_asked(at, true) => {
                Some("its undo waits for a person, but nobody was asked")
            }
            StepStatus::Pending if lane.status() == LaneStatus::Closing => {
                Some("it is pending in a lane that closes")
            }
            StepStatus::Pending
                if lane.status() == LaneStatus::Running && self.needs_have_ended(at) =>
            {
                Some("it could begin, but has not")
            }
            _ if lane.undo() == UndoStatus::Wanted && !lane.has_ended() => {
                Some("its lane is being undone before it has ended")
            }
            _ => None,
        }
    }

    fn undo_decides(&self, step: &StepState) -> bool {
        let undo = step.undo.as_deref();
        undo.is_some_and(|undo| undo.phase() == UndoPhase::Deciding)
    }

    fn is_asked(&self, at: StepRef, of_undo: bool) -> bool {
        let mut decisions = self.progress.decisions.iter();
        decisions.any(|decision| {
            let run = decision.task.kind() == TaskKind::Run;
            decision.task.at == at && run != of_undo
        })
    }
}
