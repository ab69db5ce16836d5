//! Applying the records of decisions.

use super::decision::{Asking, NoticePhase, NoticeState, PendingDecision};
use super::instance::{Instance, REMEMBERED_ANSWERS};
use super::step::{StepStatus, UndoPhase};
use crate::record::{
    ApprovalRequested, AttemptFailed, Choice, DecisionAnswered, DecisionDelegated,
    DecisionEscalated, DecisionKind, DecisionMade, DecisionReminded, DecisionRequested,
    DecisionResolved, Failure, NoticeEnded, NoticeScheduled, RetryScheduled, TaskKey, TaskKind,
};

impl Instance {
    pub(super) fn decision_requested(&mut self, body: &DecisionRequested, at: i64) {
        self.progress.decisions.push(PendingDecision {
            id: body.id.clone(),
            kind: body.kind,
            task: body.task,
            error: body.error.clone(),
            requested_at: at,
            asking: None,
        });
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        if body.task.kind() == TaskKind::Run {
            step.set_status(StepStatus::Deciding);
            step.error = Some(Box::new(body.error.clone()));
            self.end_waits(|at| at == body.task.at);
        } else {
            step.undo.get_or_insert_default().deciding(body);
        }
    }

    pub(super) fn approval_requested(&mut self, body: &ApprovalRequested, at: i64) {
        self.approval_pends(body, at);
        let of_step = body.kind() != DecisionKind::InstanceFailed;
        let Some(step) = self.step_mut(body.task.at).filter(|_| of_step) else {
            return;
        };
        step.set_status(StepStatus::Deciding);
        step.input = body.ask.input.clone();
        step.started_at = at;
        step.first_attempt_at = at;
    }

    /// A step's undo waits for a person.
    pub(super) fn undo_held_back(&mut self, body: &ApprovalRequested, at: i64) {
        self.approval_pends(body, at);
        if let Some(step) = self.step_mut(body.task.at) {
            step.undo.get_or_insert_default().held_back(body, at);
        }
    }

    fn approval_pends(&mut self, body: &ApprovalRequested, at: i64) {
        let timeout_ms = body.ask.timeout_ms;
        let expires_at = match timeout_ms {
            0 => 0,
            ms => at.saturating_add_unsigned(ms),
        };
        let asking = Asking {
            asked: body.ask.clone(),
            approvers: body.ask.approvers.clone(),
            expires_at,
            ..Asking::default()
        };
        self.progress.decisions.push(PendingDecision {
            id: body.id.clone(),
            kind: body.kind,
            task: body.task,
            error: Failure::default(),
            requested_at: at,
            asking: Some(Box::new(asking)),
        });
    }

    pub(super) fn decision_made(&mut self, body: &DecisionMade) {
        self.progress
            .decisions
            .retain(|decision| decision.id != body.id);
        if self.progress.answered.len() == REMEMBERED_ANSWERS {
            self.progress.answered.remove(0);
        }
        self.progress.answered.push(body.clone());
    }

    pub(super) fn decision_resolved(&mut self, body: &DecisionResolved) {
        let answer = &body.answer;
        self.decision_made(&DecisionMade {
            id: answer.id.clone(),
            choice: answer.choice,
            comment: answer.comment.clone(),
            by: answer.by.clone(),
        });
        let choice = answer.choice();
        if body.kind() == DecisionKind::UndoApproval {
            return self.undo_approved(body);
        }
        match (body.kind(), choice) {
            (_, Choice::Compensate) | (DecisionKind::InstanceFailed, _) => {
                self.progress.on_failure = answer.choice;
            }
            (DecisionKind::Approval, Choice::Approve | Choice::Amend) => {
                if let Some(step) = self.step_mut(body.task.at) {
                    step.set_status(StepStatus::Pending);
                    step.approved = true;
                }
            }
            _ => {}
        }
        let amended = choice == Choice::Amend && body.kind() != DecisionKind::Question;
        if let Some(step) = self.step_mut(body.task.at).filter(|_| amended) {
            step.input = body.data.clone();
        }
    }

    /// An undo that was approved is to be scheduled; one that was not has failed, which follows.
    fn undo_approved(&mut self, body: &DecisionResolved) {
        let choice = body.answer.choice();
        let agreed = matches!(choice, Choice::Approve | Choice::Amend);
        let step = self.step_mut(body.task.at).filter(|_| agreed);
        let Some(undo) = step.and_then(|step| step.undo.as_deref_mut()) else {
            return;
        };
        undo.set_phase(UndoPhase::Found);
        undo.approved = true;
        if choice == Choice::Amend {
            undo.input = body.data.clone();
        }
    }

    pub(super) fn decision_answered(&mut self, body: &DecisionAnswered) {
        if let Some(asking) = self.asking_mut(&body.id) {
            asking.answers.push(body.clone());
        }
    }

    pub(super) fn decision_reminded(&mut self, body: &DecisionReminded) {
        if let Some(asking) = self.asking_mut(&body.id) {
            asking.reminded = body.count;
        }
    }

    pub(super) fn decision_escalated(&mut self, body: &DecisionEscalated) {
        if let Some(asking) = self.asking_mut(&body.id) {
            asking.escalated = true;
            asking.approvers.clone_from(&body.approvers);
            asking.expires_at = body.expires_at;
        }
    }

    pub(super) fn decision_delegated(&mut self, body: &DecisionDelegated) {
        if let Some(asking) = self.asking_mut(&body.id) {
            asking.approvers.push(body.to.clone());
            asking.delegations.push(body.clone());
        }
    }

    pub(super) fn decision_overdue(&mut self, id: &[u8]) {
        if let Some(asking) = self.asking_mut(id) {
            asking.overdue = true;
        }
    }

    fn asking_mut(&mut self, id: &[u8]) -> Option<&mut Asking> {
        let mut decisions = self.progress.decisions.iter_mut();
        decisions
            .find(|decision| decision.id == id)?
            .asking
            .as_deref_mut()
    }

    pub(super) fn notice_scheduled(&mut self, body: &NoticeScheduled, at: i64) {
        self.progress.notices = body.task.generation;
        if let Some(asking) = self.asking_mut(&body.id) {
            asking.notices.push(NoticeState {
                task: body.task,
                plan: body.plan.clone(),
                input: body.input.clone(),
                first_attempt_at: at,
                place: body.place,
                ..NoticeState::default()
            });
        }
    }

    pub(super) fn notice_ended(&mut self, body: &NoticeEnded) {
        if let Some(notice) = self.notice_mut(body.task) {
            notice.due_at = 0;
            notice.set_phase(match body.error {
                None => NoticePhase::Done,
                Some(_) => NoticePhase::Failed,
            });
            notice.error = body.error.clone().map(Box::new);
        }
    }

    pub(super) fn notice_failed(&mut self, body: &AttemptFailed) {
        if let Some(notice) = self.notice_mut(body.task) {
            notice.set_phase(NoticePhase::Retrying);
            notice.error = Some(Box::new(body.error.clone()));
        }
    }

    pub(super) fn notice_due(&mut self, body: &RetryScheduled) {
        if let Some(notice) = self.notice_mut(body.task) {
            notice.due_at = body.due_at;
        }
    }

    pub(super) fn notice_started(&mut self, task: TaskKey) {
        if let Some(notice) = self.notice_mut(task) {
            notice.set_phase(NoticePhase::Out);
            notice.task = task;
            notice.due_at = 0;
        }
    }

    fn notice_mut(&mut self, task: TaskKey) -> Option<&mut NoticeState> {
        let decisions = self.progress.decisions.iter_mut();
        let askings = decisions.filter_map(|decision| decision.asking.as_deref_mut());
        askings
            .flat_map(|asking| &mut asking.notices)
            .find(|notice| notice.task.generation == task.generation)
    }
}
