//! What a step says of its calls for this instance alone: their priority, how many may be under way at once,
//! and what their output is kept under.

use definition::{
    Cache, LimitScope, MAX_CACHE_KEY, MAX_LIMIT_KEY, PRIORITIES, Step, StepConcurrency, Task,
    is_priority,
};

use super::Decider;
use crate::record::{CacheUse, CallLimit, Failure, Plan, Shared};

impl Decider<'_, '_> {
    /// The call with the step's own priority, limit and cache.
    pub(super) fn with_own_terms(
        &mut self,
        plan: Shared<Plan>,
        lane: u32,
        step: &Step,
        task: &Task,
    ) -> Result<Shared<Plan>, Failure> {
        if task.priority.is_none() && task.concurrency.is_none() && task.cache.is_none() {
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
        if let Some(cache) = &task.cache {
            own.cache = self.cache_use(lane, cache)?;
        }
        Ok(own.into())
    }

    /// What the output is kept under; without a key it is not.
    fn cache_use(&mut self, lane: u32, cache: &Cache) -> Result<Option<CacheUse>, Failure> {
        let key = self.text(&cache.key, lane, "cache.key")?;
        if key.len() > MAX_CACHE_KEY {
            let (most, length) = (MAX_CACHE_KEY, key.len());
            let message = format!("cache.key: expected at most {most} bytes, but it has {length}");
            return Err(bad_value(message));
        }
        let ttl_ms = cache.ttl_ms;
        Ok((!key.is_empty()).then_some(CacheUse { key, ttl_ms }))
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
