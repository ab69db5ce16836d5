//! Child workflows: starting them, and taking how they ended.

use std::sync::Arc;

use definition::{Child, Placement, Step, Workflow};
use serde_json::json;

use super::Decider;
use super::header::Header;
use super::task::recorded_plan;
use super::undo_call::tried_once;
use crate::command::{Effect, TimerKind};
use crate::id::{Id, SLOTS, Slot, slot_of};
use crate::payload::Payload;
use crate::record::{
    AttemptFailed, Body, ChildEnded, ChildStart, Ended, Failure, MessageBody, Parent, Plan,
    ResultIgnored, Role, StartMessage, StepCompleted, StepRef, StepStarted, TaskKey, TaskKind,
    TurnLimit, UndoEnded, UndoOutcome,
};
use crate::state::{StepStatus, UndoPhase};

impl Decider<'_, '_> {
    pub(super) fn start_child(
        &mut self,
        at: StepRef,
        step: &Step,
        child: &Child,
    ) -> Result<(), Failure> {
        let workflow = self.child_workflow(child)?;
        let state = self.step_state(at);
        let payload = match &child.input {
            _ if state.approved => state.input.clone(),
            Some(template) => Some(self.evaluate(template, at.lane, "input")?),
            None => None,
        };
        let timeout_at = self.timeout_at(at, step)?;
        let input = payload
            .clone()
            .unwrap_or_else(|| self.state.header().input());
        let start = Box::new(ChildStart {
            plan: Some(self.child_plan(child).into()),
            ..self.new_child(
                &workflow,
                self.child_slot(at.lane, child),
                child.detach,
                &input,
            )
        });
        let wait_until = 0;
        let (lanes, first_lane) = (0, 0);
        let child_start = Some(start.clone());
        self.emit(Body::StepStarted(StepStarted {
            at,
            lanes,
            first_lane,
            payload,
            timeout_at,
            wait_until,
            child: child_start,
        }));
        if child.detach {
            let output = json!({ "workflow_id": start.child_id().to_string() });
            self.send_start(at, &start);
            self.complete_step(at, Some(Payload::from_value(output)), Vec::new());
            return Ok(());
        }
        if timeout_at > 0 {
            self.set_timer(timeout_at, TimerKind::StepTimeout, at);
        }
        self.send_start(at, &start);
        Ok(())
    }

    fn child_workflow(&self, child: &Child) -> Result<Arc<Workflow>, Failure> {
        let catalog = self.context.catalog;
        let found = match &child.version {
            Some(range) => catalog.workflow_matching(&child.workflow, range),
            None => catalog.workflow(&child.workflow, None),
        };
        found.cloned().ok_or_else(|| Failure {
            error_type: "workflow.unknown".into(),
            message: format!(
                "expected workflow {} in the catalog, but it is not there",
                child.workflow
            ),
            ..Failure::default()
        })
    }

    /// A child is tried once unless its step says otherwise.
    fn child_plan(&self, child: &Child) -> Plan {
        if child.retry.is_none() {
            return tried_once();
        }
        let plan = self.context.catalog.retry_plan(definition::RetryQuestion {
            own: child.retry.as_ref(),
            workflow: Some(&self.workflow),
            ..definition::RetryQuestion::default()
        });
        recorded_plan(plan, "", "")
    }

    /// Where the step says; else near for one awaited child, and spread in a for-each and when
    /// detached, so that one root does not keep all its descendants on one core.
    fn child_slot(&self, lane: u32, child: &Child) -> Option<Slot> {
        let near = Some(self.state.id.slot());
        match child.placement {
            Some(Placement::Near) => return near,
            Some(Placement::Spread) => return None,
            None => {}
        }
        let mut at = Some(lane);
        while let Some(lane) = at.map(|id| self.lane(id)) {
            if lane.role() == Role::Item {
                return None;
            }
            at = lane.parent.map(|parent| parent.lane);
        }
        near.filter(|_| !child.detach)
    }

    pub(super) fn new_child(
        &mut self,
        workflow: &Workflow,
        slot: Option<Slot>,
        detached: bool,
        input: &Payload,
    ) -> ChildStart {
        let limit = self.child_limit(workflow, input);
        // A key is counted in its own slot.
        let slot = limit
            .as_ref()
            .map_or(slot, |limit| Some(slot_of(&limit.name())));
        let random = self.context.entropy.next_u64();
        let spread = u16::try_from(self.context.entropy.next_u64() % u64::from(SLOTS)).unwrap_or(0);
        let id = Id::new(self.now(), slot.unwrap_or(spread), random);
        ChildStart {
            id: bytes::Bytes::copy_from_slice(&id.bytes()),
            workflow: workflow.name.clone(),
            version: workflow.version.to_string(),
            detached,
            plan: None,
            turn_key: limit.map(|limit| limit.key),
        }
    }

    /// The limit that a child will stand under. Where its key cannot be computed, its start is refused.
    fn child_limit(&self, workflow: &Workflow, input: &Payload) -> Option<Box<TurnLimit>> {
        let header = Header {
            message: &StartMessage::default(),
            input,
            catalog: self.context.catalog,
            now: self.now(),
        };
        header.turn(workflow).ok().flatten()
    }

    fn send_start(&mut self, at: StepRef, child: &ChildStart) {
        let step = self.step_state(at);
        let task = step.task_key(at);
        let input = step
            .input
            .clone()
            .unwrap_or_else(|| self.state.header().input());
        self.send_child(task, child, input);
    }

    /// Sends the start of a child that runs, or undoes, a step.
    pub(super) fn send_child(&mut self, task: TaskKey, child: &ChildStart, input: Payload) {
        let started = &self.state.header().started;
        let parent = Parent {
            id: bytes::Bytes::copy_from_slice(&self.state.id.bytes()),
            at: Some(task.at),
            generation: task.generation,
            attempt: task.attempt,
            detached: child.detached,
            undo: task.kind() == TaskKind::Undo,
        };
        let message = StartMessage {
            workflow: child.workflow.clone(),
            version: child.version.clone(),
            input: Some(input),
            correlation_id: started.correlation_id.clone(),
            priority: self.inherited(child, &started.priority, |own| own.priority.is_some()),
            subject: self.inherited(child, &started.subject, |own| own.subject.is_some()),
            requester: self.requester(),
            parent: Some(parent),
            turn_key: child.turn_key.clone(),
            ..StartMessage::default()
        };
        self.effect(Effect::Send {
            to: child.child_id(),
            body: Box::new(MessageBody::Start(message)),
        });
    }

    /// What a child has of its parent, unless its own definition says.
    fn inherited(
        &self,
        child: &ChildStart,
        of_parent: &str,
        says: fn(&Workflow) -> bool,
    ) -> String {
        let version = semver::Version::parse(&child.version).ok();
        let workflow = self
            .context
            .catalog
            .workflow(&child.workflow, version.as_ref());
        match workflow {
            Some(workflow) if says(workflow) => String::new(),
            _ => of_parent.to_owned(),
        }
    }

    /// The next attempt of a child's step: a new child.
    pub(super) fn another_child(&mut self, at: StepRef) -> Option<Box<ChildStart>> {
        let old = self.step_state(at).child.clone()?;
        let slot = old.child_id().slot();
        let (workflow, version) = (old.workflow.clone(), old.version.clone());
        let random = self.context.entropy.next_u64();
        let id = Id::new(self.now(), slot, random);
        let id = bytes::Bytes::copy_from_slice(&id.bytes());
        Some(Box::new(ChildStart {
            id,
            workflow,
            version,
            ..*old
        }))
    }

    pub(super) fn child_started_again(&mut self, at: StepRef) {
        let Some(child) = self.step_state(at).child.clone() else {
            return;
        };
        self.send_start(at, &child);
        let timeout_at = self.step_state(at).timeout_at;
        if timeout_at > 0 {
            self.set_timer(timeout_at, TimerKind::StepTimeout, at);
        }
    }

    /// A child ended: its step (or the undo that it was) ends as it did.
    pub(super) fn child_ended(&mut self, ended: ChildEnded) {
        let task = ended.task;
        let fits = match task.kind() {
            TaskKind::Run => self.awaits_child(task),
            TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => self.awaits_undo_child(task),
        };
        if !fits {
            let reason = "the step does not wait for this child".to_owned();
            return self.emit(Body::ResultIgnored(ResultIgnored { task, reason }));
        }
        match (ended.how(), task.kind()) {
            (Ended::Completed, TaskKind::Run) => {
                let (at, output) = (task.at, ended.output);
                let body = StepCompleted {
                    at,
                    output,
                    ..StepCompleted::default()
                };
                self.emit(Body::StepCompleted(body));
            }
            (Ended::Completed, TaskKind::Undo | TaskKind::Verify | TaskKind::Notify) => {
                let (at, outcome) = (task.at, UndoOutcome::Done as i32);
                self.emit(Body::UndoEnded(UndoEnded {
                    at,
                    outcome,
                    output: ended.output,
                }));
            }
            (how, _) => {
                let error = child_failure(how, ended.error);
                self.attempt_failed(
                    AttemptFailed {
                        task,
                        error,
                        ..AttemptFailed::default()
                    },
                    None,
                );
            }
        }
        self.queue.insert(task.at.lane);
        self.queue_ancestors(task.at.lane);
    }

    fn awaits_child(&self, task: TaskKey) -> bool {
        self.state.step(task.at).is_some_and(|step| {
            step.status() == StepStatus::Running
                && step.child.is_some()
                && step.task_key(task.at) == task
        })
    }

    fn awaits_undo_child(&self, task: TaskKey) -> bool {
        let undo = self
            .state
            .step(task.at)
            .and_then(|step| step.undo.as_deref());
        undo.is_some_and(|undo| undo.phase() == UndoPhase::Child && undo.task_key(task.at) == task)
    }

    /// A completed child undid itself, or could not.
    pub(super) fn child_compensated(&mut self, ended: ChildEnded) {
        let at = ended.task.at;
        let undo = self.state.step(at).and_then(|step| step.undo.as_deref());
        let Some(task) = undo
            .filter(|undo| undo.phase() == UndoPhase::Child)
            .map(|undo| undo.task_key(at))
        else {
            let reason = "the step does not wait for this child's undo".to_owned();
            return self.emit(Body::ResultIgnored(ResultIgnored {
                task: ended.task,
                reason,
            }));
        };
        if ended.how() == Ended::Failed {
            let error = child_failure(Ended::Failed, ended.error);
            self.attempt_failed(
                AttemptFailed {
                    task,
                    error,
                    ..AttemptFailed::default()
                },
                None,
            );
        } else {
            let outcome = UndoOutcome::Done as i32;
            self.emit(Body::UndoEnded(UndoEnded {
                at,
                outcome,
                output: None,
            }));
        }
        self.queue.insert(at.lane);
    }
}

fn child_failure(how: Ended, error: Option<Failure>) -> Failure {
    let fallback = || Failure {
        error_type: "child.cancelled".into(),
        message: "the child was cancelled".into(),
        ..Failure::default()
    };
    let error = if how == Ended::Cancelled { None } else { error };
    Failure {
        retryable: true,
        effect_unknown: false,
        step: String::new(),
        ..error.unwrap_or_else(fallback)
    }
}
