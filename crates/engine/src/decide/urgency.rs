//! What a step says of when its calls are made: their priority, and how many may be under way at once.

use definition::{LimitScope, MAX_LIMIT_KEY, PRIORITIES, Step, StepConcurrency, Task, is_priority};

use super::Decider;
use crate::record::{CallLimit, Failure, Plan, Shared};

impl Decider<'_, '_> {
    /// The call with the step's own priority and limit.
    pub(super) fn with_urgency(
        &mut self,
        plan: Shared<Plan>,
        lane: u32,
        step: &Step,
        task: &Task,
    ) -> Result<Shared<Plan>, Failure> {
        if task.priority.is_none() && task.concurrency.is_none() {
            return Ok(plan);
        }
        let mut own = Plan::clone(&plan);
        if let Some(template) = &task.priority {
            own.priority = self.text(template, lane, "priority")?;
            if !own.priority.is_empty() && !is_priority(&own.priority) {
                let (words, given) = (PRIORITIES.join(", "), &own.priority);
                let message = format!("priority: expected one of {words}, but it gives {given:?}");
                return Err(bad_value(message));
            }
        }
        if let Some(concurrency) = &task.concurrency {
            own.limit = Some(self.call_limit(lane, step, concurrency)?);
        }
        Ok(own.into())
    }

    fn call_limit(
        &mut self,
        lane: u32,
        step: &Step,
        concurrency: &StepConcurrency,
    ) -> Result<CallLimit, Failure> {
        let key = match &concurrency.key {
            Some(template) => self.text(template, lane, "concurrency.key")?,
            None => String::new(),
        };
        if key.len() > MAX_LIMIT_KEY {
            let message = format!(
                "concurrency.key: expected at most {MAX_LIMIT_KEY} bytes, but it has {}",
                key.len()
            );
            return Err(bad_value(message));
        }
        let name = match concurrency.scope {
            LimitScope::Workflow => format!("step:{}/{}/{key}", self.workflow.name, step.id),
            LimitScope::All => format!("step:*/{key}"),
        };
        Ok(CallLimit {
            name,
            limit: concurrency.limit,
        })
    }
}

fn bad_value(message: String) -> Failure {
    Failure {
        error_type: "expression".into(),
        message,
        ..Failure::default()
    }
}
