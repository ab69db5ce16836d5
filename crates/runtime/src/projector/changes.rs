//! From how an instance changed to the rows that are written.

use std::collections::BTreeSet;

use bytes::Bytes;
use definition::Catalog;
use engine::codec::payloads_of;
use engine::record::{
    Body, CatalogChanged, Choice, DeadLetterSettled, DecisionAnswered, DecisionKind, OperationTurn,
    Record, ScheduleTurn, ScheduleTurned, Settled, SlotBody, SlotFact, TickBy,
};
use engine::{Id, Outstanding, Snapshot, TimerKey};
use serde_json::{Value, json};
use store::{Change, Holder, Slot, Table};

use super::decisions::decision_changes;
use super::instance::row_of;
use super::merge::MergedInstance;
use super::segments::Segments;
use super::task_row::{task_row_key, task_row_value};
use crate::blob_names::named_by;
use crate::catalog::ADAPTER_CALLED;
use crate::dead_letter::{DeadLetter, letter_gone, letter_row};
use crate::partition::timer_row_key;
use crate::reads::AuditEntry;
use crate::retention::class_of;
use crate::turns::row_of_turn;

/// Adds everything that follows from an instance's change.
pub(super) fn instance_changes(
    changes: &mut Vec<Change>,
    merged: &MergedInstance,
    catalog: &Catalog,
    segments: &mut Segments,
) {
    let after = &merged.after;
    let (slot, id) = (after.id().slot(), after.id().bytes());
    let snapshot = match &merged.before {
        // Of one that ran through in a moment nothing is stored that could be added to.
        Some(before) if before.ended_at().is_none() => after.snapshot_since(before),
        // It ran through in a moment: its history alone is read back as its state.
        None if merged.ran_through() => Snapshot::default(),
        _ => after.snapshot(),
    };
    let mut row = row_of(after, snapshot.head);
    row.class = class_of(catalog, &row);
    changes.push(Change::PutInstance(Box::new(row)));
    let chunks = snapshot.chunks.into_iter();
    changes.extend(chunks.map(|(chunk, bytes)| Change::PutChunk {
        slot,
        id,
        chunk,
        bytes,
    }));
    let segments = segments.segments(merged).into_iter();
    changes.extend(segments.map(|segment| Change::AppendHistory { slot, id, segment }));
    let by = Holder::Instance(id);
    let payloads = merged.records().filter_map(|record| record.body.as_ref());
    changes.extend(named_by(by, payloads.flat_map(payloads_of)));
    outstanding_changes(changes, merged);
    changes.extend(row_of_turn(merged.before.as_deref(), after));
    decision_changes(changes, merged);
    letter_changes(changes, merged);
    let audit = merged
        .records()
        .filter_map(|record| audit_change(slot, record));
    changes.extend(audit);
}

fn outstanding_changes(changes: &mut Vec<Change>, merged: &MergedInstance) {
    let before = merged
        .before
        .as_ref()
        .map(|before| before.outstanding())
        .unwrap_or_default();
    let Outstanding { tasks, timers } = merged.after.outstanding();
    let (id, slot) = (merged.after.id(), merged.after.id().slot());
    let (gone, new) = difference(before.tasks, tasks);
    let delete = |table, key| Change::Delete { table, slot, key };
    changes.extend(
        gone.into_iter()
            .map(|task| delete(Table::Task, task_row_key(id, task))),
    );
    for task in new {
        let (key, value) = (task_row_key(id, task), task_row_value(&merged.after, task));
        changes.push(Change::Put {
            table: Table::Task,
            slot,
            key,
            value,
        });
    }
    let (gone, new) = difference(before.timers, timers);
    changes.extend(
        gone.into_iter()
            .map(|key| delete(Table::Timer, timer_row_key(id, key))),
    );
    let put = |key: TimerKey| Change::Put {
        table: Table::Timer,
        slot,
        key: timer_row_key(id, key),
        value: Bytes::new(),
    };
    changes.extend(new.into_iter().map(put));
}

/// Letters that were written; those of compensations go when the decision about them is made, unless
/// it gives the compensation up.
fn letter_changes(changes: &mut Vec<Change>, merged: &MergedInstance) {
    for record in merged.records() {
        let Some(body) = &record.body else { continue };
        match body {
            Body::DeadLettered(letter) => changes.push(letter_row(&merged.after, record, letter)),
            Body::DecisionResolved(made)
                if made.kind() == DecisionKind::CompensationFailed
                    && made.answer.choice() != Choice::Fail =>
            {
                let id = Id::from_slice(&made.answer.id).unwrap_or_default();
                changes.push(letter_gone(id));
            }
            _ => {}
        }
    }
}

/// What is only in the first and what is only in the second.
fn difference<T: Ord + Copy>(before: Vec<T>, after: Vec<T>) -> (Vec<T>, Vec<T>) {
    let (before, after) = (BTreeSet::from_iter(before), BTreeSet::from_iter(after));
    let gone = before.difference(&after).copied().collect();
    let new = after.difference(&before).copied().collect();
    (gone, new)
}

/// What a person did to an instance. A start is left out: the instance is its own evidence.
fn audit_change(slot: Slot, record: &Record) -> Option<Change> {
    if record.actor().is_empty() {
        return None;
    }
    let (kind, reason, data) = match record.body.as_ref()? {
        Body::InstanceStarted(_) => return None,
        Body::CancelRequested(cancel) => {
            let data = json!({ "skip_compensation": cancel.skip_compensation });
            ("cancel-requested", cancel.reason.clone(), data)
        }
        Body::StepOverruled(order) => {
            let data = json!({ "lane": order.at.lane, "place": order.at.step, "how": order.how().as_str() });
            ("step-overruled", order.reason.clone(), data)
        }
        Body::InstancePaused(held) => ("paused", held.reason.clone(), Value::Null),
        Body::InstanceResumed(held) => ("resumed", held.reason.clone(), Value::Null),
        Body::InstanceRetried(body) => ("retried", body.reason.clone(), Value::Null),
        Body::RestoreRequested(body) => {
            let data = json!({ "to_seq": body.to_seq, "compensate": true });
            ("restored", body.reason.clone(), data)
        }
        Body::InstanceRestored(body) => {
            let data = json!({ "to_seq": body.to_seq, "compensate": false });
            ("restored", body.reason.clone(), data)
        }
        Body::InstanceMigrated(body) => {
            let data = json!({ "version": body.version });
            ("migrated", body.reason.clone(), data)
        }
        Body::SignalReceived(signal) => {
            let data = json!({ "signal": signal.name });
            ("signal-received", String::new(), data)
        }
        Body::DecisionMade(made) => {
            let id = Id::from_slice(&made.id).unwrap_or_default().to_string();
            let data = json!({ "decision": id, "choice": made.choice().as_str() });
            ("decision-made", made.comment.clone(), data)
        }
        Body::DecisionResolved(made) => answered("decision-made", &made.answer),
        Body::DecisionAnswered(answer) => answered("decision-answered", answer),
        Body::DecisionDelegated(delegated) => {
            let id = Id::from_slice(&delegated.id)
                .unwrap_or_default()
                .to_string();
            let data = json!({ "decision": id, "to": delegated.to });
            ("decision-delegated", delegated.comment.clone(), data)
        }
        _ => ("command", String::new(), Value::Null),
    };
    let entry = entry(record, kind, reason, data);
    Some(put_audit(slot, record, command_of(record), &entry))
}

fn answered(kind: &'static str, answer: &DecisionAnswered) -> (&'static str, String, Value) {
    let id = Id::from_slice(&answer.id).unwrap_or_default().to_string();
    let data = json!({ "decision": id, "choice": answer.choice().as_str() });
    (kind, answer.comment.clone(), data)
}

fn letter_audit(record: &Record, settled: &DeadLetterSettled) -> Option<Change> {
    let id = Id::from_slice(&settled.id)?;
    let kind = match settled.how() {
        Settled::Reprocessed => "dead-letter-reprocessed",
        Settled::Discarded => "dead-letter-discarded",
        Settled::Superseded => "dead-letter-superseded",
    };
    let row: DeadLetter = serde_json::from_str(&settled.row).unwrap_or_default();
    let instance = row.settled.and_then(|settled| settled.instance);
    let data = json!({ "dead_letter": id, "instance": instance });
    let entry = AuditEntry {
        workflow_id: row.workflow_id.to_string(),
        ..entry(record, kind, settled.reason.clone(), data)
    };
    Some(put_audit(id.slot(), record, id, &entry))
}

/// Adds what people did to the catalog and with operations, and which instances they deleted.
pub(super) fn own_audit(changes: &mut Vec<Change>, records: &[Record]) {
    for record in records {
        match &record.body {
            Some(Body::CatalogChanged(changed)) => changes.extend(catalog_audit(record, changed)),
            Some(Body::InstanceDeleted(deleted)) => {
                let id = Id::from_slice(&deleted.id).unwrap_or_default();
                let reason = deleted.reason.clone();
                let entry = AuditEntry {
                    workflow_id: id.to_string(),
                    ..entry(record, "instance-deleted", reason, Value::Null)
                };
                changes.push(put_audit(id.slot(), record, id, &entry));
            }
            Some(Body::Slot(fact)) => changes.extend(operation_audit(record, fact)),
            _ => {}
        }
    }
}

/// What a person did with an operation. What it does with instances stands with them.
fn operation_audit(record: &Record, fact: &SlotFact) -> Option<Change> {
    let (id, kind, reason, mut data) = match fact.body.as_ref()? {
        SlotBody::OperationMade(made) => {
            let asked: Value = serde_json::from_str(&made.asked).unwrap_or(Value::Null);
            // Without what it sends, and without thousands of ids.
            let (verb, filter) = (&asked["action"]["verb"], &asked["set"]["filter"]);
            let data = json!({ "action": verb, "filter": filter, "total": made.total });
            (&made.id, "operation-made", &made.reason, data)
        }
        SlotBody::OperationTurned(turned) => {
            let kind = match turned.turn() {
                OperationTurn::Pause => "operation-paused",
                OperationTurn::Resume => "operation-resumed",
                OperationTurn::Cancel => "operation-cancelled",
            };
            (&turned.id, kind, &turned.reason, json!({}))
        }
        SlotBody::DeadLetterSettled(settled) => return letter_audit(record, settled),
        SlotBody::ScheduleTurned(_) | SlotBody::ScheduleTicked(_) => {
            return schedule_audit(record, fact.body.as_ref()?);
        }
        _ => return None,
    };
    let id = Id::from_slice(id)?;
    data["operation"] = Value::String(id.to_string());
    let entry = entry(record, kind, reason.clone(), data);
    Some(put_audit(id.slot(), record, id, &entry))
}

/// What a person did with a schedule.
fn schedule_audit(record: &Record, fact: &SlotBody) -> Option<Change> {
    let (workflow, trigger, request, kind, reason, data) = match fact {
        SlotBody::ScheduleTurned(turned) => {
            let kind = match turned.turn() {
                ScheduleTurn::Pause => "schedule-paused",
                ScheduleTurn::Resume => "schedule-resumed",
                ScheduleTurn::Backfill => "schedule-backfilled",
            };
            let data = json!({ "ticks": turned.ticks });
            let ScheduleTurned {
                workflow,
                trigger,
                request,
                reason,
                ..
            } = turned;
            (workflow, trigger, request, kind, reason, data)
        }
        SlotBody::ScheduleTicked(ticked) if ticked.by() == TickBy::Person => {
            let instance = Id::from_slice(&ticked.instance).map(|id| id.to_string());
            let data = json!({ "instance": instance });
            let (workflow, trigger) = (&ticked.workflow, &ticked.trigger);
            let kind = "schedule-triggered";
            (
                workflow,
                trigger,
                &ticked.request,
                kind,
                &ticked.reason,
                data,
            )
        }
        _ => return None,
    };
    let request = Id::from_slice(request)?;
    let mut data = data;
    data["schedule"] = Value::String(format!("{workflow}.{trigger}"));
    let entry = entry(record, kind, reason.clone(), data);
    Some(put_audit(request.slot(), record, request, &entry))
}

fn catalog_audit(record: &Record, changed: &CatalogChanged) -> Option<Change> {
    if !changed.act.is_empty() {
        let of = Some(&changed.node).filter(|of| !of.is_empty());
        let is_call = changed.act == ADAPTER_CALLED;
        let node = of.filter(|_| !is_call);
        let data = node.map_or(Value::Null, |node| json!({ "node": node }));
        let mut entry = entry(record, &changed.act, changed.reason.clone(), data);
        if let Some(instance) = of.filter(|_| is_call) {
            entry.workflow_id.clone_from(instance);
        }
        return Some(put_audit(0, record, command_of(record), &entry));
    }
    let parsed = |text: &String| serde_json::from_str(text).unwrap_or(Value::Null);
    let resources: Vec<Value> = changed.resources.iter().map(parsed).collect();
    let named: Vec<Value> = resources.iter().filter_map(named).collect();
    if named.is_empty() {
        return None;
    }
    let data = json!({ "version": changed.version, "resources": named });
    let entry = entry(record, "catalog-changed", changed.reason.clone(), data);
    Some(put_audit(0, record, command_of(record), &entry))
}

/// What happened to which resource, without its document.
fn named(change: &Value) -> Option<Value> {
    let (action, resource) = change.as_object()?.iter().next()?;
    let mut named = resource.as_object()?.clone();
    named.remove("document");
    named.insert("action".to_owned(), Value::String(action.clone()));
    named.contains_key("kind").then_some(Value::Object(named))
}

fn entry(record: &Record, kind: &str, reason: String, data: Value) -> AuditEntry {
    let instance = (!record.entity.is_nil()).then_some(record.entity);
    AuditEntry {
        at: record.at,
        who: record.actor().to_owned(),
        kind: kind.to_owned(),
        cause: record.cause().to_owned(),
        workflow_id: instance.map(|id| id.to_string()).unwrap_or_default(),
        reason,
        data,
    }
}

fn command_of(record: &Record) -> Id {
    record.command_id().unwrap_or_default()
}

/// Ordered by time; `unique`, mostly the command's id, makes the key so.
fn put_audit(slot: Slot, record: &Record, unique: Id, entry: &AuditEntry) -> Change {
    let mut key = record.at.to_be_bytes().to_vec();
    key.extend(unique.bytes());
    key.extend(record.seq.to_be_bytes());
    let value = serde_json::to_vec(entry).unwrap_or_default().into();
    Change::Put {
        table: Table::Audit,
        slot,
        key: key.into(),
        value,
    }
}
