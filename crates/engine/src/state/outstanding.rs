//! What an instance waits for outside, computed from its state alone.

use std::sync::Arc;

use super::decision::{NoticePhase, NoticeState, PendingDecision};
use super::instance::{Instance, Phase};
use super::lane::{Lane, LaneStatus};
use super::step::{StepState, StepStatus, StepUndo, UndoPhase};
use crate::command::{TimerKey, TimerKind};
use crate::payload::Payload;
use crate::record::{CacheUse, Plan, Role, Shared, StepRef, TaskKey, TaskKind};

/// Tasks that are out and timers that are set; equal to what the effects said, whether or not the
/// process lived through them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Calls to be at work, in order.
    pub tasks: Vec<TaskKey>,
    /// Timers to be set, in order.
    pub timers: Vec<TimerKey>,
}

/// A task's call, for its adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskCall {
    /// The adapter, its action, the time of an attempt.
    pub plan: Shared<Plan>,
    /// The JSON input.
    pub input: Payload,
    /// In an undo: the step's own input and output.
    pub undo: Option<(Payload, Payload)>,
    /// The same for all attempts of one intention.
    pub idempotency_key: String,
    /// The step's id.
    pub step: Arc<str>,
    /// The attempt, from 1.
    pub attempt: u32,
}

impl TaskCall {
    /// The adapter.
    pub fn adapter(&self) -> &str {
        &self.plan.adapter
    }

    /// Its action; none means its default.
    pub fn action(&self) -> Option<&str> {
        Some(self.plan.action.as_str()).filter(|action| !action.is_empty())
    }
}

impl Instance {
    /// The tasks that are out and the timers that are set.
    pub fn outstanding(&self) -> Outstanding {
        let mut found = Outstanding::default();
        for lane in self.active_lanes() {
            for (place, step) in (0_u32..).zip(&lane.steps) {
                let at = StepRef {
                    lane: lane.id,
                    step: place,
                };
                found.add_step(at, step, lane.closing.is_some());
            }
        }
        for decision in self.pending_decisions() {
            found.add_decision(decision);
        }
        self.add_own_timers(&mut found);
        let held = self.is_held();
        // A lane that nobody needs any more may still stand: while its instance is held, or the decision
        // that closes it was cut.
        found.timers.retain(|timer| {
            let doomed = timer.kind.is_of_lane() && self.is_doomed(timer.at.lane);
            !(doomed || held && timer.kind.waits_in_a_pause())
        });
        found.tasks.sort_unstable();
        found.timers.sort_unstable();
        // Notices of one decision may be due together.
        found.timers.dedup();
        found
    }

    /// The tasks of steps that are out in lanes that close, each with its adapter: nobody needs them, but
    /// their lanes wait for them.
    pub fn closing_tasks(&self) -> impl Iterator<Item = (TaskKey, &str)> {
        let closing = self.active_lanes().filter(|lane| lane.closing.is_some());
        closing.flat_map(|lane| {
            (0_u32..).zip(&lane.steps).filter_map(|(step, state)| {
                let at = StepRef {
                    lane: lane.id,
                    step,
                };
                Some((state.run_task(at)?, state.plan.as_ref()?.adapter.as_str()))
            })
        })
    }

    fn add_own_timers(&self, found: &mut Outstanding) {
        let own = |due_at, kind| TimerKey {
            due_at,
            kind,
            at: StepRef::default(),
        };
        if self.progress.cut {
            found.timers.push(own(0, TimerKind::Continue));
        }
        if let Some(start_at) = self.start_at() {
            found.timers.push(own(start_at, TimerKind::Start));
        }
        found.timers.extend(self.deadline_timers());
        let timeout_at = self.timeout_at();
        let closing = self.lane(0).is_none_or(|root| root.closing.is_some());
        // It may fail after its last step, while losers are still being undone.
        let failing = self.error().is_some();
        if timeout_at > 0 && self.phase() == Phase::Running && !closing && !failing {
            found
                .timers
                .push(own(timeout_at, TimerKind::InstanceTimeout));
        }
    }

    /// Whether something above a running lane closes or has ended, or its loop was left by `break`.
    pub(crate) fn is_doomed(&self, id: u32) -> bool {
        let mut found = self.lane(id);
        while let Some(lane) = found {
            if lane.status() != LaneStatus::Running {
                return true;
            }
            let Some(at) = lane.parent else { break };
            let over = self.step(at).is_some_and(|step| {
                let left = step.block.as_deref().is_some_and(|block| block.broken);
                step.status() != StepStatus::Running || left
            });
            if over && lane.role() != Role::Catch {
                return true;
            }
            found = self.lane(at.lane);
        }
        false
    }

    /// The call of a task that is out; none if it is not out any more.
    pub fn call(&self, task: TaskKey) -> Option<TaskCall> {
        let lane = self.lane(task.at.lane)?;
        let step = self.step(task.at)?;
        if task.kind() == TaskKind::Notify {
            return self.notice_call(task, lane);
        }
        let plan = match task.kind() {
            TaskKind::Run if step.run_task(task.at) == Some(task) => step.plan.as_ref()?,
            TaskKind::Undo | TaskKind::Verify if step.undo_task(task.at) == Some(task) => {
                step.undo.as_deref()?.plan.as_ref()?
            }
            _ => return None,
        };
        Some(self.call_of(task, lane, step, plan))
    }

    /// What the output of a call is kept under that is out, or was taken and answers by callback.
    pub fn cache_of(&self, task: TaskKey) -> Option<&CacheUse> {
        let step = self.step(task.at)?;
        let awaited = matches!(step.status(), StepStatus::Out | StepStatus::Accepted);
        let latest = awaited && step.task_key(task.at) == task;
        step.plan.as_deref().filter(|_| latest)?.cache.as_ref()
    }

    fn call_of(
        &self,
        task: TaskKey,
        lane: &Lane,
        step: &StepState,
        plan: &Shared<Plan>,
    ) -> TaskCall {
        let own_input = step.input.clone().unwrap_or_else(|| self.header.input());
        let undo = step.undo.as_deref();
        let found = undo.and_then(|undo| undo.found.clone());
        let output = step.output.clone().or(found).unwrap_or_else(Payload::null);
        let (input, undo) = match task.kind() {
            TaskKind::Run => (own_input, None),
            TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => {
                let input = undo.and_then(|undo| undo.input.clone());
                (
                    input.unwrap_or_else(Payload::null),
                    Some((own_input, output)),
                )
            }
        };
        TaskCall {
            plan: plan.clone(),
            input,
            undo,
            idempotency_key: self.idempotency_key(task, lane, step),
            step: self
                .step_definition(task.at)
                .map_or_else(Arc::default, |found| Arc::clone(&found.id)),
            attempt: task.attempt,
        }
    }

    /// The call of a notice that is out.
    fn notice_call(&self, task: TaskKey, lane: &Lane) -> Option<TaskCall> {
        let decisions = self.pending_decisions().iter();
        let mut notices = decisions.filter_map(|decision| decision.notice(task));
        let notice = notices.find(|notice| notice.out() == Some(task))?;
        let path = self.path(lane, task.at);
        Some(TaskCall {
            plan: notice.plan.clone()?,
            input: notice.input.clone().unwrap_or_else(Payload::null),
            undo: None,
            idempotency_key: format!("{}/{path}/notify/{}", self.id, task.generation),
            step: self.step_name(task.at).into(),
            attempt: task.attempt,
        })
    }

    /// `instance / path / generation [/ compensate]`: the same for all attempts of one intention.
    fn idempotency_key(&self, task: TaskKey, lane: &Lane, step: &StepState) -> String {
        let generation = match task.kind() {
            TaskKind::Run => step.intention() + 1,
            TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => task.generation + 1,
        };
        let mut key = if step.idempotency_key.is_empty() {
            format!("{}/{}/{generation}", self.id, self.path(lane, task.at))
        } else if generation > 1 {
            format!("{}/{generation}", step.idempotency_key)
        } else {
            step.idempotency_key.clone()
        };
        if !step.idempotency_key.is_empty() {
            // A path says so by itself.
            key.push_str(&self.times(lane));
        }
        match task.kind() {
            TaskKind::Run | TaskKind::Notify => {}
            TaskKind::Undo => key.push_str("/compensate"),
            TaskKind::Verify => key.push_str("/verify"),
        }
        if self.progress.generation > 0 {
            key.push_str(&format!("@{}", self.progress.generation + 1));
        }
        key
    }

    /// What tells what a step does apart from what it does when it is run anew on purpose.
    pub(crate) fn intention_key(&self, at: StepRef) -> String {
        match (self.lane(at.lane), self.step(at)) {
            (Some(lane), Some(step)) => self.idempotency_key(step.task_key(at), lane, step),
            _ => String::new(),
        }
    }

    /// A step's id behind its lane's path.
    pub fn path(&self, lane: &Lane, at: StepRef) -> String {
        let (lane, step) = (self.lane_path(lane), self.step_name(at));
        if lane.is_empty() {
            step
        } else {
            format!("{lane}/{step}")
        }
    }

    /// The blocks around a lane, each with its lane's index (`lines[3]/hold[0]`); empty for the root. One of
    /// before its block began anew says which time that was (`lines[3]~1`).
    pub fn lane_path(&self, lane: &Lane) -> String {
        let mut parts = Vec::new();
        let mut lane = Some(lane);
        while let Some((below, parent)) = lane.and_then(|lane| Some((lane, lane.parent?))) {
            let mut part = format!("{}[{}]", self.step_name(parent), below.index);
            if let Some(time) = self.time_of(below) {
                part.push_str(&format!("~{time}"));
            }
            parts.push(part);
            lane = self.lane(parent.lane);
        }
        parts.reverse();
        parts.join("/")
    }

    /// Of a lane of before its block began anew: which time that was, from 1.
    fn time_of(&self, lane: &Lane) -> Option<usize> {
        let earlier = &self.step(lane.parent?)?.earlier;
        let time = earlier.iter().position(|block| block.holds(lane.id))?;
        Some(time + 1)
    }

    /// The same of all lanes around one; empty for most.
    fn times(&self, lane: &Lane) -> String {
        let above = |lane: &&Lane| self.lane(lane.parent?.lane);
        let lanes = std::iter::successors(Some(lane), above);
        let times = lanes.filter_map(|lane| self.time_of(lane));
        times.map(|time| format!("~{time}")).collect()
    }

    /// The id of the step at this place.
    pub fn step_name(&self, at: StepRef) -> String {
        self.step_definition(at)
            .map_or_else(String::new, |step| step.id.to_string())
    }
}

impl Outstanding {
    fn add_step(&mut self, at: StepRef, step: &StepState, closing: bool) {
        self.tasks.extend(step.run_task(at));
        self.tasks.extend(step.undo_task(at));
        let timer = |due_at: i64, kind| (due_at > 0).then_some(TimerKey { due_at, kind, at });
        let works = matches!(step.status(), StepStatus::Running | StepStatus::Waiting);
        let due = match step.status() {
            StepStatus::Retrying => timer(step.due_at, TimerKind::Retry),
            StepStatus::Accepted => timer(step.due_at, TimerKind::Callback),
            _ if works && !closing => timer(step.due_at, TimerKind::Wait),
            _ => None,
        };
        self.timers.extend(due);
        if works && !closing {
            self.timers
                .extend(timer(step.timeout_at, TimerKind::StepTimeout));
        }
        let undo_due = step.undo.as_deref().and_then(|undo| match undo.phase() {
            UndoPhase::Retrying => timer(undo.due_at, TimerKind::UndoRetry),
            UndoPhase::Accepted => timer(undo.due_at, TimerKind::Callback),
            _ => None,
        });
        self.timers.extend(undo_due);
    }
}

impl Outstanding {
    fn add_decision(&mut self, decision: &PendingDecision) {
        let Some(asking) = decision.asking.as_deref() else {
            return;
        };
        let at = decision.task.at;
        let timer = |due_at: i64, kind| TimerKey { due_at, kind, at };
        let deadline = asking.deadline();
        self.timers
            .extend(deadline.map(|due| timer(due, TimerKind::DecisionTimeout)));
        let reminder = asking.next_reminder();
        self.timers
            .extend(reminder.map(|due| timer(due, TimerKind::DecisionReminder)));
        for notice in &asking.notices {
            self.tasks.extend(notice.out());
            if notice.phase() == NoticePhase::Retrying && notice.due_at > 0 {
                self.timers
                    .push(timer(notice.due_at, TimerKind::NoticeRetry));
            }
        }
    }
}

impl NoticeState {
    /// Its call, while it is out.
    fn out(&self) -> Option<TaskKey> {
        (self.phase() == NoticePhase::Out).then_some(self.task)
    }
}

impl StepState {
    /// The task that runs the step, while it is out.
    pub(crate) fn run_task(&self, at: StepRef) -> Option<TaskKey> {
        let out = self.status() == StepStatus::Out;
        out.then_some(self.task_key(at))
    }

    /// The key of the step's latest attempt.
    pub(crate) fn task_key(&self, at: StepRef) -> TaskKey {
        TaskKey {
            at,
            kind: TaskKind::Run as i32,
            generation: self.generation,
            attempt: self.attempt,
        }
    }

    /// The task that undoes or verifies the step, while it is out.
    pub(crate) fn undo_task(&self, at: StepRef) -> Option<TaskKey> {
        let undo = self.undo.as_deref()?;
        let out = matches!(undo.phase(), UndoPhase::Out | UndoPhase::Verifying);
        out.then_some(undo.task_key(at))
    }
}

impl StepUndo {
    /// The key of the undo's latest attempt.
    pub(crate) const fn task_key(&self, at: StepRef) -> TaskKey {
        TaskKey {
            at,
            kind: self.kind,
            generation: self.generation,
            attempt: self.attempt,
        }
    }
}
