//! Rows of decisions: the pending ones apart, so that the list of what waits is short to read.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::record::{Body, DecisionKind, DecisionMade, Record};
use engine::{Id, Instance, PendingDecision};
use store::{Change, Table};

use super::merge::MergedInstance;
use crate::reads::{DecisionAnswer, DecisionRow, DecisionStatus};

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

/// Adds the rows of decisions that were asked, answered or withdrawn.
pub(super) fn decision_changes(changes: &mut Vec<Change>, merged: &MergedInstance) {
    let mut asked = pending(merged.before.as_deref());
    let now = pending(Some(&merged.after));
    for record in merged.records() {
        if let Some(decision) = requested(record) {
            asked.insert(decision.id.clone(), decision);
        }
    }
    for (key, decision) in &asked {
        let known = merged.before.as_deref().is_some_and(|before| {
            before
                .pending_decisions()
                .iter()
                .any(|pending| pending.id == *key)
        });
        match now.contains_key(key) {
            true if known => {}
            true => put(changes, merged, decision, DecisionStatus::Pending, None),
            false => finish(changes, merged, decision, known),
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
    let made = merged.records().find_map(|record| match &record.body {
        Some(Body::DecisionMade(made)) if made.id == decision.id => Some((record, made)),
        _ => None,
    });
    let status = made.map_or(DecisionStatus::Withdrawn, |_| DecisionStatus::Answered);
    put(
        changes,
        merged,
        decision,
        status,
        made.map(|(record, made)| answer(record, made)),
    );
}

fn put(
    changes: &mut Vec<Change>,
    merged: &MergedInstance,
    decision: &PendingDecision,
    status: DecisionStatus,
    answer: Option<DecisionAnswer>,
) {
    let row = row(&merged.after, decision, status, answer);
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

fn row(
    instance: &Instance,
    decision: &PendingDecision,
    status: DecisionStatus,
    answer: Option<DecisionAnswer>,
) -> DecisionRow {
    let started = &instance.header().started;
    let kind = match decision.kind() {
        DecisionKind::Exhausted => "exhausted",
        DecisionKind::CompensationFailed => "compensation-failed",
    };
    DecisionRow {
        id: id_of(decision).to_string(),
        workflow_id: instance.id().to_string(),
        workflow: started.workflow.clone(),
        correlation_id: started.correlation_id.clone(),
        step: instance.step_name(decision.task.at),
        kind: kind.to_owned(),
        status,
        error_type: decision.error.error_type.clone(),
        error_message: decision.error.message.clone(),
        requested_at: decision.requested_at,
        answer,
    }
}

fn answer(record: &Record, made: &DecisionMade) -> DecisionAnswer {
    DecisionAnswer {
        choice: format!("{:?}", made.choice()).to_lowercase(),
        comment: made.comment.clone(),
        by: made.by.clone(),
        at: record.at,
    }
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

fn requested(record: &Record) -> Option<PendingDecision> {
    match &record.body {
        Some(Body::DecisionRequested(asked)) => Some(PendingDecision {
            id: asked.id.clone(),
            kind: asked.kind,
            task: asked.task,
            error: asked.error.clone(),
            requested_at: record.at,
        }),
        _ => None,
    }
}

fn id_of(decision: &PendingDecision) -> Id {
    Id::from_slice(&decision.id).unwrap_or_default()
}
