//! Replaying an instance from a step on: what came before it counts as ended in the new one.

use std::collections::BTreeSet;

use definition::{ListIx, Step, StepIx, Workflow};

use super::renewal::{Renewal, is_undone};
use super::{Again, Why};
use crate::record::{StepRef, StepsTaken, TakenStep};
use crate::state::{Instance, StepStatus};

/// What replaying an instance comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taking {
    /// The steps that count as ended.
    pub steps: StepsTaken,
    /// Their ids.
    pub taken: Vec<String>,
    /// What this instance did that is done again.
    pub again: Vec<Again>,
}

/// Why an instance cannot be replayed from a step on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The version has no such step.
    #[error("expected a step of the workflow's own list, but version {0} has no step {1} there")]
    NoStep(String, String),
    /// What came before was undone.
    #[error("step {0} comes before it and was undone: replay from there, or from before it")]
    Undone(String),
}

impl Instance {
    /// What starting it anew on a version comes to: whole, or from a step of the root list on.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub fn replay_outlook(&self, to: &Workflow, from: Option<&str>) -> Result<Taking, NotTaken> {
        let root = &to.list(ListIx::ROOT).steps;
        let runs: BTreeSet<StepIx> = match from {
            None => root.iter().copied().collect(),
            Some(from) => dependents(to, from)?,
        };
        let mut taking = Taking {
            steps: StepsTaken {
                from: bytes::Bytes::copy_from_slice(&self.id.bytes()),
                steps: Vec::new(),
            },
            ..Taking::default()
        };
        let undone = Renewal::of(self.clone(), self, 0);
        for &ix in root.iter().filter(|ix| !runs.contains(ix)) {
            self.take(to.step(ix), &undone, &mut taking)?;
        }
        taking.again = self.done_again(&taking.taken);
        Ok(taking)
    }

    /// Takes a step over, if it ended well in this instance.
    fn take(&self, step: &Step, undone: &Renewal, taking: &mut Taking) -> Result<(), NotTaken> {
        let own = self.workflow.step_named(&step.id);
        let Some(own) = own.filter(|own| own.list == ListIx::ROOT) else {
            return Ok(());
        };
        let at = StepRef {
            lane: 0,
            step: own.position,
        };
        let Some(state) = self.step(at) else {
            return Ok(());
        };
        if is_undone(state) || undone.is_undone_inside(at) {
            return Err(NotTaken::Undone(step.id.to_string()));
        }
        let skipped = state.status() == StepStatus::Skipped;
        if skipped || state.status() == StepStatus::Completed {
            taking.taken.push(step.id.to_string());
            taking.steps.steps.push(TakenStep {
                at: StepRef {
                    lane: 0,
                    step: step.position,
                },
                output: state.output.clone(),
                skipped,
            });
        }
        Ok(())
    }

    /// Calls that this instance made for steps that are not taken over.
    fn done_again(&self, taken: &[String]) -> Vec<Again> {
        let mut again = Vec::new();
        for lane in self.lanes() {
            for (place, step) in (0_u32..).zip(&lane.steps) {
                let at = StepRef {
                    lane: lane.id,
                    step: place,
                };
                let calls = self.callee(at);
                let done = step.status() == StepStatus::Completed && !step.taken;
                let is_taken = taken.contains(&self.step_name(self.root_step(at)));
                if calls.is_empty() || is_taken || !(done || step.unknown) {
                    continue;
                }
                let undone = is_undone(step);
                again.push(Again {
                    step: self.step_name(at),
                    lane: self.lane_path(lane),
                    why: if undone { Why::Undone } else { Why::Done },
                    calls,
                    repeats: !undone,
                    same_key: false,
                });
            }
        }
        again
    }

    /// The step of the root list (or of `finally`) in which a step stands.
    fn root_step(&self, mut at: StepRef) -> StepRef {
        while let Some(parent) = self.lane(at.lane).and_then(|lane| lane.parent) {
            at = parent;
        }
        at
    }
}

/// A step of the root list, and all that wait for it.
fn dependents(to: &Workflow, from: &str) -> Result<BTreeSet<StepIx>, NotTaken> {
    let first = to.step_named(from).filter(|step| step.list == ListIx::ROOT);
    let unknown = || NotTaken::NoStep(to.version.to_string(), from.to_owned());
    let mut found = BTreeSet::from([first.ok_or_else(unknown)?.ix]);
    let root = &to.list(ListIx::ROOT).steps;
    loop {
        let before = found.len();
        for &ix in root {
            if to.step(ix).needs.iter().any(|need| found.contains(need)) {
                found.insert(ix);
            }
        }
        if found.len() == before {
            return Ok(found);
        }
    }
}
