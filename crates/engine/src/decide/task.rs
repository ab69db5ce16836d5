//! Calls: scheduling them, and taking what came of them.

use bytes::Bytes;
use definition::{Duration, RetryChoice, RetryPlan, RetryQuestion, Step, Task};

use super::Decider;
use crate::command::{Effect, TaskOutcome, TimerKind};
use crate::id::Id;
use crate::record::{
    AttemptFailed, Body, CallLimit, Exhausted, Failure, Plan, ResultIgnored, RetryScheduled, Role,
    Shared, StepCompleted, StepRef, StepScheduled, TaskAccepted, TaskKey, TaskKind, UndoEnded,
    UndoOutcome,
};
use crate::retry::{Failed, next_due};
use crate::state::{StepStatus, UndoPhase};

/// Which call, and what its own settings say of retries.
pub(super) struct CallChoice<'a> {
    pub adapter: &'a str,
    pub action: Option<&'a str>,
    pub retry: Option<&'a RetryChoice>,
    pub timeout_ms: Option<u64>,
}

impl Decider<'_, '_> {
    pub(super) fn schedule_task(
        &mut self,
        at: StepRef,
        step: &Step,
        task: &Task,
    ) -> Result<(), Failure> {
        let state = self.step_state(at);
        let input = match &task.input {
            _ if state.approved => state.input.clone(),
            Some(template) => Some(self.evaluate(template, at.lane, "input")?),
            None => None,
        };
        let idempotency_key = match &task.idempotency_key {
            Some(template) => {
                let own = self.text(template, at.lane, "idempotency-key")?;
                own + &self.catch_runs(at.lane)
            }
            None => String::new(),
        };
        let timeout_ms = match &step.timeout {
            Some(duration) => Some(self.duration_ms(duration, at.lane, "timeout")?),
            None => None,
        };
        let (adapter, action) = (task.adapter.as_str(), task.action.as_deref());
        let choice = CallChoice {
            adapter,
            action,
            retry: task.retry.as_ref(),
            timeout_ms,
        };
        let plan = self.plan_of_step(step, &choice)?;
        let plan = Some(self.with_own_terms(plan, at.lane, step, task)?);
        self.emit(Body::StepScheduled(StepScheduled {
            at,
            input,
            plan,
            idempotency_key,
        }));
        let key = self.step_state(at).task_key(at);
        self.effect(Effect::Dispatch(key));
        Ok(())
    }

    /// What keeps a key of the user's own apart when a step is run anew and caught again.
    fn catch_runs(&self, lane: u32) -> String {
        let mut runs = String::new();
        let mut lane = self.lane(lane);
        while let Some(at) = lane.parent {
            let catches = self.definition(at).catches.len().max(1);
            let run = lane.index as usize / catches + 1;
            if lane.role() == Role::Catch && run > 1 {
                runs.push_str(&format!("/catch-{run}"));
            }
            lane = self.lane(at.lane);
        }
        runs
    }

    /// The call of a step, resolved once for all instances unless a value of the step's own is
    /// computed: resolving it asks every policy.
    fn plan_of_step(
        &mut self,
        step: &Step,
        choice: &CallChoice<'_>,
    ) -> Result<Shared<Plan>, Failure> {
        let version = self.context.catalog.version;
        if matches!(step.timeout, Some(Duration::Computed(_))) {
            return self.plan(choice);
        }
        if let Some(plan) = self.context.plans.get(version, &self.workflow, step.ix) {
            return Ok(plan);
        }
        let plan = self.plan(choice)?;
        let plans = &mut self.context.plans;
        plans.put(version, &self.workflow, step.ix, plan.clone());
        Ok(plan)
    }

    /// The call with everything resolved that a later attempt needs.
    pub(super) fn plan(&self, choice: &CallChoice<'_>) -> Result<Shared<Plan>, Failure> {
        let catalog = self.context.catalog;
        let Some(adapter) = catalog.adapters.get(choice.adapter) else {
            return Err(Failure {
                error_type: "adapter.unknown".into(),
                message: format!(
                    "expected adapter {} in the catalog, but it is not there",
                    choice.adapter
                ),
                ..Failure::default()
            });
        };
        let action = choice.action.or(adapter.default_action.as_deref());
        let plan = catalog.retry_plan(RetryQuestion {
            own: choice.retry,
            own_timeout_ms: choice.timeout_ms,
            adapter: Some(choice.adapter),
            action,
            workflow: Some(&self.workflow),
        });
        let action = action.unwrap_or_default();
        let concurrency = adapter
            .actions
            .get(action)
            .and_then(|spec| spec.concurrency);
        let action_limit = concurrency.map(|limit| CallLimit {
            name: format!("action:{}/{action}", choice.adapter),
            limit,
        });
        let plan = Plan {
            action_limit,
            ..recorded_plan(plan, choice.adapter, action)
        };
        Ok(plan.into())
    }

    /// A task's result. One that does not fit a task at work is recorded and changes nothing.
    pub(super) fn result(&mut self, task: TaskKey, outcome: TaskOutcome) {
        if task.kind() == TaskKind::Notify {
            return self.notice_result(task, outcome);
        }
        if let Err(reason) = self.expects(task, &outcome) {
            let reason = reason.to_owned();
            return self.emit(Body::ResultIgnored(ResultIgnored { task, reason }));
        }
        match outcome {
            TaskOutcome::Accepted { expires_at } => {
                self.emit(Body::TaskAccepted(TaskAccepted { task, expires_at }));
                self.set_timer(expires_at, TimerKind::Callback, task.at);
            }
            TaskOutcome::Completed {
                output,
                target,
                exchange,
                kept_by,
            } => {
                if task.kind() == TaskKind::Run {
                    let body = StepCompleted {
                        at: task.at,
                        output: Some(output),
                        target,
                        exchange,
                        kept_by: kept_by.map(id_bytes).unwrap_or_default(),
                        ..StepCompleted::default()
                    };
                    self.emit(Body::StepCompleted(body));
                } else {
                    self.undo_succeeded(task, output);
                }
            }
            TaskOutcome::Failed {
                error,
                retry_after_ms,
                target,
                exchange,
            } => {
                if let Some(outcome) = self.nothing_to_undo(task, &error) {
                    let (at, outcome) = (task.at, outcome as i32);
                    self.emit(Body::UndoEnded(UndoEnded {
                        at,
                        outcome,
                        output: None,
                    }));
                } else {
                    let failed = AttemptFailed {
                        task,
                        error,
                        target,
                        exchange,
                    };
                    self.attempt_failed(failed, retry_after_ms);
                }
            }
        }
        self.queue.insert(task.at.lane);
        self.queue_ancestors(task.at.lane);
    }

    /// An undo that finds nothing (any more) has succeeded: an attempt before it may have undone it.
    fn nothing_to_undo(&self, task: TaskKey, error: &Failure) -> Option<UndoOutcome> {
        let gone = matches!(error.error_type.as_str(), "http.404" | "http.410");
        if task.kind() != TaskKind::Undo || !gone {
            return None;
        }
        let undo = self.step_state(task.at).undo.as_deref()?;
        let tried = undo
            .error
            .as_deref()
            .is_some_and(|last| last.effect_unknown);
        Some(if tried {
            UndoOutcome::Done
        } else {
            UndoOutcome::Nothing
        })
    }

    fn expects(&self, task: TaskKey, outcome: &TaskOutcome) -> Result<(), &'static str> {
        let Some(step) = self.state.step(task.at) else {
            return Err("there is no such step");
        };
        let (latest, out, accepted) = match (task.kind(), step.undo.as_deref()) {
            (TaskKind::Run, _) => {
                let (status, key) = (step.status(), step.task_key(task.at));
                (
                    key,
                    status == StepStatus::Out,
                    status == StepStatus::Accepted,
                )
            }
            (TaskKind::Undo | TaskKind::Verify | TaskKind::Notify, Some(undo)) => {
                let out = matches!(undo.phase(), UndoPhase::Out | UndoPhase::Verifying);
                (
                    undo.task_key(task.at),
                    out,
                    undo.phase() == UndoPhase::Accepted,
                )
            }
            (TaskKind::Undo | TaskKind::Verify | TaskKind::Notify, None) => {
                return Err("the step is not being undone");
            }
        };
        if task.generation < latest.generation {
            return Err("the step was run anew since");
        }
        if task != latest {
            return Err("another attempt was made since");
        }
        match outcome {
            TaskOutcome::Accepted { .. } if accepted => Err("the call was taken before"),
            _ if out || accepted => Ok(()),
            _ => Err("the attempt has a result already"),
        }
    }

    /// An attempt failed: another one is due, or the step (or its undo) has failed.
    pub(super) fn attempt_failed(&mut self, failed: AttemptFailed, retry_after_ms: Option<u64>) {
        let (task, error) = (failed.task, failed.error.clone());
        self.emit(Body::AttemptFailed(failed));
        let closing = self.is_doomed(task.at.lane);
        let due = match task.kind() {
            TaskKind::Run if closing => None,
            _ => self.retry_due(task, &error, retry_after_ms),
        };
        match due {
            Some(due_at) => {
                let kind = match task.kind() {
                    TaskKind::Run => TimerKind::Retry,
                    TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => TimerKind::UndoRetry,
                };
                let task = TaskKey {
                    attempt: task.attempt + 1,
                    ..task
                };
                self.emit(Body::RetryScheduled(RetryScheduled { task, due_at }));
                self.set_timer(due_at, kind, task.at);
            }
            None if task.kind() == TaskKind::Run => self.fail_step(task.at, error),
            None => self.undo_failed(task, error),
        }
    }

    fn retry_due(
        &mut self,
        task: TaskKey,
        error: &Failure,
        retry_after_ms: Option<u64>,
    ) -> Option<i64> {
        let step = self.state.step(task.at)?;
        let (plan, base, first_at) = match task.kind() {
            TaskKind::Run => (
                step.plan.as_deref(),
                step.attempt_base,
                step.first_attempt_at,
            ),
            TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => {
                let undo = step.undo.as_deref()?;
                (
                    undo.plan.as_deref(),
                    undo.attempt_base,
                    undo.first_attempt_at,
                )
            }
        };
        let failed = Failed {
            error,
            attempts: task.attempt.saturating_sub(base),
            first_at,
            now: self.context.now,
            retry_after_ms,
        };
        next_due(plan?, &failed, self.context.entropy)
    }

    fn undo_succeeded(&mut self, task: TaskKey, output: crate::Payload) {
        let outcome = match task.kind() {
            TaskKind::Verify if output.value()["found"] == true => UndoOutcome::Found,
            TaskKind::Verify => UndoOutcome::Nothing,
            TaskKind::Run | TaskKind::Undo | TaskKind::Notify => UndoOutcome::Done,
        };
        let output = match outcome {
            UndoOutcome::Found => crate::Payload::from_value(output.value()["output"].clone()),
            _ => output,
        };
        let ended = UndoEnded {
            at: task.at,
            outcome: outcome as i32,
            output: Some(output),
        };
        self.emit(Body::UndoEnded(ended));
    }
}

pub(super) fn recorded_plan(plan: RetryPlan, adapter: &str, action: &str) -> Plan {
    Plan {
        adapter: adapter.to_owned(),
        action: action.to_owned(),
        max_attempts: plan.max_attempts,
        initial_interval_ms: plan.initial_interval_ms,
        multiplier: plan.multiplier,
        max_interval_ms: plan.max_interval_ms,
        full_jitter: plan.jitter == definition::Jitter::Full,
        max_elapsed_ms: plan.max_elapsed_ms,
        retry_on: plan.retry_on,
        never_on: plan.never_on,
        on_exhausted: match plan.on_exhausted {
            definition::OnExhausted::Fail => Exhausted::Fail as i32,
            definition::OnExhausted::Continue => Exhausted::Continue as i32,
            definition::OnExhausted::Man => Exhausted::Man as i32,
            definition::OnExhausted::DeadLetter => Exhausted::DeadLetter as i32,
        },
        timeout_ms: plan.timeout_ms,
        limit: None,
        priority: String::new(),
        cache: None,
        action_limit: None,
    }
}

fn id_bytes(id: Id) -> Bytes {
    Bytes::copy_from_slice(&id.bytes())
}
