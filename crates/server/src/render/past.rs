//! What an act on the past would come to, as it is shown.

use api::{EffectSince, PastOutlook, StepAgain, Time};
use definition::Workflow;
use engine::Instance;
use engine::past::{Again, Fit, MadeEffect, Outlook, Taking};
use runtime::RestoreOutlook;

/// Of a retry.
pub fn outlook(state: &Instance, outlook: &Outlook) -> PastOutlook {
    PastOutlook {
        again: again(&outlook.again),
        version: outlook.state.version.clone(),
        ..of(state)
    }
}

/// Of a restore.
pub fn restore_outlook(state: &Instance, restore: &RestoreOutlook) -> PastOutlook {
    PastOutlook {
        to_seq: Some(restore.outlook.state.to_seq),
        since: restore.since.iter().map(effect).collect(),
        since_count: Some(restore.since_count as u64),
        ..outlook(state, &restore.outlook)
    }
}

/// Of a replay.
pub fn replay_outlook(state: &Instance, to: &Workflow, taking: &Taking) -> PastOutlook {
    PastOutlook {
        version: to.version.to_string(),
        again: again(&taking.again),
        taken: taking.taken.clone(),
        ..of(state)
    }
}

/// Of a migration that fits.
pub fn fit(state: &Instance, fit: &Fit) -> PastOutlook {
    PastOutlook {
        version: fit.state.version.clone(),
        fits: Some(true),
        mapped: fit.mapped.iter().cloned().collect(),
        ..of(state)
    }
}

/// Of a migration that does not fit.
pub fn misfit(state: &Instance, version: String, reasons: Vec<String>) -> PastOutlook {
    PastOutlook {
        version,
        fits: Some(false),
        reasons,
        ..of(state)
    }
}

fn of(state: &Instance) -> PastOutlook {
    PastOutlook {
        workflow_id: state.id().to_string(),
        workflow: state.header().started.workflow.clone(),
        ..PastOutlook::default()
    }
}

fn again(steps: &[Again]) -> Vec<StepAgain> {
    let shown = steps.iter().map(|again| StepAgain {
        step: again.step.clone(),
        lane: again.lane.clone(),
        why: again.why.as_str().to_owned(),
        calls: again.calls.clone(),
        repeats: again.repeats,
        same_key: again.same_key,
    });
    shown.collect()
}

fn effect(made: &MadeEffect) -> EffectSince {
    EffectSince {
        seq: made.seq,
        at: Time(made.at),
        step: made.step.clone(),
        lane: made.lane.clone(),
        kind: made.kind.as_str().to_owned(),
        calls: made.calls.clone(),
        undoable: made.undoable,
    }
}
