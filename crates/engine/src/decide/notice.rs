//! Calls that tell people of a decision: durable and retried like any call, and given up with it.

use definition::{Action, Ask, Notice};
use serde_json::{Value, json};

use super::Decider;
use super::task::CallChoice;
use crate::command::{Effect, TaskOutcome, TimerKind};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    AttemptFailed, AttemptStarted, Body, DecisionKind, Failure, NoticeEnded, NoticeScheduled, Plan,
    ResultIgnored, RetryScheduled, Shared, StepRef, TaskKey, TaskKind,
};
use crate::retry::{Failed, next_due};
use crate::state::{NoticePhase, NoticeState, PendingDecision};
use crate::view::{decision_link, rfc3339};

impl Decider<'_, '_> {
    /// Sends every notice of a decision.
    pub(super) fn notify(&mut self, pending: &PendingDecision, notices: &[Notice]) {
        for (place, notice) in (1_u32..).zip(notices) {
            let task = TaskKey {
                at: pending.task.at,
                kind: TaskKind::Notify as i32,
                generation: self.state.progress.notices + 1,
                attempt: 1,
            };
            let (input, plan, error) = match self.notice_call(pending, notice, place) {
                Ok((input, plan)) => (Some(input), Some(plan), None),
                Err(error) => (None, None, Some(error)),
            };
            let id = pending.id.clone();
            self.emit(Body::NoticeScheduled(NoticeScheduled {
                id: id.clone(),
                task,
                input,
                plan,
                place,
            }));
            match error {
                None => self.effect(Effect::Dispatch(task)),
                error => self.emit(Body::NoticeEnded(NoticeEnded { id, task, error })),
            }
        }
    }

    /// The notices of the step (or gate) that a decision is about.
    pub(super) fn notify_again(&mut self, pending: &PendingDecision) {
        let workflow = std::sync::Arc::clone(&self.workflow);
        let step = self.definition_in(&workflow, pending.task.at);
        let ask: Option<&Ask> = match (&step.action, pending.kind()) {
            (_, DecisionKind::InstanceFailed | DecisionKind::UndoApproval) => None,
            (Action::Decision { ask, .. }, _) => Some(ask),
            _ => step.gate.as_deref().and_then(|gate| gate.ask.as_ref()),
        };
        if let Some(ask) = ask {
            self.notify(pending, &ask.notify);
        }
    }

    fn notice_call(
        &mut self,
        pending: &PendingDecision,
        notice: &Notice,
        place: u32,
    ) -> Result<(Payload, Shared<Plan>), Failure> {
        let plan = self.plan(&CallChoice {
            adapter: &notice.adapter,
            action: notice.action.as_deref(),
            retry: None,
            timeout_ms: None,
        })?;
        let seen = self.seen_by_notice(pending, place);
        let input = match &notice.input {
            None => Payload::from_value(seen),
            Some(template) => {
                self.evaluations += 1;
                let scope = self.scope(pending.task.at.lane);
                let scope = scope.with("decision", seen.into());
                let value = template.evaluate(&scope, self.context.now);
                let value =
                    value.map_err(|error| super::expression_failure("notify.input", &error))?;
                Payload::from_value(value)
            }
        };
        Ok((input, plan))
    }

    fn seen_by_notice(&self, pending: &PendingDecision, place: u32) -> Value {
        let asking = pending.asking.as_deref();
        let expires_at = asking.and_then(|asking| asking.deadline());
        let id = Id::from_slice(&pending.id).unwrap_or_default();
        json!({
            "id": id.to_string(),
            "prompt": self.state.decision_prompt(pending),
            "url": decision_link(id, place, ""),
            "approve-url": decision_link(id, place, "approve"),
            "reject-url": decision_link(id, place, "reject"),
            "expires-at": expires_at.map(rfc3339),
        })
    }

    /// What came of a notice. One of a decision that is over changes nothing.
    pub(super) fn notice_result(&mut self, task: TaskKey, outcome: TaskOutcome) {
        let Some((id, notice)) = self.notice_out(task) else {
            let reason = "nobody waits for this notice any more".to_owned();
            return self.emit(Body::ResultIgnored(ResultIgnored { task, reason }));
        };
        match outcome {
            TaskOutcome::Completed { .. } | TaskOutcome::Accepted { .. } => {
                let error = None;
                self.emit(Body::NoticeEnded(NoticeEnded { id, task, error }));
            }
            TaskOutcome::Failed {
                error,
                retry_after_ms,
                target,
                ..
            } => {
                let due = self.notice_due(&notice, &error, retry_after_ms);
                let error = without_links(error);
                self.emit(Body::AttemptFailed(AttemptFailed {
                    task,
                    error: error.clone(),
                    target,
                    exchange: String::new(),
                }));
                self.retry_notice_at(id, task, due, error);
            }
        }
    }

    fn notice_out(&self, task: TaskKey) -> Option<(bytes::Bytes, NoticeState)> {
        let mut decisions = self.state.pending_decisions().iter();
        let found = decisions.find_map(|decision| Some((decision, decision.notice(task)?)));
        let (decision, notice) = found?;
        let out = notice.phase() == NoticePhase::Out && notice.task == task;
        out.then(|| (decision.id.clone(), notice.clone()))
    }

    fn notice_due(
        &mut self,
        notice: &NoticeState,
        error: &Failure,
        retry_after_ms: Option<u64>,
    ) -> Option<i64> {
        let failed = Failed {
            error,
            attempts: notice.task.attempt,
            first_at: notice.first_attempt_at,
            now: self.context.now,
            retry_after_ms,
        };
        next_due(notice.plan.as_deref()?, &failed, self.context.entropy)
    }

    fn retry_notice_at(
        &mut self,
        id: bytes::Bytes,
        task: TaskKey,
        due: Option<i64>,
        error: Failure,
    ) {
        let Some(due_at) = due else {
            let error = Some(error);
            return self.emit(Body::NoticeEnded(NoticeEnded { id, task, error }));
        };
        let next = TaskKey {
            attempt: task.attempt + 1,
            ..task
        };
        self.emit(Body::RetryScheduled(RetryScheduled { task: next, due_at }));
        self.set_timer(due_at, TimerKind::NoticeRetry, task.at);
    }

    /// The next attempts of the notices of a step's decision that are due now.
    pub(super) fn retry_notices(&mut self, at: StepRef, due_at: i64) {
        let decisions = self.state.pending_decisions().iter();
        let of_step = decisions.filter(|decision| decision.task.at == at);
        let notices = of_step
            .filter_map(|decision| decision.asking.as_deref())
            .flat_map(|asking| &asking.notices);
        let due = |notice: &&NoticeState| {
            notice.phase() == NoticePhase::Retrying && notice.due_at == due_at
        };
        let tasks: Vec<TaskKey> = notices.filter(due).map(|notice| notice.task).collect();
        for latest in tasks {
            let task = TaskKey {
                attempt: latest.attempt + 1,
                ..latest
            };
            self.emit(Body::AttemptStarted(AttemptStarted { task, child: None }));
            self.effect(Effect::Dispatch(task));
        }
    }
}

/// What the other side said may quote the links that it was sent, so only the error's type is kept.
fn without_links(error: Failure) -> Failure {
    Failure {
        message: format!("the notice was not delivered ({})", error.error_type),
        details: String::new(),
        ..error
    }
}
