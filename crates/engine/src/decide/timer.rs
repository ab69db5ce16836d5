//! Due timers. One that no longer fits the state is stale and changes nothing.

use std::borrow::Cow;

use definition::{Action, Wait};

use super::Decider;
use crate::command::{Effect, Refusal, TimerKey, TimerKind};
use crate::record::{
    AttemptFailed, AttemptStarted, Body, Closing, Failing, Failure, StepRef, TaskKey,
};
use crate::state::{LaneStatus, Phase, StepStatus, UndoPhase};

const STALE: Refusal = Refusal::Stale(Cow::Borrowed("the timer no longer fits the state"));

impl Decider<'_, '_> {
    pub(super) fn timer(&mut self, key: TimerKey) -> Result<(), Refusal> {
        let mut set = self.state.outstanding().timers.into_iter();
        if !set.any(|timer| timer == key) {
            return Err(STALE);
        }
        if key.kind.is_of_lane() && self.is_doomed(key.at.lane) {
            return Err(STALE);
        }
        match key.kind {
            TimerKind::Continue => self.go_on()?,
            TimerKind::Retry => self.retry_step(key.at),
            TimerKind::UndoRetry => self.retry_undo(key.at),
            TimerKind::Wait => self.end_wait(key.at),
            TimerKind::StepTimeout => self.step_timed_out(key.at),
            TimerKind::Callback => self.callback_timed_out(key.at),
            TimerKind::InstanceTimeout => self.instance_timed_out(),
            TimerKind::DecisionTimeout => self.decision_timed_out(key.at),
            TimerKind::DecisionReminder => self.remind(key.at),
            TimerKind::NoticeRetry => self.retry_notices(key.at, key.due_at),
            TimerKind::Start => self.begin_queued(),
            TimerKind::Deadline => self.deadline_passed(key.at.step),
        }
        self.queue.insert(key.at.lane);
        Ok(())
    }

    pub(super) fn retry_step(&mut self, at: StepRef) {
        let latest = self.step_state(at).task_key(at);
        let task = TaskKey {
            attempt: latest.attempt + 1,
            ..latest
        };
        let child = self.another_child(at);
        let again = child.is_some();
        self.emit(Body::AttemptStarted(AttemptStarted { task, child }));
        if again {
            self.child_started_again(at);
        } else {
            self.effect(Effect::Dispatch(task));
        }
    }

    fn end_wait(&mut self, at: StepRef) {
        let workflow = std::sync::Arc::clone(&self.workflow);
        match &self.definition_in(&workflow, at).action {
            Action::Repeat(repeat) => {
                let Some(block) = self.step_state(at).block.as_deref() else {
                    return;
                };
                let (rounds, state) = (block.opened, block.items.clone().unwrap_or_default());
                self.next_round(at, repeat, rounds, state);
            }
            Action::Wait(Wait::Signal {
                continue_on_timeout,
                ..
            }) => self.signal_wait_expired(at, *continue_on_timeout),
            Action::Wait(Wait::Event(awaited)) => {
                self.event_wait_expired(at, awaited.continue_on_timeout);
            }
            Action::ForEach(_) => self.lanes_due(at),
            _ => self.complete_step(at, None, Vec::new()),
        }
    }

    fn step_timed_out(&mut self, at: StepRef) {
        let step = self.step_state(at);
        let error = timeout(&format!(
            "step {} did not end in time",
            self.state.step_name(at)
        ));
        if let Some(child) = step.child.as_deref() {
            let to = child.child_id();
            let task = step.task_key(at);
            self.cancel_child(to, "the parent's step timed out");
            let error = Failure {
                effect_unknown: true,
                ..error
            };
            self.attempt_failed(
                AttemptFailed {
                    task,
                    error,
                    ..AttemptFailed::default()
                },
                None,
            );
            return;
        }
        self.fail_step(at, error);
        let of_step = |lane: &u32| self.lane(*lane).parent == Some(at);
        let left: Vec<u32> = self.state.active.iter().copied().filter(of_step).collect();
        self.queue.extend(left);
    }

    fn callback_timed_out(&mut self, at: StepRef) {
        let step = self.step_state(at);
        let task = match (step.status(), step.undo.as_deref()) {
            (StepStatus::Accepted, _) => step.task_key(at),
            (_, Some(undo)) if undo.phase() == UndoPhase::Accepted => undo.task_key(at),
            _ => return,
        };
        let mut error = timeout("no callback came in time");
        error.effect_unknown = true;
        error.retryable = true;
        self.attempt_failed(
            AttemptFailed {
                task,
                error,
                ..AttemptFailed::default()
            },
            None,
        );
    }

    fn instance_timed_out(&mut self) {
        if self.state.phase() != Phase::Running {
            return;
        }
        let error = timeout("the instance did not end in time");
        if self.state.root_status() == LaneStatus::Running {
            self.close_lane(0, Closing::Failed, Some(error), None, false);
        } else {
            self.emit(Body::InstanceFailing(Failing { error }));
        }
    }

    fn retry_undo(&mut self, at: StepRef) {
        let Some(undo) = self.step_state(at).undo.as_deref() else {
            return;
        };
        let latest = undo.task_key(at);
        let task = TaskKey {
            attempt: latest.attempt + 1,
            ..latest
        };
        self.run_undo_again(
            task,
            Body::AttemptStarted(AttemptStarted { task, child: None }),
        );
    }

    /// Another attempt of an undo or verify, announced by `body`.
    pub(super) fn run_undo_again(&mut self, task: TaskKey, body: Body) {
        let child = self.undo_child_again(task.at);
        let body = match (child.clone(), body) {
            (Some(_), Body::AttemptStarted(started)) => {
                Body::AttemptStarted(AttemptStarted { child, ..started })
            }
            (Some(_), Body::StepRescheduled(rescheduled)) => {
                Body::StepRescheduled(crate::record::StepRescheduled {
                    child,
                    ..rescheduled
                })
            }
            (_, body) => body,
        };
        self.emit(body);
        match self
            .step_state(task.at)
            .undo
            .as_deref()
            .map(|undo| undo.child.clone())
        {
            Some(Some(child)) => self.ask_undo_child(task, &child),
            _ if task.attempt > 0 => self.effect(Effect::Dispatch(task)),
            _ => {
                self.queue.insert(task.at.lane);
            }
        }
    }
}

fn timeout(message: &str) -> Failure {
    Failure {
        error_type: "timeout".into(),
        message: message.to_owned(),
        ..Failure::default()
    }
}
