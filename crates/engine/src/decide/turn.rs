//! Taking a turn under the limit of the workflow. How many have theirs, the runtime knows: it says when
//! the next one follows.

use super::Decider;
use crate::command::Refusal;
use crate::record::{Body, Closing, Empty, Failing, Failure, TurnAwaited, TurnLimit};
use crate::state::{LaneStatus, Turn};

/// The error of an instance whose turn would be one too many when its time came.
const OVER_LIMIT: &str = "concurrency.limit";

impl Decider<'_, '_> {
    /// The time of a queued instance has come: it begins, or waits for its turn.
    pub(super) fn begin_queued(&mut self) {
        if self.state.limit().is_some() {
            return self.await_turn();
        }
        self.emit(Body::InstanceBegun(Empty {}));
        self.queue.insert(0);
    }

    /// It waits for its turn, which may come in the same batch.
    pub(super) fn await_turn(&mut self) {
        let place = self.context.place;
        self.emit(Body::TurnAwaited(TurnAwaited { place }));
    }

    /// Its turn has come.
    pub(super) fn take_turn(&mut self) -> Result<(), Refusal> {
        self.expect_waiting()?;
        self.emit(Body::InstanceBegun(Empty {}));
        // One that was taken up again has more than its root, and attempts that are due.
        self.set_held_timers();
        self.queue.extend(self.state.active.iter().copied());
        Ok(())
    }

    /// Its time has come, but there is no room, and it does not wait.
    pub(super) fn refuse_turn(&mut self) -> Result<(), Refusal> {
        self.expect_waiting()?;
        let told = self.state.limit().map(TurnLimit::told).unwrap_or_default();
        let error = Failure {
            error_type: OVER_LIMIT.into(),
            message: Refusal::OverLimit(told).to_string(),
            ..Failure::default()
        };
        if self.state.root_status() == LaneStatus::Running {
            self.close_lane(0, Closing::Failed, Some(error), None, false);
        } else {
            self.emit(Body::InstanceFailing(Failing { error }));
        }
        Ok(())
    }

    fn expect_waiting(&self) -> Result<(), Refusal> {
        match self.state.turn() {
            Some(Turn::Waiting) => Ok(()),
            _ => Err(Refusal::Stale("it does not wait for its turn".into())),
        }
    }
}
