//! Lanes that run again: what completed and was not undone stays, the rest is to be done anew.
//!
//! | a step that | in a lane that runs again |
//! | --- | --- |
//! | completed, or was skipped | stays as it is |
//! | completed and was undone | begins anew |
//! | failed, and its lane with it | begins anew; with the same key where what became of it is not known |
//! | failed, and that was borne or caught | stays as it is |
//! | was cancelled, or was under way | begins anew |
//! | is a block of which something is to be done anew | goes on with those lanes alone (a loop begins anew) |

use std::collections::BTreeSet;

use definition::Action;

use super::{Again, Why};
use crate::record::StepRef;
use crate::state::{
    Block, Instance, Lane, LaneStatus, StepState, StepStatus, UndoPhase, UndoStatus,
};

/// A state that is being made ready to go on.
pub(super) struct Renewal {
    pub(super) state: Instance,
    pub(super) again: Vec<Again>,
    /// Lanes that run again.
    pub(super) renewed: BTreeSet<u32>,
    /// The generation of what is begun anew.
    pub(super) run: u32,
    /// It goes on when its turn has come: until then no call is made.
    queues: bool,
    now: i64,
}

/// What becomes of a step in a lane that runs again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    /// Some of its lanes run again.
    Inside,
    /// Its catch runs again.
    Caught,
    Anew,
    /// Its call is made again, as the same intention.
    Same,
}

impl Renewal {
    pub(super) fn of(state: Instance, latest: &Instance, now: i64) -> Self {
        let run = latest.highest_generation().max(state.highest_generation()) + 1;
        Self {
            state,
            again: Vec::new(),
            renewed: BTreeSet::new(),
            run,
            queues: latest.needs_turn(),
            now,
        }
    }

    /// Has the root lane run again.
    pub(super) fn root(&mut self) {
        self.lane(0, false);
    }

    /// Has a lane run again; `behind` something that is done anew before it.
    fn lane(&mut self, id: u32, behind: bool) {
        let Some(lane) = self.state.lane(id).cloned() else {
            return;
        };
        let failing = self.failing_step(&lane);
        let places = 0..u32::try_from(lane.steps.len()).unwrap_or(u32::MAX);
        let mut fates: Vec<Fate> = places
            .map(|step| self.fate(StepRef { lane: id, step }, failing == Some(step)))
            .collect();
        let waits: Vec<bool> = (0..fates.len())
            .map(|place| behind || self.needs_any_anew(id, place, &fates))
            .collect();
        for (fate, waits) in fates.iter_mut().zip(&waits) {
            if *fate == Fate::Same && *waits {
                *fate = Fate::Anew;
            }
        }
        for (step, (fate, waits)) in (0_u32..).zip(fates.into_iter().zip(waits)) {
            self.step(StepRef { lane: id, step }, fate, waits);
        }
        self.renewed.insert(id);
        if let Some(lane) = self.state.lane_mut(id) {
            lane.set_status(LaneStatus::Running);
            lane.set_undo(UndoStatus::None);
            lane.closing = None;
            lane.output = None;
            lane.error = None;
            lane.accepted = false;
            lane.ended_seq = 0;
        }
    }

    /// The step whose failure was its lane's, or that of the whole instance.
    fn failing_step(&self, lane: &Lane) -> Option<u32> {
        let error = match lane.status() {
            LaneStatus::Failed => lane.error.as_deref(),
            LaneStatus::Cancelled => self.state.error(),
            LaneStatus::Running
            | LaneStatus::Closing
            | LaneStatus::Completed
            | LaneStatus::Broken => None,
        }?;
        let failed = (0_u32..).zip(&lane.steps);
        let failed = failed.filter(|(_, step)| {
            let ended = step.status() == StepStatus::Failed && step.has_ended();
            ended && step.failure() == Some(error)
        });
        let last = failed.max_by_key(|(_, step)| step.ended_seq);
        last.map(|(place, _)| place)
    }

    /// Whether its input may be another one by what runs before it.
    fn needs_any_anew(&self, lane: u32, place: usize, fates: &[Fate]) -> bool {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec![place]);
        while let Some(place) = ahead.pop() {
            let step = u32::try_from(place).unwrap_or(u32::MAX);
            let Some(step) = self.state.step_definition(StepRef { lane, step }) else {
                continue;
            };
            for &need in &step.needs {
                let place = self.state.workflow().step(need).position as usize;
                if fates.get(place).is_some_and(|fate| *fate != Fate::Stays) {
                    return true;
                }
                if seen.insert(place) {
                    ahead.push(place);
                }
            }
        }
        false
    }

    fn fate(&self, at: StepRef, failing: bool) -> Fate {
        let Some(step) = self.state.step(at) else {
            return Fate::Stays;
        };
        let undone = is_undone(step);
        match step.status() {
            StepStatus::Skipped => Fate::Stays,
            StepStatus::Running if step.block.is_some() => Fate::Inside,
            StepStatus::Completed if undone => Fate::Anew,
            StepStatus::Completed if self.is_undone_inside(at) => self.inside(at),
            StepStatus::Completed => Fate::Stays,
            StepStatus::Failed if !step.has_ended() => Fate::Caught,
            StepStatus::Failed if !failing && self.catch_is_undone(step) => Fate::Caught,
            StepStatus::Failed if !failing => Fate::Stays,
            StepStatus::Cancelled if step.caught && step.catch_lane > 0 => Fate::Caught,
            StepStatus::Failed | StepStatus::Cancelled if step.block.is_some() && !undone => {
                self.inside(at)
            }
            StepStatus::Failed | StepStatus::Cancelled if is_unknown(step) => Fate::Same,
            StepStatus::Failed
            | StepStatus::Cancelled
            | StepStatus::Pending
            | StepStatus::Running
            | StepStatus::Out
            | StepStatus::Accepted
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding => Fate::Anew,
        }
    }

    /// Rounds follow each other, so a loop of which one was undone begins anew; so does a block that
    /// failed by itself.
    fn inside(&self, at: StepRef) -> Fate {
        let Some((step, block)) = self.block(at) else {
            return Fate::Anew;
        };
        let lanes = self.block_lanes(at, block);
        let some = lanes.iter().any(|&id| self.runs_again(step, id));
        if !some || (self.is_loop(at) && self.is_undone_inside(at)) {
            return Fate::Anew;
        }
        Fate::Inside
    }

    fn block(&self, at: StepRef) -> Option<(&StepState, &Block)> {
        let step = self.state.step(at)?;
        Some((step, step.block.as_deref()?))
    }

    fn is_loop(&self, at: StepRef) -> bool {
        let step = self.state.step_definition(at);
        step.is_some_and(|step| matches!(step.action, Action::Repeat(_)))
    }

    /// A block's lanes, as far as they were opened.
    fn block_lanes(&self, at: StepRef, block: &Block) -> Vec<u32> {
        if self.is_loop(at) {
            let before = |&id: &u32| self.state.lane(id).filter(|lane| lane.index > 0);
            let latest = Some(block.round_lane).filter(|_| block.opened > 0);
            let rounds = std::iter::successors(latest, |id| before(id).map(|lane| lane.previous));
            // Earlier ones were let go.
            return rounds
                .take_while(|&id| self.state.lane(id).is_some())
                .collect();
        }
        let first = block.first_lane;
        let lanes = first..first.saturating_add(block.opened);
        lanes.filter(|&id| self.state.lane(id).is_some()).collect()
    }

    /// Whether this lane of a block that goes on runs again.
    fn runs_again(&self, step: &StepState, id: u32) -> bool {
        let Some(lane) = self.state.lane(id) else {
            return false;
        };
        let over = matches!(step.status(), StepStatus::Failed | StepStatus::Cancelled);
        let loser = lane.closing.as_deref().is_some_and(|closing| closing.undo);
        match lane.status() {
            LaneStatus::Running => true,
            LaneStatus::Closing => false,
            LaneStatus::Failed | LaneStatus::Cancelled => over && !loser,
            LaneStatus::Completed | LaneStatus::Broken => self.lane_is_undone(lane),
        }
    }

    fn lane_is_undone(&self, lane: &Lane) -> bool {
        let mut places = (0_u32..).zip(&lane.steps);
        places.any(|(place, step)| {
            let at = StepRef {
                lane: lane.id,
                step: place,
            };
            is_undone(step) || self.is_undone_inside(at)
        })
    }

    /// Whether something that a step's lanes completed was undone with the whole. (Losers are undone
    /// as soon as they have lost.)
    pub(super) fn is_undone_inside(&self, at: StepRef) -> bool {
        let Some(step) = self.state.step(at) else {
            return false;
        };
        let block = step.block.as_deref();
        let lanes = block.map_or_else(Vec::new, |block| self.block_lanes(at, block));
        let kept = |lane: &Lane| {
            let index = &lane.index;
            let lost = !step.winners.is_empty() && !step.winners.contains(index);
            let well = matches!(lane.status(), LaneStatus::Completed | LaneStatus::Broken);
            well && !lost
        };
        let mut lanes = lanes.into_iter().filter_map(|id| self.state.lane(id));
        lanes.any(|lane| kept(lane) && self.lane_is_undone(lane)) || self.catch_is_undone(step)
    }

    fn catch_is_undone(&self, step: &StepState) -> bool {
        let catch = Some(step.catch_lane).filter(|&id| id > 0 && step.caught);
        let lane = catch.and_then(|id| self.state.lane(id));
        lane.is_some_and(|lane| self.lane_is_undone(lane))
    }

    fn step(&mut self, at: StepRef, fate: Fate, behind: bool) {
        let Some(step) = self.state.step(at).cloned() else {
            return;
        };
        if matches!(fate, Fate::Anew | Fate::Same) {
            self.note(at, &step, fate == Fate::Same);
            self.note_inside(&step);
        }
        let renewed = match fate {
            Fate::Stays => StepState { undo: None, ..step },
            Fate::Anew => self.anew(&step),
            Fate::Same => self.same(&step),
            Fate::Inside => self.go_inside(at, step, behind),
            Fate::Caught => {
                self.lane(step.catch_lane, behind);
                StepState {
                    status: StepStatus::Failed as i32,
                    caught: true,
                    ended_at: 0,
                    undo: None,
                    ..step
                }
            }
        };
        if let Some(place) = self.state.step_mut(at) {
            *place = renewed;
        }
    }

    /// From its condition on; a late result of what was before does not fit it.
    fn anew(&self, step: &StepState) -> StepState {
        let block = step.block.as_deref().filter(|block| block.opened > 0);
        let earlier = step.earlier.iter().chain(block);
        StepState {
            earlier: earlier.cloned().collect(),
            generation: self.run,
            attempt: step.attempt,
            attempt_base: step.attempt,
            catch_lane: step.catch_lane,
            ..StepState::default()
        }
    }

    /// The same call once more; where it has to wait, as an attempt that is due.
    fn same(&self, step: &StepState) -> StepState {
        let (status, attempt, due_at) = match self.queues {
            true => (StepStatus::Retrying, step.attempt, self.now),
            false => (StepStatus::Out, step.attempt + 1, 0),
        };
        StepState {
            status: status as i32,
            generation: self.run,
            same_as: Some(step.intention()),
            attempt,
            attempt_base: step.attempt,
            started_at: self.now,
            first_attempt_at: self.now,
            ended_at: 0,
            ended_seq: 0,
            due_at,
            error: None,
            output: None,
            caught: false,
            undo: None,
            ..step.clone()
        }
    }

    fn go_inside(&mut self, at: StepRef, step: StepState, behind: bool) -> StepState {
        let Some(block) = step.block.as_deref() else {
            return self.anew(&step);
        };
        let lanes = self.block_lanes(at, block);
        for &id in &lanes {
            if self.runs_again(&step, id) {
                self.lane(id, behind);
            }
        }
        let mut block = self.counted(block, &lanes);
        if self.is_loop(at) {
            // Rounds before the latest have ended well; the first of them may have been let go.
            block.broken = false;
            let gone = (block.opened as usize).saturating_sub(lanes.len());
            block.completed += u32::try_from(gone).unwrap_or(u32::MAX);
        }
        let span = step.timeout_at - step.started_at;
        StepState {
            status: StepStatus::Running as i32,
            timeout_at: if step.timeout_at > 0 {
                self.now + span
            } else {
                0
            },
            started_at: self.now,
            ended_at: 0,
            ended_seq: 0,
            error: None,
            output: None,
            winners: Vec::new(),
            undo: None,
            block: Some(Box::new(block)),
            ..step
        }
    }

    /// The block with its lanes counted anew.
    fn counted(&self, block: &Block, lanes: &[u32]) -> Block {
        let mut counted = Block {
            completed: 0,
            failed: 0,
            cancelled: 0,
            accepted: 0,
            broken: false,
            first_failed: 0,
            ..block.clone()
        };
        let mut failed = Vec::new();
        for lane in lanes.iter().filter_map(|&id| self.state.lane(id)) {
            match lane.status() {
                LaneStatus::Running | LaneStatus::Closing => continue,
                LaneStatus::Completed => counted.completed += 1,
                LaneStatus::Broken => {
                    counted.completed += 1;
                    counted.broken = true;
                }
                LaneStatus::Failed => failed.push((lane.ended_seq, lane.id)),
                LaneStatus::Cancelled => counted.cancelled += 1,
            }
            counted.accepted += u32::from(lane.accepted);
        }
        counted.failed = u32::try_from(failed.len()).unwrap_or(u32::MAX);
        counted.first_failed = failed.into_iter().min().map_or(0, |(_, id)| id + 1);
        counted
    }

    /// Calls in the lanes of a block that begins anew: they are repeated, as far as they were not undone.
    fn note_inside(&mut self, step: &StepState) {
        let Some(block) = step.block.as_deref() else {
            return;
        };
        let lanes = self.state.lanes_of_block(block);
        let lanes = lanes.into_iter().flat_map(|id| self.state.lanes_below(id));
        for lane in lanes.collect::<Vec<u32>>() {
            let steps = self.state.lane(lane).map(|lane| lane.steps.clone());
            for (place, step) in (0_u32..).zip(steps.unwrap_or_default()) {
                let at = StepRef { lane, step: place };
                let completed = step.status() == StepStatus::Completed;
                let calls = self.state.callee(at);
                if calls.is_empty() || is_undone(&step) || !(completed || step.unknown) {
                    continue;
                }
                let lane = self.state.lane(lane);
                self.again.push(Again {
                    step: self.state.step_name(at),
                    lane: lane.map_or_else(String::new, |lane| self.state.lane_path(lane)),
                    why: if completed { Why::Done } else { Why::UnderWay },
                    calls,
                    repeats: true,
                    same_key: false,
                });
            }
        }
    }

    fn note(&mut self, at: StepRef, step: &StepState, same_key: bool) {
        let began = step.attempt > 0 || step.started_at > 0;
        let why = match step.status() {
            StepStatus::Completed => Why::Undone,
            StepStatus::Failed => Why::Failed,
            StepStatus::Cancelled if began => Why::Cancelled,
            StepStatus::Running
            | StepStatus::Out
            | StepStatus::Accepted
            | StepStatus::Retrying
            | StepStatus::Waiting
            | StepStatus::Deciding => Why::UnderWay,
            // It has not begun: it does not run again.
            StepStatus::Pending | StepStatus::Skipped | StepStatus::Cancelled => return,
        };
        let lane = self.state.lane(at.lane);
        let may_have = step.unknown || step.in_flight() || step.status() == StepStatus::Retrying;
        self.again.push(Again {
            step: self.state.step_name(at),
            lane: lane.map_or_else(String::new, |lane| self.state.lane_path(lane)),
            why,
            calls: self.state.callee(at),
            repeats: why != Why::Undone && may_have && !is_undone(step),
            same_key,
        });
    }
}

impl Instance {
    /// The highest generation of its steps.
    fn highest_generation(&self) -> u32 {
        let steps = self.lanes().flat_map(|lane| &lane.steps);
        let undo = |step: &StepState| step.undo.as_deref().map_or(0, |undo| undo.generation);
        let generations = steps.map(|step| step.generation.max(undo(step)));
        generations.max().unwrap_or(0).max(self.progress.run)
    }

    /// Whom the step at this place calls: `ADAPTER/ACTION` or the name of a workflow.
    pub(super) fn callee(&self, at: StepRef) -> String {
        let Some(step) = self.step_definition(at) else {
            return String::new();
        };
        match &step.action {
            Action::Task(task) => match &task.action {
                Some(action) => format!("{}/{action}", task.adapter),
                None => task.adapter.clone(),
            },
            Action::Child(child) => child.workflow.clone(),
            _ => String::new(),
        }
    }
}

/// Whether the effect of a step of its own (not of its lanes) was undone, or found not to be there.
pub(super) fn is_undone(step: &StepState) -> bool {
    step.undo.as_deref().is_some_and(|undo| {
        let called = undo.plan.is_some() || undo.child.is_some();
        called && matches!(undo.phase(), UndoPhase::Done | UndoPhase::Nothing)
    })
}

/// Whether a call of the step may have taken effect, and can be made again as it was.
fn is_unknown(step: &StepState) -> bool {
    step.unknown && step.plan.is_some() && step.child.is_none() && !is_undone(step)
}
