//! The call, or child, that undoes one step.

use std::sync::Arc;

use definition::{Compensation, Undo, Verify};

use super::Decider;
use super::task::CallChoice;
use crate::command::Effect;
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, ChildStart, Empty, Failure, MessageBody, Plan, Shared, StepRef, TaskKey, TaskKind,
    UndoScheduled,
};
use crate::state::StepStatus;

impl Decider<'_, '_> {
    pub(super) fn begin_undo_call(&mut self, at: StepRef) {
        let workflow = Arc::clone(&self.workflow);
        let completed = self.step_state(at).status() == StepStatus::Completed;
        match &self.definition_in(&workflow, at).compensation {
            None => self.undo_child(at),
            Some(Compensation {
                verify: Some(verify),
                ..
            }) if !completed => {
                if let Err(error) = self.schedule_verify(at, verify) {
                    let task = self.first_task(at, TaskKind::Verify);
                    self.undo_failed(task, error);
                }
            }
            Some(_) => self.schedule_undo(at),
        }
    }

    /// The completed child undoes itself by its own saga.
    fn undo_child(&mut self, at: StepRef) {
        let Some(child) = self.step_state(at).child.clone() else {
            return;
        };
        let task = self.first_task(at, TaskKind::Undo);
        let plan = Some(tried_once().into());
        let scheduled = UndoScheduled {
            task,
            input: None,
            plan,
            child: Some(child.clone()),
        };
        self.emit(Body::UndoScheduled(scheduled));
        self.ask_undo_child(task, &child);
    }

    /// Tells the child to undo itself, or starts the workflow that undoes the step.
    pub(super) fn ask_undo_child(&mut self, task: TaskKey, child: &ChildStart) {
        let state = self.step_state(task.at);
        let own = state.child.as_deref().is_some_and(|own| own.id == child.id);
        if own {
            let body = Box::new(MessageBody::CompensateChild(Empty {}));
            self.effect(Effect::Send {
                to: child.child_id(),
                body,
            });
        } else {
            let undo = state.undo.as_deref();
            let input = undo
                .and_then(|undo| undo.input.clone())
                .unwrap_or_else(Payload::null);
            self.send_child(task, child, input);
        }
    }

    /// For another attempt: the same child is asked to undo itself, but a workflow that undoes the
    /// step is started anew.
    pub(super) fn undo_child_again(&mut self, at: StepRef) -> Option<Box<ChildStart>> {
        let state = self.step_state(at);
        let mut child = state.undo.as_deref()?.child.clone()?;
        if state.child.as_deref().is_none_or(|own| own.id != child.id) {
            let random = self.context.entropy.next_u64();
            let id = Id::new(self.now(), child.child_id().slot(), random);
            child.id = bytes::Bytes::copy_from_slice(&id.bytes());
        }
        Some(child)
    }

    fn schedule_verify(&mut self, at: StepRef, verify: &Verify) -> Result<(), Failure> {
        let input = match &verify.input {
            Some(template) => self.evaluate(template, at.lane, "verify.input")?,
            None => self.undo_input(at),
        };
        let (adapter, action) = (verify.adapter.as_str(), verify.action.as_deref());
        let plan = self.plan(&CallChoice {
            adapter,
            action,
            retry: None,
            timeout_ms: None,
        })?;
        let task = self.first_task(at, TaskKind::Verify);
        self.dispatch_undo(task, input, plan);
        Ok(())
    }

    pub(super) fn schedule_undo(&mut self, at: StepRef) {
        if let Err(error) = self.try_schedule_undo(at) {
            let task = self.first_task(at, TaskKind::Undo);
            self.undo_failed(task, error);
        }
    }

    fn try_schedule_undo(&mut self, at: StepRef) -> Result<(), Failure> {
        let workflow = Arc::clone(&self.workflow);
        let Some(compensation) = &self.definition_in(&workflow, at).compensation else {
            return Ok(());
        };
        let undo = self.step_state(at).undo.as_deref();
        let approved = undo.filter(|undo| undo.approved);
        let approved = approved.and_then(|undo| undo.input.clone());
        let input = match (&approved, &compensation.input) {
            (Some(seen), _) => seen.clone(),
            (None, Some(template)) => self.evaluate(template, at.lane, "compensation.input")?,
            (None, None) => self.undo_input(at),
        };
        let task = self.first_task(at, TaskKind::Undo);
        match &compensation.undo {
            Undo::Adapter { adapter, action } => {
                let call = (adapter.as_str(), action.as_deref());
                if approved.is_none() && self.hold_undo_back(at, call, &input)? {
                    return Ok(());
                }
                let plan = self.plan(&CallChoice {
                    adapter,
                    action: action.as_deref(),
                    retry: compensation.retry.as_ref(),
                    timeout_ms: compensation.timeout_ms,
                })?;
                self.dispatch_undo(task, input, plan);
            }
            Undo::Workflow(name) => self.start_undo_workflow(task, name, input)?,
        }
        Ok(())
    }

    fn dispatch_undo(&mut self, task: TaskKey, input: Payload, plan: Shared<Plan>) {
        let (input, plan) = (Some(input), Some(plan));
        self.emit(Body::UndoScheduled(UndoScheduled {
            task,
            input,
            plan,
            child: None,
        }));
        self.effect(Effect::Dispatch(task));
    }

    fn start_undo_workflow(
        &mut self,
        task: TaskKey,
        name: &str,
        input: Payload,
    ) -> Result<(), Failure> {
        let workflow = self.context.catalog.workflow(name, None).cloned();
        let workflow = workflow.ok_or_else(|| Failure {
            error_type: "workflow.unknown".into(),
            message: format!("expected workflow {name} in the catalog, but it is not there"),
            ..Failure::default()
        })?;
        let slot = self.state.id.slot();
        let child = Box::new(self.new_child(&workflow, Some(slot), false, &input));
        let plan = Some(tried_once().into());
        let scheduled = UndoScheduled {
            task,
            input: Some(input),
            plan,
            child: Some(child.clone()),
        };
        self.emit(Body::UndoScheduled(scheduled));
        self.ask_undo_child(task, &child);
        Ok(())
    }

    /// `{input, output}` of the step, and `outcome: unknown` where that is so.
    fn undo_input(&self, at: StepRef) -> Payload {
        let step = self.step_state(at);
        let input = step
            .input
            .clone()
            .unwrap_or_else(|| self.state.header().input());
        let found = step.undo.as_deref().and_then(|undo| undo.found.clone());
        let output = step.output.clone().or(found).unwrap_or_else(Payload::null);
        let mut text = b"{\"input\":".to_vec();
        text.extend_from_slice(&input.bytes());
        text.extend_from_slice(b",\"output\":");
        text.extend_from_slice(&output.bytes());
        if step.status() != StepStatus::Completed {
            text.extend_from_slice(b",\"outcome\":\"unknown\"");
        }
        text.push(b'}');
        Payload::from_bytes(text.into())
    }
}

/// The plan of a child that nothing says more of.
pub(super) fn tried_once() -> Plan {
    Plan {
        max_attempts: 1,
        ..Plan::default()
    }
}
