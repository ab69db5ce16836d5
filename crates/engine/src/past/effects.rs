//! What was done outside since a record: what a restore goes back behind.

use crate::record::{Body, Record, StepRef, TaskKind, UndoOutcome};
use crate::state::Instance;

/// Something that was done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeEffect {
    /// The record that says so.
    pub seq: u64,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// The step's id.
    pub step: String,
    /// Its lane's path; empty for the root list.
    pub lane: String,
    /// What.
    pub kind: EffectKind,
    /// Who was called: `ADAPTER/ACTION`, or a workflow.
    pub calls: String,
    /// The definition says how it is undone.
    pub undoable: bool,
}

/// Kinds of what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// A call, or a child, took effect.
    Done,
    /// A call may have taken effect.
    Unknown,
    /// It was undone.
    Undone,
}

impl EffectKind {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Undone => "undone",
        }
    }
}

/// What these records say was done outside; `state` is the instance at or after them.
pub fn effects_since(records: &[Record], state: &Instance) -> Vec<MadeEffect> {
    let made = records.iter().filter_map(|record| {
        let (at, kind) = made_by(record.body.as_ref()?)?;
        let calls = state.callee(at);
        let lane = state.lane(at.lane)?;
        let undoable = state
            .step_definition(at)
            .is_some_and(|step| step.compensation.is_some() || is_child(step));
        (!calls.is_empty()).then(|| MadeEffect {
            seq: record.seq,
            at: record.at,
            step: state.step_name(at),
            lane: state.lane_path(lane),
            kind,
            calls,
            undoable,
        })
    });
    made.collect()
}

fn is_child(step: &definition::Step) -> bool {
    matches!(&step.action, definition::Action::Child(child) if !child.detach)
}

fn made_by(body: &Body) -> Option<(StepRef, EffectKind)> {
    match body {
        Body::StepCompleted(body) => Some((body.at, EffectKind::Done)),
        Body::AttemptFailed(body) => {
            let unknown = body.error.effect_unknown && body.task.kind() == TaskKind::Run;
            unknown.then_some((body.task.at, EffectKind::Unknown))
        }
        Body::UndoEnded(body) => {
            let done = body.outcome() == UndoOutcome::Done;
            done.then_some((body.at, EffectKind::Undone))
        }
        _ => None,
    }
}
