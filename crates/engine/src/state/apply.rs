//! Applying records: each changes exactly the fields that it names, and asks nothing.

use super::instance::{Instance, Pause, Phase};
use super::lane::{Lane, LaneStatus, UndoStatus};
use super::step::{Block, StepState, StepStatus};
use crate::record::{
    AttemptFailed, AttemptNote, AttemptStarted, Body, CancelRequested, Closing, DecisionKind,
    Failure, FinallyStarted, Handling, Held, InstanceEnded, InstanceStarted, LaneClosing,
    LaneEnded, LaneList, LaneOutcome, LanesOpened, LanesPaced, Record, RetryScheduled, Role,
    RoundDelayed, StepCompleted, StepFailed, StepRef, StepRescheduled, StepScheduled, StepStarted,
    TaskKind,
};

impl Instance {
    /// Folds one record into the state. Records come in the order of their seq, each once. What is kept for review, came
    /// late, or is a fact of slots or of the catalog changes nothing.
    pub fn apply(&mut self, record: &Record) {
        self.progress.seq = record.seq;
        self.progress.updated_at = record.at;
        if let Some(body) = &record.body {
            self.apply_body(body, record);
        }
    }

    fn apply_body(&mut self, body: &Body, record: &Record) {
        match body {
            Body::InstanceStarted(body) => self.instance_started(body),
            Body::StepScheduled(body) => self.step_scheduled(body, record.at),
            Body::StepStarted(body) => self.step_started(body, record.at),
            Body::LanesOpened(body) => self.lanes_opened(body),
            Body::AttemptFailed(body) => self.attempt_failed(body, record.at),
            Body::RetryScheduled(body) => self.retry_scheduled(body),
            Body::AttemptStarted(body) => self.attempt_started(body, record.at),
            Body::TaskAccepted(body) => self.task_accepted(body),
            Body::StepCompleted(body) => self.step_completed(body, record),
            Body::StepSkipped(at) => self.step_ended(*at, StepStatus::Skipped, record),
            Body::StepFailed(body) => self.step_failed(body, record),
            Body::StepCancelled(at) => self.step_ended(*at, StepStatus::Cancelled, record),
            Body::CatchCompleted(body) => self.catch_completed(body, record),
            Body::RoundDelayed(body) => self.round_delayed(body),
            Body::LanesPaced(body) => self.lanes_paced(*body),
            Body::LaneClosing(body) => self.lane_closing(body, record),
            Body::LaneEnded(body) => self.lane_ended(body, record),
            Body::DecisionRequested(body) => self.decision_requested(body, record.at),
            Body::DecisionMade(body) => self.decision_made(body),
            Body::ApprovalRequested(body) => self.approval_requested(body, record.at),
            Body::UndoHeldBack(body) => self.undo_held_back(body, record.at),
            Body::DecisionAnswered(body) => self.decision_answered(body),
            Body::DecisionResolved(body) => self.decision_resolved(body),
            Body::DecisionReminded(body) => self.decision_reminded(body),
            Body::DecisionEscalated(body) => self.decision_escalated(body),
            Body::DecisionDelegated(body) => self.decision_delegated(body),
            Body::DecisionOverdue(body) => self.decision_overdue(&body.id),
            Body::NoticeScheduled(body) => self.notice_scheduled(body, record.at),
            Body::NoticeEnded(body) => self.notice_ended(body),
            Body::SignalAwaited(body) => self.signal_awaited(body, record.at),
            Body::SignalReceived(body) => self.signal_received(body, record.seq, record.at),
            Body::SignalTaken(body) => self.signal_taken(body),
            Body::WaitExpired(at) => self.wait_expired(*at),
            Body::EventAwaited(body) => self.event_awaited(body, record.seq, record.at),
            Body::EventMet(body) => self.event_met(body, record.seq, record.at),
            Body::EventEmitted(body) => self.note_event(body.at, &body.event),
            Body::DeadlinePassed(body) => self.deadline_passed(body.deadline),
            Body::StepRescheduled(body) => self.step_rescheduled(body, record.at),
            Body::CancelRequested(body) => self.cancel_requested(body),
            Body::CompensationRequested(_) => self.reopened_for_parent(),
            Body::InstanceFailing(body) => self.failing(&body.error),
            Body::UndoStarted(body) => self.undo_started(body),
            Body::UndoScheduled(body) => self.undo_scheduled(body, record.at),
            Body::UndoEnded(body) => self.undo_ended(body),
            Body::LaneUndone(body) => self.lane_undone(body.lane),
            Body::FinallyStarted(body) => self.finally_started(body),
            Body::InstanceEnded(body) => self.instance_ended(body, record.at),
            Body::InstanceQueued(body) => self.progress.start_at = body.start_at,
            Body::InstanceBegun(_) => self.begun(),
            Body::TurnAwaited(body) => self.turn_awaited(body.place, record.at),
            Body::InstancePaused(body) => self.paused(body, record),
            Body::InstanceResumed(_) => self.progress.pause = None,
            Body::DeadLettered(body) => self.dead_lettered(body.task.at),
            Body::InstanceRetried(body)
            | Body::InstanceRestored(body)
            | Body::InstanceMigrated(body) => self.rewritten(body, record),
            Body::RestoreRequested(body) => self.restore_requested(body),
            Body::StepsTaken(body) => self.steps_taken(body, record),
            Body::DecisionCut(_) | Body::DecisionContinued(_) => self.cut(body),
            Body::StepAudited(_)
            | Body::StepOverruled(_)
            | Body::ResultIgnored(_)
            | Body::OwnerOpened(_)
            | Body::Slot(_)
            | Body::CatalogChanged(_)
            | Body::InstanceDeleted(_) => {}
        }
    }

    fn cut(&mut self, body: &Body) {
        self.progress.cut = matches!(body, Body::DecisionCut(_));
    }

    fn failing(&mut self, error: &Failure) {
        self.progress.error = Some(Box::new(error.clone()));
    }

    /// The letter has them now.
    fn dead_lettered(&mut self, at: StepRef) {
        if let Some(step) = self.step_mut(at) {
            step.attempts.clear();
        }
    }

    fn cancel_requested(&mut self, body: &CancelRequested) {
        self.progress.cancel = Some(Box::new(body.clone()));
        let of_instance = DecisionKind::InstanceFailed;
        self.progress
            .decisions
            .retain(|decision| decision.kind() != of_instance);
    }

    const fn begun(&mut self) {
        self.progress.start_at = 0;
        self.progress.turn_since = 0;
    }

    const fn turn_awaited(&mut self, place: u64, at: i64) {
        self.progress.start_at = 0;
        self.progress.turn_since = at;
        self.progress.turn_place = place;
    }

    fn paused(&mut self, body: &Held, record: &Record) {
        self.progress.pause = Some(Box::new(Pause {
            since: record.at,
            reason: body.reason.clone(),
            by: record.actor().to_owned(),
        }));
    }

    fn instance_started(&mut self, body: &InstanceStarted) {
        self.progress.next_lane = 1;
        let root = Lane::open(0, None, Role::Root, 0);
        let list = LaneList {
            list: 0,
            steps: body.steps,
        };
        self.put_lane(self.with_steps(root, list));
    }

    fn step_scheduled(&mut self, body: &StepScheduled, at: i64) {
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.set_status(StepStatus::Out);
        step.attempt += 1;
        step.input = body.input.clone();
        step.plan = body.plan.clone();
        step.idempotency_key.clone_from(&body.idempotency_key);
        step.started_at = at;
        step.first_attempt_at = at;
    }

    fn step_started(&mut self, body: &StepStarted, at: i64) {
        let block = body.child.is_none() && body.wait_until == 0;
        if block && body.lanes > 0 {
            self.progress.next_lane = self.progress.next_lane.max(body.first_lane + body.lanes);
        }
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.started_at = at;
        step.first_attempt_at = at;
        step.timeout_at = body.timeout_at;
        step.due_at = body.wait_until;
        let waits = body.wait_until != 0;
        step.set_status(if waits {
            StepStatus::Waiting
        } else {
            StepStatus::Running
        });
        if let Some(child) = &body.child {
            step.attempt += 1;
            step.plan = child.plan.clone();
            step.child = Some(child.clone());
            step.input = body.payload.clone();
        } else if block {
            step.block = Some(Box::new(Block {
                first_lane: body.first_lane,
                total: body.lanes,
                items: body.payload.clone(),
                ..Block::default()
            }));
        }
    }

    fn lanes_opened(&mut self, body: &LanesOpened) {
        let count = body.to.saturating_sub(body.from);
        self.progress.next_lane = self.progress.next_lane.max(body.first_lane + count);
        let mut previous = 0;
        if let Some(step) = self.step_mut(body.at) {
            step.due_at = 0;
            match (body.role(), step.block.as_deref_mut()) {
                (Role::Catch, _) => {
                    previous = step.catch_lane;
                    step.catch_lane = body.first_lane;
                }
                (_, Some(block)) => {
                    previous = block.round_lane;
                    block.round_lane = body.first_lane;
                    block.opened += count;
                }
                (_, None) => {}
            }
        }
        if let Some(round) = body.forgets {
            self.forget_round(round);
        }
        for offset in 0..count {
            let list = body.lists.get(offset as usize).or(body.lists.first());
            let (Some(&list), index) = (list, body.from + offset) else {
                continue;
            };
            let mut lane = Lane::open(body.first_lane + offset, Some(body.at), body.role(), index);
            lane.state = body.state.clone();
            lane.previous = previous;
            self.put_lane(self.with_steps(lane, list));
        }
    }

    fn attempt_failed(&mut self, body: &AttemptFailed, at_ms: i64) {
        if body.task.kind() == TaskKind::Notify {
            return self.notice_failed(body);
        }
        let at = body.task.at;
        let error = Some(Box::new(body.error.clone()));
        let Some(step) = self.step_mut(at) else {
            return;
        };
        step.target.clone_from(&body.target);
        if body.task.kind() == TaskKind::Run {
            step.set_status(StepStatus::Retrying);
            step.due_at = 0;
            step.unknown |= body.error.effect_unknown;
            step.error = error;
            step.note_attempt(AttemptNote {
                attempt: body.task.attempt,
                at: at_ms,
                error: body.error.clone(),
                target: body.target.clone(),
            });
        } else if let Some(undo) = step.undo.as_deref_mut() {
            undo.retrying(0);
            undo.error = error;
        }
    }

    fn retry_scheduled(&mut self, body: &RetryScheduled) {
        if body.task.kind() == TaskKind::Notify {
            return self.notice_due(body);
        }
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        if body.task.kind() == TaskKind::Run {
            step.due_at = body.due_at;
        } else if let Some(undo) = step.undo.as_deref_mut() {
            undo.due_at = body.due_at;
        }
    }

    fn attempt_started(&mut self, body: &AttemptStarted, at: i64) {
        if body.task.kind() == TaskKind::Notify {
            return self.notice_started(body.task);
        }
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        if body.task.kind() == TaskKind::Run {
            step.run_attempt(body.task, body.child.clone());
            step.attempt_at = at;
            if step.timeout_at > 0 && step.child.is_some() {
                // A child's time-out is its own; a new child gets the same span anew.
                step.timeout_at = at + (step.timeout_at - step.first_attempt_at);
            }
        } else if let Some(undo) = step.undo.as_deref_mut() {
            undo.run_attempt(body.task, body.child.clone());
            undo.attempt_at = at;
        }
    }

    fn task_accepted(&mut self, body: &crate::record::TaskAccepted) {
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        if body.task.kind() == TaskKind::Run {
            step.set_status(StepStatus::Accepted);
            step.due_at = body.expires_at;
        } else if let Some(undo) = step.undo.as_deref_mut() {
            undo.accepted(body.expires_at);
        }
    }

    fn step_completed(&mut self, body: &StepCompleted, record: &Record) {
        self.step_ended(body.at, StepStatus::Completed, record);
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.output = body.output.clone();
        step.winners.clone_from(&body.winners);
        step.target.clone_from(&body.target);
        step.error = None;
        step.unknown = false;
        step.plan = None;
    }

    fn step_failed(&mut self, body: &StepFailed, record: &Record) {
        let caught = body.handling() == Handling::Caught;
        self.step_ended(body.at, StepStatus::Failed, record);
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.error = Some(Box::new(body.error.clone()));
        step.output = body.output.clone();
        step.caught = caught;
        if caught {
            step.ended_at = 0;
        }
    }

    fn catch_completed(&mut self, body: &StepCompleted, record: &Record) {
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.output = body.output.clone();
        step.ended_at = record.at;
        step.ended_seq = record.seq;
    }

    fn step_ended(&mut self, at: StepRef, status: StepStatus, record: &Record) {
        self.progress
            .decisions
            .retain(|decision| decision.task.at != at || decision.task.kind() != TaskKind::Run);
        self.end_waits(|other| other == at);
        let Some(step) = self.step_mut(at) else {
            return;
        };
        step.end(status, record);
    }

    fn round_delayed(&mut self, body: &RoundDelayed) {
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.due_at = body.due_at;
        if let Some(block) = step.block.as_deref_mut() {
            block.items = body.state.clone();
        }
    }

    fn lanes_paced(&mut self, body: LanesPaced) {
        let Some(step) = self.step_mut(body.at) else {
            return;
        };
        step.due_at = body.due_at;
        if let Some(block) = step.block.as_deref_mut() {
            block.paced = body.used;
        }
    }

    fn lane_closing(&mut self, body: &LaneClosing, record: &Record) {
        let Some(lane) = self.lane_mut(body.lane) else {
            return;
        };
        lane.set_status(LaneStatus::Closing);
        lane.closing = Some(Box::new(body.clone()));
        for step in &mut lane.steps {
            match step.status() {
                StepStatus::Pending
                | StepStatus::Waiting
                | StepStatus::Retrying
                | StepStatus::Deciding => step.end(StepStatus::Cancelled, record),
                StepStatus::Running
                | StepStatus::Out
                | StepStatus::Accepted
                | StepStatus::Completed
                | StepStatus::Failed
                | StepStatus::Skipped
                | StepStatus::Cancelled => {}
            }
        }
        self.withdraw_decisions_of(body.lane);
        self.end_waits(|at| at.lane == body.lane);
    }

    /// Steps for which `over` holds wait for no signal and no event any more.
    pub(super) fn end_waits(&mut self, over: impl Fn(StepRef) -> bool) {
        self.end_signal_waits(&over);
        self.end_event_waits(over);
    }

    fn withdraw_decisions_of(&mut self, lane: u32) {
        self.progress.decisions.retain(|decision| {
            decision.task.at.lane != lane || decision.task.kind() != TaskKind::Run
        });
    }

    fn lane_ended(&mut self, body: &LaneEnded, record: &Record) {
        let Some(lane) = self.lane_mut(body.lane) else {
            return;
        };
        lane.set_status(body.outcome().status());
        lane.output = body.output.clone();
        lane.error = body.error.clone().map(Box::new);
        lane.accepted = body.accepted;
        lane.ended_seq = record.seq;
        // A block whose lane was closed goes with it.
        for step in lane.steps.iter_mut().filter(|step| !step.has_ended()) {
            step.end(StepStatus::Cancelled, record);
        }
        let undo = lane.closing.as_ref().is_some_and(|closing| closing.undo);
        lane.set_undo(if undo {
            UndoStatus::Wanted
        } else {
            UndoStatus::None
        });
        let (parent, role, id) = (lane.parent, lane.role(), lane.id);
        if !undo {
            self.active.remove(id);
        }
        if let (Some(at), true) = (parent, role != Role::Catch) {
            self.count_lane(at, body);
        }
    }

    fn count_lane(&mut self, at: StepRef, body: &LaneEnded) {
        let Some(step) = self.step_mut(at) else {
            return;
        };
        // One that was left over when its block began anew counts nowhere.
        let left_over = step.earlier.iter().any(|block| block.holds(body.lane));
        let Some(block) = step.block.as_deref_mut().filter(|_| !left_over) else {
            return;
        };
        match body.outcome() {
            LaneOutcome::Completed => block.completed += 1,
            LaneOutcome::Broken => {
                block.completed += 1;
                block.broken = true;
            }
            LaneOutcome::Failed => {
                block.failed += 1;
                if block.first_failed == 0 {
                    block.first_failed = body.lane + 1;
                }
            }
            LaneOutcome::Cancelled => block.cancelled += 1,
        }
        block.accepted += u32::from(body.accepted);
    }

    fn step_rescheduled(&mut self, body: &StepRescheduled, at: i64) {
        let Some(step) = self.step_mut(body.task.at) else {
            return;
        };
        if body.task.kind() == TaskKind::Run {
            if step.generation != body.task.generation {
                step.same_as = None;
            }
            step.generation = body.task.generation;
            step.first_attempt_at = at;
            step.attempt_base = body.task.attempt.saturating_sub(1);
            step.run_attempt(body.task, body.child.clone());
        } else if let Some(undo) = step.undo.as_deref_mut() {
            undo.generation = body.task.generation;
            undo.first_attempt_at = at;
            undo.attempt_base = body.task.attempt.saturating_sub(1);
            undo.run_attempt(body.task, body.child.clone());
        }
    }

    fn finally_started(&mut self, body: &FinallyStarted) {
        self.progress.set_phase(Phase::Finally);
        self.progress.finally_lane = body.lane;
        self.progress.output = body.output.clone();
        self.progress.next_lane = self.progress.next_lane.max(body.lane + 1);
        let lane = Lane::open(body.lane, None, Role::Finally, 0);
        self.put_lane(self.with_steps(lane, body.list));
    }

    fn instance_ended(&mut self, body: &InstanceEnded, at: i64) {
        self.progress.set_phase(Phase::Ended);
        self.progress.set_ended(body.how());
        self.progress.ended_at = at;
        self.progress.output = body.output.clone();
        self.progress.for_parent = false;
        self.end_event_waits(|_| true);
    }

    fn reopened_for_parent(&mut self) {
        self.progress.set_phase(Phase::Compensating);
        self.progress.for_parent = true;
        self.progress.generation += 1;
        self.progress.finally_lane = 0;
        self.progress.ended_at = 0;
    }

    /// Gives a lane the steps of its list. Where the instance was taken up again they are of a later
    /// generation than any before: a late result of an abandoned step fits none of them.
    fn with_steps(&self, mut lane: Lane, list: LaneList) -> Lane {
        lane.list = list.list;
        lane.steps.resize_with(list.steps as usize, || StepState {
            generation: self.progress.run,
            ..StepState::default()
        });
        lane
    }
}

impl LaneOutcome {
    const fn status(self) -> LaneStatus {
        match self {
            Self::Completed => LaneStatus::Completed,
            Self::Failed => LaneStatus::Failed,
            Self::Cancelled => LaneStatus::Cancelled,
            Self::Broken => LaneStatus::Broken,
        }
    }
}

impl Closing {
    /// How a lane that closes for this reason ends.
    pub(crate) const fn outcome(self) -> LaneOutcome {
        match self {
            Self::Cancelled => LaneOutcome::Cancelled,
            Self::Failed => LaneOutcome::Failed,
            Self::Broken => LaneOutcome::Broken,
            Self::Completed => LaneOutcome::Completed,
        }
    }
}

impl StepState {
    fn end(&mut self, status: StepStatus, record: &Record) {
        self.set_status(status);
        self.ended_at = record.at;
        self.ended_seq = record.seq;
        self.due_at = 0;
    }

    fn run_attempt(
        &mut self,
        task: crate::record::TaskKey,
        child: Option<Box<crate::record::ChildStart>>,
    ) {
        self.due_at = 0;
        self.attempt = task.attempt;
        self.set_status(match (task.attempt, child.is_some()) {
            (0, _) => StepStatus::Pending,
            (_, true) => StepStatus::Running,
            (_, false) => StepStatus::Out,
        });
        if child.is_some() {
            self.child = child;
        }
    }
}
