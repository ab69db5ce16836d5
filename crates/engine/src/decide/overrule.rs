//! What an operator does to one step: skips it, ends it, has it tried at once.

use std::sync::Arc;

use super::Decider;
use crate::command::{Answer, Authority, Refusal, StepOrder, StepVerb};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{AttemptFailed, Body, Choice, Failure, Overruling, StepOverruled, StepRef};
use crate::state::{LaneStatus, StepStatus};

/// Lanes that are named where a step is open in several.
const NAMED_LANES: usize = 5;

impl Decider<'_, '_> {
    /// Carries an operator's order about one step out.
    pub(super) fn overrule(&mut self, order: StepOrder) -> Result<(), Refusal> {
        self.expect_open()?;
        let at = self.find_step(&order.step, order.lane.as_deref())?;
        if self.is_doomed(at.lane) {
            return Err(Refusal::Stale("nobody needs the step any more".into()));
        }
        match self.step_state(at).status() {
            StepStatus::Deciding => return self.decide_for(at, order),
            StepStatus::Pending if !self.needs_have_ended(at) => {
                let told = format!("step {} has not begun: its turn has not come", order.step);
                return Err(Refusal::Forbidden(told.into()));
            }
            StepStatus::Retrying => {}
            status if matches!(order.verb, StepVerb::Retry) => {
                let status = status.as_str();
                let told = format!(
                    "expected step {} to wait for its next attempt, but it is {status}",
                    order.step
                );
                return Err(Refusal::Forbidden(told.into()));
            }
            _ => {}
        }
        if matches!(order.verb, StepVerb::Retry) && self.state.pause().is_some() {
            return Err(Refusal::Paused);
        }
        self.emit(Body::StepOverruled(StepOverruled {
            at,
            how: order.verb.how() as i32,
            reason: order.reason,
        }));
        match order.verb {
            StepVerb::Retry => self.retry_step(at),
            StepVerb::Skip => {
                self.abandon(at);
                self.skip_step(at);
            }
            StepVerb::Complete(output) => {
                self.cancel_child_of(at);
                self.complete_step(at, Some(output), Vec::new());
            }
            StepVerb::Fail(error) => {
                self.abandon(at);
                self.fail_step(at, error);
            }
        }
        let inside = |lane: &u32| self.lane(*lane).parent == Some(at);
        let left: Vec<u32> = self.state.active.iter().copied().filter(inside).collect();
        self.queue.extend(left);
        self.queue.insert(at.lane);
        self.queue_ancestors(at.lane);
        Ok(())
    }

    /// A call, or a child, that is under way is given up: it may have taken effect.
    fn abandon(&mut self, at: StepRef) {
        if !self.step_state(at).in_flight() {
            return;
        }
        self.cancel_child_of(at);
        let error = Failure {
            error_type: "overruled".into(),
            message: "an operator did not wait for it".into(),
            effect_unknown: true,
            ..Failure::default()
        };
        let task = self.step_state(at).task_key(at);
        self.emit(Body::AttemptFailed(AttemptFailed {
            task,
            error,
            ..AttemptFailed::default()
        }));
    }

    fn cancel_child_of(&mut self, at: StepRef) {
        let step = self.step_state(at);
        let child = step.child.as_deref().filter(|_| step.in_flight());
        if let Some(to) = child.map(crate::record::ChildStart::child_id) {
            self.cancel_child(to, "an operator overruled the parent's step");
        }
    }

    /// A step about which a person was asked: of one that failed the order is the answer.
    fn decide_for(&mut self, at: StepRef, order: StepOrder) -> Result<(), Refusal> {
        let mut pending = self.state.pending_decisions().iter();
        let pending = pending.find(|decision| decision.task.at == at);
        let id = pending.and_then(|pending| Id::from_slice(&pending.id));
        let Some(id) = id else {
            return Err(Refusal::Stale("nobody is asked about the step".into()));
        };
        let asks = pending.is_some_and(|pending| pending.asking.is_some());
        if asks {
            let told = format!(
                "a person is asked about step {}: answer its decision",
                order.step
            );
            return Err(Refusal::Forbidden(told.into()));
        }
        let (choice, data) = order.verb.answer();
        let answer = Answer {
            choice,
            comment: order.reason,
            data,
            authority: order.authority,
        };
        self.answer(id, answer)
    }

    /// The step with this id that is open, in this lane or in the only one.
    fn find_step(&self, step: &str, lane: Option<&str>) -> Result<StepRef, Refusal> {
        let workflow = Arc::clone(&self.workflow);
        let Some(definition) = workflow.step_named(step) else {
            return Err(Refusal::UnknownStep(step.to_owned()));
        };
        let (list, place) = (definition.list.0, definition.position);
        let runs = self.state.lanes().filter(|own| own.list == list);
        let named = runs.filter(|own| lane.is_none_or(|lane| self.state.lane_path(own) == lane));
        let all: Vec<StepRef> = named
            .map(|lane| StepRef {
                lane: lane.id,
                step: place,
            })
            .collect();
        let is_open = |at: &&StepRef| {
            let running = self.lane(at.lane).status() == LaneStatus::Running;
            running && !self.step_state(**at).has_ended()
        };
        let open: Vec<StepRef> = all.iter().filter(is_open).copied().collect();
        match open.as_slice() {
            [only] => Ok(*only),
            [] => {
                let last = all.last().map(|at| self.step_state(*at).status().as_str());
                let told = match last {
                    Some(status) => format!("step {step} is not open any more: it is {status}"),
                    None => format!("step {step} has not begun"),
                };
                Err(Refusal::Forbidden(told.into()))
            }
            several => {
                let lanes = several.iter().take(NAMED_LANES);
                let lanes = lanes.map(|at| self.state.lane_path(self.lane(at.lane)));
                let lanes: Vec<String> = lanes.collect();
                let told = format!(
                    "step {step} is open in {} lanes: say which, such as {}",
                    several.len(),
                    lanes.join(", ")
                );
                Err(Refusal::Forbidden(told.into()))
            }
        }
    }
}

impl StepVerb {
    const fn how(&self) -> Overruling {
        match self {
            Self::Skip => Overruling::Skip,
            Self::Complete(_) => Overruling::Complete,
            Self::Fail(_) => Overruling::Fail,
            Self::Retry => Overruling::Retry,
        }
    }

    /// What it answers to the question what becomes of a step that failed for good.
    fn answer(self) -> (Choice, Option<Payload>) {
        match self {
            Self::Skip => (Choice::Skip, None),
            Self::Complete(output) => (Choice::Supply, Some(output)),
            Self::Fail(_) => (Choice::Fail, None),
            Self::Retry => (Choice::Retry, None),
        }
    }
}

impl StepOrder {
    /// An order about the only open step of this id, of somebody who may decide.
    pub fn plain(step: &str, verb: StepVerb) -> Self {
        Self {
            step: step.to_owned(),
            lane: None,
            verb,
            reason: String::new(),
            authority: Authority::Caller {
                may_decide: true,
                roles: Vec::new(),
            },
        }
    }
}
