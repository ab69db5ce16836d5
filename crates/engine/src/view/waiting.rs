//! What an instance waits for, in words that a person can act on.

use crate::record::{Choice, DecisionKind, StepRef, TaskKey, TaskKind};
use crate::state::{Instance, PendingDecision, StepState, StepStatus, StepUndo, Turn, UndoPhase};

/// One thing that an instance waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `pause`, `start`, `limit`, `task`, `retry`, `timer`, `callback`, `child`, `decision`, `signal`, `event`.
    pub kind: &'static str,
    /// The signal's name, of a wait for one.
    pub signal: Option<String>,
    /// In a sentence.
    pub what: String,
    /// The step's path.
    pub step: String,
    /// The call that is out, of a `task`.
    pub task: Option<TaskKey>,
    /// Since when, milliseconds since the epoch.
    pub since: i64,
    /// Until when, milliseconds since the epoch, if that is known.
    pub until: Option<i64>,
    /// What a person can do.
    pub can: Vec<&'static str>,
}

impl Instance {
    /// What it waits for, oldest first (a pause before all else), and how many there are in all.
    pub fn waiting_for(&self, limit: usize) -> (Vec<Waiting>, usize) {
        let mut found: Vec<Waiting> = self
            .active_lanes()
            .flat_map(|lane| {
                (0_u32..).zip(&lane.steps).flat_map(move |(step, state)| {
                    let at = StepRef {
                        lane: lane.id,
                        step,
                    };
                    let own = self.step_waits(at, state);
                    let undo = state
                        .undo
                        .as_deref()
                        .and_then(|undo| self.undo_waits(at, undo));
                    own.into_iter().chain(undo)
                })
            })
            .collect();
        if self.is_asked_what_becomes() {
            found.extend(self.decision_waits(StepRef::default(), false));
        }
        found.sort_by_key(|waiting| waiting.since);
        let held = self.pause_waits().into_iter().chain(self.start_waits());
        let held = held.chain(self.turn_waits());
        found.splice(0..0, held);
        let count = found.len();
        found.truncate(limit);
        (found, count)
    }

    fn pause_waits(&self) -> Option<Waiting> {
        let pause = self.pause()?;
        let by = match pause.by.as_str() {
            "" => String::new(),
            by => format!(" by {by}"),
        };
        let why = match pause.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        Some(Waiting {
            kind: "pause",
            signal: None,
            what: format!("it is paused{by}{why}"),
            step: String::new(),
            task: None,
            since: pause.since,
            until: None,
            can: vec!["resume", "cancel"],
        })
    }

    fn start_waits(&self) -> Option<Waiting> {
        let start_at = self.start_at()?;
        Some(Waiting {
            kind: "start",
            signal: None,
            what: "it was started for a later time".to_owned(),
            step: String::new(),
            task: None,
            since: self.header().created_at,
            until: Some(start_at),
            can: vec!["cancel"],
        })
    }

    fn turn_waits(&self) -> Option<Waiting> {
        let limit = self.limit()?;
        let turn = self.turn()?;
        let waits = matches!(turn, Turn::Waiting | Turn::Held);
        waits.then(|| Waiting {
            kind: "limit",
            signal: None,
            what: format!("it waits for its turn: {}", limit.told()),
            step: String::new(),
            task: None,
            since: self.turn_since(),
            until: None,
            can: vec!["cancel"],
        })
    }

    fn step_waits(&self, at: StepRef, step: &StepState) -> Option<Waiting> {
        let name = self.step_name(at);
        let until = (step.due_at > 0).then_some(step.due_at);
        let signal = match step.status() {
            StepStatus::Waiting => self.signal_awaited_at(at).map(str::to_owned),
            _ => None,
        };
        let call = step
            .plan
            .as_deref()
            .map_or("", |plan| plan.adapter.as_str());
        let (kind, what, can) = match step.status() {
            StepStatus::Out => (
                "task",
                format!("attempt {} of {name} is out at {call}", step.attempt),
                vec!["cancel"],
            ),
            StepStatus::Accepted => (
                "callback",
                format!("{call} took {name} and will call back"),
                vec!["cancel"],
            ),
            StepStatus::Retrying => {
                let why = step.failure().map_or("", |error| error.error_type.as_str());
                let next = step.attempt + 1;
                (
                    "retry",
                    format!("attempt {next} of {name} at {call} after {why}"),
                    vec!["cancel"],
                )
            }
            StepStatus::Waiting => self.told_of_wait(at, &name),
            StepStatus::Deciding => return self.decision_waits(at, false),
            StepStatus::Running if step.due_at > 0 => {
                let next = next_of_loop(step);
                ("timer", format!("{next} of {name}"), vec!["cancel"])
            }
            StepStatus::Running => {
                let child = step.child.as_deref()?;
                let id = child.child_id();
                (
                    "child",
                    format!("{name} waits for {} {id}", child.workflow),
                    vec!["cancel"],
                )
            }
            StepStatus::Pending
            | StepStatus::Completed
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Cancelled => return None,
        };
        Some(Waiting {
            kind,
            signal,
            what,
            step: name,
            task: step.run_task(at),
            since: self.since(at, step.first_attempt_at),
            until,
            can,
        })
    }

    /// What a step waits for that only waits: the kind, in words, and what a person can do.
    fn told_of_wait(&self, at: StepRef, name: &str) -> (&'static str, String, Vec<&'static str>) {
        if let Some(signal) = self.signal_awaited_at(at) {
            let what = format!("{name} waits for the signal {signal}");
            return ("signal", what, vec!["signal", "cancel"]);
        }
        if let Some(event) = self.event_awaited_at(at) {
            let what = format!("{name} waits for an event {}", event.told());
            return ("event", what, vec!["cancel"]);
        }
        ("timer", format!("{name} waits"), vec!["cancel"])
    }

    fn decision_waits(&self, at: StepRef, of_undo: bool) -> Option<Waiting> {
        let mut decisions = self.pending_decisions().iter();
        let is_about = |decision: &&PendingDecision| {
            let run = decision.task.kind() == TaskKind::Run;
            decision.task.at == at && run != of_undo
        };
        let decision = decisions.find(is_about)?;
        let asking = decision.asking.as_deref();
        let choices = self.decision_choices(decision).into_iter();
        Some(Waiting {
            kind: "decision",
            signal: None,
            what: self.decision_prompt(decision),
            step: match decision.kind() {
                DecisionKind::InstanceFailed => String::new(),
                _ => self.step_name(at),
            },
            task: None,
            since: decision.requested_at,
            until: asking.and_then(|asking| asking.deadline()),
            can: choices.map(Choice::as_str).collect(),
        })
    }

    fn undo_waits(&self, at: StepRef, undo: &StepUndo) -> Option<Waiting> {
        let name = self.step_name(at);
        let until = (undo.due_at > 0).then_some(undo.due_at);
        let (kind, what, can) = match undo.phase() {
            UndoPhase::Out => ("task", format!("the compensation of {name} is out"), vec![]),
            UndoPhase::Verifying => (
                "task",
                format!("whether {name} took effect is asked"),
                vec![],
            ),
            UndoPhase::Accepted => (
                "callback",
                format!("the compensation of {name} was taken and will call back"),
                vec![],
            ),
            UndoPhase::Retrying => {
                let next = undo.attempt + 1;
                (
                    "retry",
                    format!("attempt {next} of the compensation of {name}"),
                    vec![],
                )
            }
            UndoPhase::Child => ("child", format!("a workflow undoes {name}"), vec![]),
            UndoPhase::Deciding => return self.decision_waits(at, true),
            UndoPhase::Lanes
            | UndoPhase::Found
            | UndoPhase::Done
            | UndoPhase::Nothing
            | UndoPhase::Skipped
            | UndoPhase::Failed => return None,
        };
        Some(Waiting {
            kind,
            signal: None,
            what,
            step: name,
            task: self.step(at).and_then(|step| step.undo_task(at)),
            since: self.since(at, undo.first_attempt_at),
            until,
            can,
        })
    }

    /// A decision waits since it was asked, anything else since the run began.
    fn since(&self, at: StepRef, began: i64) -> i64 {
        let asked = self
            .pending_decisions()
            .iter()
            .find(|decision| decision.task.at == at);
        asked.map_or(began, |decision| decision.requested_at)
    }
}

/// What a loop opens next.
fn next_of_loop(step: &StepState) -> &'static str {
    match step.block.as_deref() {
        Some(block) if block.total > 0 => "the next items",
        _ => "the next round",
    }
}
