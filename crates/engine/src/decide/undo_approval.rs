//! Undos that wait for a person: where the risk of their action, the environment's threshold or a policy says
//! so. Only what is undone after them in their lane waits with them.

use std::sync::Arc;

use definition::Ask;

use super::Decider;
use crate::payload::Payload;
use crate::policy::{Call, Question, is_silent, judge};
use crate::record::{ApprovalRequested, Asked, Body, DecisionKind, Failure, StepRef, TaskKind};

impl Decider<'_, '_> {
    /// Holds the call that undoes a step back; true if it waits now.
    pub(super) fn hold_undo_back(
        &mut self,
        at: StepRef,
        (adapter, action): (&str, Option<&str>),
        input: &Payload,
    ) -> Result<bool, Failure> {
        let catalog = self.context.catalog;
        if is_silent(catalog) {
            return Ok(false);
        }
        let spec = catalog.adapters.get(adapter);
        let default = spec.and_then(|spec| spec.default_action.as_deref());
        let workflow = Arc::clone(&self.workflow);
        let verdict = judge(&Question {
            catalog,
            // What the step says of itself holds for its own call.
            mode: None,
            when: false,
            risk: None,
            call: Some(Call {
                workflow: &self.state.header().started.workflow,
                adapter,
                action: action.or(default).unwrap_or_default(),
                step: &self.definition_in(&workflow, at).id,
                call: input.value(),
                input: self.state.header().input().value(),
            }),
            now: self.now(),
        });
        self.evaluations += verdict.evaluations;
        let risk = self.heed(at, &verdict)?;
        if verdict.reasons.is_empty() {
            return Ok(false);
        }
        let asked = Asked {
            input: Some(input.clone()),
            risk,
            four_eyes: verdict.four_eyes,
            reasons: verdict.reasons,
            approvers: verdict.approvers,
            ..self.asked(at, &Ask::default())?
        };
        let requested = ApprovalRequested {
            id: self.new_decision_id(),
            kind: DecisionKind::UndoApproval as i32,
            task: self.first_task(at, TaskKind::Undo),
            ask: asked,
        };
        self.emit(Body::UndoHeldBack(Box::new(requested)));
        Ok(true)
    }
}
