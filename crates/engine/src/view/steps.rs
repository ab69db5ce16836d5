//! Steps as the API shows them.

use serde_json::Value;

use crate::payload::Payload;
use crate::record::{Failure, StepRef};
use crate::scope::winners;
use crate::state::{Instance, Lane, StepState, StepStatus};

/// A step in a lane, with names instead of places.
#[derive(Clone, Debug)]
pub struct StepView<'a> {
    /// The step's id.
    pub id: String,
    /// Its lane as a path; none for the root's.
    pub lane: Option<String>,
    /// Its place.
    pub at: StepRef,
    /// Its state.
    pub state: &'a StepState,
    /// A parallel step's winners.
    pub winners: Value,
    /// Its lanes by status, for blocks.
    pub lanes: Option<LaneCounts>,
}

/// A block's lanes by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// All there will be (so far, for a repeat).
    pub total: u32,
    /// Not opened yet.
    pub pending: u32,
    /// At work.
    pub running: u32,
    /// Ended well.
    pub completed: u32,
    /// Failed.
    pub failed: u32,
    /// Cancelled.
    pub cancelled: u32,
}

impl StepView<'_> {
    /// The input: its own, else the instance's (none before it began).
    pub fn input(&self, instance: &Instance) -> Option<Payload> {
        let began = self.state.started_at > 0;
        self.state
            .input
            .clone()
            .or_else(|| began.then(|| instance.header().input()))
    }

    /// Its latest error.
    pub fn error(&self) -> Option<&Failure> {
        self.state.failure()
    }

    /// The state of its compensation, in a word.
    pub fn compensation(&self) -> &'static str {
        self.state
            .undo
            .as_deref()
            .map_or("none", |undo| undo.as_str())
    }
}

impl Instance {
    /// Every step of every lane opened so far, by lane and place.
    pub fn steps(&self) -> impl Iterator<Item = StepView<'_>> {
        self.lanes().flat_map(move |lane| {
            (0_u32..)
                .zip(&lane.steps)
                .map(move |(step, state)| self.view(lane, step, state))
        })
    }

    fn view<'a>(&'a self, lane: &Lane, step: u32, state: &'a StepState) -> StepView<'a> {
        let at = StepRef {
            lane: lane.id,
            step,
        };
        let definition = self.step_definition(at);
        StepView {
            id: self.step_name(at),
            lane: lane.parent.map(|_| self.lane_path(lane)),
            at,
            state,
            winners: match definition {
                Some(definition) if state.status() == StepStatus::Completed => {
                    winners(definition, state)
                }
                _ => Value::Null,
            },
            lanes: state.block.as_deref().map(|block| {
                let total = block.total.max(block.opened);
                LaneCounts {
                    total,
                    pending: total - block.opened,
                    running: block.opened - block.settled(),
                    completed: block.completed,
                    failed: block.failed,
                    cancelled: block.cancelled,
                }
            }),
        }
    }
}
