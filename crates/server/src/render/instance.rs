//! An instance, whole.

use std::collections::BTreeMap;

use api::{InstanceError, Json, KeptSignal, Lanes, Paused, Step, Time, Waiting};
use engine::record::{Failure, StepRef};
use engine::view::{LaneCounts, StepView};
use engine::{Instance, Status, view};
use runtime::HeldTask;
use serde_json::Value;

use super::mask;

/// The most that an instance shows of what it waits for.
const MAX_WAITING: usize = 20;

/// An instance with its first `most_steps` steps; `held` are its tasks that wait to be called.
pub fn instance(state: &Instance, most_steps: usize, held: &[HeldTask]) -> api::Instance {
    let header = state.header();
    let started = &header.started;
    let (waiting, count) = state.waiting_for(MAX_WAITING);
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    api::Instance {
        id: state.id().to_string(),
        workflow: started.workflow.clone(),
        version: started.version.clone(),
        status: state.status().as_str().to_owned(),
        waiting_for: waiting
            .into_iter()
            .map(|waiting| waits(waiting, held))
            .collect(),
        waiting_count: count as u64,
        pending_decisions: pending(state),
        kept_signals: kept_signals(state),
        correlation_id: started.correlation_id.clone(),
        cause: cause(state),
        parent_id: header.parent_id().map(|id| id.to_string()),
        subject: text(&started.subject),
        priority: priority(&started.priority),
        attributes: started.attributes.clone(),
        input: mask::input(&header.input(), state.workflow()),
        output: state.output().map(mask::shown).unwrap_or_default(),
        error: state.error().map(failure),
        steps: state
            .steps()
            .take(most_steps)
            .map(|view| step(&view, state))
            .collect(),
        compensation: compensation(state).to_owned(),
        generation: state.generation() + 1,
        start_at: state.start_at().map(Time),
        paused: state.pause().map(|pause| Paused {
            since: Time(pause.since),
            by: pause.by.clone(),
            reason: pause.reason.clone(),
        }),
        created_at: Time(header.created_at),
        updated_at: Time(state.updated_at()),
        ended_at: state.ended_at().map(Time),
        seq: state.seq(),
    }
}

fn kept_signals(state: &Instance) -> Vec<KeptSignal> {
    let kept = state.kept_signals().iter().take(MAX_WAITING);
    kept.map(|signal| KeptSignal {
        name: signal.name.clone(),
        at: Time(signal.at),
    })
    .collect()
}

/// How many decisions wait for a person.
pub(super) fn pending(state: &Instance) -> u32 {
    u32::try_from(state.pending_decisions().len()).unwrap_or(u32::MAX)
}

/// An empty priority is the normal one.
pub(super) fn priority(word: &str) -> String {
    if word.is_empty() {
        "normal".to_owned()
    } else {
        word.to_owned()
    }
}

fn cause(state: &Instance) -> String {
    let header = state.header();
    match header.parent_id() {
        Some(parent) => format!("parent:{parent}"),
        None => header.cause.clone(),
    }
}

fn compensation(state: &Instance) -> &'static str {
    match state.status() {
        Status::Compensating => "running",
        Status::Stuck => "failed",
        _ if state.was_undone() => "done",
        _ => "none",
    }
}

fn waits(mut waiting: view::Waiting, held: &[HeldTask]) -> Waiting {
    let of_turn = waiting.task.is_none() && waiting.kind == "limit";
    let turn = held.iter().find(|held| of_turn && held.task.is_none());
    if let Some(turn) = turn {
        waiting.what = format!("{} ({})", waiting.what, turn.what);
    }
    let mut tasks = held.iter().filter(|held| held.task.is_some());
    let held = tasks.find(|held| held.task == waiting.task);
    if let Some(held) = held {
        waiting.what = format!("{} waits: {}", waiting.step, held.what);
        waiting.until = held.until;
    }
    let kind = held.map_or(waiting.kind, |held| held.kind.as_str());
    Waiting {
        kind: kind.to_owned(),
        signal: waiting.signal,
        what: waiting.what,
        step: Some(waiting.step).filter(|step| !step.is_empty()),
        since: Some(Time(waiting.since)).filter(|since| since.0 > 0),
        until: waiting.until.map(Time),
        can: waiting.can.into_iter().map(str::to_owned).collect(),
    }
}

/// All steps of all lanes that there are so far.
pub fn steps(state: &Instance) -> impl Iterator<Item = (StepRef, Step)> {
    state.steps().map(|view| (view.at, step(&view, state)))
}

/// One step.
pub fn step(view: &StepView<'_>, instance: &Instance) -> Step {
    let of = view.state;
    let own = of.input.as_ref().map(mask::shown);
    let inherited = || {
        view.input(instance)
            .map(|input| mask::input(&input, instance.workflow()))
    };
    Step {
        id: view.id.clone(),
        lane: view.lane.clone().unwrap_or_default(),
        status: of.status().as_str().to_owned(),
        attempt_count: of.attempt,
        started_at: moment(of.started_at),
        ended_at: moment(of.ended_at),
        input: own.or_else(inherited),
        output: of.output.as_ref().map(mask::shown),
        error: view.error().map(failure),
        caught: of.caught,
        expired: of.expired,
        winners: winners(&view.winners),
        compensation: view.compensation().to_owned(),
        lanes: view.lanes.map(lanes),
    }
}

fn winners(winners: &Value) -> Vec<Json> {
    let list = winners.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(Json::from_value).collect()
}

fn lanes(counts: LaneCounts) -> Lanes {
    let words = [
        ("pending", counts.pending),
        ("running", counts.running),
        ("completed", counts.completed),
        ("failed", counts.failed),
        ("cancelled", counts.cancelled),
    ];
    let there = words.into_iter().filter(|(_, count)| *count > 0);
    let by_status: BTreeMap<String, u64> = there
        .map(|(word, count)| (word.to_owned(), u64::from(count)))
        .collect();
    Lanes {
        total: u64::from(counts.total),
        by_status,
    }
}

/// An error as it is shown.
pub fn failure(failure: &Failure) -> InstanceError {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    InstanceError {
        kind: failure.error_type.clone(),
        message: failure.message.clone(),
        retryable: failure.retryable,
        effect: effect(failure).to_owned(),
        details: text(&failure.details).map(|details| Json::from_bytes(details.as_bytes())),
        step: text(&failure.step),
    }
}

/// Whether a failed call may have taken effect.
pub(super) fn effect(failure: &Failure) -> &'static str {
    if failure.effect_unknown {
        "unknown"
    } else {
        "none"
    }
}

/// A time that is 0 where there is none.
pub(super) fn moment(at: i64) -> Option<Time> {
    (at > 0).then_some(Time(at))
}
