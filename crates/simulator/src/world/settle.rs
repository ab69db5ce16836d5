//! The end of a run: nothing fails any more, and everything has to come to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::record::{Body, Held};
use engine::{Command, Id, StepStatus};
use runtime::{Consistency, DecisionStatus, Runtime};
use store::{CountBy, InstanceFilter};

use super::operate::check_operations;
use super::surroundings::World;
use crate::check::{check_saga, check_signals};
use crate::finding::{Finding, demand};
use crate::random::Random;

/// Rounds of waiting before something is called endless.
const ROUNDS: usize = 2_000;

/// How long a person waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until everything has ended; false when the process has to be started anew first.
pub(super) async fn all_ended(
    world: &Arc<World>,
    runtime: &Runtime,
    random: &mut Random,
) -> Result<bool, Finding> {
    for _ in 0..ROUNDS {
        if !runtime.health().ready || world.truth().finding.is_some() {
            return Ok(false);
        }
        if world.clients.load(Ordering::Relaxed) == 0 && world.truth().is_settled() {
            return Ok(true);
        }
        for id in world.held() {
            let resumed = runtime.command(id, Command::Resume(Held::default()), "client");
            let _refused_or_late = tokio::time::timeout(PATIENCE, resumed).await;
        }
        for (instance, id) in world.pending_decisions() {
            let Some((person, answer)) = world.answer_to(instance, id, random, true) else {
                continue;
            };
            let command = Command::Decide { id, answer };
            let decided = runtime.command(instance, command, &person);
            let _refused_or_late = tokio::time::timeout(PATIENCE, decided).await;
        }
        for (instance, signal) in world.awaited_signals(random) {
            let sent = runtime.command(instance, Command::Signal(signal), "client");
            let _refused_or_late = tokio::time::timeout(PATIENCE, sent).await;
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    let truth = world.truth();
    let waits = truth.open().into_iter().map(|id| {
        let waiting = truth.histories[&id].fold.waiting_for(3);
        format!("{id} never ends: {waiting:?}")
    });
    let lines: Vec<String> = waits.chain(truth.unsettled()).collect();
    Err(Finding(lines.join("\n")))
}

/// What must hold of the whole run.
pub(super) async fn check_all(world: &Arc<World>, runtime: &Runtime) -> Result<(), Finding> {
    let ids: Vec<Id> = world.truth().histories.keys().copied().collect();
    for id in &ids {
        let unreadable =
            |error: runtime::ReadError| Finding(format!("{id} cannot be read: {error}"));
        let instance = runtime.instance(*id).await.map_err(unreadable)?;
        world.truth().shown(&instance)?;
        let least = world.truth().durable(*id);
        let page = whole_history(runtime, *id).await.map_err(unreadable)?;
        let mut truth = world.truth();
        truth.told(*id, &page.records)?;
        let history = &truth.histories[id];
        let given = page.records.len() as u64;
        demand(given >= least, || {
            let has = |seq: &u64| page.records.iter().any(|record| record.seq == *seq);
            let lacks: Vec<u64> = (1..=least).filter(|seq| !has(seq)).collect();
            format!("{id}: of {least} records its history lacks {lacks:?}")
        })?;
        check_saga(&history.fold, &history.records)?;
        check_signals(&history.records)?;
        drop(truth);
        check_children(world, *id)?;
        check_effects(world, *id)?;
    }
    check_operations(world, runtime).await?;
    check_lists(world, runtime, ids.len()).await
}

/// All records of an instance; its state may need a moment.
async fn whole_history(
    runtime: &Runtime,
    id: Id,
) -> Result<runtime::HistoryPage, runtime::ReadError> {
    for _ in 0..20 {
        let page = runtime.history(id, 0, usize::MAX / 2).await?;
        if !page.more {
            return Ok(page);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    runtime.history(id, 0, usize::MAX / 2).await
}

async fn check_lists(world: &World, runtime: &Runtime, expected: usize) -> Result<(), Finding> {
    let all = InstanceFilter::default();
    let counted = runtime
        .count(&all, CountBy::Nothing, Consistency::Fresh)
        .await;
    let counted = counted.map_err(|error| Finding(error.to_string()))?;
    let count: u64 = counted.counts.iter().map(|count| count.count).sum();
    demand(count == expected as u64, || {
        format!("{count} of {expected} instances are counted")
    })?;
    let pending = runtime
        .decisions(Some(DecisionStatus::Pending), None, 10)
        .await;
    let pending = pending.map_err(|error| Finding(error.to_string()))?;
    demand(pending.items.is_empty(), || {
        format!("decisions are left over: {:?}", pending.items)
    })?;
    let figures = runtime.health().figures;
    let errors = figures.message_order_errors;
    demand(errors == 0, || {
        format!("{errors} messages came out of order")
    })?;
    let mut truth = world.truth();
    for hit in [
        (figures.evictions, "runtime: evicted"),
        (figures.loads, "runtime: loaded"),
    ] {
        if hit.0 > 0 {
            truth.coverage.hit(hit.1);
        }
    }
    Ok(())
}

/// Every child that was started is there, or its parent was told that it could not be.
fn check_children(world: &World, id: Id) -> Result<(), Finding> {
    let truth = world.truth();
    let history = &truth.histories[&id];
    for record in &history.records {
        let child = match &record.body {
            Some(Body::StepStarted(body)) => body.child.as_deref(),
            Some(Body::AttemptStarted(body)) => body.child.as_deref(),
            Some(Body::StepRescheduled(body)) => body.child.as_deref(),
            Some(Body::UndoScheduled(body)) => body.child.as_deref(),
            _ => None,
        };
        let Some(child) = child.and_then(|child| Id::from_slice(&child.id)) else {
            continue;
        };
        let refused = history.records.iter().any(|record| {
            matches!(&record.body, Some(Body::AttemptFailed(body)) if body.error.error_type == "expression")
        });
        let exists = truth.histories.contains_key(&child);
        demand(exists || refused, || {
            format!("{id}: its child {child} was never started")
        })?;
    }
    Ok(())
}

/// No call is still said to be at work, and nothing is outstanding.
fn check_effects(world: &World, id: Id) -> Result<(), Finding> {
    let truth = world.truth();
    let fold = &truth.histories[&id].fold;
    let outstanding = fold.outstanding();
    let none = outstanding.tasks.is_empty() && outstanding.timers.is_empty();
    demand(none, || {
        format!("{id} has ended, but waits for {outstanding:?}")
    })?;
    let busy = fold
        .lanes()
        .flat_map(|lane| &lane.steps)
        .any(|step| step.status() == StepStatus::Out);
    demand(!busy, || format!("{id} has ended with a call at work"))
}
