//! Acts on the past: an instance goes on from another state than the one it has.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Decider;
use crate::command::{Effect, MigrateOrder, Refusal, RestoreOrder};
use crate::past::pending_restore;
use crate::record::{Body, Closing, Held, Rewritten, StepRef, TaskKey, TaskKind, UndoStarted};
use crate::state::{LaneStatus, Phase};

impl Decider<'_, '_> {
    /// Goes on from the steps that failed.
    pub(super) fn retry_instance(&mut self, asked: Held) -> Result<(), Refusal> {
        let outlook = self.state.retry_outlook(self.now())?;
        let state = Rewritten {
            reason: asked.reason,
            ..outlook.state
        };
        let queues = state.queues;
        self.emit(Body::InstanceRetried(Box::new(state)));
        self.go_on_from_there(queues);
        Ok(())
    }

    /// Goes back to an earlier state: at once, or when what was done since is undone.
    pub(super) fn restore(&mut self, order: RestoreOrder) -> Result<(), Refusal> {
        let Some(target) = order.target else {
            return Err(Refusal::Stale("the earlier state was not looked up".into()));
        };
        if self.state.progress.restoring.is_some() {
            return Err(Refusal::Forbidden("it is being restored already".into()));
        }
        let outlook = self.state.restore_outlook(&target, self.now())?;
        if order.compensate {
            let queues = self.state.needs_turn();
            return self.undo_and_restore(pending_restore(&target, &order.reason, queues)?);
        }
        let state = Rewritten {
            reason: order.reason,
            ..outlook.state
        };
        self.go_back(state, Arc::clone(target.workflow()));
        Ok(())
    }

    fn undo_and_restore(&mut self, target: Rewritten) -> Result<(), Refusal> {
        let root_runs = self.state.root_status() == LaneStatus::Running;
        match self.state.phase() {
            Phase::Ended => {}
            Phase::Running if root_runs => {}
            Phase::Running | Phase::Compensating | Phase::Finally => {
                let told =
                    "it is ending: wait until it has ended, or restore it without compensation";
                return Err(Refusal::Forbidden(told.into()));
            }
        }
        if self.state.pause().is_some() {
            let reason = "it is restored".to_owned();
            self.release(Held { reason });
        }
        self.emit(Body::RestoreRequested(Box::new(target)));
        if root_runs {
            self.close_lane(0, Closing::Cancelled, None, None, false);
        }
        Ok(())
    }

    /// Takes an instance that is being restored one step nearer to that; false if it is not.
    pub(super) fn finish_restore(&mut self) -> bool {
        if self.state.progress.restoring.is_none() {
            return false;
        }
        let undone = self.state.phase() == Phase::Compensating;
        if !undone && self.has_undo(0) {
            self.emit(Body::UndoStarted(UndoStarted {
                first_lane: 0,
                lanes: 1,
            }));
            self.queue.insert(0);
            return true;
        }
        let catalog = self.context.catalog;
        let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
        let Some(target) = self.state.restore_target(find) else {
            return true;
        };
        let reason = self.state.progress.restoring.as_deref();
        let reason = reason.map_or_else(String::new, |to| to.reason.clone());
        let state = Rewritten {
            reason,
            ..self.state.restored_to(&target, self.now()).state
        };
        self.go_back(state, Arc::clone(target.workflow()));
        true
    }

    fn go_back(&mut self, state: Rewritten, workflow: Arc<definition::Workflow>) {
        self.cancel_children();
        let queues = state.queues;
        self.emit(Body::InstanceRestored(Box::new(state)));
        self.rebind(workflow);
        self.go_on_from_there(queues);
    }

    /// At once, or when its turn under the limit of its workflow has come.
    fn go_on_from_there(&mut self, queues: bool) {
        if queues {
            self.await_turn();
        }
        self.take_up(&BTreeSet::new());
    }

    /// Children that are at work for what is given up are not needed any more.
    fn cancel_children(&mut self) {
        let steps = self.state.active_lanes().flat_map(|lane| &lane.steps);
        let children = steps.filter(|step| step.in_flight());
        let children: Vec<_> = children
            .filter_map(|step| Some(step.child.as_deref()?.child_id()))
            .collect();
        for to in children {
            self.cancel_child(to, "the parent was restored to an earlier state");
        }
    }

    /// Goes on with another version of its workflow.
    pub(super) fn migrate(&mut self, order: MigrateOrder) -> Result<(), Refusal> {
        let name = &self.state.header().started.workflow;
        let version = order.version.to_string();
        let found = self.context.catalog.recorded_workflow(name, &version);
        let Some(workflow) = found else {
            return Err(Refusal::UnknownWorkflow(format!("{name} {version}")));
        };
        let state = self.state.migrate_outlook(&workflow, &order.map)?.state;
        let before: BTreeSet<TaskKey> = self.state.outstanding().tasks.into_iter().collect();
        let state = Rewritten {
            reason: order.reason,
            ..state
        };
        self.emit(Body::InstanceMigrated(Box::new(state)));
        self.rebind(workflow);
        self.take_up(&before);
        Ok(())
    }

    fn rebind(&mut self, workflow: Arc<definition::Workflow>) {
        self.state.workflow = Arc::clone(&workflow);
        self.workflow = workflow;
    }

    /// What the state waits for is set going, and everything is looked at.
    fn take_up(&mut self, out: &BTreeSet<TaskKey>) {
        let outstanding = self.state.outstanding();
        for task in outstanding.tasks {
            if !out.contains(&task) {
                self.effect(Effect::Dispatch(task));
            }
        }
        for timer in outstanding.timers {
            self.effect(Effect::Timer(timer));
        }
        self.queue.clear();
        self.queue.extend(self.state.active.iter().copied());
    }

    /// The first attempt of a task that undoes a step, or asks whether there is something to undo.
    pub(super) fn first_task(&self, at: StepRef, kind: TaskKind) -> TaskKey {
        TaskKey {
            at,
            kind: kind as i32,
            generation: self.state.progress.run,
            attempt: 1,
        }
    }
}
