//! Joining branches.

use definition::{FailureMode, Join, Parallel};
use serde_json::json;

use super::Decider;
use crate::payload::Payload;
use crate::record::{Body, Closing, Failure, StepRef, UndoStarted};
use crate::scope::error_value;
use crate::state::{Block, Lane, LaneStatus};

impl Decider<'_, '_> {
    pub(super) fn look_parallel(&mut self, at: StepRef, parallel: &Parallel) {
        let Some(block) = self.step_state(at).block.as_deref().cloned() else {
            return;
        };
        let need = match parallel.join {
            Join::All => block.total,
            Join::First(count) => count.min(block.total),
        };
        let lost = block.settled() - block.accepted;
        let unreachable = block.total - lost < need;
        if block.accepted >= need {
            self.join_reached(at, parallel, &block, need);
        } else if unreachable && parallel.failure == FailureMode::FailFast {
            self.join_failed(at, &block, need, None);
        } else if unreachable && block.settled() == block.total {
            let output = self.collected_output(parallel, &block);
            self.join_failed(at, &block, need, Some(output));
        }
    }

    fn join_reached(&mut self, at: StepRef, parallel: &Parallel, block: &Block, need: u32) {
        let winners = self.winners(block, need);
        let output = match parallel.failure {
            FailureMode::Collect => self.collected_output(parallel, block),
            FailureMode::FailFast => self.output(parallel, block, &winners),
        };
        let shown = if parallel.join == Join::All {
            Vec::new()
        } else {
            winners.clone()
        };
        self.complete_step(at, Some(output), shown);
        for index in (0..block.total).filter(|index| !winners.contains(index)) {
            self.lose(block.first_lane + index, !parallel.keep_losers);
        }
    }

    /// The branches that count, by the order in which they ended.
    fn winners(&self, block: &Block, need: u32) -> Vec<u32> {
        let lanes = (block.first_lane..block.first_lane + block.total).map(|id| self.lane(id));
        let mut accepted: Vec<&Lane> = lanes.filter(|lane| lane.accepted).collect();
        accepted.sort_unstable_by_key(|lane| lane.ended_seq);
        let mut winners: Vec<u32> = accepted
            .iter()
            .take(need as usize)
            .map(|lane| lane.index)
            .collect();
        winners.sort_unstable();
        winners
    }

    /// A branch that is not needed: what it has done is undone, unless losers are kept.
    fn lose(&mut self, lane: u32, undo: bool) {
        match self.lane(lane).status() {
            LaneStatus::Running => self.close_lane(lane, Closing::Cancelled, None, None, undo),
            LaneStatus::Closing | LaneStatus::Cancelled => {}
            LaneStatus::Completed | LaneStatus::Failed | LaneStatus::Broken if undo => {
                if self.has_undo(lane) {
                    self.emit(Body::UndoStarted(UndoStarted {
                        first_lane: lane,
                        lanes: 1,
                    }));
                    self.queue.insert(lane);
                }
            }
            LaneStatus::Completed | LaneStatus::Failed | LaneStatus::Broken => {}
        }
    }

    fn join_failed(&mut self, at: StepRef, block: &Block, need: u32, output: Option<Payload>) {
        let first = block
            .first_failed
            .checked_sub(1)
            .and_then(|lane| self.lane(lane).error.clone());
        let error = first.map_or_else(
            || Failure {
                error_type: "join-unreachable".into(),
                message: format!(
                    "expected {need} of {} branches to count, but only {} can",
                    block.total,
                    block.total - (block.settled() - block.accepted)
                ),
                ..Failure::default()
            },
            |error| *error,
        );
        for lane in block.first_lane..block.first_lane + block.total {
            if self.lane(lane).status() == LaneStatus::Running {
                self.close_lane(lane, Closing::Cancelled, None, None, false);
            }
        }
        self.fail_step_with(at, error, output);
    }

    /// The branches' last outputs, an object or a list; null for those that did not win.
    fn output(&self, parallel: &Parallel, block: &Block, winners: &[u32]) -> Payload {
        let mut text = Vec::new();
        text.push(if parallel.named { b'{' } else { b'[' });
        for (index, branch) in (0_u32..).zip(&parallel.branches) {
            if index > 0 {
                text.push(b',');
            }
            if let (true, Some(name)) = (parallel.named, &branch.name) {
                text.extend_from_slice(json!(name).to_string().as_bytes());
                text.push(b':');
            }
            let won = winners.contains(&index);
            let output = self
                .lane(block.first_lane + index)
                .output
                .as_ref()
                .filter(|_| won);
            text.extend_from_slice(&output.map_or_else(|| b"null"[..].into(), Payload::bytes));
        }
        text.push(if parallel.named { b'}' } else { b']' });
        Payload::from_bytes(text.into())
    }

    /// `{results, errors: [{branch, error}]}`.
    fn collected_output(&self, parallel: &Parallel, block: &Block) -> Payload {
        let ended: Vec<u32> = (0..block.total)
            .filter(|index| self.lane(block.first_lane + index).output.is_some())
            .collect();
        let results = self.output(parallel, block, &ended).value();
        let errors: Vec<serde_json::Value> = (0_u32..)
            .zip(&parallel.branches)
            .filter_map(|(index, branch)| {
                let error = self.lane(block.first_lane + index).error.as_deref()?;
                let branch = branch
                    .name
                    .as_ref()
                    .map_or_else(|| json!(index), |name| json!(name));
                Some(json!({ "branch": branch, "error": error_value(error) }))
            })
            .collect();
        Payload::from_value(json!({ "results": *results, "errors": errors }))
    }

    /// Whether a branch that ended well counts (`accept` holds); other lanes always do.
    pub(super) fn is_accepted(&mut self, id: u32, output: Option<&Payload>) -> bool {
        let workflow = std::sync::Arc::clone(&self.workflow);
        let Some(at) = self.lane(id).parent else {
            return true;
        };
        let definition::Action::Parallel(parallel) = &self.definition_in(&workflow, at).action
        else {
            return true;
        };
        let Some(accept) = &parallel.accept else {
            return true;
        };
        let index = self.lane(id).index;
        let branch = match parallel.branches.get(index as usize) {
            Some(definition::Branch {
                name: Some(name), ..
            }) => json!(name),
            _ => json!(index),
        };
        self.evaluations += 1;
        let output = output.map_or_else(|| Payload::null().value(), Payload::value);
        let scope = self
            .scope(id)
            .with("branch", branch.into())
            .with("output", output);
        accept
            .evaluate_bool(&scope, self.context.now)
            .unwrap_or(false)
    }
}
