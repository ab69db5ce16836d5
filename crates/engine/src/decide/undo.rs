//! Rolling back: completed steps are undone in the reverse order of their completion, the lanes of
//! one block side by side.

use definition::{Action, ListIx, Step};

use super::Decider;
use crate::record::{
    Body, DecisionKind, Failure, LaneUndone, StepRef, TaskKey, UndoEnded, UndoOutcome, UndoStarted,
};
use crate::state::{Block, StepStatus, UndoPhase, UndoStatus};

impl Decider<'_, '_> {
    /// Undoes what is left in a lane that has ended, one step after the other.
    pub(super) fn look_undo(&mut self, id: u32) {
        if self.has_open_below(id) {
            return;
        }
        while let Some(at) = self.next_undo(id) {
            if self.is_full() {
                self.queue.insert(id);
                return;
            }
            if !self.advance_undo(at) {
                return;
            }
        }
        self.emit(Body::LaneUndone(LaneUndone { lane: id }));
        self.queue_ancestors(id);
    }

    /// A lane may end before the losers inside it have: they are looked at again when they end.
    fn has_open_below(&self, id: u32) -> bool {
        let open = |&other: &u32| other != id && !self.lane(other).has_ended();
        let mut lanes = self.state.active.iter().copied();
        lanes.any(|other| open(&other) && self.state.is_within(other, id))
    }

    /// The step that ended last among those not undone yet.
    fn next_undo(&self, id: u32) -> Option<StepRef> {
        let lane = self.lane(id);
        let places = (0_u32..).zip(&lane.steps);
        places
            .filter(|(_, step)| !step.undo.as_deref().is_some_and(|undo| undo.has_ended()))
            .map(|(place, step)| {
                (
                    StepRef {
                        lane: id,
                        step: place,
                    },
                    step.ended_seq,
                )
            })
            .filter(|(at, _)| self.step_has_undo(*at))
            .max_by_key(|(_, ended_seq)| *ended_seq)
            .map(|(at, _)| at)
    }

    /// Whether something in the lane is to be undone.
    pub(super) fn has_undo(&self, id: u32) -> bool {
        let places = 0..u32::try_from(self.lane(id).steps.len()).unwrap_or(u32::MAX);
        places
            .into_iter()
            .any(|step| self.step_has_undo(StepRef { lane: id, step }))
    }

    fn step_has_undo(&self, at: StepRef) -> bool {
        let (state, step) = (self.step_state(at), self.definition(at));
        if self.state.is_spared(at) {
            return false;
        }
        if self.is_undone_by_call(at) {
            return true;
        }
        let own = state.block.as_deref().is_some_and(|block| block.opened > 0);
        let lanes = own || !state.earlier.is_empty();
        let caught =
            state.catch_lane > 0 && step.catches.iter().any(|one| self.list_may_undo(one.list));
        caught || (lanes && self.block_may_undo(step))
    }

    /// Whether a call (or child) of the step's own undoes it.
    fn is_undone_by_call(&self, at: StepRef) -> bool {
        let (state, step) = (self.step_state(at), self.definition(at));
        if state.taken {
            return false;
        }
        let completed = state.status() == StepStatus::Completed;
        let child = state.child.as_deref().is_some_and(|child| !child.detached);
        match &step.compensation {
            Some(_) => completed || state.unknown,
            None => completed && child,
        }
    }

    /// Whether the definition has anything to undo in this list.
    pub(super) fn list_may_undo(&self, list: ListIx) -> bool {
        let steps = &self.workflow.list(list).steps;
        steps.iter().any(|&ix| {
            let step = self.workflow.step(ix);
            step.compensation.is_some()
                || matches!(step.action, Action::Child(_))
                || self.block_may_undo(step)
                || step.catches.iter().any(|one| self.list_may_undo(one.list))
        })
    }

    fn block_may_undo(&self, step: &Step) -> bool {
        match &step.action {
            Action::Group(list) => self.list_may_undo(*list),
            Action::Parallel(parallel) => parallel
                .branches
                .iter()
                .any(|branch| self.list_may_undo(branch.list)),
            Action::Switch(cases) => cases.iter().any(|case| self.list_may_undo(case.list)),
            Action::ForEach(each) => self.list_may_undo(each.list),
            Action::Repeat(repeat) => self.list_may_undo(repeat.list),
            Action::Task(_)
            | Action::Child(_)
            | Action::Wait(_)
            | Action::Decision { .. }
            | Action::Emit(_)
            | Action::Set(_)
            | Action::Fail { .. }
            | Action::Complete(_)
            | Action::Break(_) => false,
        }
    }

    /// Goes on with a step's undo; true once it is over.
    fn advance_undo(&mut self, at: StepRef) -> bool {
        let phase = self.step_state(at).undo.as_deref().map(|undo| undo.phase());
        match phase {
            None | Some(UndoPhase::Lanes) if self.is_undone_by_call(at) => {
                if self.undo_catches(at) {
                    self.begin_undo_call(at);
                }
            }
            Some(UndoPhase::Found) => self.schedule_undo(at),
            None | Some(UndoPhase::Lanes) => return self.advance_undo_lanes(at),
            Some(
                UndoPhase::Verifying
                | UndoPhase::Out
                | UndoPhase::Accepted
                | UndoPhase::Retrying
                | UndoPhase::Deciding
                | UndoPhase::Child
                | UndoPhase::Done
                | UndoPhase::Nothing
                | UndoPhase::Skipped
                | UndoPhase::Failed,
            ) => {}
        }
        false
    }

    /// A catch ran after what it caught, so it is undone before that; true once all are.
    fn undo_catches(&mut self, at: StepRef) -> bool {
        let lanes = self.catches_to_undo(at);
        lanes.into_iter().all(|lane| self.undo_lanes(&[lane]))
    }

    fn catches_to_undo(&self, at: StepRef) -> Vec<u32> {
        let catches = &self.definition(at).catches;
        let may = catches.iter().any(|one| self.list_may_undo(one.list));
        if may {
            self.catch_lanes(at)
        } else {
            Vec::new()
        }
    }

    fn advance_undo_lanes(&mut self, at: StepRef) -> bool {
        if !self.undo_catches(at) {
            return false;
        }
        let state = self.step_state(at);
        // What it did before it began anew is undone behind what it has done since.
        let mut blocks = state.earlier.clone();
        blocks.extend(state.block.as_deref().cloned());
        let done = blocks.iter().rev().all(|block| self.undo_block(at, block));
        if done {
            let outcome = UndoOutcome::Done as i32;
            self.emit(Body::UndoEnded(UndoEnded {
                at,
                outcome,
                output: None,
            }));
        }
        done
    }

    /// Undoes the lanes of a block; true once all are.
    fn undo_block(&mut self, at: StepRef, block: &Block) -> bool {
        match &self.definition(at).action {
            Action::Repeat(_) => self.undo_rounds(block.round_lane, block.opened),
            Action::ForEach(each) => {
                let room = each.concurrency.max(1);
                self.undo_items(at, block, room)
            }
            _ => {
                let lanes: Vec<u32> = (block.first_lane..block.first_lane + block.opened).collect();
                self.undo_lanes(&lanes)
            }
        }
    }

    /// Undoes these lanes side by side; true once all are.
    fn undo_lanes(&mut self, lanes: &[u32]) -> bool {
        let mut done = true;
        for &lane in lanes {
            match self.lane(lane).undo() {
                UndoStatus::Done => {}
                UndoStatus::Wanted => done = false,
                UndoStatus::None => {
                    done = false;
                    self.start_undo(lane, 1);
                }
            }
        }
        done
    }

    fn start_undo(&mut self, first_lane: u32, lanes: u32) {
        self.emit(Body::UndoStarted(UndoStarted { first_lane, lanes }));
        self.queue.extend(first_lane..first_lane + lanes);
    }

    /// Undoes the rounds of a loop, the latest first.
    fn undo_rounds(&mut self, latest: u32, rounds: u32) -> bool {
        let mut lane = latest;
        for _ in 0..rounds {
            if !self.undo_lanes(&[lane]) {
                return false;
            }
            lane = self.lane(lane).previous;
            // Earlier ones were let go: they had nothing to undo when they ran.
            if self.state.lane(lane).is_none() {
                return true;
            }
        }
        true
    }

    /// Undoes the items of a for-each, as many at once as it ran.
    fn undo_items(&mut self, at: StepRef, block: &Block, room: u32) -> bool {
        // What is counted there may hold a catch's lane, and lanes of an earlier run of an instance that
        // was taken up again.
        if self.state.progress.run > 0 || !self.catches_to_undo(at).is_empty() {
            return self.undo_items_left(block, room);
        }
        let undo = self.step_state(at).undo.as_deref();
        let (started, done) = undo.map_or((0, 0), |undo| (undo.lanes_started, undo.lanes_done));
        let room = room.saturating_sub(started - done);
        let next = block.opened.min(started + room);
        if next > started {
            self.start_undo(block.first_lane + started, next - started);
        }
        done == block.opened
    }

    /// The same, lane by lane: some may have been undone before.
    fn undo_items_left(&mut self, block: &Block, room: u32) -> bool {
        let lanes = block.first_lane..block.first_lane + block.opened;
        let (mut wanted, mut left) = (0, Vec::new());
        for lane in lanes {
            match self.lane(lane).undo() {
                UndoStatus::None => left.push(lane),
                UndoStatus::Wanted => wanted += 1,
                UndoStatus::Done => {}
            }
        }
        if wanted == 0 && left.is_empty() {
            return true;
        }
        left.truncate(room.saturating_sub(wanted) as usize);
        for run in left.chunk_by(|lane, next| lane + 1 == *next) {
            self.start_undo(run[0], u32::try_from(run.len()).unwrap_or(u32::MAX));
        }
        false
    }

    /// An undo failed for good: it is kept, and the instance is stuck until a person decides.
    pub(super) fn undo_failed(&mut self, task: TaskKey, error: Failure) {
        let id = self.new_decision_id();
        self.keep_undo(id.clone(), task, &error);
        self.request_decision(id, DecisionKind::CompensationFailed, task, error);
    }
}
