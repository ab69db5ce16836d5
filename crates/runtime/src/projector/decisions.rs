//! Rows of decisions: the pending ones apart, so that the list of what waits is short to read.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::record::{Body, Choice, DecisionAnswered, DecisionKind, Record};
use engine::view::rfc3339;
use engine::{Asking, Id, Instance, NoticeState, Payload, PendingDecision};
use serde_json::Value;
use store::{Change, Table};

use super::merge::MergedInstance;
use crate::reads::{DecisionAnswer, DecisionRow, DecisionStatus, Delegation, NoticeRow};

/// First byte of the key of a decision that waits.
const PENDING: u8 = 0;
/// First byte of the key of one that does not wait any more.
const DONE: u8 = 1;

/// The key of a decision's row.
pub(crate) fn decision_key(id: Id, pending: bool) -> Bytes {
    let mut key = vec![if pending { PENDING } else { DONE }];
    key.extend(id.bytes());
    key.into()
}

/// The first byte of the keys of pending, or of other decisions.
pub(crate) fn decision_prefix(pending: bool) -> Bytes {
    Bytes::copy_from_slice(&[if pending { PENDING } else { DONE }])
}

/// Adds the rows of decisions that were asked, answered or withdrawn, or whose asking went on.
pub(super) fn decision_changes(changes: &mut Vec<Change>, merged: &MergedInstance) {
    let before = pending(merged.before.as_deref());
    let now = pending(Some(&merged.after));
    let mut asked = before.clone();
    for record in merged.records() {
        if let Some(decision) = requested(record) {
            asked.insert(decision.id.clone(), decision);
        }
    }
    for (key, decision) in &asked {
        let known = before.get(key);
        match now.get(key) {
            Some(same) if known == Some(same) => {}
            Some(now) => put(changes, merged, now, DecisionStatus::Pending, None),
            None => finish(changes, merged, decision, known.is_some()),
        }
    }
}

fn finish(
    changes: &mut Vec<Change>,
    merged: &MergedInstance,
    decision: &PendingDecision,
    known: bool,
) {
    if known {
        let (slot, id) = (merged.after.id().slot(), id_of(decision));
        changes.push(Change::Delete {
            table: Table::Decision,
            slot,
            key: decision_key(id, true),
        });
    }
    let made = merged
        .records()
        .find_map(|record| made_in(record, decision));
    let status = match &made {
        None => DecisionStatus::Withdrawn,
        Some(_) => DecisionStatus::Answered,
    };
    put(changes, merged, decision, status, made);
}

/// The answer by which a record makes a decision.
fn made_in(record: &Record, decision: &PendingDecision) -> Option<DecisionAnswer> {
    match record.body.as_ref()? {
        Body::DecisionMade(made) if made.id == decision.id => Some(DecisionAnswer {
            choice: made.choice().as_str().to_owned(),
            comment: made.comment.clone(),
            by: made.by.clone(),
            at: record.at,
            data: None,
        }),
        Body::DecisionResolved(made) if made.answer.id == decision.id => {
            let mut answer = answer_row(&made.answer);
            answer.data = made.data.as_ref().map(value);
            Some(answer)
        }
        _ => None,
    }
}

fn put(
    changes: &mut Vec<Change>,
    merged: &MergedInstance,
    decision: &PendingDecision,
    status: DecisionStatus,
    answer: Option<DecisionAnswer>,
) {
    let mut row = decision_row(&merged.after, decision);
    if status != DecisionStatus::Pending {
        // Those who answered in the same moment were not seen pending.
        let of_decision = |record: &Record| answered_in(record, decision);
        let more = merged.records().filter_map(of_decision);
        row.answers.extend(more);
        row.answers.sort_by_key(|answer| answer.at);
        row.answers.dedup();
        row.choices.clear();
    }
    row.status = status;
    row.answer = answer;
    let key = decision_key(id_of(decision), status == DecisionStatus::Pending);
    let value = serde_json::to_vec(&row).unwrap_or_default().into();
    let slot = merged.after.id().slot();
    changes.push(Change::Put {
        table: Table::Decision,
        slot,
        key,
        value,
    });
}

fn answered_in(record: &Record, decision: &PendingDecision) -> Option<DecisionAnswer> {
    match record.body.as_ref()? {
        Body::DecisionAnswered(answer) if answer.id == decision.id => Some(answer_row(answer)),
        _ => None,
    }
}

/// A pending decision as lists see it.
fn decision_row(instance: &Instance, decision: &PendingDecision) -> DecisionRow {
    let started = &instance.header().started;
    let choices = instance.decision_choices(decision).into_iter();
    let row = DecisionRow {
        id: id_of(decision).to_string(),
        workflow_id: instance.id().to_string(),
        workflow: started.workflow.clone(),
        correlation_id: started.correlation_id.clone(),
        step: match decision.kind() {
            DecisionKind::InstanceFailed => String::new(),
            _ => instance.step_name(decision.task.at),
        },
        kind: decision.kind().as_str().to_owned(),
        status: DecisionStatus::Pending,
        error_type: decision.error.error_type.clone(),
        error_message: decision.error.message.clone(),
        requested_at: decision.requested_at,
        answer: None,
        prompt: instance.decision_prompt(decision),
        choices: choices.map(Choice::as_str).map(str::to_owned).collect(),
        quorum: 1,
        ..DecisionRow::default()
    };
    match decision.asking.as_deref() {
        Some(asking) => asking_row(row, instance, decision, asking),
        None => row,
    }
}

fn asking_row(
    row: DecisionRow,
    instance: &Instance,
    decision: &PendingDecision,
    asking: &Asking,
) -> DecisionRow {
    let asked = &asking.asked;
    DecisionRow {
        show: asked.show.as_ref().map(value),
        form: asked.form.as_ref().map(value),
        data: data_of(instance, decision, asking),
        risk: asked.risk.clone(),
        reasons: asked.reasons.clone(),
        approvers: asking.approvers.clone(),
        quorum: asked.quorum.max(1),
        comment_required: asked.comment_required,
        four_eyes: asked.four_eyes,
        requester: asked.requester.clone(),
        delegate: asked.delegate,
        answers: asking.answers.iter().map(answer_row).collect(),
        expires_at: asking.deadline(),
        overdue: asking.overdue,
        escalated: asking.escalated,
        reminded: asking.reminded,
        delegations: asking
            .delegations
            .iter()
            .map(|one| Delegation {
                by: one.by.clone(),
                to: one.to.clone(),
                comment: one.comment.clone(),
            })
            .collect(),
        notices: asking.notices.iter().map(notice_row).collect(),
        ..row
    }
}

/// What is approved. Where that is the instance's own input, it is masked as that is.
fn data_of(instance: &Instance, decision: &PendingDecision, asking: &Asking) -> Option<Value> {
    if decision.kind() == DecisionKind::InstanceFailed {
        return None;
    }
    Some(match asking.standing_data() {
        Some(data) => value(data),
        None => {
            let mut input = value(&instance.header().input());
            instance.workflow().mask_input(&mut input);
            input
        }
    })
}

/// A decision as the instance has it now, which the row from before may not show yet.
pub fn decision_after(before: DecisionRow, instance: &Instance, id: Id) -> DecisionRow {
    let bytes = id.bytes();
    let mut pending = instance.pending_decisions().iter();
    if let Some(pending) = pending.find(|one| one.id == bytes[..]) {
        return decision_row(instance, pending);
    }
    let mut made = instance.answered_decisions().iter();
    let made = made.find(|one| one.id == bytes[..]);
    let answer = before.answer.clone().or_else(|| {
        made.map(|made| DecisionAnswer {
            choice: made.choice().as_str().to_owned(),
            comment: made.comment.clone(),
            by: made.by.clone(),
            at: instance.updated_at(),
            data: None,
        })
    });
    DecisionRow {
        status: match &answer {
            Some(_) => DecisionStatus::Answered,
            None => DecisionStatus::Withdrawn,
        },
        answer,
        choices: Vec::new(),
        ..before
    }
}

fn notice_row(notice: &NoticeState) -> NoticeRow {
    NoticeRow {
        adapter: notice
            .plan
            .as_deref()
            .map(|plan| plan.adapter.clone())
            .unwrap_or_default(),
        status: notice.phase().as_str().to_owned(),
        attempts: notice.task.attempt,
        error: notice.error.as_deref().map(|error| error.message.clone()),
        next_at: (notice.due_at > 0).then(|| rfc3339(notice.due_at)),
    }
}

fn answer_row(answer: &DecisionAnswered) -> DecisionAnswer {
    DecisionAnswer {
        choice: answer.choice().as_str().to_owned(),
        comment: answer.comment.clone(),
        by: answer.by.clone(),
        at: answer.at,
        data: answer.data.as_ref().map(value),
    }
}

fn value(payload: &Payload) -> Value {
    Value::clone(&payload.value())
}

fn pending(instance: Option<&Instance>) -> BTreeMap<Bytes, PendingDecision> {
    let decisions = instance
        .map(Instance::pending_decisions)
        .unwrap_or_default();
    decisions
        .iter()
        .map(|decision| (decision.id.clone(), decision.clone()))
        .collect()
}

/// The decision that a record asks for, as it was asked.
fn requested(record: &Record) -> Option<PendingDecision> {
    match &record.body {
        Some(Body::DecisionRequested(asked)) => Some(PendingDecision {
            id: asked.id.clone(),
            kind: asked.kind,
            task: asked.task,
            error: asked.error.clone(),
            requested_at: record.at,
            asking: None,
        }),
        Some(Body::ApprovalRequested(asked) | Body::UndoHeldBack(asked)) => Some(PendingDecision {
            id: asked.id.clone(),
            kind: asked.kind,
            task: asked.task,
            requested_at: record.at,
            asking: Some(Box::new(Asking {
                asked: asked.ask.clone(),
                approvers: asked.ask.approvers.clone(),
                ..Asking::default()
            })),
            ..PendingDecision::default()
        }),
        _ => None,
    }
}

fn id_of(decision: &PendingDecision) -> Id {
    Id::from_slice(&decision.id).unwrap_or_default()
}
