//! The failures of an instance that still stand.

use bytes::Bytes;
use engine::record::{DecisionKind, Failure, StepRef, TaskKind};
use engine::{Instance, PendingDecision, Status, StepState, StepStatus};

use super::rows::{FailureKind, FailureState};

/// Lanes that are looked through for the step that failed.
const LANES: usize = 1_000;

/// An ended instance that failed, undone or not, is one failure; an open one is as many as there are people asked what becomes of them.
/// Each is counted as one that came when it came.
pub(super) fn standing(instance: &Instance) -> Vec<FailureKind> {
    if let Some(at) = instance.ended_at() {
        let state = match instance.status() {
            Status::Failed => FailureState::Failed,
            Status::Compensated => FailureState::Compensated,
            _ => return vec![],
        };
        let error = instance.error().into_iter();
        return error
            .map(|error| ended(instance, error, at, state))
            .collect();
    }
    let decisions = instance.pending_decisions().iter();
    decisions
        .filter_map(|decision| asked(instance, decision))
        .collect()
}

fn ended(instance: &Instance, error: &Failure, at: i64, state: FailureState) -> FailureKind {
    let step = error.step.rsplit('/').next().unwrap_or_default();
    let failed = failed_step(instance, step, error);
    FailureKind {
        step: step.to_owned(),
        adapter: failed.map(adapter_of).unwrap_or_default(),
        target: failed.map(|step| step.target.clone()).unwrap_or_default(),
        ..failure(instance, error, at, state)
    }
}

/// The step in whose state the error stands.
fn failed_step<'a>(instance: &'a Instance, name: &str, error: &Failure) -> Option<&'a StepState> {
    let lanes = instance.lanes().take(LANES);
    let mut steps = lanes.flat_map(|lane| {
        let places = (0..).zip(&lane.steps);
        places.map(|(step, state)| {
            let at = StepRef {
                lane: lane.id,
                step,
            };
            (at, state)
        })
    });
    let found = steps.find(|(at, state)| {
        let like = |known: &Failure| known.error_type == error.error_type;
        state.status() == StepStatus::Failed
            && state.failure().is_some_and(like)
            && state.plan.is_some()
            && instance
                .step_definition(*at)
                .is_some_and(|step| &*step.id == name)
    });
    found.map(|(_, state)| state)
}

fn asked(instance: &Instance, decision: &PendingDecision) -> Option<FailureKind> {
    let at = decision.requested_at;
    let error = Some(&decision.error).filter(|error| !error.error_type.is_empty());
    match decision.kind() {
        DecisionKind::InstanceFailed => {
            let error = error.or(instance.error())?;
            Some(ended(instance, error, at, FailureState::Open))
        }
        DecisionKind::Exhausted | DecisionKind::CompensationFailed => {
            let error = error?;
            let step = instance.step(decision.task.at);
            let adapter = match decision.task.kind() {
                TaskKind::Run => step.map(adapter_of),
                _ => step.map(undo_adapter_of),
            };
            Some(FailureKind {
                step: instance.step_name(decision.task.at),
                adapter: adapter.unwrap_or_default(),
                target: step.map(|step| step.target.clone()).unwrap_or_default(),
                ..failure(instance, error, at, FailureState::Open)
            })
        }
        DecisionKind::Approval | DecisionKind::Question | DecisionKind::UndoApproval => None,
    }
}

fn failure(instance: &Instance, error: &Failure, at: i64, state: FailureState) -> FailureKind {
    FailureKind {
        state: state.into(),
        error_type: error.error_type.clone(),
        count: 1,
        first_at: at,
        last_at: at,
        message: error.message.clone(),
        samples: vec![Bytes::copy_from_slice(&instance.id().bytes())],
        ..FailureKind::default()
    }
}

fn adapter_of(step: &StepState) -> String {
    let plan = step.plan.as_ref();
    plan.map(|plan| plan.adapter.clone()).unwrap_or_default()
}

fn undo_adapter_of(step: &StepState) -> String {
    let plan = step.undo.as_ref().and_then(|undo| undo.plan.as_ref());
    plan.map(|plan| plan.adapter.clone()).unwrap_or_default()
}
