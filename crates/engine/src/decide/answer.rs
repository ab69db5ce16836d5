//! Answers to what a definition or a policy asks, and what the end of its time does.

use bytes::Bytes;
use definition::{Action, Form, OnReject};
use serde_json::{Value, json};

use super::Decider;
use crate::command::{Answer, Authority, InputError, Refusal};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, Choice, DecisionAnswered, DecisionDelegated, DecisionEscalated, DecisionKind,
    DecisionOverdue, DecisionReminded, DecisionResolved, Failure, OnTimeout, StepRef,
};
use crate::state::{Asking, PendingDecision};
use crate::view::rfc3339;

impl Decider<'_, '_> {
    /// An answer to an approval, a question, or what becomes of a failed instance.
    pub(super) fn answer_asked(
        &mut self,
        pending: &PendingDecision,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let Some(asking) = pending.asking.as_deref() else {
            return Err(Refusal::Stale("the decision asks nothing".into()));
        };
        let late = asking
            .deadline()
            .is_some_and(|deadline| self.now() >= deadline);
        if late {
            return Err(Refusal::DecisionExpired);
        }
        let by = self.answerer(&answer.authority);
        may_answer(asking, &by, &answer.authority)?;
        if asking.answers.iter().any(|one| one.by == by) {
            return Err(Refusal::AlreadyAnswered(by));
        }
        if asking.asked.comment_required && answer.comment.trim().is_empty() {
            return Err(Refusal::CommentRequired);
        }
        let (choice, data) = self.settled(pending, asking, &answer)?;
        let agrees = matches!(choice, Choice::Approve | Choice::Amend);
        if agrees && asking.asked.four_eyes {
            check_four_eyes(asking, &by, &answer.authority)?;
        }
        let answered = DecisionAnswered {
            id: pending.id.clone(),
            choice: choice as i32,
            comment: answer.comment,
            by,
            data,
            at: self.now(),
        };
        let approvals = u32::try_from(asking.answers.len()).unwrap_or(u32::MAX);
        if agrees && approvals.saturating_add(1) < asking.asked.quorum {
            self.emit(Body::DecisionAnswered(answered));
            return Ok(());
        }
        self.resolve_asked(pending, asking, answered);
        Ok(())
    }

    /// Who answers, as it is recorded.
    pub(super) fn answerer(&self, authority: &Authority) -> String {
        match authority {
            Authority::Caller { .. } => self.context.actor.to_owned(),
            Authority::Link(place) => format!("link:{place}"),
        }
    }

    /// The choice and data that the answer comes to, if it is one that fits.
    fn settled(
        &self,
        pending: &PendingDecision,
        asking: &Asking,
        answer: &Answer,
    ) -> Result<(Choice, Option<Payload>), Refusal> {
        let offered = match pending.kind() {
            DecisionKind::InstanceFailed => asking.asked.choices.contains(&(answer.choice as i32)),
            _ => matches!(
                answer.choice,
                Choice::Approve | Choice::Reject | Choice::Amend
            ),
        };
        if !offered {
            return Err(Refusal::ChoiceNotOffered(answer.choice.as_str().into()));
        }
        let agrees = matches!(answer.choice, Choice::Approve | Choice::Amend);
        let given = answer.data.as_ref();
        if !agrees {
            let told = "expected no data with this answer, but it brings some";
            let refused = Refusal::Data(told.into());
            return given.map_or(Ok((answer.choice, None)), |_| Err(refused));
        }
        let own = asking.standing_data();
        let own = own.map_or_else(|| self.state.header().input().value(), Payload::value);
        let changed = given.is_some_and(|given| given.value() != own);
        if changed && !asking.answers.is_empty() {
            let told =
                "expected the data of the first approval to be confirmed, but got other data";
            return Err(Refusal::Data(told.into()));
        }
        let question = pending.kind() == DecisionKind::Question;
        if given.is_some() || question {
            let value = given.map_or(own, Payload::value);
            check_form(self.form_of(pending), &value)?;
        }
        let choice = match (answer.choice, changed) {
            (Choice::Amend, false) => Choice::Approve,
            (Choice::Approve, true) if !question => Choice::Amend,
            (choice, _) => choice,
        };
        Ok((choice, given.filter(|_| changed).cloned()))
    }

    fn form_of(&self, pending: &PendingDecision) -> Option<&Form> {
        let step = self.definition(pending.task.at);
        match &step.action {
            // The form is that of the step's own input.
            _ if pending.kind() == DecisionKind::UndoApproval => None,
            Action::Decision { ask, .. } => ask.form.as_ref(),
            _ => step.gate.as_deref()?.ask.as_ref()?.form.as_ref(),
        }
    }

    /// The decision is made: by this last answer, or by the time.
    fn resolve_asked(
        &mut self,
        pending: &PendingDecision,
        asking: &Asking,
        mut last: DecisionAnswered,
    ) {
        // The first approval's data stands; a later one only confirms it.
        let amended = |one: &&DecisionAnswered| one.choice() == Choice::Amend;
        if last.choice() == Choice::Approve && asking.answers.iter().any(|one| amended(&one)) {
            last.choice = Choice::Amend as i32;
        }
        let data = last
            .data
            .clone()
            .or_else(|| asking.standing_data().cloned());
        let choice = last.choice();
        let answer = last.clone();
        let before = asking.answers.iter().map(|one| one.by.clone()).collect();
        self.resolve(pending, last, data.clone(), before);
        self.queue.insert(pending.task.at.lane);
        match (pending.kind(), choice) {
            (DecisionKind::Question, _) => self.end_question(pending.task.at, &answer, data),
            (DecisionKind::Approval, Choice::Reject | Choice::Expire) => {
                self.fail_step(pending.task.at, refusal_of(&answer));
            }
            (DecisionKind::UndoApproval, Choice::Reject | Choice::Expire) => {
                self.undo_failed(pending.task, refusal_of(&answer));
            }
            // An approved step is pending again; a failed instance goes on to its end.
            _ => {}
        }
    }

    /// Records a decision as made.
    pub(super) fn resolve(
        &mut self,
        pending: &PendingDecision,
        answer: DecisionAnswered,
        data: Option<Payload>,
        before: Vec<String>,
    ) {
        let seen = self.digest_of_seen(pending);
        self.emit(Body::DecisionResolved(Box::new(DecisionResolved {
            answer,
            data,
            kind: pending.kind,
            task: pending.task,
            seen,
            before,
        })));
    }

    /// BLAKE3 of what a decision showed to those who made it.
    fn digest_of_seen(&self, pending: &PendingDecision) -> Bytes {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        };
        add(self.state.decision_prompt(pending).as_bytes());
        add(pending.error.error_type.as_bytes());
        add(pending.error.message.as_bytes());
        if let Some(asking) = pending.asking.as_deref() {
            let own = self.state.header().input();
            add(&asking.standing_data().unwrap_or(&own).bytes());
            let show = asking.asked.show.as_ref();
            add(&show.map(Payload::bytes).unwrap_or_default());
        }
        Bytes::copy_from_slice(hasher.finalize().as_bytes())
    }

    fn end_question(&mut self, at: StepRef, answer: &DecisionAnswered, data: Option<Payload>) {
        let workflow = std::sync::Arc::clone(&self.workflow);
        let on_reject = match &self.definition_in(&workflow, at).action {
            Action::Decision { on_reject, .. } => *on_reject,
            _ => OnReject::Continue,
        };
        let refused = matches!(answer.choice(), Choice::Reject | Choice::Expire);
        if refused && on_reject == OnReject::Fail {
            return self.fail_step(at, refusal_of(answer));
        }
        let outcome = match answer.choice() {
            Choice::Reject => "rejected",
            Choice::Expire => "expired",
            Choice::Amend => "amended",
            _ => "approved",
        };
        let by = Some(answer.by.as_str()).filter(|by| !by.is_empty());
        let output = json!({
            "outcome": outcome,
            "data": data.map_or(Value::Null, |data| Value::clone(&data.value())),
            "by": by,
            "at": rfc3339(answer.at),
            "comment": answer.comment,
        });
        self.complete_step(at, Some(Payload::from_value(output)), Vec::new());
    }

    /// Someone who may answer hands that on.
    pub(super) fn delegate(
        &mut self,
        id: Id,
        to: String,
        comment: String,
        by: &Authority,
    ) -> Result<(), Refusal> {
        let pending = self.find_decision(id)?;
        let Some(asking) = pending.asking.as_deref() else {
            return Err(not_delegable(
                "expected a decision that names who may answer",
            ));
        };
        let user = self.answerer(by);
        if !asking.asked.delegate || asking.approvers.is_empty() {
            return Err(not_delegable(
                "expected a decision with `approvers` and `delegate: true`, but this one is not to be handed on",
            ));
        }
        if !definition::is_approver(&to) || to == format!("user:{user}") {
            let told = format!("expected user:NAME or role:NAME of somebody else, but got {to:?}");
            return Err(Refusal::NotDelegable(told));
        }
        may_answer(asking, &user, by)?;
        if asking.answers.iter().any(|one| one.by == user) {
            return Err(Refusal::AlreadyAnswered(user));
        }
        self.emit(Body::DecisionDelegated(DecisionDelegated {
            id: pending.id.clone(),
            by: user,
            to,
            comment,
        }));
        if let Some(pending) = self.pending(&pending.id) {
            self.notify_again(&pending);
        }
        Ok(())
    }

    /// The time of a step's decision is over.
    pub(super) fn decision_timed_out(&mut self, at: StepRef) {
        let Some(pending) = self.decision_at(at) else {
            return;
        };
        let Some(asking) = pending.asking.as_deref() else {
            return;
        };
        let id = pending.id.clone();
        match asking.asked.on_timeout() {
            OnTimeout::Escalate if !asking.escalated => {
                let timeout_ms = asking.asked.timeout_ms;
                self.emit(Body::DecisionEscalated(DecisionEscalated {
                    id: id.clone(),
                    approvers: asking.asked.escalate_to.clone(),
                    expires_at: self.now().saturating_add_unsigned(timeout_ms),
                }));
                if let Some(pending) = self.pending(&id) {
                    self.set_decision_timers(&pending);
                    self.notify_again(&pending);
                }
            }
            OnTimeout::Pause => self.emit(Body::DecisionOverdue(DecisionOverdue { id })),
            OnTimeout::Approve => self.decide_by_time(&pending, asking, Choice::Approve),
            OnTimeout::Reject | OnTimeout::Escalate => {
                self.decide_by_time(&pending, asking, Choice::Expire);
            }
        }
    }

    fn decide_by_time(&mut self, pending: &PendingDecision, asking: &Asking, choice: Choice) {
        let last = DecisionAnswered {
            id: pending.id.clone(),
            choice: choice as i32,
            comment: "the time was over".to_owned(),
            at: self.now(),
            ..DecisionAnswered::default()
        };
        self.resolve_asked(pending, asking, last);
    }

    /// Those who may answer a step's decision are reminded.
    pub(super) fn remind(&mut self, at: StepRef) {
        let Some(pending) = self.decision_at(at) else {
            return;
        };
        let count = pending
            .asking
            .as_deref()
            .map_or(0, |asking| asking.reminded);
        let (id, count) = (pending.id.clone(), count + 1);
        self.emit(Body::DecisionReminded(DecisionReminded { id, count }));
        if let Some(pending) = self.pending(&pending.id) {
            if let Some(due) = pending
                .asking
                .as_deref()
                .and_then(|asking| asking.next_reminder())
            {
                self.set_timer(due, crate::command::TimerKind::DecisionReminder, at);
            }
            self.notify_again(&pending);
        }
    }

    fn decision_at(&self, at: StepRef) -> Option<PendingDecision> {
        let mut decisions = self.state.pending_decisions().iter();
        let of_step =
            |decision: &&PendingDecision| decision.task.at == at && decision.asking.is_some();
        decisions.find(of_step).cloned()
    }
}

/// Whether someone is among those who may answer now.
fn may_answer(asking: &Asking, by: &str, authority: &Authority) -> Result<(), Refusal> {
    let refused = |expected: String| Refusal::NotAnApprover {
        user: by.to_owned(),
        expected,
    };
    let Authority::Caller { may_decide, roles } = authority else {
        return Ok(());
    };
    if let Some(handed) = asking.delegations.iter().find(|one| one.by == by) {
        return Err(refused(format!("{}, to whom it was handed on,", handed.to)));
    }
    if asking.approvers.is_empty() {
        let expected = || refused("a caller with the permission `decide`".to_owned());
        return may_decide.then_some(()).ok_or_else(expected);
    }
    let named = |one: &String| match one.split_once(':') {
        Some(("user", user)) => user == by,
        Some(("role", role)) => roles.iter().any(|own| own == role),
        _ => false,
    };
    let expected = || refused(format!("one of {}", asking.approvers.join(", ")));
    let found = asking.approvers.iter().any(named);
    found.then_some(()).ok_or_else(expected)
}

/// Where one approval is enough, it is not that of whoever started the instance. A link does not
/// say who uses it, so it is not enough either.
fn check_four_eyes(asking: &Asking, by: &str, authority: &Authority) -> Result<(), Refusal> {
    let alone = asking.asked.quorum <= 1;
    let unknown = matches!(authority, Authority::Link(_));
    if unknown || (alone && by == asking.asked.requester) {
        return Err(Refusal::FourEyes(by.to_owned()));
    }
    Ok(())
}

fn check_form(form: Option<&Form>, data: &Value) -> Result<(), Refusal> {
    let errors = form.map(|form| form.check(data)).unwrap_or_default();
    if errors.is_empty() {
        return Ok(());
    }
    let errors = errors.into_iter().map(|error| InputError {
        pointer: error.pointer,
        message: error.message,
    });
    Err(Refusal::Form(errors.collect()))
}

fn not_delegable(told: &str) -> Refusal {
    Refusal::NotDelegable(told.to_owned())
}

/// The error of a step that a person, or the time, did not approve.
fn refusal_of(answer: &DecisionAnswered) -> Failure {
    let (error_type, what) = match answer.choice() {
        Choice::Expire => ("decision.expired", "nobody approved it in time".to_owned()),
        _ => ("decision.rejected", format!("{} rejected it", answer.by)),
    };
    let message = match answer.comment.as_str() {
        "" => what,
        _ if answer.by.is_empty() => what,
        comment => format!("{what}: {comment}"),
    };
    Failure {
        error_type: error_type.into(),
        message,
        ..Failure::default()
    }
}
