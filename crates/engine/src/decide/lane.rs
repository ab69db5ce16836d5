//! Looking at a lane: what can begin, what has ended, what closes.

use definition::{Action, Step};

use super::Decider;
use crate::command::Effect;
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, CancelRequested, Closing, Failure, LaneClosing, LaneEnded, LaneList, LaneOutcome,
    LanesOpened, MessageBody, Role, StepRef,
};
use crate::state::{LaneStatus, StepStatus, UndoStatus};

impl Decider<'_, '_> {
    /// Does everything that this lane's state asks for.
    pub(super) fn look(&mut self, id: u32) {
        match self.lane(id).status() {
            LaneStatus::Running => self.look_running(id),
            LaneStatus::Closing => self.look_closing(id),
            LaneStatus::Completed
            | LaneStatus::Failed
            | LaneStatus::Cancelled
            | LaneStatus::Broken => {
                if self.lane(id).undo() == UndoStatus::Wanted {
                    self.look_undo(id);
                }
            }
        }
    }

    fn look_running(&mut self, id: u32) {
        if self.is_doomed(id) {
            return self.close_lane(id, Closing::Cancelled, None, None, false);
        }
        loop {
            let before = self.decided.records.len();
            for place in 0..u32::try_from(self.lane(id).steps.len()).unwrap_or(u32::MAX) {
                if self.is_full() {
                    self.queue.insert(id);
                    return;
                }
                self.look_step(StepRef {
                    lane: id,
                    step: place,
                });
                if self.is_doomed(id) {
                    self.queue.insert(id);
                    return;
                }
            }
            if self.decided.records.len() == before {
                break;
            }
        }
        if self
            .lane(id)
            .steps
            .iter()
            .all(crate::state::StepState::has_ended)
        {
            self.complete_lane(id);
        }
    }

    fn look_step(&mut self, at: StepRef) {
        let step = self.step_state(at);
        match step.status() {
            StepStatus::Pending if self.needs_have_ended(at) => self.start_step(at),
            StepStatus::Running if step.block.is_some() => self.look_block(at),
            StepStatus::Failed if !step.has_ended() => self.look_catch(at),
            StepStatus::Pending
            | StepStatus::Running
            | StepStatus::Out
            | StepStatus::Accepted
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding
            | StepStatus::Completed
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Cancelled => {}
        }
    }

    pub(super) fn needs_have_ended(&self, at: StepRef) -> bool {
        self.state.needs_have_ended(at)
    }

    fn look_block(&mut self, at: StepRef) {
        let workflow = std::sync::Arc::clone(&self.workflow);
        match &self.definition_in(&workflow, at).action {
            Action::Group(_) | Action::Switch(_) => self.look_single(at),
            Action::Parallel(parallel) => self.look_parallel(at, parallel),
            Action::ForEach(each) => self.look_for_each(at, each),
            Action::Repeat(repeat) => self.look_repeat(at, repeat),
            Action::Task(_)
            | Action::Child(_)
            | Action::Wait(_)
            | Action::Decision { .. }
            | Action::Emit(_)
            | Action::Set(_)
            | Action::Fail { .. }
            | Action::Complete(_)
            | Action::Break(_) => {}
        }
    }

    /// A block of one lane ends as the lane does.
    fn look_single(&mut self, at: StepRef) {
        let Some(block) = self.step_state(at).block.as_deref() else {
            return;
        };
        let Some(lane) = self.state.lane(block.first_lane) else {
            return;
        };
        match lane.status() {
            LaneStatus::Completed | LaneStatus::Broken => {
                let output = lane.output.clone();
                self.complete_step(at, output, Vec::new());
            }
            LaneStatus::Failed => {
                let error = lane.error.as_deref().cloned().unwrap_or_default();
                self.fail_step(at, error);
            }
            LaneStatus::Running | LaneStatus::Closing | LaneStatus::Cancelled => {}
        }
    }

    /// Every step has ended: the lane's output is that of its last step that was not skipped.
    fn complete_lane(&mut self, id: u32) {
        let lane = self.lane(id);
        let ran = |step: &&crate::state::StepState| step.status() != StepStatus::Skipped;
        let output = lane
            .steps
            .iter()
            .rev()
            .find(ran)
            .and_then(|step| step.output.clone());
        match lane.role() {
            Role::Item => match self.collected(id, output) {
                Ok(output) => self.end_lane(id, LaneOutcome::Completed, output, None),
                Err(error) => self.close_lane(id, Closing::Failed, Some(error), None, false),
            },
            _ => self.end_lane(id, LaneOutcome::Completed, output, None),
        }
    }

    pub(super) fn end_lane(
        &mut self,
        id: u32,
        outcome: LaneOutcome,
        output: Option<Payload>,
        error: Option<Failure>,
    ) {
        let well = matches!(outcome, LaneOutcome::Completed | LaneOutcome::Broken);
        let accepted = well && self.is_accepted(id, output.as_ref());
        let ended = LaneEnded {
            lane: id,
            outcome: outcome as i32,
            output,
            error,
            accepted,
        };
        self.emit(Body::LaneEnded(ended));
        if self.lane(id).undo() == UndoStatus::Wanted {
            self.queue.insert(id);
        }
        self.queue_ancestors(id);
    }

    /// Those above may wait for this lane: as their block, or to be quiet.
    pub(super) fn queue_ancestors(&mut self, id: u32) {
        let mut at = self.lane(id).parent;
        while let Some(parent) = at {
            let lane = self.lane(parent.lane);
            at = lane.parent;
            if lane.is_active() {
                self.queue.insert(parent.lane);
            }
        }
    }

    fn look_closing(&mut self, id: u32) {
        if !self.state.is_quiet(id) {
            return;
        }
        let Some(closing) = self.lane(id).closing.as_deref().cloned() else {
            return;
        };
        self.end_lane(id, closing.why().outcome(), closing.output, closing.error);
    }

    /// Closes a lane and everything below it: no new step, and what is in flight is awaited.
    pub(super) fn close_lane(
        &mut self,
        id: u32,
        why: Closing,
        error: Option<Failure>,
        output: Option<Payload>,
        undo: bool,
    ) {
        if id == 0 && why == Closing::Failed {
            let error = error.clone().unwrap_or_default();
            self.emit(Body::InstanceFailing(crate::record::Failing { error }));
        }
        let closing = LaneClosing {
            lane: id,
            why: why as i32,
            error,
            output,
            undo,
        };
        self.emit(Body::LaneClosing(closing));
        self.after_closing(id);
        let within = |&lane: &u32| lane != id && self.state.is_within(lane, id);
        let below: Vec<u32> = self.state.active.iter().copied().filter(within).collect();
        self.queue.extend(below);
    }

    /// Whether nobody needs a running lane any more: something above it closes or has ended, or its
    /// loop was left by `break`. It is closed when it is looked at, so that closing a wide block is
    /// cut like anything else.
    pub(super) fn is_doomed(&self, id: u32) -> bool {
        self.state.is_doomed(id)
    }

    fn after_closing(&mut self, id: u32) {
        self.queue.insert(id);
        let children: Vec<Id> = self
            .lane(id)
            .steps
            .iter()
            .filter(|step| step.status() == StepStatus::Running)
            .filter_map(|step| Some(step.child.as_deref()?.child_id()))
            .collect();
        for to in children {
            self.cancel_child(to, "the parent does not need it any more");
        }
    }

    pub(super) fn cancel_child(&mut self, to: Id, reason: &str) {
        let request = CancelRequested {
            reason: reason.to_owned(),
            skip_compensation: false,
        };
        self.effect(Effect::Send {
            to,
            body: Box::new(MessageBody::CancelChild(request)),
        });
    }

    /// Opens lanes `from..to` of a block.
    pub(super) fn open_lanes(&mut self, opened: LanesOpened) {
        let count = opened.to - opened.from;
        let first = opened.first_lane;
        self.emit(Body::LanesOpened(opened));
        self.queue.extend(first..first + count);
    }

    pub(super) fn lane_list(&self, list: definition::ListIx) -> LaneList {
        let steps = self.workflow.list(list).steps.len();
        LaneList {
            list: list.0,
            steps: u32::try_from(steps).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn definition(&self, at: StepRef) -> &Step {
        self.definition_in(&self.workflow, at)
    }

    pub(super) fn definition_in<'w>(
        &self,
        workflow: &'w definition::Workflow,
        at: StepRef,
    ) -> &'w Step {
        let list = &workflow.lists[self.lane(at.lane).list as usize];
        workflow.step(list.steps[at.step as usize])
    }
}
