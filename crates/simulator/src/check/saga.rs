//! Invariant 6: what was done is undone, in reverse order of completion within a lane, and only
//! where a roll-back was asked for.

use std::collections::{BTreeMap, BTreeSet};

use definition::{OnFailure, Step};
use engine::record::{Body, Record, Role, StepRef, TaskKind, UndoOutcome};
use engine::{Instance, Lane, Status, StepState, StepStatus};

use crate::finding::{Finding, demand};

/// When a step's undo began and ended, as places in the history.
#[derive(Clone, Copy, Default)]
struct Undone {
    began: u64,
    ended: u64,
}

/// Judges the roll-back of an instance that has ended, since it last went on from another state than the
/// one it had: what was before speaks of other steps.
pub(crate) fn check_saga(instance: &Instance, history: &[Record]) -> Result<(), Finding> {
    let last = history.iter().rposition(is_rewriting);
    let records = &history[last.map_or(0, |at| at + 1)..];
    let undone = spans(instance, records)?;
    check_order(instance, &undone)?;
    let rolled_back = matches!(
        instance.status(),
        Status::Failed | Status::Compensated | Status::Cancelled
    );
    let skipped = instance
        .cancel_request()
        .is_some_and(|request| request.skip_compensation);
    let wanted = instance.workflow().on_failure == OnFailure::Compensate;
    if rolled_back && !skipped && wanted {
        check_complete(instance)?;
    }
    Ok(())
}

/// Whether an instance goes on from another state than the one it had.
fn is_rewriting(record: &Record) -> bool {
    matches!(
        record.body,
        Some(Body::InstanceRetried(_) | Body::InstanceRestored(_) | Body::InstanceMigrated(_))
    )
}

/// The undo of each step; one in a lane that nobody asked to undo is a finding.
fn spans(instance: &Instance, records: &[Record]) -> Result<BTreeMap<StepRef, Undone>, Finding> {
    let lost = |lane: &&Lane| lane.closing.as_deref().is_some_and(|closing| closing.undo);
    let began = records.first().is_none_or(|first| first.seq == 1);
    let lost: BTreeSet<u32> = instance.lanes().filter(lost).map(|lane| lane.id).collect();
    // Of an instance that was taken up again the records do not say which lanes had lost before.
    let (mut wanted, mut closing) = match began {
        true => Default::default(),
        false => (lost.clone(), lost),
    };
    let mut undone: BTreeMap<StepRef, Undone> = BTreeMap::new();
    let begin = |at: StepRef, seq: u64, undone: &mut BTreeMap<StepRef, Undone>| {
        undone.entry(at).or_insert(Undone {
            began: seq,
            ended: u64::MAX,
        });
    };
    for record in records {
        match record.body.as_ref() {
            Some(Body::LaneClosing(body)) if body.undo => {
                closing.insert(body.lane);
            }
            Some(Body::LaneEnded(body)) if closing.contains(&body.lane) => {
                wanted.insert(body.lane);
            }
            Some(Body::UndoStarted(body)) => {
                let lanes = body.first_lane..body.first_lane + body.lanes;
                let parent = instance.lane(body.first_lane).and_then(|lane| lane.parent);
                // A loser is undone while the lane of its block goes on: not part of that lane's order.
                if let Some(at) = parent.filter(|at| wanted.contains(&at.lane)) {
                    begin(at, record.seq, &mut undone);
                }
                wanted.extend(lanes);
            }
            Some(Body::UndoScheduled(body)) => {
                let at = body.task.at;
                demand(wanted.contains(&at.lane), || {
                    format!(
                        "{}: {} is undone, but its lane is not",
                        instance.id(),
                        instance.step_name(at)
                    )
                })?;
                begin(at, record.seq, &mut undone);
            }
            Some(Body::DecisionRequested(body)) if body.task.kind() != TaskKind::Run => {
                begin(body.task.at, record.seq, &mut undone);
            }
            Some(Body::UndoHeldBack(body)) => begin(body.task.at, record.seq, &mut undone),
            Some(Body::UndoEnded(body)) if body.outcome() != UndoOutcome::Found => {
                if let Some(span) = undone.get_mut(&body.at) {
                    span.ended = record.seq;
                }
            }
            _ => {}
        }
    }
    Ok(undone)
}

/// Within a lane, one undo follows the other, those of later completion first.
fn check_order(instance: &Instance, undone: &BTreeMap<StepRef, Undone>) -> Result<(), Finding> {
    let mut lanes: BTreeMap<u32, Vec<(Undone, u64, StepRef)>> = BTreeMap::new();
    for (at, span) in undone {
        let completed = instance.step(*at).map_or(0, |step| step.ended_seq);
        lanes
            .entry(at.lane)
            .or_default()
            .push((*span, completed, *at));
    }
    for steps in lanes.values_mut() {
        steps.sort_unstable_by_key(|(span, ..)| span.began);
        for pair in steps.windows(2) {
            let ((earlier, earlier_done, one), (later, later_done, other)) = (pair[0], pair[1]);
            // One record may end several steps: their order is free.
            let well = earlier_done >= later_done && earlier.ended < later.began;
            demand(well, || {
                let (one, other) = (instance.step_name(one), instance.step_name(other));
                format!(
                    "{}: {one} was undone before {other} against the order of completion",
                    instance.id()
                )
            })?;
        }
    }
    Ok(())
}

/// Nothing that was done, or may have been, is left as it is.
fn check_complete(instance: &Instance) -> Result<(), Finding> {
    for lane in instance.lanes().filter(|lane| !in_finally(instance, lane)) {
        for (place, step) in (0..).zip(&lane.steps) {
            let at = StepRef {
                lane: lane.id,
                step: place,
            };
            let definition = instance.step_definition(at);
            let due = definition.is_some_and(|definition| is_due(definition, step));
            let over = step.undo.as_deref().is_some_and(|undo| undo.has_ended());
            demand(!due || over, || {
                format!(
                    "{}: {} was rolled over, not back",
                    instance.id(),
                    instance.path(lane, at)
                )
            })?;
        }
    }
    Ok(())
}

fn is_due(definition: &Step, step: &StepState) -> bool {
    let completed = step.status() == StepStatus::Completed;
    let child = step.child.as_deref().is_some_and(|child| !child.detached);
    match definition.compensation {
        Some(_) => completed || step.unknown,
        None => completed && child,
    }
}

fn in_finally(instance: &Instance, lane: &Lane) -> bool {
    let mut lane = Some(lane);
    while let Some(found) = lane {
        if found.role() == Role::Finally {
            return true;
        }
        lane = found.parent.and_then(|parent| instance.lane(parent.lane));
    }
    false
}
