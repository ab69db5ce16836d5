//! A person's answers, and what follows where a step, or its undo, failed for good.

use std::sync::Arc;

use super::Decider;
use crate::command::{Answer, Authority, Effect, Refusal};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, Choice, Closing, DecisionAnswered, DecisionKind, Failure, Handling, StepFailed,
    StepRescheduled, TaskKey, TaskKind, UndoEnded, UndoOutcome,
};
use crate::state::PendingDecision;

impl Decider<'_, '_> {
    pub(super) fn answer(&mut self, id: Id, answer: Answer) -> Result<(), Refusal> {
        let pending = self.find_decision(id)?;
        let task = pending.task;
        let of_instance = pending.kind() == DecisionKind::InstanceFailed;
        if task.kind() == TaskKind::Run && !of_instance && self.is_doomed(task.at.lane) {
            return Err(Refusal::Stale("nobody needs the step any more".into()));
        }
        match pending.kind() {
            DecisionKind::Approval
            | DecisionKind::Question
            | DecisionKind::InstanceFailed
            | DecisionKind::UndoApproval => self.answer_asked(&pending, answer),
            DecisionKind::Exhausted | DecisionKind::CompensationFailed => {
                self.answer_failed(&pending, answer)
            }
        }
    }

    pub(super) fn find_decision(&self, id: Id) -> Result<PendingDecision, Refusal> {
        let bytes = id.bytes();
        if let Some(found) = self.pending(&bytes) {
            return Ok(found);
        }
        let mut answered = self.state.progress.answered.iter();
        match answered.find(|one| one.id == bytes[..]) {
            Some(first) => Err(Refusal::AlreadyDecided(Box::new(first.clone()))),
            None => Err(Refusal::UnknownDecision(id)),
        }
    }

    /// An answer to what becomes of a step, or of its undo, that failed for good.
    fn answer_failed(&mut self, pending: &PendingDecision, answer: Answer) -> Result<(), Refusal> {
        let (task, choice) = (pending.task, answer.choice);
        if let Authority::Caller {
            may_decide: false, ..
        } = answer.authority
        {
            return Err(Refusal::NotAnApprover {
                user: self.context.actor.to_owned(),
                expected: "a caller with the permission `decide`".to_owned(),
            });
        }
        if !self.state.decision_choices(pending).contains(&choice) {
            return Err(Refusal::ChoiceNotOffered(choice.as_str().into()));
        }
        if self.state.pause().is_some() && matches!(choice, Choice::Retry | Choice::Amend) {
            return Err(Refusal::Paused);
        }
        if choice == Choice::Retry && task.kind() == TaskKind::Run {
            let workflow = Arc::clone(&self.workflow);
            if !self.can_rerun(task.at, self.definition_in(&workflow, task.at)) {
                return Err(Refusal::ChoiceNotOffered("retry".into()));
            }
        }
        let takes_data = matches!(choice, Choice::Amend | Choice::Supply);
        if takes_data != answer.data.is_some() {
            let told = if takes_data {
                "expected data with this choice (the new input, or the output), but there is none"
            } else {
                "expected no data with this choice, but there is some"
            };
            return Err(Refusal::Data(told.into()));
        }
        let answered = DecisionAnswered {
            id: pending.id.clone(),
            choice: choice as i32,
            comment: answer.comment,
            by: self.answerer(&answer.authority),
            data: answer.data.clone(),
            at: self.now(),
        };
        self.resolve(pending, answered, answer.data.clone(), Vec::new());
        match pending.kind() {
            DecisionKind::CompensationFailed => self.answer_undo(task, choice, &pending.error),
            _ => self.answer_step(task, choice, pending.error.clone(), answer.data),
        }
        self.queue.insert(task.at.lane);
        Ok(())
    }

    fn answer_step(
        &mut self,
        task: TaskKey,
        choice: Choice,
        error: Failure,
        data: Option<Payload>,
    ) {
        match choice {
            Choice::Retry => self.rerun_step(task, error.effect_unknown),
            // Another input is another intention, whatever became of the one before.
            Choice::Amend => self.rerun_step(task, false),
            Choice::Skip => self.skip_step(task.at),
            Choice::Supply => self.complete_step(task.at, data, Vec::new()),
            Choice::Compensate => self.give_instance_up(task, error),
            _ => self.fail_lane_of(task.at, error, None),
        }
    }

    /// The step fails, and with it the whole instance, whatever would catch it.
    fn give_instance_up(&mut self, task: TaskKey, error: Failure) {
        let at = task.at;
        self.emit(Body::StepFailed(StepFailed {
            at,
            error: error.clone(),
            handling: Handling::Fails as i32,
            output: None,
        }));
        self.close_lane(0, Closing::Failed, Some(error), None, false);
    }

    fn rerun_step(&mut self, task: TaskKey, same_intention: bool) {
        let step = self.step_state(task.at);
        let called = step.plan.is_some() || step.child.is_some();
        let task = if called {
            next_run(task, same_intention)
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
                    next_run(task, error.effect_unknown)
                } else {
                    from_the_start(task)
                };
                let body = Body::StepRescheduled(StepRescheduled { task, child: None });
                return self.run_undo_again(task, body);
            }
            Choice::Skip => UndoOutcome::Skipped,
            Choice::Done => UndoOutcome::Done,
            _ => UndoOutcome::Failed,
        };
        let ended = UndoEnded {
            at: task.at,
            outcome: outcome as i32,
            output: None,
        };
        self.emit(Body::UndoEnded(ended));
    }
}

/// A person's retry is a new generation, except where the same intention is tried again (its outcome
/// is not known): that keeps its idempotency key.
fn next_run(task: TaskKey, same_intention: bool) -> TaskKey {
    if same_intention {
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
