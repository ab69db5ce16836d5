//! A person's answers.

use std::sync::Arc;

use super::Decider;
use crate::command::{Effect, Refusal};
use crate::id::Id;
use crate::record::{
    Body, Choice, DecisionKind, DecisionMade, Failure, StepRescheduled, TaskKey, TaskKind,
    UndoEnded, UndoOutcome,
};
use crate::state::PendingDecision;

impl Decider<'_, '_> {
    pub(super) fn answer(
        &mut self,
        id: Id,
        choice: Choice,
        comment: String,
    ) -> Result<(), Refusal> {
        let pending = self.find_decision(id)?;
        let task = pending.task;
        if task.kind() == TaskKind::Run && self.is_doomed(task.at.lane) {
            return Err(Refusal::Stale("nobody needs the step any more".into()));
        }
        if choice == Choice::Retry && task.kind() == TaskKind::Run {
            let workflow = Arc::clone(&self.workflow);
            if !self.can_rerun(task.at, self.definition_in(&workflow, task.at)) {
                return Err(Refusal::ChoiceNotOffered("retry".into()));
            }
        }
        let by = self.context.actor.to_owned();
        self.emit(Body::DecisionMade(DecisionMade {
            id: pending.id,
            choice: choice as i32,
            comment,
            by,
        }));
        match DecisionKind::try_from(pending.kind) {
            Ok(DecisionKind::CompensationFailed) => self.answer_undo(task, choice, &pending.error),
            Ok(DecisionKind::Exhausted) | Err(_) => self.answer_step(task, choice, pending.error),
        }
        self.queue.insert(task.at.lane);
        Ok(())
    }

    fn find_decision(&self, id: Id) -> Result<PendingDecision, Refusal> {
        let bytes = id.bytes();
        let progress = &self.state.progress;
        if let Some(found) = progress.decisions.iter().find(|one| one.id == bytes[..]) {
            return Ok(found.clone());
        }
        match progress.answered.iter().find(|one| one.id == bytes[..]) {
            Some(first) => Err(Refusal::AlreadyDecided(Box::new(first.clone()))),
            None => Err(Refusal::UnknownDecision(id)),
        }
    }

    fn answer_step(&mut self, task: TaskKey, choice: Choice, error: Failure) {
        match choice {
            Choice::Retry => self.rerun_step(task, &error),
            Choice::Skip => self.skip_step(task.at),
            Choice::Fail => self.fail_lane_of(task.at, error, None),
        }
    }

    fn rerun_step(&mut self, task: TaskKey, error: &Failure) {
        let step = self.step_state(task.at);
        let called = step.plan.is_some() || step.child.is_some();
        let task = if called {
            next_run(task, error)
        } else {
            from_the_start(task)
        };
        let child = self.another_child(task.at);
        let again = child.is_some();
        self.emit(Body::StepRescheduled(StepRescheduled { task, child }));
        if again {
            self.child_started_again(task.at);
        } else if called {
            self.effect(Effect::Dispatch(task));
        }
    }

    fn answer_undo(&mut self, task: TaskKey, choice: Choice, error: &Failure) {
        let outcome = match choice {
            Choice::Retry => {
                let undo = self.step_state(task.at).undo.as_deref();
                let called = undo.is_some_and(|undo| undo.plan.is_some() || undo.child.is_some());
                let task = if called {
                    next_run(task, error)
                } else {
                    from_the_start(task)
                };
                let body = Body::StepRescheduled(StepRescheduled { task, child: None });
                return self.run_undo_again(task, body);
            }
            Choice::Skip => UndoOutcome::Skipped,
            Choice::Fail => UndoOutcome::Failed,
        };
        let ended = UndoEnded {
            at: task.at,
            outcome: outcome as i32,
            output: None,
        };
        self.emit(Body::UndoEnded(ended));
    }
}

/// A person's retry is a new generation, except after an outcome that is not known: there the same
/// intention is tried again, under the same idempotency key.
fn next_run(task: TaskKey, error: &Failure) -> TaskKey {
    if error.effect_unknown {
        TaskKey {
            attempt: task.attempt + 1,
            ..task
        }
    } else {
        TaskKey {
            generation: task.generation + 1,
            attempt: 1,
            ..task
        }
    }
}

fn from_the_start(task: TaskKey) -> TaskKey {
    TaskKey {
        generation: task.generation + 1,
        attempt: 0,
        ..task
    }
}
