//! What the records of one instance add to the counts.

use std::collections::HashMap;

use definition::Step;
use engine::record::{
    AttemptFailed, Body, Ended, LanesOpened, Plan, Shared, StepCompleted, StepRef, TaskKind,
    UndoOutcome,
};
use engine::{Instance, StepStatus, UndoPhase};

use super::counting::Line;

/// Steps that are open, and lanes that are gone again, while one instance's records are gone through.
#[derive(Default)]
pub(super) struct Walk {
    /// The step that began last, beside the others: most end before the next begins.
    latest: Option<(Place, Open)>,
    others: HashMap<Place, Open>,
    /// The lists of lanes that the state no longer has: earlier rounds of a loop.
    lists: HashMap<u32, u32>,
}

/// A step, or its undoing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    at: StepRef,
    undo: bool,
}

/// A step that has not ended.
#[derive(Default)]
struct Open {
    /// When it began; 0 if that is not known.
    since: i64,
    call: Option<OpenCall>,
}

/// A call that is out.
struct OpenCall {
    since: i64,
    plan: Option<Shared<Plan>>,
}

/// An instance, before and after what is counted.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) before: Option<&'a Instance>,
    pub(super) after: &'a Instance,
}

impl Walk {
    /// Begins with another instance.
    pub(super) fn begin(&mut self) {
        self.latest = None;
        self.others.clear();
        self.lists.clear();
    }

    /// Counts one record.
    pub(super) fn count(&mut self, line: &mut Line, change: Change<'_>, at: i64, body: &Body) {
        match body {
            Body::InstanceStarted(_) => line.own().started += 1,
            Body::InstanceEnded(ended) => {
                let own = line.own();
                match ended.how() {
                    Ended::Completed => own.completed += 1,
                    Ended::Failed => own.failed += 1,
                    Ended::Compensated => own.compensated += 1,
                    Ended::Cancelled => own.cancelled += 1,
                }
                own.durations.add(at - change.after.header().created_at);
            }
            Body::LanesOpened(opened) => self.note_lists(change.after, opened),
            Body::UndoScheduled(undo) if undo.child.is_none() => {
                let call = Some(OpenCall {
                    since: at,
                    plan: undo.plan.clone(),
                });
                self.put(run_of(undo.task.at, true), Open { since: at, call });
            }
            Body::UndoEnded(ended) => self.undo_ended(line, change, at, ended.at, ended.outcome()),
            Body::AttemptFailed(failed) => self.attempt_failed(line, change, at, failed),
            Body::StepCompleted(completed) => self.step_completed(line, change, at, completed),
            Body::StepFailed(failed) => {
                let open = self.take(change, run_of(failed.at, false));
                self.step_ended(line, change, at, failed.at, open.since, |step| {
                    &mut step.failed
                });
            }
            Body::StepSkipped(step) => {
                self.take(change, run_of(*step, false));
                if let Some(tally) = self.step(line, change, *step) {
                    tally.skipped += 1;
                }
            }
            Body::StepCancelled(step) => drop(self.take(change, run_of(*step, false))),
            // What ends it then is not the call's result.
            Body::StepOverruled(order) => {
                let place = run_of(order.at, false);
                let open = self.take(change, place);
                self.put(place, Open { call: None, ..open });
            }
            _ => self.count_begin(line, change, at, body),
        }
    }

    /// Counts what begins a step or an attempt.
    fn count_begin(&mut self, line: &mut Line, change: Change<'_>, at: i64, body: &Body) {
        let (step, called, attempt) = match body {
            Body::StepScheduled(step) => {
                let plan = step.plan.clone();
                (step.at, Some(OpenCall { since: at, plan }), 1)
            }
            Body::StepStarted(step) => (step.at, None, u32::from(step.child.is_some())),
            Body::SignalAwaited(wait) => (wait.at, None, 0),
            Body::AttemptStarted(again) => {
                return self.again(line, change, at, again.task, again.child.is_some());
            }
            Body::StepRescheduled(again) => {
                return self.again(line, change, at, again.task, again.child.is_some());
            }
            _ => return,
        };
        let open = Open {
            since: at,
            call: called,
        };
        self.put(run_of(step, false), open);
        if attempt > 0
            && let Some(tally) = self.step(line, change, step)
        {
            tally.attempts += 1;
        }
    }

    /// A further attempt; number 0 has the step begin from its condition on.
    fn again(
        &mut self,
        line: &mut Line,
        change: Change<'_>,
        at: i64,
        task: engine::record::TaskKey,
        child: bool,
    ) {
        let undo = match task.kind() {
            TaskKind::Run => false,
            TaskKind::Undo | TaskKind::Verify => true,
            TaskKind::Notify => return,
        };
        let place = run_of(task.at, undo);
        let known = self.take(change, place);
        let plan = match known.call {
            Some(call) => call.plan,
            None => plan_of(change, place),
        };
        let call = (!child && task.attempt > 0).then_some(OpenCall { since: at, plan });
        self.put(place, Open { call, ..known });
        if !undo
            && task.attempt > 0
            && let Some(tally) = self.step(line, change, task.at)
        {
            tally.attempts += 1;
            tally.retries += 1;
        }
    }

    fn attempt_failed(
        &mut self,
        line: &mut Line,
        change: Change<'_>,
        at: i64,
        failed: &AttemptFailed,
    ) {
        let undo = match failed.task.kind() {
            TaskKind::Run => false,
            TaskKind::Undo | TaskKind::Verify => true,
            TaskKind::Notify => return,
        };
        let place = run_of(failed.task.at, undo);
        let mut open = self.take(change, place);
        if let Some(call) = open.call.take() {
            let tally = line.target(call.adapter(), &failed.target);
            tally.failed += 1;
            tally.durations.add(at - call.since);
        }
        self.put(place, open);
    }

    fn step_completed(
        &mut self,
        line: &mut Line,
        change: Change<'_>,
        at: i64,
        completed: &StepCompleted,
    ) {
        let open = self.take(change, run_of(completed.at, false));
        if let Some(call) = open.call.filter(|_| completed.kept_by.is_empty()) {
            let tally = line.target(call.adapter(), &completed.target);
            tally.completed += 1;
            tally.durations.add(at - call.since);
        }
        self.step_ended(line, change, at, completed.at, open.since, |step| {
            &mut step.completed
        });
    }

    fn step_ended(
        &self,
        line: &mut Line,
        change: Change<'_>,
        at: i64,
        step: StepRef,
        since: i64,
        counter: fn(&mut super::Tally) -> &mut u64,
    ) {
        if let Some(tally) = self.step(line, change, step) {
            *counter(tally) += 1;
            if since > 0 {
                tally.durations.add(at - since);
            }
        }
    }

    /// Which target undid it is not recorded.
    fn undo_ended(
        &mut self,
        line: &mut Line,
        change: Change<'_>,
        at: i64,
        step: StepRef,
        outcome: UndoOutcome,
    ) {
        let open = self.take(change, run_of(step, true));
        let answered = match outcome {
            UndoOutcome::Done | UndoOutcome::Nothing | UndoOutcome::Found => true,
            UndoOutcome::Skipped | UndoOutcome::Failed => false,
        };
        if let Some(call) = open.call.filter(|_| answered) {
            let tally = line.target(call.adapter(), "");
            tally.completed += 1;
            tally.durations.add(at - call.since);
        }
        if outcome == UndoOutcome::Done
            && let Some(tally) = self.step(line, change, step)
        {
            tally.compensated += 1;
        }
    }

    fn put(&mut self, place: Place, open: Open) {
        if let Some((earlier, open)) = self.latest.replace((place, open)) {
            self.others.insert(earlier, open);
        }
    }

    fn take(&mut self, change: Change<'_>, place: Place) -> Open {
        let latest = self.latest.take_if(|(latest, _)| *latest == place);
        let known = match latest {
            Some((_, open)) => Some(open),
            None => self.others.remove(&place),
        };
        known.unwrap_or_else(|| open_before(change, place))
    }

    /// The lists of lanes that the state does not have any more.
    fn note_lists(&mut self, after: &Instance, opened: &LanesOpened) {
        for offset in 0..opened.to.saturating_sub(opened.from) {
            let lane = opened.first_lane + offset;
            let list = opened.lists.get(offset as usize).or(opened.lists.first());
            if let Some(list) = list.filter(|_| after.lane(lane).is_none()) {
                self.lists.insert(lane, list.list);
            }
        }
    }

    fn step<'a>(
        &self,
        line: &'a mut Line,
        change: Change<'_>,
        at: StepRef,
    ) -> Option<&'a mut super::Tally> {
        let step = self.definition(change, at)?;
        line.step(step.ix)
    }

    fn definition<'a>(&self, change: Change<'a>, at: StepRef) -> Option<&'a Step> {
        let Change { before, after } = change;
        let known = after.step_definition(at);
        let known = known.or_else(|| before?.step_definition(at));
        known.or_else(|| {
            let workflow = after.workflow();
            let list = workflow.lists.get(*self.lists.get(&at.lane)? as usize)?;
            let ix = list.steps.get(at.step as usize)?;
            Some(workflow.step(*ix))
        })
    }
}

impl OpenCall {
    fn adapter(&self) -> &str {
        self.plan.as_ref().map_or("", |plan| &plan.adapter)
    }
}

const fn run_of(at: StepRef, undo: bool) -> Place {
    Place { at, undo }
}

/// How a step stood before the records.
fn open_before(change: Change<'_>, place: Place) -> Open {
    let Some(step) = change.before.and_then(|before| before.step(place.at)) else {
        return Open::default();
    };
    if place.undo {
        let undo = step.undo.as_deref().filter(|undo| {
            matches!(
                undo.phase(),
                UndoPhase::Out | UndoPhase::Verifying | UndoPhase::Accepted
            )
        });
        let call = undo.map(|undo| OpenCall {
            since: undo.latest_attempt_at(),
            plan: undo.plan.clone(),
        });
        return Open { since: 0, call };
    }
    let out = matches!(step.status(), StepStatus::Out | StepStatus::Accepted);
    let call = out.then(|| OpenCall {
        since: step.latest_attempt_at(),
        plan: step.plan.clone(),
    });
    Open {
        since: step.started_at,
        call,
    }
}

/// The plan of a call that is made again.
fn plan_of(change: Change<'_>, place: Place) -> Option<Shared<Plan>> {
    let states = [Some(change.after), change.before];
    states.into_iter().flatten().find_map(|state| {
        let step = state.step(place.at)?;
        if place.undo {
            step.undo.as_ref()?.plan.clone()
        } else {
            step.plan.clone()
        }
    })
}
