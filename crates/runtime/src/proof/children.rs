//! Children for which steps wait, and what is on its way between them.

use std::collections::BTreeSet;

use engine::record::ChildStart;
use engine::{Id, Instance, StepState, StepStatus, UndoPhase};
use store::{Scan, Store, StoreError, Table};

use crate::partition::{messages_to, outbox_message};

/// Messages of one pair of slots that are read at once.
const PAGE: usize = 500;

/// Instances of which a journal says more than the tables: nothing is said of those.
pub type OnTheWay = BTreeSet<Id>;

/// Children for which an instance waits and that will never answer; in words.
///
/// # Errors
/// When the store fails.
pub async fn missing_children(
    store: &dyn Store,
    instance: &Instance,
    on_the_way: &OnTheWay,
) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    if on_the_way.contains(&instance.id()) {
        return Ok(missing);
    }
    let steps = instance.active_lanes().flat_map(|lane| &lane.steps);
    for child in steps.filter_map(awaited).map(ChildStart::child_id) {
        if on_the_way.contains(&child) || is_open(store, child).await? {
            continue;
        }
        let parent = instance.id();
        let comes = is_sent(store, child, parent).await? || is_sent(store, parent, child).await?;
        if !comes {
            missing.push(format!(
                "it waits for child {child}, which is not open, and no message about it is on its way"
            ));
        }
    }
    Ok(missing)
}

/// The child for which a step, or its undo, waits.
fn awaited(step: &StepState) -> Option<&ChildStart> {
    let undo = step.undo.as_deref();
    if let Some(undo) = undo.filter(|undo| undo.phase() == UndoPhase::Child) {
        return undo.child.as_deref();
    }
    let runs = step.status() == StepStatus::Running;
    step.child
        .as_deref()
        .filter(|child| runs && !child.detached)
}

async fn is_open(store: &dyn Store, id: Id) -> Result<bool, StoreError> {
    let found = store.instance(id.slot(), id.bytes()).await?;
    Ok(found.is_some_and(|found| found.row.ended_at.is_none()))
}

/// Whether a message from one to the other is not taken yet.
async fn is_sent(store: &dyn Store, from: Id, to: Id) -> Result<bool, StoreError> {
    let mut scan = Scan {
        table: Table::Outbox,
        slots: from.slot()..=from.slot(),
        after: None,
        prefix: messages_to(to.slot()),
        reverse: false,
        limit: PAGE,
    };
    loop {
        let rows = store.scan(scan.clone()).await?;
        let mut sent = rows.iter().filter_map(outbox_message);
        if sent.any(|message| message.to[..] == to.bytes()) {
            return Ok(true);
        }
        let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else {
            return Ok(false);
        };
        scan.after = Some((last.key.clone(), last.slot));
    }
}
