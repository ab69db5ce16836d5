//! Operations that failed for good and are kept whole, for someone to look at later.

use bytes::Bytes;
use definition::Undo;

use super::Decider;
use crate::record::{Body, DeadLettered, Exhausted, Failure, StepRef, TaskKey};

impl Decider<'_, '_> {
    /// Keeps a step's call whose policy says so; what else follows from the failure follows all the same.
    pub(super) fn keep_step(&mut self, at: StepRef, error: &Failure) {
        let step = self.step_state(at);
        let Some(plan) = step.plan.as_deref() else {
            return;
        };
        if step.attempt == 0 || plan.on_exhausted() != Exhausted::DeadLetter {
            return;
        }
        let (adapter, action) = (plan.adapter.clone(), plan.action.clone());
        let letter = DeadLettered {
            id: Bytes::new(),
            task: step.task_key(at),
            adapter,
            action,
            input: step.input.clone(),
            error: error.clone(),
            attempts: step.attempts.clone(),
        };
        let id = self.new_decision_id();
        self.emit(Body::DeadLettered(Box::new(DeadLettered { id, ..letter })));
    }

    /// Keeps a compensation that left the instance stuck, under the id of the decision about it.
    pub(super) fn keep_undo(&mut self, decision: Bytes, task: TaskKey, error: &Failure) {
        let undo = self.step_state(task.at).undo.as_deref();
        let plan = undo.and_then(|undo| undo.plan.as_deref());
        let (adapter, action) = match plan {
            Some(plan) => (plan.adapter.clone(), plan.action.clone()),
            None => self.undo_callee(task.at),
        };
        let letter = DeadLettered {
            id: decision,
            task,
            adapter,
            action,
            input: undo.and_then(|undo| undo.input.clone()),
            error: error.clone(),
            attempts: Vec::new(),
        };
        self.emit(Body::DeadLettered(Box::new(letter)));
    }

    /// Whom an undo would have called that was never scheduled; nobody, where a workflow undoes the step.
    fn undo_callee(&self, at: StepRef) -> (String, String) {
        match self
            .definition(at)
            .compensation
            .as_ref()
            .map(|own| &own.undo)
        {
            Some(Undo::Adapter { adapter, action }) => {
                (adapter.clone(), action.clone().unwrap_or_default())
            }
            Some(Undo::Workflow(_)) | None => Default::default(),
        }
    }
}
