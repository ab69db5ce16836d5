//! Beginning a step, and ending it well.

use std::sync::Arc;

use definition::{Action, Duration, ForEach, Parallel, Repeat, Step, Wait};
use expression::Template;
use serde_json::Value;

use super::{Decider, expression_failure};
use crate::command::TimerKind;
use crate::payload::Payload;
use crate::record::{
    Body, Closing, Failure, LanesOpened, Role, StepCompleted, StepRef, StepStarted,
};

impl Decider<'_, '_> {
    pub(super) fn start_step(&mut self, at: StepRef) {
        let workflow = Arc::clone(&self.workflow);
        let step = self.definition_in(&workflow, at);
        // What a person approved runs as they saw it.
        let approved = self.step_state(at).approved;
        if let Some(when) = step.when.as_ref().filter(|_| !approved) {
            match self.holds(when, at.lane, "when") {
                Ok(true) => {}
                Ok(false) => return self.skip_step(at),
                Err(error) => return self.fail_step(at, error),
            }
        }
        let held_back = !approved
            && match self.hold_back(at, step) {
                Ok(held_back) => held_back,
                Err(error) => return self.fail_step(at, error),
            };
        if held_back {
            return;
        }
        if let Err(error) = self.begin(at, step) {
            self.fail_step(at, error);
        }
    }

    fn begin(&mut self, at: StepRef, step: &Step) -> Result<(), Failure> {
        match &step.action {
            Action::Task(task) => self.schedule_task(at, step, task),
            Action::Child(child) => self.start_child(at, step, child),
            Action::Group(list) => self.begin_single(at, step, Role::Group, 0, *list),
            Action::Parallel(parallel) => self.begin_parallel(at, step, parallel),
            Action::Switch(cases) => {
                for (index, case) in (0_u32..).zip(cases) {
                    let holds = match &case.when {
                        Some(when) => self.holds(when, at.lane, "when")?,
                        None => true,
                    };
                    if holds {
                        return self.begin_single(at, step, Role::Case, index, case.list);
                    }
                }
                self.skip_step(at);
                Ok(())
            }
            Action::ForEach(each) => self.begin_for_each(at, step, each),
            Action::Repeat(repeat) => self.begin_repeat(at, step, repeat),
            Action::Wait(wait) => self.begin_wait(at, step, wait),
            Action::Decision { ask, .. } => self.begin_decision(at, ask),
            Action::Emit(emit) => self.emit_event(at, emit),
            Action::Set(values) => {
                let output = self.evaluate(values, at.lane, "set")?;
                self.complete_step(at, Some(output), Vec::new());
                Ok(())
            }
            Action::Fail {
                error_type,
                message,
            } => Err(Failure {
                error_type: self.text(error_type, at.lane, "fail.type")?,
                message: self.text(message, at.lane, "fail.message")?,
                ..Failure::default()
            }),
            Action::Complete(value) => self.complete_instance(at, value),
            Action::Break(value) => self.break_loop(at, value),
        }
    }

    pub(super) fn skip_step(&mut self, at: StepRef) {
        self.emit(Body::StepSkipped(at));
        self.queue.insert(at.lane);
    }

    pub(super) fn complete_step(
        &mut self,
        at: StepRef,
        output: Option<Payload>,
        winners: Vec<u32>,
    ) {
        let completed = StepCompleted {
            at,
            output,
            winners,
            ..StepCompleted::default()
        };
        self.emit(Body::StepCompleted(completed));
        self.queue.insert(at.lane);
    }

    fn begin_single(
        &mut self,
        at: StepRef,
        step: &Step,
        role: Role,
        index: u32,
        list: definition::ListIx,
    ) -> Result<(), Failure> {
        let first_lane = self.begin_block(at, step, 1, None)?;
        self.open_lanes(LanesOpened {
            at,
            role: role as i32,
            first_lane,
            from: index,
            to: index + 1,
            lists: vec![self.lane_list(list)],
            state: None,
            forgets: None,
        });
        Ok(())
    }

    /// Records that a block began, with its lanes' ids reserved; answers the first.
    pub(super) fn begin_block(
        &mut self,
        at: StepRef,
        step: &Step,
        lanes: u32,
        payload: Option<Payload>,
    ) -> Result<u32, Failure> {
        let timeout_at = self.timeout_at(at, step)?;
        let first_lane = self.state.progress.next_lane;
        let started = StepStarted {
            at,
            lanes,
            first_lane,
            payload,
            timeout_at,
            ..StepStarted::default()
        };
        self.emit(Body::StepStarted(started));
        if timeout_at > 0 {
            self.set_timer(timeout_at, TimerKind::StepTimeout, at);
        }
        Ok(first_lane)
    }

    /// When the whole step times out; 0 means never.
    pub(super) fn timeout_at(&mut self, at: StepRef, step: &Step) -> Result<i64, Failure> {
        match &step.timeout {
            None => Ok(0),
            Some(duration) => {
                let ms = self.duration_ms(duration, at.lane, "timeout")?;
                Ok(self.now().saturating_add_unsigned(ms))
            }
        }
    }

    fn begin_parallel(
        &mut self,
        at: StepRef,
        step: &Step,
        parallel: &Parallel,
    ) -> Result<(), Failure> {
        let count = u32::try_from(parallel.branches.len()).unwrap_or(u32::MAX);
        let first_lane = self.begin_block(at, step, count, None)?;
        let lists = parallel
            .branches
            .iter()
            .map(|branch| self.lane_list(branch.list))
            .collect();
        let role = Role::Branch as i32;
        self.open_lanes(LanesOpened {
            at,
            role,
            first_lane,
            from: 0,
            to: count,
            lists,
            state: None,
            forgets: None,
        });
        Ok(())
    }

    fn begin_for_each(&mut self, at: StepRef, step: &Step, each: &ForEach) -> Result<(), Failure> {
        let items = self.evaluate(&each.items, at.lane, "for-each")?;
        let count = match &*items.value() {
            Value::Array(items) => items.len(),
            other => return Err(not_a_list(other)),
        };
        let lanes = count.div_ceil(each.batch.unwrap_or(1).max(1) as usize);
        let lanes = u32::try_from(lanes).unwrap_or(u32::MAX);
        self.begin_block(at, step, lanes, Some(items))?;
        self.queue.insert(at.lane);
        Ok(())
    }

    fn begin_repeat(&mut self, at: StepRef, step: &Step, repeat: &Repeat) -> Result<(), Failure> {
        let state = match &repeat.state {
            Some(state) => self.evaluate(state, at.lane, "repeat.state")?,
            None => Payload::null(),
        };
        self.begin_block(at, step, 0, Some(state.clone()))?;
        self.next_round(at, repeat, 0, state);
        Ok(())
    }

    fn begin_wait(&mut self, at: StepRef, step: &Step, wait: &Wait) -> Result<(), Failure> {
        let until = match wait {
            Wait::For(duration) => {
                let ms = self.duration_ms(duration, at.lane, "wait.for")?;
                self.now().saturating_add_unsigned(ms)
            }
            Wait::At(time) => {
                let text = self.text(time, at.lane, "wait.at")?;
                crate::view::parse_rfc3339(&text).ok_or_else(|| Failure {
                    error_type: "expression".into(),
                    message: format!("wait.at: expected an RFC 3339 time, but got {text:?}"),
                    ..Failure::default()
                })?
            }
            Wait::Signal { name, timeout, .. } => {
                return self.begin_signal_wait(at, step, name, timeout.as_ref());
            }
            Wait::Event(awaited) => return self.begin_event_wait(at, step, awaited),
        };
        if until <= self.now() {
            self.complete_step(at, None, Vec::new());
            return Ok(());
        }
        let (wait_until, timeout_at) = (until, self.timeout_at(at, step)?);
        self.emit(Body::StepStarted(StepStarted {
            at,
            wait_until,
            timeout_at,
            ..StepStarted::default()
        }));
        self.set_timer(until, TimerKind::Wait, at);
        if timeout_at > 0 {
            self.set_timer(timeout_at, TimerKind::StepTimeout, at);
        }
        Ok(())
    }

    /// `complete`: the instance ends with this output, other lanes are cancelled.
    fn complete_instance(&mut self, at: StepRef, value: &Template) -> Result<(), Failure> {
        let output = self.evaluate(value, at.lane, "complete")?;
        self.complete_step(at, Some(output.clone()), Vec::new());
        let root = self.root_of(at.lane);
        self.close_lane(root, Closing::Completed, None, Some(output), false);
        Ok(())
    }

    /// The lane without a parent above this one: the root, or that of `finally`.
    fn root_of(&self, lane: u32) -> u32 {
        let mut at = lane;
        while let Some(parent) = self.lane(at).parent {
            at = parent.lane;
        }
        at
    }

    /// `break`: the nearest loop's lane ends with this value.
    fn break_loop(&mut self, at: StepRef, value: &Template) -> Result<(), Failure> {
        let output = self.evaluate(value, at.lane, "break")?;
        self.complete_step(at, Some(output.clone()), Vec::new());
        let mut lane = at.lane;
        while !matches!(self.lane(lane).role(), Role::Item | Role::Round) {
            match self.lane(lane).parent {
                Some(parent) => lane = parent.lane,
                None => return Ok(()),
            }
        }
        self.close_lane(lane, Closing::Broken, None, Some(output), false);
        Ok(())
    }

    pub(super) fn duration_ms(
        &mut self,
        duration: &Duration,
        lane: u32,
        place: &str,
    ) -> Result<u64, Failure> {
        match duration {
            Duration::Fixed(ms) => Ok(*ms),
            Duration::Computed(template) => {
                let text = self.text(template, lane, place)?;
                expression::duration::parse(&text).map_err(|error| Failure {
                    error_type: "expression".into(),
                    message: format!("{place}: {error}"),
                    ..Failure::default()
                })
            }
        }
    }

    pub(super) fn text(
        &mut self,
        template: &Template,
        lane: u32,
        place: &str,
    ) -> Result<String, Failure> {
        self.evaluations += 1;
        let value = template.evaluate(&self.scope(lane), self.now());
        Ok(
            match value.map_err(|error| expression_failure(place, &error))? {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            },
        )
    }
}

fn not_a_list(value: &Value) -> Failure {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Failure {
        error_type: "expression".into(),
        message: format!("for-each: expected a list, but got {kind}"),
        ..Failure::default()
    }
}
