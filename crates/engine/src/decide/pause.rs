//! Holding an instance, and letting it go on.
//!
//! While it is held, what comes is recorded: results, signals, the end of waits, time-outs. Nothing
//! that follows from it begins, and timers that would make a call wait; both are found again from the
//! state when it goes on.

use super::Decider;
use crate::command::{Effect, Refusal};
use crate::record::{Body, Held};
use crate::state::Phase;

impl Decider<'_, '_> {
    /// Holds the instance; one that is held already stays so.
    pub(super) fn pause(&mut self, held: Held) -> Result<(), Refusal> {
        self.expect_open()?;
        if self.state.pause().is_none() {
            self.emit(Body::InstancePaused(held));
        }
        Ok(())
    }

    /// Lets the instance go on; one that is not held just does.
    pub(super) fn resume(&mut self, held: Held) -> Result<(), Refusal> {
        self.expect_open()?;
        if self.state.pause().is_some() {
            self.release(held);
        }
        Ok(())
    }

    /// What waited is set anew, and everything is looked at.
    pub(super) fn release(&mut self, held: Held) {
        self.emit(Body::InstanceResumed(held));
        self.set_held_timers();
        self.queue.extend(self.state.active.iter().copied());
    }

    /// Sets the timers that nothing waited for while it was held.
    pub(super) fn set_held_timers(&mut self) {
        let timers = self.state.outstanding().timers.into_iter();
        for timer in timers.filter(|timer| timer.kind.waits_in_a_pause()) {
            self.effect(Effect::Timer(timer));
        }
    }

    pub(super) fn expect_open(&self) -> Result<(), Refusal> {
        match self.state.phase() {
            Phase::Ended => Err(Refusal::Ended(self.state.status().as_str().to_owned())),
            Phase::Running | Phase::Compensating | Phase::Finally => Ok(()),
        }
    }
}
