//! Decisions: commands become records.
//!
//! A decision reads the state and changes it only by records, each applied as it is written, so
//! that what follows in the same decision sees it. After the command itself, every lane that it
//! touched is looked at until nothing is left to do. A decision is cut at [`MAX_RECORDS`]: what is
//! left is found again from the state when [`Command::Continue`] comes.

mod answer;
mod approval;
mod cancel;
mod child;
mod dead_letter;
mod decision;
mod emit;
mod event_wait;
mod failure;
mod finish;
mod for_each;
mod header;
mod lane;
mod notice;
mod overrule;
mod pace;
mod parallel;
mod past;
mod pause;
mod repeat;
mod signal;
mod start;
mod step;
mod task;
mod timer;
mod turn;
mod undo;
mod undo_approval;
mod undo_call;
mod urgency;

use std::collections::BTreeSet;
use std::sync::Arc;

use definition::Workflow;
use expression::{Program, Template};

use crate::command::{Command, Context, Decided, Effect, Refusal, TimerKey, TimerKind};
use crate::payload::Payload;
use crate::record::{Body, Empty, Failure, RECORD_VERSION, Record, StepRef};
use crate::scope::Scope;
use crate::state::{Instance, Lane, Phase, StepState};

pub use emit::{HOPS, MAX_HOPS};
pub use start::start;

/// Records of one decision; it goes on by an internal command.
pub const MAX_RECORDS: usize = 256;

/// Expressions evaluated in one decision, the measure of its time.
pub const MAX_EVALUATIONS: u32 = 512;

impl Instance {
    /// Decides a command. The records are applied already; on a refusal nothing has changed.
    pub fn decide(
        &mut self,
        command: Command,
        context: &mut Context<'_>,
    ) -> Result<Decided, Refusal> {
        let waits = self.event_waits().to_vec();
        let mut decider = Decider::new(self, context);
        match command {
            Command::Result { task, outcome } => decider.result(task, outcome),
            Command::Timer(key) => decider.timer(key)?,
            Command::Cancel(request) => decider.cancel(request)?,
            Command::Decide { id, answer } => decider.answer(id, answer)?,
            Command::Delegate {
                id,
                to,
                comment,
                by,
            } => decider.delegate(id, to, comment, &by)?,
            Command::ChildEnded(ended) => decider.child_ended(ended),
            Command::ChildCompensated(ended) => decider.child_compensated(ended),
            Command::Compensate => decider.compensate_for_parent()?,
            Command::Continue => decider.go_on()?,
            Command::Signal(signal) => decider.signal(signal)?,
            Command::Pause(held) => decider.pause(held)?,
            Command::Resume(held) => decider.resume(held)?,
            Command::Step(order) => decider.overrule(order)?,
            Command::TakeTurn => decider.take_turn()?,
            Command::RefuseTurn => decider.refuse_turn()?,
            Command::Retry(asked) => decider.retry_instance(asked)?,
            Command::Restore(order) => decider.restore(*order)?,
            Command::Migrate(order) => decider.migrate(order)?,
            Command::Event(came) => decider.event_came(*came)?,
            Command::WaitRefused(refused) => decider.wait_refused(refused)?,
        }
        decider.settle();
        decider.tell_of_waits(&waits);
        Ok(decider.decided)
    }
}

/// One decision under way.
struct Decider<'a, 'c> {
    state: &'a mut Instance,
    context: &'a mut Context<'c>,
    workflow: Arc<Workflow>,
    decided: Decided,
    /// Lanes to look at.
    queue: BTreeSet<u32>,
    evaluations: u32,
}

impl<'a, 'c> Decider<'a, 'c> {
    fn new(state: &'a mut Instance, context: &'a mut Context<'c>) -> Self {
        let workflow = Arc::clone(&state.workflow);
        context.now = context.now.max(state.updated_at());
        Self {
            state,
            context,
            workflow,
            decided: Decided::default(),
            queue: BTreeSet::new(),
            evaluations: 0,
        }
    }

    fn now(&self) -> i64 {
        self.context.now
    }

    /// Writes a fact and applies it.
    fn emit(&mut self, body: Body) {
        let first = self.decided.records.is_empty();
        let record = Record {
            entity: self.state.id,
            seq: self.state.seq() + 1,
            at: self.context.now,
            version: RECORD_VERSION,
            origin: first.then(|| Box::new(self.context.origin())),
            namespace: None,
            body: Some(body),
        };
        self.state.apply(&record);
        self.decided.records.push(record);
    }

    fn effect(&mut self, effect: Effect) {
        self.decided.effects.push(effect);
    }

    fn set_timer(&mut self, due_at: i64, kind: TimerKind, at: StepRef) {
        self.effect(Effect::Timer(TimerKey { due_at, kind, at }));
    }

    /// Looks at every lane that was touched, until nothing is left to do or the decision is cut.
    fn settle(&mut self) {
        let mut looked = 0;
        loop {
            if self.state.is_held() {
                // It is found again from the state when it goes on. (It may have gone back to a time at
                // which its steps had not begun.)
                return self.queue.clear();
            }
            while let Some(lane) = self.queue.pop_first() {
                if self.is_full() {
                    return self.cut();
                }
                self.look(lane);
            }
            // What was taken up again may wait in its lane for a step of one above.
            let written = self.decided.records.len();
            if self.state.progress.run > 0 && written > looked {
                looked = written;
                self.queue.extend(self.state.active.iter().copied());
                continue;
            }
            if self.is_full() && self.state.phase() != Phase::Ended {
                return self.cut();
            }
            // What was cut goes on when its own command comes, not with another one.
            if self.state.progress.cut || !self.finish() {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.decided.records.len() >= MAX_RECORDS || self.evaluations >= MAX_EVALUATIONS
    }

    fn cut(&mut self) {
        self.emit(Body::DecisionCut(Empty {}));
        self.set_timer(0, TimerKind::Continue, StepRef::default());
    }

    fn go_on(&mut self) -> Result<(), Refusal> {
        if !self.state.progress.cut {
            return Err(Refusal::Stale("the decision was not cut".into()));
        }
        self.emit(Body::DecisionContinued(Empty {}));
        self.queue.extend(self.state.active.iter().copied());
        Ok(())
    }

    fn scope(&self, lane: u32) -> Scope<'_> {
        Scope::new(self.state, self.context.catalog, lane)
    }

    fn evaluate(
        &mut self,
        template: &Template,
        lane: u32,
        place: &str,
    ) -> Result<Payload, Failure> {
        self.evaluations += 1;
        if let Some(constant) = template.constant() {
            return Ok(Payload::from_value(constant.clone()));
        }
        let value = template.evaluate(&self.scope(lane), self.now());
        value
            .map(Payload::from_value)
            .map_err(|error| expression_failure(place, &error))
    }

    fn holds(&mut self, condition: &Program, lane: u32, place: &str) -> Result<bool, Failure> {
        self.evaluations += 1;
        let held = condition.evaluate_bool(&self.scope(lane), self.now());
        held.map_err(|error| expression_failure(place, &error))
    }

    fn lane(&self, id: u32) -> &Lane {
        self.state
            .lane(id)
            .expect("the engine names only lanes that it opened")
    }

    fn step_state(&self, at: StepRef) -> &StepState {
        self.state
            .step(at)
            .expect("the engine names only steps of lanes that it opened")
    }
}

/// The error of an expression that could not be evaluated in a step.
fn expression_failure(place: &str, error: &expression::EvalError) -> Failure {
    Failure {
        error_type: "expression".into(),
        message: format!("{place}: {error}"),
        ..Failure::default()
    }
}
