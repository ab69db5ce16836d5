//! The rows without which nothing would come.

use bytes::Bytes;
use engine::record::{TaskKey, TaskKind};
use engine::{Id, Instance, TimerKey};
use store::{Store, StoreError, Table};

use crate::partition::timer_row_key;
use crate::projector::{decision_key, task_row_key};
use crate::turns::TurnRow;

/// What an instance waits for, by its state, and no row of the store brings after a restart; in words.
/// The tables must hold what the state does.
///
/// # Errors
/// When the store fails.
pub async fn missing_rows(
    store: &dyn Store,
    instance: &Instance,
) -> Result<Vec<String>, StoreError> {
    let id = instance.id();
    let outstanding = instance.outstanding();
    let mut missing = Vec::new();
    let has = |table, key| has_row(store, table, id, key);
    for task in outstanding.tasks {
        if !has(Table::Task, task_row_key(id, task)).await? {
            missing.push(format!("{} is out, but has no row", call(instance, task)));
        }
    }
    for timer in outstanding.timers {
        if !has(Table::Timer, timer_row_key(id, timer)).await? {
            missing.push(format!("{} is set, but has no row", told(instance, timer)));
        }
    }
    for decision in instance.pending_decisions() {
        let asked = Id::from_slice(&decision.id).unwrap_or_default();
        if !has(Table::Decision, decision_key(asked, true)).await? {
            missing.push(format!("decision {asked} waits, but nobody can find it"));
        }
    }
    let key = Bytes::copy_from_slice(&id.bytes());
    if TurnRow::of(instance).is_some() && !has(Table::Limit, key).await? {
        missing.push("it stands under a limit, but has no row there".to_owned());
    }
    Ok(missing)
}

async fn has_row(store: &dyn Store, table: Table, id: Id, key: Bytes) -> Result<bool, StoreError> {
    Ok(store.get(table, id.slot(), key).await?.is_some())
}

fn call(instance: &Instance, task: TaskKey) -> String {
    let step = instance.step_name(task.at);
    let what = match task.kind() {
        TaskKind::Run => "the call",
        TaskKind::Undo => "the compensation",
        TaskKind::Verify => "the question whether there is something to undo",
        TaskKind::Notify => "a notice",
    };
    format!("{what} of step {step}, attempt {},", task.attempt)
}

/// A timer in words.
pub(super) fn told(instance: &Instance, timer: TimerKey) -> String {
    let due = engine::view::rfc3339(timer.due_at);
    match instance.step_name(timer.at) {
        step if timer.kind.is_of_lane() && !step.is_empty() => {
            format!("timer {:?} of step {step}, due {due},", timer.kind)
        }
        _ => format!("timer {:?}, due {due},", timer.kind),
    }
}
