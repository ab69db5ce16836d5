//! A lane per item: opening them as room frees, and gathering what they gave.

use std::sync::Arc;

use definition::{Action, FailureMode, ForEach, Threshold};
use serde_json::{Value, json};

use super::Decider;
use crate::payload::Payload;
use crate::record::{Failure, LanesOpened, Role, StepRef};
use crate::scope::error_value;
use crate::state::Block;

impl Decider<'_, '_> {
    pub(super) fn look_for_each(&mut self, at: StepRef, each: &ForEach) {
        let Some(block) = self.step_state(at).block.as_deref().cloned() else {
            return;
        };
        if let Some(error) = self.too_many_failures(each, &block) {
            self.fail_step_with(at, error, None);
            return self.leave_running(&block);
        }
        if block.broken {
            self.leave_running(&block);
            if block.settled() == block.opened {
                self.gather(at, each, &block);
            }
        } else if block.settled() == block.total {
            self.gather(at, each, &block);
        } else {
            self.open_items(at, each, &block);
        }
    }

    fn open_items(&mut self, at: StepRef, each: &ForEach, block: &Block) {
        let running = block.opened - block.settled();
        let room = each.concurrency.max(1).saturating_sub(running);
        let wanted = room.min(block.total - block.opened);
        let pace = each.rate.map(|rate| self.pace(at, rate));
        let opened = pace.map_or(wanted, |pace| wanted.min(pace.room()));
        let to = block.opened + opened;
        if opened > 0 {
            self.open_lanes(LanesOpened {
                at,
                role: Role::Item as i32,
                first_lane: block.first_lane + block.opened,
                from: block.opened,
                to,
                lists: vec![self.lane_list(each.list)],
                state: None,
                forgets: None,
            });
        }
        if let Some(pace) = pace {
            self.paced(at, pace, opened, wanted);
        }
    }

    /// Looks at the lanes that nobody needs any more: they close.
    fn leave_running(&mut self, block: &Block) {
        let lanes = block.first_lane..block.first_lane + block.opened;
        self.queue.extend(self.state.active.within(&lanes));
    }

    fn too_many_failures(&self, each: &ForEach, block: &Block) -> Option<Failure> {
        let borne = match (each.max_failures, each.failure) {
            (Some(Threshold::Count(count)), _) => count,
            (Some(Threshold::Percent(percent)), _) => share(percent, block.total),
            (None, FailureMode::FailFast) => 0,
            (None, FailureMode::Collect) => return None,
        };
        if u64::from(block.failed) <= borne {
            return None;
        }
        let first = block
            .first_failed
            .checked_sub(1)
            .and_then(|lane| self.lane(lane).error.clone());
        match each.max_failures {
            None => first.map(|error| *error),
            Some(_) => Some(Failure {
                error_type: "max-failures".into(),
                message: format!("{} items failed, {borne} are borne", block.failed),
                details: first.map_or_else(String::new, |error| error_value(&error).to_string()),
                ..Failure::default()
            }),
        }
    }

    /// Every lane has ended: the output is the list of what they gave, in the items' order.
    fn gather(&mut self, at: StepRef, each: &ForEach, block: &Block) {
        let results = self.results(block);
        let output = match each.failure {
            FailureMode::FailFast => results,
            FailureMode::Collect => {
                let errors = self.errors(each, block);
                let mut text = b"{\"results\":".to_vec();
                text.extend_from_slice(&results.bytes());
                text.extend_from_slice(b",\"errors\":");
                text.extend_from_slice(errors.to_string().as_bytes());
                text.push(b'}');
                Payload::from_bytes(text.into())
            }
        };
        self.complete_step(at, Some(output), Vec::new());
    }

    fn results(&self, block: &Block) -> Payload {
        let mut text = vec![b'['];
        for index in 0..block.opened {
            if index > 0 {
                text.push(b',');
            }
            let output = self.lane(block.first_lane + index).output.as_ref();
            text.extend_from_slice(&output.map_or_else(|| b"null"[..].into(), Payload::bytes));
        }
        text.push(b']');
        Payload::from_bytes(text.into())
    }

    fn errors(&self, each: &ForEach, block: &Block) -> Value {
        let failed = (0..block.opened).filter_map(|index| {
            let error = self.lane(block.first_lane + index).error.as_deref()?;
            Some((index, error))
        });
        let items = block
            .items
            .as_ref()
            .map_or_else(|| Arc::new(Value::Null), Payload::value);
        failed
            .map(|(index, error)| {
                let item = each
                    .batch
                    .map_or_else(|| items[index as usize].clone(), |_| Value::Null);
                json!({ "index": index, "item": item, "error": error_value(error) })
            })
            .collect()
    }

    /// What an item's lane gives: `collect`, else its last output.
    pub(super) fn collected(
        &mut self,
        lane: u32,
        last: Option<Payload>,
    ) -> Result<Option<Payload>, Failure> {
        let workflow = Arc::clone(&self.workflow);
        let Some(at) = self.lane(lane).parent else {
            return Ok(last);
        };
        match &self.definition_in(&workflow, at).action {
            Action::ForEach(ForEach {
                collect: Some(collect),
                ..
            }) => self.evaluate(collect, lane, "collect").map(Some),
            _ => Ok(last),
        }
    }
}

/// So many in a hundred of `total`, rounded down.
fn share(percent: f64, total: u32) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a u32 fits, and a negative one saturates to none"
    )]
    let share = (percent / 100.0 * f64::from(total)) as u64;
    share
}
