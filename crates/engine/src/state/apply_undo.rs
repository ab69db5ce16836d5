//! Applying the records of a roll-back.

use super::instance::{Instance, Phase};
use super::lane::UndoStatus;
use super::step::{StepUndo, UndoPhase};
use crate::record::{
    ApprovalRequested, ChildStart, DecisionRequested, TaskKey, TaskKind, UndoEnded, UndoOutcome,
    UndoScheduled, UndoStarted,
};

impl Instance {
    pub(super) fn undo_started(&mut self, body: &UndoStarted) {
        for id in body.first_lane..body.first_lane + body.lanes {
            let Some(lane) = self.lane_mut(id) else {
                continue;
            };
            lane.set_undo(UndoStatus::Wanted);
            let parent = lane.parent;
            self.active.insert(id);
            if let Some(step) = parent.and_then(|at| self.step_mut(at)) {
                step.undo.get_or_insert_default().lanes_started += 1;
            }
        }
        if body.first_lane == 0 {
            self.progress.set_phase(Phase::Compensating);
        }
    }

    pub(super) fn undo_scheduled(&mut self, body: &UndoScheduled, at: i64) {
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        let found = step.undo.take().and_then(|undo| undo.found);
        let mut undo = StepUndo {
            generation: body.task.generation,
            input: body.input.clone(),
            plan: body.plan.clone(),
            first_attempt_at: at,
            found,
            ..StepUndo::default()
        };
        undo.run_attempt(body.task, body.child.clone());
        step.undo = Some(Box::new(undo));
    }

    pub(super) fn undo_ended(&mut self, body: &UndoEnded) {
        let at = body.at;
        self.progress
            .decisions
            .retain(|decision| decision.task.at != at || decision.task.kind() == TaskKind::Run);
        let Some(step) = self.step_mut(at) else {
            return;
        };
        let undo = step.undo.get_or_insert_default();
        undo.due_at = 0;
        undo.set_phase(match body.outcome() {
            UndoOutcome::Done => UndoPhase::Done,
            UndoOutcome::Nothing => UndoPhase::Nothing,
            UndoOutcome::Skipped => UndoPhase::Skipped,
            UndoOutcome::Failed => UndoPhase::Failed,
            UndoOutcome::Found => UndoPhase::Found,
        });
        if body.outcome() == UndoOutcome::Found {
            undo.found = body.output.clone();
        }
        let called = undo.plan.is_some() || undo.child.is_some();
        self.progress.undone |= called && body.outcome() == UndoOutcome::Done;
        self.progress.undo_failed |= body.outcome() == UndoOutcome::Failed;
    }

    pub(super) fn lane_undone(&mut self, id: u32) {
        let Some(lane) = self.lane_mut(id) else {
            return;
        };
        lane.set_undo(UndoStatus::Done);
        let parent = lane.parent;
        self.active.remove(id);
        if let Some(step) = parent.and_then(|at| self.step_mut(at)) {
            step.undo.get_or_insert_default().lanes_done += 1;
        }
    }
}

impl StepUndo {
    pub(super) fn retrying(&mut self, due_at: i64) {
        self.set_phase(UndoPhase::Retrying);
        self.due_at = due_at;
    }

    pub(super) fn accepted(&mut self, expires_at: i64) {
        self.set_phase(UndoPhase::Accepted);
        self.due_at = expires_at;
    }

    pub(super) fn deciding(&mut self, body: &DecisionRequested) {
        self.set_phase(UndoPhase::Deciding);
        self.kind = body.task.kind;
        self.due_at = 0;
        self.error = Some(Box::new(body.error.clone()));
    }

    pub(super) fn held_back(&mut self, body: &ApprovalRequested, at: i64) {
        self.set_phase(UndoPhase::Deciding);
        self.kind = body.task.kind;
        self.generation = body.task.generation;
        self.input = body.ask.input.clone();
        self.first_attempt_at = at;
        self.due_at = 0;
    }

    pub(super) fn run_attempt(&mut self, task: TaskKey, child: Option<Box<ChildStart>>) {
        self.due_at = 0;
        self.kind = task.kind;
        self.attempt = task.attempt;
        self.set_phase(match (task.kind(), child.is_some()) {
            _ if task.attempt == 0 => UndoPhase::Found,
            (_, true) => UndoPhase::Child,
            (TaskKind::Verify, false) => UndoPhase::Verifying,
            (TaskKind::Run | TaskKind::Undo | TaskKind::Notify, false) => UndoPhase::Out,
        });
        if child.is_some() {
            self.child = child;
        }
    }
}
