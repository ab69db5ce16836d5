//! Restoring an instance: it goes on from how it was after an earlier record.
//!
//! What was under way then begins anew, and so does what had completed by then but was undone since.

use std::sync::Arc;

use definition::Workflow;

use super::renewal::{Renewal, is_undone};
use super::{Outlook, bounded};
use crate::command::Refusal;
use crate::record::{Rewritten, StepRef};
use crate::state::{
    Instance, Lane, LaneStatus, Phase, Progress, Signals, StepState, StepStatus, UndoPhase,
    UndoStatus,
};

impl Instance {
    /// What restoring it to an earlier state of its own comes to.
    ///
    /// # Errors
    /// When it was not running then, or somebody has its result already.
    pub fn restore_outlook(&self, target: &Self, now: i64) -> Result<Outlook, Refusal> {
        self.expect_unused_result()?;
        target.expect_running(self.seq())?;
        let outlook = self.restored_to(target, now);
        Ok(Outlook {
            state: bounded(outlook.state)?,
            ..outlook
        })
    }

    /// The same of a target that was looked at before.
    pub(crate) fn restored_to(&self, target: &Self, now: i64) -> Outlook {
        let mut past = target.clone();
        past.learn_undone(self);
        let mut renewal = Renewal::of(past, self, now);
        renewal.root();
        renewal.settle_others();
        let state = Rewritten {
            to_seq: target.seq(),
            version: target.header.started.version.clone(),
            progress: Box::new(self.restored(&target.progress, target.seq(), renewal.run, now)),
            lanes: renewal.state.lanes().cloned().collect(),
            queues: self.needs_turn(),
            ..Rewritten::default()
        };
        Outlook {
            state,
            again: renewal.again,
        }
    }

    /// Whether its steps ran, and it was not ending.
    fn expect_running(&self, latest: u64) -> Result<(), Refusal> {
        let seq = self.seq();
        let root = self.lane(0);
        let runs = root.is_some_and(|root| root.status() == LaneStatus::Running);
        let progress = &self.progress;
        let well = progress.error.is_none() && progress.cancel.is_none();
        if self.phase() == Phase::Running && runs && well && progress.restoring.is_none() {
            return Ok(());
        }
        let told = format!(
            "expected a record after which its steps ran, but after record {seq} (of {latest}) it was ending or had ended: choose an earlier one"
        );
        Err(Refusal::Forbidden(told.into()))
    }

    /// Learns of its completed steps, and the lanes in which they stand, which were undone since.
    fn learn_undone(&mut self, latest: &Self) {
        let lanes: Vec<u32> = self.lanes().map(|lane| lane.id).collect();
        for id in lanes {
            let (Some(own), Some(later)) = (self.lane(id), latest.lane(id)) else {
                continue;
            };
            let mut places = (0_u32..).zip(own.steps.iter().zip(&later.steps));
            let undone = |(_, (own, later)): &(u32, (&StepState, &StepState))| {
                let same = own.ended_seq > 0 && own.ended_seq == later.ended_seq;
                same && is_undone(later) && !is_undone(own)
            };
            let found: Vec<u32> = places.by_ref().filter(undone).map(|(at, _)| at).collect();
            for step in found {
                let at = StepRef { lane: id, step };
                let undo = latest.step(at).and_then(|step| step.undo.clone());
                if let Some(own) = self.step_mut(at) {
                    own.undo = undo;
                }
            }
        }
    }

    fn restored(&self, then: &Progress, seq: u64, run: u32, now: i64) -> Progress {
        Progress {
            signals: self.signals_since(then, seq),
            start_at: then.start_at,
            on_failure: then.on_failure,
            ..self.taken_up(then, run, now)
        }
    }

    /// The signals that it kept then, and those that came since and no step has taken.
    fn signals_since(&self, then: &Progress, seq: u64) -> Option<Box<Signals>> {
        let latest = self.progress.signals.as_deref()?;
        let mut signals = Signals {
            waits: Vec::new(),
            seen: latest.seen.clone(),
            kept: then
                .signals
                .as_deref()
                .map_or_else(Vec::new, |signals| signals.kept.clone()),
        };
        let since = latest.kept.iter().filter(|signal| signal.received > seq);
        signals.kept.extend(since.cloned());
        Some(Box::new(signals))
    }
}

impl Renewal {
    /// Lanes that do not run again but were not over: calls under way in them are given up, and undos
    /// of losers begin anew.
    fn settle_others(&mut self) {
        let others: Vec<u32> = self
            .state
            .active_lanes()
            .map(|lane| lane.id)
            .filter(|id| !self.renewed.contains(id))
            .collect();
        let seq = self.state.seq();
        for id in others {
            let Some(lane) = self.state.lane_mut(id) else {
                continue;
            };
            lane.begin_undo_anew();
            if !lane.has_ended() {
                lane.give_up_calls(seq);
            }
        }
    }
}

impl Lane {
    fn begin_undo_anew(&mut self) {
        if self.undo() != UndoStatus::Wanted {
            return;
        }
        for step in &mut self.steps {
            let under_way = |undo: &crate::state::StepUndo| {
                !undo.has_ended() && undo.phase() != UndoPhase::Lanes
            };
            if step.undo.as_deref().is_some_and(under_way) {
                step.undo = None;
            }
        }
    }

    fn give_up_calls(&mut self, seq: u64) {
        for step in &mut self.steps {
            let open = matches!(
                step.status(),
                StepStatus::Out | StepStatus::Accepted | StepStatus::Retrying
            ) || step.in_flight();
            if open {
                step.set_status(StepStatus::Cancelled);
                step.unknown = true;
                step.ended_seq = seq;
                step.due_at = 0;
            }
        }
    }
}

/// What an instance that is restored once what was done since is undone is told first.
pub(crate) fn pending_restore(
    target: &Instance,
    reason: &str,
    queues: bool,
) -> Result<Rewritten, Refusal> {
    let mut state = Rewritten {
        reason: reason.to_owned(),
        to_seq: target.seq(),
        queues,
        ..target.image()
    };
    state.progress.rewritten.clear();
    bounded(state)
}

impl Instance {
    /// The earlier state to which it goes back, once what was done since is undone.
    pub(crate) fn restore_target(
        &self,
        workflow: impl Fn(&str, &str) -> Option<Arc<Workflow>>,
    ) -> Option<Self> {
        let image = self.progress.restoring.as_deref()?;
        let name = &self.header.started.workflow;
        let found = workflow(name, &image.version);
        // It is that of the instance, unless it was migrated since; a catalog forgets no version.
        let workflow = found.unwrap_or_else(|| Arc::clone(&self.workflow));
        Some(self.with_image(image, workflow))
    }

    /// Whether an undo that belongs to a restore leaves this step alone: it had ended by then. What lost
    /// is undone all the same, and may be at it when the restore is asked for.
    pub(crate) fn is_spared(&self, at: StepRef) -> bool {
        let (Some(to), Some(step)) = (self.progress.restoring.as_deref(), self.step(at)) else {
            return false;
        };
        let ended = step.ended_seq > 0 && step.ended_seq <= to.to_seq;
        ended && !self.has_lost(at.lane)
    }

    /// Whether a lane, or one in which it stands, has lost.
    fn has_lost(&self, lane: u32) -> bool {
        let above = |lane: &&Lane| self.lane(lane.parent?.lane);
        let mut lanes = std::iter::successors(self.lane(lane), above);
        lanes.any(|lane| lane.closing.as_deref().is_some_and(|closing| closing.undo))
    }
}
