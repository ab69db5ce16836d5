//! A step's failure: caught, borne, put to a person, or its list's failure.

use bytes::Bytes;
use definition::{Action, OnError, Step};

use super::Decider;
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, Closing, DecisionKind, DecisionRequested, Exhausted, Failure, Handling, LanesOpened,
    Role, StepCompleted, StepFailed, StepRef, TaskKey,
};
use crate::state::{LaneStatus, StepStatus};

impl Decider<'_, '_> {
    /// A step has failed for good: a matching catch takes it, else `on-error`, else its retry
    /// policy's `on-exhausted` says what follows.
    pub(super) fn fail_step(&mut self, at: StepRef, error: Failure) {
        self.fail_step_with(at, error, None);
    }

    pub(super) fn fail_step_with(
        &mut self,
        at: StepRef,
        mut error: Failure,
        output: Option<Payload>,
    ) {
        if self.is_doomed(at.lane) {
            self.emit(Body::StepCancelled(at));
            self.queue.insert(at.lane);
            return;
        }
        if error.step.is_empty() {
            error.step = self.state.path(self.lane(at.lane), at);
        }
        self.keep_step(at, &error);
        let catch = self
            .definition(at)
            .catches
            .iter()
            .position(|one| one.matches(&error.error_type));
        match catch {
            Some(index) => self.catch_step(at, index, error, output),
            None => self.fail_uncaught(at, error, output),
        }
    }

    fn catch_step(&mut self, at: StepRef, index: usize, error: Failure, output: Option<Payload>) {
        let list = self.definition(at).catches[index].list;
        let lists = vec![self.lane_list(list)];
        let handling = Handling::Caught as i32;
        self.emit(Body::StepFailed(StepFailed {
            at,
            error,
            handling,
            output,
        }));
        let first_lane = self.state.progress.next_lane;
        // A step that is run anew may be caught again: each catch has an index, so a path, of its own.
        let index = index + self.definition(at).catches.len() * self.catch_lanes(at).len();
        let from = u32::try_from(index).unwrap_or(u32::MAX);
        let (role, to) = (Role::Catch as i32, from + 1);
        self.open_lanes(LanesOpened {
            at,
            role,
            first_lane,
            from,
            to,
            lists,
            state: None,
            forgets: None,
        });
    }

    /// The lanes of a step's catches, the latest first.
    pub(super) fn catch_lanes(&self, at: StepRef) -> Vec<u32> {
        let exists = |lane: &u32| *lane > 0;
        let latest = Some(self.step_state(at).catch_lane).filter(exists);
        let before = |&lane: &u32| Some(self.lane(lane).previous).filter(exists);
        std::iter::successors(latest, before).collect()
    }

    fn fail_uncaught(&mut self, at: StepRef, error: Failure, output: Option<Payload>) {
        match self.on_error(at) {
            OnError::Man => self.ask(at, error),
            OnError::Continue => {
                let handling = Handling::Continues as i32;
                self.emit(Body::StepFailed(StepFailed {
                    at,
                    error,
                    handling,
                    output,
                }));
                self.queue.insert(at.lane);
            }
            OnError::Fail => self.fail_lane_of(at, error, output),
        }
    }

    /// The step fails, and with it the lane that it stands in.
    pub(super) fn fail_lane_of(&mut self, at: StepRef, error: Failure, output: Option<Payload>) {
        let handling = Handling::Fails as i32;
        let failed = StepFailed {
            at,
            error: error.clone(),
            handling,
            output,
        };
        self.emit(Body::StepFailed(failed));
        self.close_lane(at.lane, Closing::Failed, Some(error), None, false);
    }

    fn on_error(&self, at: StepRef) -> OnError {
        if let Some(chosen) = self.definition(at).on_error {
            return chosen;
        }
        let state = self.step_state(at);
        match state.plan.as_deref().map(crate::record::Plan::on_exhausted) {
            Some(Exhausted::Continue) => OnError::Continue,
            Some(Exhausted::Man) => OnError::Man,
            Some(Exhausted::Fail | Exhausted::DeadLetter) | None => OnError::Fail,
        }
    }

    /// Asks a person what to do about a step that failed.
    fn ask(&mut self, at: StepRef, error: Failure) {
        let task = self.step_state(at).task_key(at);
        let id = self.new_decision_id();
        self.request_decision(id, DecisionKind::Exhausted, task, error);
        self.queue.insert(at.lane);
    }

    pub(super) fn new_decision_id(&mut self) -> Bytes {
        let random = self.context.entropy.next_u64();
        let id = Id::new(self.now(), self.state.id.slot(), random);
        Bytes::copy_from_slice(&id.bytes())
    }

    pub(super) fn request_decision(
        &mut self,
        id: Bytes,
        kind: DecisionKind,
        task: TaskKey,
        error: Failure,
    ) {
        self.emit(Body::DecisionRequested(DecisionRequested {
            id,
            kind: kind as i32,
            task,
            error,
        }));
    }

    /// A failed step whose catch is at work: the failure is over when the catch ends well.
    pub(super) fn look_catch(&mut self, at: StepRef) {
        let Some(lane) = self.state.lane(self.step_state(at).catch_lane) else {
            return;
        };
        match lane.status() {
            LaneStatus::Completed | LaneStatus::Broken => {
                let output = lane.output.clone();
                let completed = StepCompleted {
                    at,
                    output,
                    ..StepCompleted::default()
                };
                self.emit(Body::CatchCompleted(completed));
                self.queue.insert(at.lane);
            }
            LaneStatus::Failed => {
                let error = lane.error.as_deref().cloned().unwrap_or_default();
                self.fail_uncaught(at, error, None);
            }
            LaneStatus::Running | LaneStatus::Closing | LaneStatus::Cancelled => {}
        }
    }

    /// Whether running the step anew makes sense: blocks keep their lanes, so they are not.
    pub(super) fn can_rerun(&self, at: StepRef, step: &Step) -> bool {
        let state = self.step_state(at);
        let entered = state.block.is_some() || state.catch_lane > 0;
        let single = matches!(step.action, Action::Task(_) | Action::Child(_));
        state.status() == StepStatus::Deciding && (single || !entered)
    }
}
