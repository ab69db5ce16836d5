//! Asking people: before a step that is held back, by a `decision` step, for a failed instance.

use std::sync::Arc;

use bytes::Bytes;
use definition::{Action, Ask, Gate, OnTimeout, Step, is_approver};
use expression::Template;
use serde_json::Value;

use super::Decider;
use crate::command::TimerKind;
use crate::id::Id;
use crate::payload::Payload;
use crate::policy::{Call, Question, Verdict, is_silent, judge};
use crate::record::{
    ApprovalRequested, Asked, Body, Choice, DecisionKind, Failure, StepAudited, StepRef, TaskKey,
    TaskKind,
};
use crate::state::PendingDecision;

impl Decider<'_, '_> {
    /// Holds a step back where its own word, a threshold or a policy says so; true if it waits now.
    pub(super) fn hold_back(&mut self, at: StepRef, step: &Step) -> Result<bool, Failure> {
        let gate = step.gate.as_deref();
        let asks_itself = matches!(step.action, Action::Decision { .. });
        if asks_itself || (gate.is_none() && is_silent(self.context.catalog)) {
            return Ok(false);
        }
        let input = self.input_of(at, step)?;
        let verdict = self.judged(at, step, input.as_ref())?;
        let risk = self.heed(at, &verdict)?;
        if verdict.reasons.is_empty() {
            return Ok(false);
        }
        let silent = Ask::default();
        let ask = gate.and_then(|gate| gate.ask.as_ref()).unwrap_or(&silent);
        let asked = Asked {
            input,
            risk,
            four_eyes: verdict.four_eyes,
            reasons: verdict.reasons,
            ..self.asked(at, ask)?
        };
        let asked = named_by_policy(asked, verdict.approvers);
        self.request_approval(DecisionKind::Approval, at, asked, ask);
        Ok(true)
    }

    /// Refuses what a policy blocks, and records what one audits; answers with the risk in words.
    pub(super) fn heed(&mut self, at: StepRef, verdict: &Verdict) -> Result<String, Failure> {
        if let Some(policy) = verdict.blocked.first() {
            return Err(Failure {
                error_type: "policy.blocked".into(),
                message: format!("{policy} refuses the call"),
                ..Failure::default()
            });
        }
        let risk = verdict.risk.map_or("", definition::Risk::as_str).to_owned();
        if !verdict.audited.is_empty() {
            self.emit(Body::StepAudited(StepAudited {
                at,
                risk: risk.clone(),
                policies: verdict.audited.clone(),
            }));
        }
        Ok(risk)
    }

    /// A `decision` step begins: a person is asked.
    pub(super) fn begin_decision(&mut self, at: StepRef, ask: &Ask) -> Result<(), Failure> {
        let asked = self.asked(at, ask)?;
        // What a `decision` step asks about is its data alone: it has no input.
        let input = Some(Payload::null());
        self.request_approval(DecisionKind::Question, at, Asked { input, ..asked }, ask);
        Ok(())
    }

    /// Asks what becomes of what a failed instance did.
    pub(super) fn ask_for_instance(&mut self) {
        let can_undo = self.has_undo(0);
        let choices = [Choice::Compensate, Choice::Fail].into_iter();
        let choices = choices.filter(|choice| can_undo || *choice != Choice::Compensate);
        let asked = Asked {
            quorum: 1,
            choices: choices.map(|choice| choice as i32).collect(),
            reasons: vec!["the workflow says `on-failure: man`".to_owned()],
            requester: self.requester(),
            ..Asked::default()
        };
        let root = StepRef::default();
        self.request_approval(DecisionKind::InstanceFailed, root, asked, &Ask::default());
    }

    fn judged(
        &mut self,
        at: StepRef,
        step: &Step,
        input: Option<&Payload>,
    ) -> Result<Verdict, Failure> {
        let gate: Option<&Gate> = step.gate.as_deref();
        let when = match gate.and_then(|gate| gate.when.as_ref()) {
            Some(when) => self.holds(when, at.lane, "man-mode.when")?,
            None => false,
        };
        let catalog = self.context.catalog;
        let own = self.state.header().input().value();
        let call = match &step.action {
            Action::Task(task) => {
                let adapter = catalog.adapters.get(&task.adapter);
                let default = adapter.and_then(|found| found.default_action.as_deref());
                Some(Call {
                    workflow: &self.state.header().started.workflow,
                    adapter: &task.adapter,
                    action: task.action.as_deref().or(default).unwrap_or_default(),
                    step: &step.id,
                    call: input.map_or_else(|| Arc::clone(&own), Payload::value),
                    input: own,
                })
            }
            _ => None,
        };
        let verdict = judge(&Question {
            catalog,
            mode: gate.map(|gate| gate.mode),
            when,
            risk: gate.and_then(|gate| gate.risk),
            call,
            now: self.now(),
        });
        self.evaluations += verdict.evaluations;
        Ok(verdict)
    }

    /// What the step will be called or started with; none means the instance's input.
    fn input_of(&mut self, at: StepRef, step: &Step) -> Result<Option<Payload>, Failure> {
        let template = match &step.action {
            Action::Task(task) => task.input.as_ref(),
            Action::Child(child) => child.input.as_ref(),
            _ => None,
        };
        let input = template.map(|template| self.evaluate(template, at.lane, "input"));
        input.transpose()
    }

    /// What is asked, with everything resolved that a later answer needs.
    pub(super) fn asked(&mut self, at: StepRef, ask: &Ask) -> Result<Asked, Failure> {
        let now = self.now();
        let prompt = match &ask.prompt {
            Some(prompt) => self.text(prompt, at.lane, "prompt")?,
            None => String::new(),
        };
        let timeout_ms = match &ask.timeout {
            Some(duration) => self.duration_ms(duration, at.lane, "timeout")?,
            None => 0,
        };
        let in_time = |after: &&u64| timeout_ms == 0 || **after < timeout_ms;
        let reminders = ask.reminders.iter().filter(in_time);
        let mut reminders: Vec<i64> = reminders
            .map(|after| now.saturating_add_unsigned(*after))
            .collect();
        reminders.sort_unstable();
        let form = ask.form.as_ref();
        Ok(Asked {
            prompt,
            show: self.optional(ask.show.as_ref(), at.lane, "show")?,
            form: form.map(|form| Payload::from_value(Value::clone(&form.schema))),
            data: self.optional(ask.data.as_ref(), at.lane, "data")?,
            approvers: self.people(ask.approvers.as_ref(), at.lane, "approvers")?,
            quorum: ask.quorum.unwrap_or(1).max(1),
            comment_required: ask.comment_required,
            requester: self.requester(),
            timeout_ms,
            on_timeout: on_timeout(ask.on_timeout) as i32,
            escalate_to: self.people(ask.escalate_to.as_ref(), at.lane, "escalate-to")?,
            reminders,
            delegate: ask.delegate,
            ..Asked::default()
        })
    }

    fn optional(
        &mut self,
        template: Option<&Template>,
        lane: u32,
        place: &str,
    ) -> Result<Option<Payload>, Failure> {
        let value = template.map(|template| self.evaluate(template, lane, place));
        value.transpose()
    }

    fn people(
        &mut self,
        template: Option<&Template>,
        lane: u32,
        place: &str,
    ) -> Result<Vec<String>, Failure> {
        let Some(list) = self.optional(template, lane, place)? else {
            return Ok(Vec::new());
        };
        let list = list.value();
        let named = list
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter();
        named
            .map(|one| match one.as_str() {
                Some(text) if is_approver(text) => Ok(text.to_owned()),
                _ => Err(Failure {
                    error_type: "expression".into(),
                    message: format!("{place}: expected user:NAME or role:NAME, but got {one}"),
                    ..Failure::default()
                }),
            })
            .collect()
    }

    /// Who set the instance in motion.
    pub(super) fn requester(&self) -> String {
        let header = self.state.header();
        match header.started.requester.as_str() {
            "" => header.actor.clone(),
            requester => requester.to_owned(),
        }
    }

    fn request_approval(&mut self, kind: DecisionKind, at: StepRef, asked: Asked, ask: &Ask) {
        let random = self.context.entropy.next_u64();
        let id = Id::new(self.now(), self.state.id.slot(), random);
        let id = Bytes::copy_from_slice(&id.bytes());
        let task = TaskKey {
            at,
            kind: TaskKind::Run as i32,
            generation: self.step_state(at).generation,
            attempt: self.step_state(at).attempt,
        };
        let requested = ApprovalRequested {
            id: id.clone(),
            kind: kind as i32,
            task,
            ask: asked,
        };
        self.emit(Body::ApprovalRequested(Box::new(requested)));
        self.queue.insert(at.lane);
        let Some(pending) = self.pending(&id) else {
            return;
        };
        self.set_decision_timers(&pending);
        self.notify(&pending, &ask.notify);
    }

    pub(super) fn pending(&self, id: &[u8]) -> Option<PendingDecision> {
        let mut decisions = self.state.pending_decisions().iter();
        decisions.find(|decision| decision.id == id).cloned()
    }

    /// Sets the timers of a decision's end and of its next reminder.
    pub(super) fn set_decision_timers(&mut self, pending: &PendingDecision) {
        let Some(asking) = pending.asking.as_deref() else {
            return;
        };
        let at = pending.task.at;
        if let Some(due) = asking.deadline() {
            self.set_timer(due, TimerKind::DecisionTimeout, at);
        }
        if let Some(due) = asking.next_reminder() {
            self.set_timer(due, TimerKind::DecisionReminder, at);
        }
    }
}

fn on_timeout(what: OnTimeout) -> crate::record::OnTimeout {
    match what {
        OnTimeout::Approve => crate::record::OnTimeout::Approve,
        OnTimeout::Reject => crate::record::OnTimeout::Reject,
        OnTimeout::Escalate => crate::record::OnTimeout::Escalate,
        OnTimeout::Pause => crate::record::OnTimeout::Pause,
    }
}

/// Where the step names nobody, those whom the policies name may answer.
fn named_by_policy(mut asked: Asked, approvers: Vec<String>) -> Asked {
    if asked.approvers.is_empty() {
        asked.approvers = approvers;
    }
    asked
}
