//! Rounds of a loop.

use definition::Repeat;
use serde_json::json;

use super::Decider;
use crate::command::TimerKind;
use crate::payload::Payload;
use crate::record::{Body, Failure, LanesOpened, Role, RoundDelayed, StepRef};
use crate::state::LaneStatus;

/// Rounds of a loop that its instance's state holds; older ones stand in the history alone.
const ROUNDS_KEPT: u32 = 100;

impl Decider<'_, '_> {
    pub(super) fn look_repeat(&mut self, at: StepRef, repeat: &Repeat) {
        let step = self.step_state(at);
        let Some(block) = step.block.as_deref() else {
            return;
        };
        if step.due_at > 0 || block.settled() < block.opened {
            return;
        }
        let (lane, rounds) = (self.lane(block.round_lane), block.opened);
        let (state, last) = (lane.state.clone().unwrap_or_default(), lane.output.clone());
        match lane.status() {
            LaneStatus::Broken => self.end_loop(at, &state, last.as_ref(), rounds),
            LaneStatus::Failed => {
                let error = lane.error.as_deref().cloned().unwrap_or_default();
                self.fail_step(at, error);
            }
            LaneStatus::Completed => {
                let round = lane.id;
                if let Err(error) = self.after_round(at, repeat, round, rounds) {
                    self.fail_step(at, error);
                }
            }
            LaneStatus::Running | LaneStatus::Closing | LaneStatus::Cancelled => {}
        }
    }

    /// After a round `until` is asked, then the next state is computed (after the last round too).
    fn after_round(
        &mut self,
        at: StepRef,
        repeat: &Repeat,
        round: u32,
        rounds: u32,
    ) -> Result<(), Failure> {
        let ends = match &repeat.condition_after {
            Some(until) => self.holds(until, round, "repeat.until")?,
            None => false,
        };
        let lane = self.lane(round);
        let (state, last) = (lane.state.clone().unwrap_or_default(), lane.output.clone());
        let next = match &repeat.next {
            Some(next) => self.evaluate(next, round, "repeat.next")?,
            None => state,
        };
        if ends {
            self.end_loop(at, &next, last.as_ref(), rounds);
        } else if repeat.max.is_some_and(|max| rounds >= max) {
            return self.reach_limit(at, repeat, &next, last.as_ref(), rounds);
        } else if let Some(delay) = &repeat.delay {
            let ms = self.duration_ms(delay, round, "repeat.delay")?;
            let due_at = self.now().saturating_add_unsigned(ms.max(1));
            self.emit(Body::RoundDelayed(RoundDelayed {
                at,
                due_at,
                state: Some(next),
            }));
            self.set_timer(due_at, TimerKind::Wait, at);
        } else {
            self.next_round(at, repeat, rounds, next);
        }
        Ok(())
    }

    fn reach_limit(
        &mut self,
        at: StepRef,
        repeat: &Repeat,
        state: &Payload,
        last: Option<&Payload>,
        rounds: u32,
    ) -> Result<(), Failure> {
        // `while` may end the loop just as the last allowed round has.
        let ends = match &repeat.condition_before {
            Some(condition) => !self.round_wanted(at, condition, rounds, state)?,
            None => false,
        };
        if ends || repeat.continue_on_max {
            self.end_loop(at, state, last, rounds);
            return Ok(());
        }
        Err(Failure {
            error_type: "loop-limit".into(),
            message: format!("the loop was not done after {rounds} rounds"),
            ..Failure::default()
        })
    }

    /// Opens the next round, if `while` holds.
    pub(super) fn next_round(&mut self, at: StepRef, repeat: &Repeat, rounds: u32, state: Payload) {
        let wanted = match &repeat.condition_before {
            Some(condition) => self.round_wanted(at, condition, rounds, &state),
            None => Ok(true),
        };
        match wanted {
            Ok(true) => self.open_lanes(LanesOpened {
                at,
                role: Role::Round as i32,
                first_lane: self.state.progress.next_lane,
                from: rounds,
                to: rounds + 1,
                lists: vec![self.lane_list(repeat.list)],
                state: Some(state),
                forgets: self.round_to_forget(at, repeat, rounds),
            }),
            Ok(false) => {
                let block = self.step_state(at).block.as_deref();
                let round = block
                    .filter(|block| block.opened > 0)
                    .map(|block| block.round_lane);
                let last = round.and_then(|round| self.lane(round).output.clone());
                self.end_loop(at, &state, last.as_ref(), rounds);
            }
            Err(error) => self.fail_step(at, error),
        }
    }

    /// The round that is let go when one more begins: a loop keeps its last few, unless what its
    /// rounds did may have to be undone.
    fn round_to_forget(&self, at: StepRef, repeat: &Repeat, rounds: u32) -> Option<u32> {
        if rounds < ROUNDS_KEPT || self.list_may_undo(repeat.list) {
            return None;
        }
        let mut round = self.step_state(at).block.as_deref()?.round_lane;
        for _ in 1..ROUNDS_KEPT {
            round = self.state.lane(round)?.previous;
        }
        let lanes = self.state.lanes_below(round);
        let over = |&id: &u32| self.state.lane(id).is_some_and(|lane| !lane.is_active());
        (!lanes.is_empty() && lanes.iter().all(over)).then_some(round)
    }

    fn round_wanted(
        &mut self,
        at: StepRef,
        condition: &expression::Program,
        rounds: u32,
        state: &Payload,
    ) -> Result<bool, Failure> {
        self.evaluations += 1;
        let scope = self
            .scope(at.lane)
            .with("state", state.value())
            .with("iteration", json!(rounds + 1).into())
            .with("index", json!(rounds).into());
        let held = condition.evaluate_bool(&scope, self.context.now);
        held.map_err(|error| super::expression_failure("repeat.while", &error))
    }

    fn end_loop(&mut self, at: StepRef, state: &Payload, last: Option<&Payload>, rounds: u32) {
        let last = last.map_or_else(|| Payload::null().value(), Payload::value);
        let output = json!({ "state": *state.value(), "last": *last, "rounds": rounds });
        self.complete_step(at, Some(Payload::from_value(output)), Vec::new());
    }
}
